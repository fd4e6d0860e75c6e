package books

import (
	"cmp"
	"context"
	"slices"

	"drawdown/ledger"
	"drawdown/revrec"
)

// share is a part of what a purchase is booked at: of its price and of its tax.
type share struct {
	price, tax, priceFunctional, taxFunctional ledger.Amount
}

func (s share) functional() ledger.Amount { return s.priceFunctional.Add(s.taxFunctional) }

func (s share) minus(other share) share {
	return share{
		price: s.price.Sub(other.price), tax: s.tax.Sub(other.tax),
		priceFunctional: s.priceFunctional.Sub(other.priceFunctional), taxFunctional: s.taxFunctional.Sub(other.taxFunctional),
	}
}

// shareOf returns what so much of a purchase has of its price and its tax: in proportion,
// each rounded once, in both currencies. So shares of what has come in by each payment add
// up to the purchase.
//
//	120.00, of which 20.00 are tax: 50.00 have 41.67 and 8.33
func (p Purchase) shareOf(received int64) share {
	gross, part := p.Gross().Minor, func(of ledger.Amount) ledger.Amount { return of }
	if gross != 0 {
		part = func(of ledger.Amount) ledger.Amount {
			return ledger.Money(ledger.MulDiv(of.Minor, received, gross), of.Currency)
		}
	}
	s := share{price: part(p.Price), priceFunctional: part(p.Functional)}
	s.tax = part(p.Gross()).Sub(s.price)
	s.taxFunctional = part(p.grossFunctional()).Sub(s.priceFunctional)
	return s
}

// rest is what nothing came in of ahead of the due day.
func (p Purchase) rest() share {
	all := p.shareOf(p.Gross().Minor)
	if p.InParts.IsZero() {
		return all
	}
	return all.minus(p.shareOf(p.InParts.Minor))
}

// postAhead books what was paid ahead of the due day: Dr cash at the rate of the day, Cr deferred
// revenue and Cr tax payable for the share of the purchase that it pays.
func (b *Books) postAhead(ctx context.Context, tx Tx, p Purchase, receipt Receipt, paidOn ledger.Date) error {
	part := p.shareOf(p.InParts.Minor + receipt.Amount.Minor)
	if !p.InParts.IsZero() {
		part = part.minus(p.shareOf(p.InParts.Minor))
	}
	return b.postPurchase(ctx, tx, ledger.PaymentEntry, ledger.Cash, p, part, receipt.Functional, paidOn)
}

// StepsOf returns the steps in which the contract liability of a purchase appears by what was paid
// ahead of its due day: those of its own lot, and of the lot of a bonus. They follow from the
// days of the payments, in whatever order those were recorded. 606-10-45-2.
func (p Purchase) StepsOf(receipts []Receipt, dateOf func(Receipt) ledger.Date) (own, bonus []revrec.Step) {
	receipts = slices.DeleteFunc(slices.Clone(receipts), func(r Receipt) bool { return !r.Ahead })
	slices.SortStableFunc(receipts, func(x, y Receipt) int { return cmp.Compare(dateOf(x), dateOf(y)) })
	var received int64
	var before [2]revrec.Step
	for i, r := range receipts {
		received += r.Amount.Minor
		if i+1 < len(receipts) && dateOf(receipts[i+1]) == dateOf(r) {
			continue
		}
		there := p.shareOf(received)
		price, bonusPrice := p.Split(there.price)
		functional, bonusFunctional := p.Split(there.priceFunctional)
		for j, now := range []revrec.Step{{Minor: price.Minor, Functional: functional.Minor}, {Minor: bonusPrice.Minor, Functional: bonusFunctional.Minor}} {
			step := revrec.Step{Day: dateOf(r), Minor: now.Minor - before[j].Minor, Functional: now.Functional - before[j].Functional}
			before[j] = now
			switch {
			case step.Minor == 0 && step.Functional == 0:
			case j == 0:
				own = append(own, step)
			default:
				bonus = append(bonus, step)
			}
		}
	}
	return own, bonus
}

// WholeOn returns the day on which all of the contract liability of a purchase is there, by what was paid
// ahead of its due day and by that day; zero where that is not known.
func (p Purchase) WholeOn(receipts []Receipt, dateOf func(Receipt) ledger.Date) ledger.Date {
	var received int64
	var last ledger.Date
	for _, r := range receipts {
		if r.Ahead {
			received += r.Amount.Minor
			last = max(last, dateOf(r))
		}
	}
	if received == p.Gross().Minor {
		return last
	}
	return p.DueOn
}

// stepLiability lets the contract liability of a purchase appear by the parts that were paid of it
// ahead of its due day.
func (b *Books) stepLiability(ctx context.Context, tx Tx, p Purchase, lots []*revrec.Lot, receipts []Receipt) error {
	own, bonus := p.StepsOf(receipts, b.paidOn)
	whole := p.WholeOn(receipts, b.paidOn)
	changes, err := tx.LotChanges(ctx, keysOf(lots))
	if err != nil {
		return err
	}
	stepped := SteppedLots(p, lots, changes, own, bonus, whole)
	pools, days := poolDays{}, []LotDay(nil)
	for i, lot := range lots {
		policy, err := policyByID(ctx, tx, lot.PolicyID)
		if err != nil {
			return err
		}
		was := *lot
		moved, err := movedInPool(ctx, tx, policy, lot, func() { lot.LiabilityOn, lot.Steps = stepped[i].LiabilityOn, stepped[i].Steps })
		if err != nil {
			return err
		}
		pools.gather(policy, lot, b.book.Functional, moved)
		days = append(days, appeared(lot, was)...)
		lookAgain(lot, policy.Breakage)
	}
	if err := pools.add(ctx, tx, b); err != nil {
		return err
	}
	return tx.AddLotDays(ctx, days)
}

// SteppedLots returns the lots of a purchase as their liability appears in the steps of its own
// lot and of the lot of its bonus; whole is the day on which all of it is there, zero for not yet.
func SteppedLots(p Purchase, lots []*revrec.Lot, changes map[string][]revrec.Change, own, bonus []revrec.Step, whole ledger.Date) []revrec.Lot {
	stepped := make([]revrec.Lot, len(lots))
	for i, lot := range lots {
		stepped[i] = *lot
	}
	for i := range stepped {
		steps := own
		switch stepped[i].ID {
		case p.LotID:
		case p.BonusLotID:
			steps = bonus
		default:
			continue // with the lot that it came out of
		}
		var into *revrec.Change
		var child *revrec.Lot
		for at, change := range changes[stepped[i].ID] {
			found := slices.IndexFunc(stepped, func(lot revrec.Lot) bool { return lot.ID == change.ToLotID })
			if change.Kind == revrec.RolledOver && found >= 0 {
				into, child = &changes[stepped[i].ID][at], &stepped[found]
			}
		}
		stepped[i].AppearInSteps(steps, whole, into, child)
	}
	return stepped
}

// appeared brings a lot up to date whose liability appears otherwise than it was to: what it
// carries, and from when its use waits to be booked again. It returns the days on which
// some of the liability appears.
func appeared(lot *revrec.Lot, was revrec.Lot) []LotDay {
	carrySteps(lot, was)
	from := firstChange(*lot, was)
	var days []LotDay
	for _, day := range lot.StepDays(0) {
		if from != 0 && day >= from {
			lot.WaitFrom(day)
			days = append(days, LotDay{CustomerID: lot.CustomerID, LotID: lot.ID, Day: day})
		}
	}
	return days
}

// firstChange returns the first day on which the liability of a lot appears otherwise than it was
// to; zero where there is none.
func firstChange(lot, was revrec.Lot) ledger.Date {
	from := ledger.Date(0)
	if lot.LiabilityOn != was.LiabilityOn {
		from = lot.LiabilityOn
	}
	for i, step := range lot.Steps {
		if i >= len(was.Steps) || was.Steps[i] != step {
			return sooner(from, step.Day)
		}
	}
	return from
}

// carrySteps puts what appeared of a lot's liability into its carrying amount.
func carrySteps(lot *revrec.Lot, was revrec.Lot) {
	before, beforeFunctional := was.Stepped()
	minor, functional := lot.Stepped()
	lot.Carrying.Minor += minor - before
	lot.CarryingFunctional.Minor += functional - beforeFunctional
}

// completeSteps has the rest of the liability of a lot be there, which fell due.
func completeSteps(lot *revrec.Lot) {
	was := *lot
	lot.Complete()
	carrySteps(lot, was)
	if lot.LapsesOn != 0 {
		lot.LapseDue = sooner(lot.LapseDue, max(lot.LapsesOn, lot.LiabilityOn))
	}
}
