package view

import "drawdown/ledger"

// LiabilityStep is a part of a lot's contract liability that appeared on a day.
type LiabilityStep struct {
	Day                ledger.Date
	Amount, Functional ledger.Amount
}
