package scenario

import (
	"context"
	"fmt"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// checkPage is how many lots or recognitions the checks read at a time.
const checkPage = 1000

// checkBook holds what no expect asks for: debits equal credits in every entry, in
// every period and in all; deferred revenue is what the lots carry less the breakage
// taken early, per currency; no lot gives more than was bought. It derives each figure
// itself from the rows, so that it is a second opinion beside verify.
func (p *player) checkBook(ctx context.Context, tx books.Tx, step Step, closing ledger.TrialBalance) error {
	if err := closing.Check(); err != nil {
		p.fail(step, "trial balance", "debits equal to credits", err.Error(), "")
	}
	if err := p.checkEntries(ctx, tx, step); err != nil {
		return err
	}
	return p.checkDeferred(ctx, tx, step, closing)
}

func (p *player) checkEntries(ctx context.Context, tx books.Tx, step Step) error {
	periods := map[ledger.Period]bool{}
	last := int64(0)
	err := tx.EachEntry(ctx, 0, 0, func(entry ledger.Entry) error {
		periods[entry.AccountingDate.Period()] = true
		if err := entry.Check(); err != nil {
			p.fail(step, fmt.Sprintf("entry %d", entry.Number), "debits equal to credits", err.Error(), "")
		}
		if entry.Number != last+1 {
			p.fail(step, "entry number", fmt.Sprint(last+1), fmt.Sprint(entry.Number), "")
		}
		last = entry.Number
		return nil
	})
	if err != nil {
		return err
	}
	for period := range periods {
		moved, err := tx.TrialBalance(ctx, period, period)
		if err != nil {
			return err
		}
		if err := moved.Check(); err != nil {
			p.fail(step, "trial balance", "debits equal to credits", err.Error(), period.String())
		}
	}
	return nil
}

// both is a sum in the currency of the contract and in the functional one.
type both struct{ minor, functional int64 }

func (p *player) checkDeferred(ctx context.Context, tx books.Tx, step Step, closing ledger.TrialBalance) error {
	derived := map[ledger.Currency]both{}
	add := func(amount, functional ledger.Amount, sign int64) {
		sum := derived[amount.Currency]
		sum.minor += sign * amount.Minor
		sum.functional += sign * functional.Minor
		derived[amount.Currency] = sum
	}
	err := eachLot(ctx, tx, func(lot revrec.Lot) {
		p.checkLot(step, lot)
		if lot.Kind == revrec.PurchaseLot {
			add(lot.Carrying, lot.CarryingFunctional, 1)
		}
	})
	if err != nil {
		return err
	}
	err = eachRecognition(ctx, tx, func(r revrec.Recognition) {
		if r.Kind == revrec.ExpectedBreakage || r.Kind == revrec.CatchUp {
			add(r.Amount, r.Functional, -1)
		}
	})
	if err != nil {
		return err
	}
	byHand, err := tx.ManualEntries(ctx, books.ManualFilter{Status: books.ManualApproved, Account: ledger.DeferredRevenue}, books.Page{})
	if err != nil {
		return err
	}
	for _, entry := range byHand {
		for _, line := range entry.Lines {
			if line.Account == ledger.DeferredRevenue {
				add(line.Amount, line.Functional, -1) // what somebody put there, no lot carries
			}
		}
	}
	for _, balance := range closing.Balances {
		if balance.Account == ledger.DeferredRevenue {
			add(balance.Closing(), balance.FunctionalClosing(), 1) // a credit: it takes away
		}
	}
	for currency, sum := range derived {
		if sum != (both{}) {
			p.fail(step, "deferred revenue less what its lots carry and pools took early", "0",
				fmt.Sprintf("%s (%s)", ledger.Money(-sum.minor, currency), ledger.Money(-sum.functional, p.file.Currency)), "")
		}
	}
	return nil
}

// checkLot holds that a lot is not used, released or refunded beyond what was bought.
func (p *player) checkLot(step Step, lot revrec.Lot) {
	name := "lot of order " + fmt.Sprint(lot.Order)
	if lot.Kind == revrec.OverageLot {
		return
	}
	if taken := lot.Drawn + lot.Out(); taken > lot.Granted || lot.Drawn < 0 {
		p.fail(step, name, "at most "+lot.Granted.String()+" credits used or refunded", taken.String(), "")
	}
	if taken := lot.Drawn + lot.Out() + lot.Lapsed; taken > lot.Granted && lot.Lapsed > 0 && lot.BookedCredits == lot.Drawn {
		p.fail(step, name, "at most "+lot.Granted.String()+" credits used, refunded or lapsed", taken.String(), "")
	}
	given := lot.Recognised.Minor + lot.Released.Minor + lot.RefundedAmount.Minor
	settled := lot.PendingFrom == 0 && lot.LapseDue == 0 && lot.RemoteDue == 0 // else a release may be about to come back
	if settled {
		given += lot.RemovedAmount.Minor
	}
	functional := lot.RecognisedFunctional.Minor + lot.ReleasedFunctional.Minor + lot.RefundedFunctional.Minor
	if settled {
		functional += lot.RemovedFunctional.Minor
	}
	if given > lot.Price.Minor || functional > lot.Functional.Minor || lot.Recognised.Minor < 0 || lot.Released.Minor < 0 {
		p.fail(step, name, "at most "+lot.Price.String()+" earned, released or refunded",
			ledger.Money(given, lot.Price.Currency).String(), "")
	}
}

func eachLot(ctx context.Context, tx books.Tx, yield func(revrec.Lot)) error {
	for page := (books.Page{Limit: checkPage}); ; {
		lots, err := tx.Lots(ctx, books.LotFilter{}, page)
		if err != nil || len(lots) == 0 {
			return err
		}
		for _, lot := range lots {
			yield(lot)
		}
		page.After = lots[len(lots)-1].ID
	}
}

func eachRecognition(ctx context.Context, tx books.Tx, yield func(revrec.Recognition)) error {
	for page := (books.Page{Limit: checkPage}); ; {
		recognitions, err := tx.Recognitions(ctx, books.RecognitionFilter{}, page)
		if err != nil || len(recognitions) == 0 {
			return err
		}
		for _, recognition := range recognitions {
			yield(recognition)
		}
		page.After = recognitions[len(recognitions)-1].ID
	}
}

// verify has the book derive every balance and invariant again.
func (p *player) verify(ctx context.Context, step Step) error {
	findings, err := p.books.Verify(ctx)
	for _, finding := range findings {
		p.fail(step, "verify: "+finding.Check+" of "+finding.Subject, finding.Derived, finding.Kept, "")
	}
	return err
}
