package view

import "drawdown/internal/books"

// CohortConnection is a page of cohorts.
type CohortConnection = Connection[books.Cohort]

// CohortEdge is a cohort of a page.
type CohortEdge = Edge[books.Cohort]
