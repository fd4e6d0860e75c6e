package view

import "drawdown/internal/books"

// EscheatRuleConnection is a page of rules on unclaimed property.
type EscheatRuleConnection = Connection[books.EscheatRule]

// EscheatRuleEdge is a rule of a page.
type EscheatRuleEdge = Edge[books.EscheatRule]
