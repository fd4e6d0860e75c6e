package books

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// EscheatPayment is what was paid over to the authority of a jurisdiction. It never changes.
type EscheatPayment struct {
	ID           string
	Jurisdiction string // "" is of lots without one
	PaidOn       ledger.Date
	Amount       ledger.Amount // in the currency of the contracts
	Functional   ledger.Amount // what the book carried for it
	Paid         ledger.Amount // what it cost, in the functional currency
	Reference    string
	CreatedAt    time.Time
	CreatedBy    string // the actor
	Parts        []EscheatPart
}

// EscheatPart is the part of a payment that is for what lapsed on one day. One that had been
// paid over and was given back since is negative: it is set off.
type EscheatPart struct {
	LapsedOn           ledger.Date
	Amount, Functional ledger.Amount
}

// UnclaimedDay is what was booked for the law of one jurisdiction, in one currency: early,
// for what has not lapsed, or of the lots whose rest was released on one day.
type UnclaimedDay struct {
	Jurisdiction    string // "" for none
	Currency        ledger.Currency
	LapsedOn        ledger.Date // zero for early
	Minor           UnclaimedSums
	FunctionalMinor UnclaimedSums
}

// UnclaimedSums are in minor units. GivenBack is what late use, reinstatement and the like
// took back after the day of the release, positive where it did. Manual is what manual entries
// put on the account, of its balance alone: it is no share of any lot's.
type UnclaimedSums struct{ Early, Expiry, Remote, GivenBack, PaidOver, Manual int64 }

// Owed is what is left: with the early part, which nobody is owed yet, it is the account.
func (s UnclaimedSums) Owed() int64 { return s.Expiry + s.Remote - s.GivenBack - s.PaidOver }

// UnclaimedFilter narrows what was booked for the law.
type UnclaimedFilter struct {
	On           ledger.Date // accounting dates up to and including it
	Jurisdiction *string     // this one, "" for none; all where nil
	AsOf         time.Time   // posted by then; all that is posted where zero
}

// PayEscheat asks to book a payment to an authority.
type PayEscheat struct {
	Jurisdiction string           `json:"jurisdiction" trail:"always"` // "" for lots without one
	Currency     ledger.Currency  `json:"currency"`                    // the book's where empty
	Amount       decimal.Decimal  `json:"amount"`
	PaidOn       ledger.Date      `json:"paidOn"` // today where zero
	FXRate       *decimal.Decimal `json:"fxRate,omitempty"`
	Reference    string           `json:"reference"`
}

// EscheatPay books what was paid over to an authority: Dr unclaimed property as the book
// carried it, Cr cash; what the rate of the day makes of it is an exchange gain or loss. It
// is at most what is owed of lots that had lapsed by the day, and is taken from what is due first; what had been
// paid over and was given back to customers since is set off. ASC 405-20-40-1.
// Errors: INVALID, AMOUNT_EXCEEDS_OWED, TOO_LARGE, IDEMPOTENCY_CONFLICT.
func (b *Books) EscheatPay(ctx context.Context, key string, request PayEscheat) (EscheatPayment, error) {
	return once(ctx, b, act{"escheat.pay", key, request}, func(ctx context.Context, tx Tx) (EscheatPayment, string, error) {
		payment, err := b.newEscheatPayment(ctx, request)
		if err != nil {
			return payment, "", err
		}
		if err := tx.HoldEscheat(ctx); err != nil {
			return payment, "", err
		}
		days, err := tx.UnclaimedDays(ctx, UnclaimedFilter{On: lastDay, Jurisdiction: &payment.Jurisdiction})
		if err != nil {
			return payment, "", err
		}
		rules := laws{}
		if err := rules.read(ctx, tx, []string{payment.Jurisdiction}); err != nil {
			return payment, "", err
		}
		if err := payment.share(days, rules[payment.Jurisdiction]); err != nil {
			return payment, "", err
		}
		if err := b.worthOf(ctx, tx, request.FXRate, &payment); err != nil {
			return payment, "", err
		}
		if err := tx.InsertEscheatPayment(ctx, payment); err != nil {
			return payment, "", err
		}
		return payment, payment.ID, b.post(ctx, tx, ledger.Entry{
			Kind: ledger.EscheatEntry, OccurredOn: payment.PaidOn, Reference: payment.ID,
			Description: "Unclaimed property paid over" + map[bool]string{true: "", false: " to " + payment.Jurisdiction}[payment.Jurisdiction == ""],
			Lines: ledger.WithoutZeros(
				ledger.Debit(ledger.UnclaimedProperty, payment.Amount, payment.Functional, ledger.Dimensions{}),
				exchange(payment.Amount, payment.Paid.Sub(payment.Functional), ledger.Dimensions{}),
				ledger.Credit(ledger.Cash, payment.Amount, payment.Paid, ledger.Dimensions{}),
			),
		})
	})
}

func (b *Books) newEscheatPayment(ctx context.Context, request PayEscheat) (EscheatPayment, error) {
	p := EscheatPayment{
		ID: b.newID(), Jurisdiction: request.Jurisdiction, PaidOn: request.PaidOn, Reference: request.Reference,
		CreatedAt: b.clock(), CreatedBy: CallerOf(ctx).Actor, Functional: ledger.Money(0, b.book.Functional),
	}
	if err := checkJurisdiction(p.Jurisdiction); err != nil {
		return p, err
	}
	currency, err := b.currencyOf("currency", request.Currency)
	if err != nil {
		return p, err
	}
	if p.Amount, err = amountOf("amount", request.Amount, currency); err != nil {
		return p, err
	}
	today := b.today()
	if p.PaidOn == 0 {
		p.PaidOn = today
	}
	switch {
	case p.Amount.IsZero():
		return p, refuse(Invalid, "amount", "must be more than 0")
	case p.PaidOn < ledger.DateOf(earliest, b.zone) || p.PaidOn > today:
		return p, refuse(Invalid, "paidOn", "must be of 1970 or later, and today (%s) at the latest, not %s", today, p.PaidOn)
	}
	return p, checkText("reference", p.Reference, 1, maxTextLength)
}

// worthOf settles what the payment cost in the functional currency.
func (b *Books) worthOf(ctx context.Context, tx Tx, rate *decimal.Decimal, p *EscheatPayment) (err error) {
	home := p.Amount.Currency == b.book.Functional
	if rate == nil && !home {
		if rate, err = fxRateOn(ctx, tx, p.Amount.Currency, p.PaidOn); err != nil {
			return err
		}
		if rate == nil {
			return refuse(Invalid, "fxRate", "is needed: how many %s one %s is. Give it, or set the rate of %s by fxRateSet", b.book.Functional, p.Amount.Currency, p.PaidOn)
		}
	}
	if rate == nil {
		one := decimal.NewFromInt(1)
		rate = &one
	}
	if err = b.checkRate(*rate, p.Amount.Currency); err == nil {
		p.Paid, err = b.functional(p.Amount, *rate)
	}
	return err
}

// share takes the payment from what is owed of days, what is due first. What is owed of a
// day keeps its own functional amount, of a part in proportion. Errors: AMOUNT_EXCEEDS_OWED.
func (p *EscheatPayment) share(days []UnclaimedDay, rules []EscheatRule) error {
	var open []UnclaimedDay
	left, owed := p.Amount.Minor, int64(0)
	for _, day := range days {
		if day.Currency != p.Amount.Currency || day.LapsedOn == 0 || day.LapsedOn > p.PaidOn {
			continue
		}
		owed += day.Minor.Owed()
		open = append(open, day)
	}
	if left > owed {
		return refuse(AmountExceedsOwed, "amount", "must be at most what is owed of credits that had lapsed by %s, %s, not %s",
			p.PaidOn, ledger.Money(max(owed, 0), p.Amount.Currency), p.Amount)
	}
	slices.SortStableFunc(open, func(x, y UnclaimedDay) int {
		return cmp.Or(cmp.Compare(setOff(x), setOff(y)), cmp.Compare(dueFirst(x.LapsedOn, rules), dueFirst(y.LapsedOn, rules)), cmp.Compare(x.LapsedOn, y.LapsedOn))
	})
	for _, day := range open {
		minor, functional := day.Minor.Owed(), day.FunctionalMinor.Owed()
		if minor == 0 && functional == 0 || left == 0 && minor > 0 {
			continue
		}
		if minor > left {
			functional = decimal.NewFromInt(functional).Mul(decimal.NewFromInt(left)).DivRound(decimal.NewFromInt(minor), 0).IntPart()
			minor = left
		}
		left -= minor
		p.Functional.Minor += functional
		p.Parts = append(p.Parts, EscheatPart{day.LapsedOn, ledger.Money(minor, p.Amount.Currency), ledger.Money(functional, p.Functional.Currency)})
	}
	return nil
}

// setOff puts a day of which nothing, or less, is owed before the others.
func setOff(day UnclaimedDay) int {
	if day.Minor.Owed() <= 0 {
		return 0
	}
	return 1
}

// DueOn is the day on which what lapsed on another becomes due to the authority by the rules
// of its jurisdiction; zero where there is none.
func DueOn(lapsed ledger.Date, rules []EscheatRule) ledger.Date {
	due := ledger.Date(0)
	for _, rule := range rules {
		if rule.From > lapsed {
			break
		}
		due = rule.Dormancy.AfterDate(lapsed)
	}
	return due
}

// dueFirst is DueOn for an order in which what has no such day comes last.
func dueFirst(lapsed ledger.Date, rules []EscheatRule) ledger.Date {
	if due := DueOn(lapsed, rules); due != 0 {
		return due
	}
	return lastDay
}

// giveBack refuses to take back from the law what was paid over to the authority: that is no
// longer the company's to give. Errors: PAID_OVER.
func giveBack(ctx context.Context, tx Tx, policy Policy, lot *revrec.Lot, change revrec.Change) error {
	rules := laws{}
	if err := rules.read(ctx, tx, []string{lot.Jurisdiction}); err != nil {
		return err
	}
	days, err := tx.LotDaysWithin(ctx, WholeLots([]LotKey{{lot.CustomerID, lot.ID}}))
	if err != nil {
		return err
	}
	released, _ := lot.ReleaseOn(policy.Breakage, days[0])
	claimed := rules.shares(policy, lot.Jurisdiction).On(released).Mul(decimal.NewFromInt(change.Amount.Minor)).Round(0).IntPart()
	if claimed <= 0 {
		return nil
	}
	owed, err := tx.UnclaimedDays(ctx, UnclaimedFilter{On: lastDay, Jurisdiction: &lot.Jurisdiction})
	for _, day := range owed {
		if day.Currency == change.Amount.Currency && day.LapsedOn == released && day.Minor.PaidOver > 0 && day.Minor.Owed() < claimed {
			return refuse(PaidOver, "treatment", "must be ZERO_BASIS: the law's share of what lapsed on %s was paid over to the authority", released)
		}
	}
	return err
}

// UnclaimedRequest asks for what is owed by accounting dates through a day, as it stood at an
// instant: of entries posted, and rules entered, by then.
type UnclaimedRequest struct {
	On           ledger.Date // today where zero
	Jurisdiction *string     // this one, "" for none; all where nil
	AsOf         time.Time   // now where zero
}

// UnclaimedProperty is what the book owes to authorities, and early what it may come to owe.
type UnclaimedProperty struct {
	UnclaimedRequest
	PostedThrough int64
	Rows          []UnclaimedRow
	Checks        []UnclaimedCheck // of all jurisdictions alone
}

// UnclaimedRow is the part of one jurisdiction, currency, month of lapse and due day.
type UnclaimedRow struct {
	Jurisdiction    string
	Currency        ledger.Currency
	Lapsed          ledger.Period // zero for early
	DueOn           ledger.Date   // zero where no rule says, and for early
	Minor           UnclaimedSums
	FunctionalMinor UnclaimedSums
}

// UnclaimedCheck holds the rows of a currency, with what manual entries put there, against the
// ledger account.
type UnclaimedCheck struct {
	Currency                                   ledger.Currency
	Rows, Manual, Ledger                       ledger.Amount
	FunctionalRows, FunctionalManual, InLedger ledger.Amount
}

// Difference is by how much the account is above rows and manual entries.
func (c UnclaimedCheck) Difference() ledger.Amount { return c.Ledger.Sub(c.Rows).Sub(c.Manual) }

// FunctionalDifference is Difference in the book's currency.
func (c UnclaimedCheck) FunctionalDifference() ledger.Amount {
	return c.InLedger.Sub(c.FunctionalRows).Sub(c.FunctionalManual)
}

// UnclaimedProperty adds up what was booked for the law: by jurisdiction, currency, month of
// lapse and the day on which it is due. Errors: INVALID.
func (b *Books) UnclaimedProperty(ctx context.Context, tx Tx, request UnclaimedRequest) (report UnclaimedProperty, err error) {
	if request.On == 0 {
		request.On = b.today()
	}
	err = b.checkAsOf(&request.AsOf)
	report.UnclaimedRequest = request
	if err == nil {
		err = b.checkBookable("on", request.On)
	}
	if err != nil {
		return report, err
	}
	if request.Jurisdiction != nil {
		if err := checkJurisdiction(*request.Jurisdiction); err != nil {
			return report, err
		}
	}
	if report.PostedThrough, err = tx.PostedThrough(ctx, request.AsOf); err != nil {
		return report, err
	}
	days, err := tx.UnclaimedDays(ctx, UnclaimedFilter(request))
	if err != nil {
		return report, err
	}
	rules, of := laws{}, make([]string, len(days))
	for i, day := range days {
		of[i] = day.Jurisdiction
	}
	if err := rules.read(ctx, tx, of); err != nil {
		return report, err
	}
	for _, day := range days {
		row := UnclaimedRow{Jurisdiction: day.Jurisdiction, Currency: day.Currency}
		if day.LapsedOn != 0 {
			row.Lapsed, row.DueOn = day.LapsedOn.Period(), DueOn(day.LapsedOn, enteredBy(rules[day.Jurisdiction], request.AsOf))
		}
		report.add(row, day)
	}
	slices.SortStableFunc(report.Rows, func(x, y UnclaimedRow) int {
		return cmp.Or(cmp.Compare(x.Jurisdiction, y.Jurisdiction), cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.DueOn, y.DueOn), cmp.Compare(x.Lapsed, y.Lapsed))
	})
	if request.Jurisdiction == nil {
		report.Checks, err = b.unclaimedChecks(ctx, tx, report)
	}
	return report, err
}

// enteredBy are the rules that were there at an instant.
func enteredBy(rules []EscheatRule, at time.Time) (known []EscheatRule) {
	for _, rule := range rules {
		if !rule.CreatedAt.After(at) {
			known = append(known, rule)
		}
	}
	return known
}

func (r *UnclaimedProperty) add(row UnclaimedRow, day UnclaimedDay) {
	at := slices.IndexFunc(r.Rows, func(other UnclaimedRow) bool {
		return other.Jurisdiction == row.Jurisdiction && other.Currency == row.Currency && other.Lapsed == row.Lapsed && other.DueOn == row.DueOn
	})
	if at < 0 {
		at = len(r.Rows)
		r.Rows = append(r.Rows, row)
	}
	r.Rows[at].Minor = r.Rows[at].Minor.plus(day.Minor)
	r.Rows[at].FunctionalMinor = r.Rows[at].FunctionalMinor.plus(day.FunctionalMinor)
}

func (s UnclaimedSums) plus(t UnclaimedSums) UnclaimedSums {
	return UnclaimedSums{s.Early + t.Early, s.Expiry + t.Expiry, s.Remote + t.Remote, s.GivenBack + t.GivenBack, s.PaidOver + t.PaidOver, s.Manual + t.Manual}
}

// unclaimedChecks holds the rows against the account, by currency.
func (b *Books) unclaimedChecks(ctx context.Context, tx Tx, report UnclaimedProperty) ([]UnclaimedCheck, error) {
	kept, err := tx.UnclaimedLedger(ctx, report.On, report.PostedThrough)
	checks := make([]UnclaimedCheck, 0, len(kept))
	for _, balance := range kept {
		check := UnclaimedCheck{Currency: balance.Currency, Rows: ledger.Money(0, balance.Currency), FunctionalRows: ledger.Money(0, b.book.Functional)}
		check.Manual, check.FunctionalManual = ledger.Money(balance.Minor.Manual, balance.Currency), ledger.Money(balance.FunctionalMinor.Manual, b.book.Functional)
		check.Ledger, check.InLedger = ledger.Money(balance.Minor.Early, balance.Currency), ledger.Money(balance.FunctionalMinor.Early, b.book.Functional)
		for _, row := range report.Rows {
			if row.Currency == balance.Currency {
				check.Rows.Minor += row.Minor.Early + row.Minor.Owed()
				check.FunctionalRows.Minor += row.FunctionalMinor.Early + row.FunctionalMinor.Owed()
			}
		}
		checks = append(checks, check)
	}
	return checks, err
}
