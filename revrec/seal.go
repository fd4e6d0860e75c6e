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

// ReadRecognitionForm reads the form of a recognition.
func ReadRecognitionForm(form []byte) (Recognition, error) {
	f := ledger.NewFormReader(form)
	f.Recognition()
	r := Recognition{ID: f.Text(), CustomerID: f.Text(), LotID: f.Text(), PoolID: f.Text(), PolicyID: f.Text(), Kind: Kind(f.Text())}
	r.Day, r.AccountingDate, r.Credits = f.Date(), f.Date(), Credits(f.Int())
	r.Amount, r.Functional = f.Money(), f.Money()
	r.Unclaimed, r.UnclaimedFunctional = ledger.Money(f.Int(), r.Amount.Currency), ledger.Money(f.Int(), r.Functional.Currency)
	r.Batch = f.Text()
	for range f.Count() {
		r.Inputs = append(r.Inputs, Input{Name: f.Text(), Value: f.Text()})
	}
	return r, f.End()
}
