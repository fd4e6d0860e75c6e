package revrec

import (
	"strings"

	"github.com/shopspring/decimal"
)

// EstimatedBreakage is how much of what was sold is expected to break in all, before what is
// recognised of it: the estimate, but never more than what is unused. It is measured over
// lots that have not lapsed. 606-10-55-48; IFRS 15.B46.
//
//	B = min(r·G, G − U)
//
//	G 10,000.00  U 4,500.00  r 0.10  → 1,000.00
//	G 10,000.00  U 9,500.00  r 0.10  →   500.00
func EstimatedBreakage(sold, used int64, rate decimal.Decimal) decimal.Decimal {
	g, u := decimal.NewFromInt(sold), decimal.NewFromInt(used)
	return decimal.Max(decimal.Min(rate.Mul(g), g.Sub(u)), decimal.Zero)
}

// Group is what the pool groups within its policy: the id of a lot, a month such as 2024-03,
// or "" for all lots. It is the key without the jurisdiction.
func (p *Pool) Group() string {
	group, _, _ := strings.Cut(p.Key, "/")
	return group
}
