package books

import "context"

// maxFindings bounds what verify returns of each check: a book that is wrong in a
// hundred places is wrong.
const maxFindings = 100

// Verify derives every kept balance and every invariant again from the rows below it and
// returns what differs. What it covers is listed with the store's Findings; besides, it
// computes the newest estimates again from the data that were kept with them.
func (b *Books) Verify(ctx context.Context) ([]Finding, error) {
	var findings []Finding
	err := b.store.View(ctx, func(ctx context.Context, tx Tx) error {
		var err error
		if findings, err = tx.Findings(ctx, maxFindings); err != nil {
			return err
		}
		balances, err := tx.TrialBalance(ctx, 0, 0)
		if err != nil {
			return err
		}
		if fault := balances.Check(); fault != nil {
			findings = append(findings, Finding{Check: "trialBalance", Kept: fault.Error(), Derived: "debits equal credits"})
		}
		reproduced, err := reproduceAll(ctx, tx)
		findings = append(findings, reproduced...)
		return err
	})
	return findings, err
}

// VerifySeals hashes everything again that was sealed and returns what differs: whether the
// closed months are what they were, not whether they were right. It reads each of their
// entries and recognitions once.
func (b *Books) VerifySeals(ctx context.Context) (findings []Finding, err error) {
	err = b.store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		findings, err = tx.SealFindings(ctx, maxFindings)
		return err
	})
	return findings, err
}
