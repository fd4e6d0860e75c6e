package view

import "drawdown/internal/books"

// EstimateConnection is a page of estimates.
type EstimateConnection = Connection[books.Estimate]

// EstimateEdge is an estimate of a page.
type EstimateEdge = Edge[books.Estimate]
