package view

import "drawdown/internal/books"

// FXRateConnection is a page of exchange rates.
type FXRateConnection = Connection[books.FXRate]

// FXRateEdge is an exchange rate of a page.
type FXRateEdge = Edge[books.FXRate]
