package view

import "drawdown/internal/books"

// ReconciliationConnection is a page of reconciliations.
type ReconciliationConnection = Connection[books.Reconciliation]

// ReconciliationEdge is a reconciliation of a page.
type ReconciliationEdge = Edge[books.Reconciliation]
