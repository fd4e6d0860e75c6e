package revrec

import "drawdown/ledger"

// AppendForm appends the canonical form of the recognition, as it is sealed.
func (r *Recognition) AppendForm(f ledger.Form) ledger.Form {
	f = f.Recognition().
		Text(r.ID).Text(r.CustomerID).Text(r.LotID).Text(r.PoolID).Text(r.PolicyID).Text(string(r.Kind)).
		Date(r.Day).Date(r.AccountingDate).Int(int64(r.Credits)).
		Money(r.Amount).Money(r.Functional).Int(r.Unclaimed.Minor).Int(r.UnclaimedFunctional.Minor).
		Text(r.Batch).Count(len(r.Inputs))
	for _, input := range r.Inputs {
		f = f.Text(input.Name).Text(input.Value)
	}
	return f
}
