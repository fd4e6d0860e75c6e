package view

import "drawdown/internal/books"

// AccountingPeriodConnection is a page of the periods of the book.
type AccountingPeriodConnection = Connection[books.Period]

// AccountingPeriodEdge is a period of a page.
type AccountingPeriodEdge = Edge[books.Period]
