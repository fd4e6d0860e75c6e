package books

import (
	"context"
	"crypto/ed25519"
	"time"

	"drawdown/ledger"
	"drawdown/ledger/export"
)

// ClosedPeriod is a closed period as its latest closing left it.
type ClosedPeriod struct {
	Closing  Closing
	Seal     Seal
	Verifier string // the key that signed the seal, as a note writes it
	Key      SealKey
	// Before is the seal before, zero where it is the first.
	Before Seal
	// FirstEntry is the number after the last entry of the closing before this one, of whatever
	// period: those from it through Closing.LastEntry were posted between the two.
	FirstEntry int64
}

// ClosedPeriodOf returns the latest closing of a closed period with its seal. A period that was
// closed before there were seals is in the first of them. Errors: PERIOD_OPEN, NOT_FOUND where
// no seal holds it.
func ClosedPeriodOf(ctx context.Context, tx Tx, period ledger.Period) (p ClosedPeriod, err error) {
	closed, err := tx.ClosedThrough(ctx)
	if err != nil {
		return p, err
	}
	is, err := isClosed(ctx, tx, period, closed)
	if err == nil && !is {
		err = refuse(PeriodOpen, "period", "%s is not closed: only what was closed stays as it is", period)
	}
	if err != nil {
		return p, err
	}
	all, err := ClosingsBy(ctx, tx, time.Time{})
	if err != nil {
		return p, err
	}
	p.FirstEntry = 1
	for _, closing := range all {
		if closing.Act == Closed && closing.Period == period && closing.At.After(p.Closing.At) {
			p.Closing = closing
		}
	}
	for _, closing := range all {
		if closing.Act == Closed && closing.ID != p.Closing.ID && closing.LastEntry < p.Closing.LastEntry {
			p.FirstEntry = max(p.FirstEntry, closing.LastEntry+1)
		}
	}
	err = p.sealed(ctx, tx)
	return p, err
}

// sealed finds the seal of the closing.
func (p *ClosedPeriod) sealed(ctx context.Context, tx Tx) error {
	seals, err := tx.Seals(ctx, SealFilter{}, Page{})
	if err != nil {
		return err
	}
	for i, seal := range seals {
		if seal.ClosingID != p.Closing.ID && (i > 0 || seal.At.Before(p.Closing.At)) {
			continue
		}
		p.Seal = seal
		if i > 0 {
			p.Before = seals[i-1]
		}
		if seal.ClosingID == p.Closing.ID {
			break
		}
	}
	if p.Seal.Number == 0 {
		return refuse(NotFound, "period", "%s is in no seal: it was closed before there were seals, and the next closing seals it", p.Closing.Period)
	}
	if p.Verifier, err = verifierOf(ctx, tx, p.Seal); err != nil {
		return err
	}
	keys, err := tx.SealKeys(ctx)
	for _, key := range keys {
		if key.Number == p.Seal.Key {
			p.Key = key
		}
	}
	return err
}

// ClosingsBy returns what was closed and reopened of all periods by an instant, by period and in
// order; all of it where that is zero.
func ClosingsBy(ctx context.Context, tx Tx, at time.Time) (by []Closing, err error) {
	known, err := tx.PeriodsClosed(ctx)
	if err != nil {
		return nil, err
	}
	periods := make([]ledger.Period, len(known))
	for i, p := range known {
		periods[i] = p.Period
	}
	all, err := tx.Closings(ctx, periods)
	for _, closing := range all {
		if at.IsZero() || !closing.At.After(at) {
			by = append(by, closing)
		}
	}
	return by, err
}

// SignFile signs a text with the key that signs seals. Errors: NO_SEAL_KEY, SEAL_FAILED.
func (b *Books) SignFile(ctx context.Context, text []byte) (public ed25519.PublicKey, signature []byte, err error) {
	if b.signer == nil {
		return nil, nil, refuse(NoSealKey, "", "there is no key of seals here to sign with: give it by --seal-key")
	}
	public = b.signer.PublicKey()
	if signature, err = b.signer.Sign(ctx, text); err != nil {
		refusal := refuse(SealFailed, "", "the key that signs seals did not sign: look at the log")
		refusal.Cause = err
		return nil, nil, refusal
	}
	if !ed25519.Verify(public, text, signature) {
		return nil, nil, refuse(SealFailed, "", "what the key of seals signed does not hold")
	}
	return public, signature, nil
}

// StandingBefore returns what the accounts stood at before the day: at the end of the month before it,
// and what was booked in its month until then.
func StandingBefore(ctx context.Context, tx Tx, day ledger.Date) ([]export.Line, error) {
	trial, err := tx.TrialBalance(ctx, 0, day.Period()-1)
	if err != nil {
		return nil, err
	}
	before := export.Entry{}
	for _, balance := range trial.Balances {
		before.Lines = append(before.Lines, export.Line{Role: balance.Account, Amount: balance.Closing(), Functional: balance.FunctionalClosing()})
	}
	standing := export.Standing{}
	standing.Add(before)
	if first := day.Period().First(); first < day {
		err = tx.EachEntry(ctx, first, day-1, func(entry ledger.Entry) error {
			standing.Add(export.Canonical(entry))
			return nil
		})
	}
	return standing.Lines(), err
}
