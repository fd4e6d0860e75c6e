package books

import (
	"cmp"
	"context"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// MovementColumn is a column of the roll-forward of deferred revenue.
type MovementColumn string

// The columns, in their order. What comes into deferred revenue is positive.
const (
	SoldPaid        MovementColumn = "PURCHASES_PAID"  // paid when bought, or ahead of the due date
	SoldDue         MovementColumn = "PURCHASES_DUE"   // invoices that fell due
	Earned          MovementColumn = "USED"            // what was used, also what was earned before and cleared
	EarlyBreak      MovementColumn = "BREAKAGE_EARLY"  // expected breakage, the law's share left out
	EstimateChange  MovementColumn = "CATCH_UP"        // what new estimates moved at once, the law's share left out
	ExpiryBreak     MovementColumn = "BREAKAGE_EXPIRY" // at expiry, net of what reinstated credits gave back
	RemoteBreak     MovementColumn = "BREAKAGE_REMOTE" // use became remote
	EscheatShare    MovementColumn = "ESCHEAT"         // the law's share of all breakage
	PaidBack        MovementColumn = "REFUNDS"
	ChargedBackPart MovementColumn = "CHARGEBACKS"
	CalledOffPart   MovementColumn = "VOIDS"            // unpaid purchases that were called off
	TakenOver       MovementColumn = "OPENING_BALANCES" // taken over from another book at a cut-over
	ByHandPart      MovementColumn = "MANUAL"           // manual entries and their reversals: no lot or pool knows of it
)

// MovementColumns lists the columns in their order.
func MovementColumns() []MovementColumn {
	return []MovementColumn{
		SoldPaid, SoldDue, Earned, EarlyBreak, EstimateChange, ExpiryBreak, RemoteBreak, EscheatShare, PaidBack, ChargedBackPart, CalledOffPart, TakenOver, ByHandPart,
	}
}

// columnOf says in which column entries of a kind stand. A kind that is not here and moves
// deferred revenue is an error: a roll-forward that leaves something out does not foot.
var columnOf = map[ledger.EntryKind]MovementColumn{
	ledger.PurchaseEntry: SoldPaid,
	ledger.PaymentEntry:  SoldPaid,
	ledger.DueEntry:      SoldDue,
	ledger.UsageEntry:    Earned,
	ledger.ClearingEntry: Earned,
	ledger.EarlyEntry:    EarlyBreak,
	ledger.CatchUpEntry:  EstimateChange,
	ledger.ExpiryEntry:   ExpiryBreak,
	ledger.RemoteEntry:   RemoteBreak,
	ledger.RefundEntry:   PaidBack,
	ledger.DisputeEntry:  ChargedBackPart,
	ledger.VoidEntry:     CalledOffPart,
	ledger.OpeningEntry:  TakenOver,
	ledger.ManualEntry:   ByHandPart,

	ledger.ManualReversalEntry: ByHandPart,
}

// RollForwardRequest asks for the roll-forward of the accounting dates From through To, as
// it stood at an instant: of entries posted by then.
type RollForwardRequest struct {
	From, To ledger.Date
	By       Dimension // ByPolicy, or "" for currencies alone
	AsOf     time.Time // now where zero
}

// RollForward is how deferred revenue came from its opening to its closing balance.
type RollForward struct {
	RollForwardRequest
	PostedThrough int64 // the number of the last entry that it knows
	Entries       int64 // how many entries moved something
	Groups        []RollForwardGroup
	Checks        []RollForwardCheck
	Moved         []MovedOn
}

// RollForwardGroup is a policy (or all of them) in one currency of contracts.
type RollForwardGroup struct {
	Policy                     string // its code; "" where not told apart
	Currency                   ledger.Currency
	Opening, FunctionalOpening ledger.Amount
	Movements                  []Movement // those that are not nothing, in the order of the columns
	Closing, FunctionalClosing ledger.Amount
}

// Movement is what a column comes to.
type Movement struct {
	Column             MovementColumn
	Amount, Functional ledger.Amount
	Entries            int64
}

// RollForwardCheck holds the closing balances of a currency against the account's running
// balance and against the lots and pools with the manual entries, each less what came after.
type RollForwardCheck struct {
	Currency                                                              ledger.Currency
	Closing, Ledger, Lots, Manual                                         ledger.Amount
	FunctionalClosing, FunctionalLedger, FunctionalLots, FunctionalManual ledger.Amount
}

// Difference is by how much closing, ledger, and lots with manual entries disagree: nothing, in
// a book in order.
func (c RollForwardCheck) Difference() ledger.Amount {
	return spread(c.Closing, c.Ledger, c.Lots.Add(c.Manual))
}

// FunctionalDifference is Difference in the book's currency.
func (c RollForwardCheck) FunctionalDifference() ledger.Amount {
	return spread(c.FunctionalClosing, c.FunctionalLedger, c.FunctionalLots.Add(c.FunctionalManual))
}

// spread is the largest of three less the least.
func spread(a, b, c ledger.Amount) ledger.Amount {
	return ledger.Money(max(a.Minor, b.Minor, c.Minor)-min(a.Minor, b.Minor, c.Minor), a.Currency)
}

// MovedOn is what changes moved from lot to lot: out of one and into another, so nothing in
// sum, and no entry.
type MovedOn struct {
	Kind               revrec.ChangeKind
	Currency           ledger.Currency
	Changes            int64
	Amount, Functional ledger.Amount
}

// DeferredMovement is what entries of one kind moved in deferred revenue, added up: in a
// span, before it or after it.
type DeferredMovement struct {
	Policy             string
	Currency           ledger.Currency
	Kind               ledger.EntryKind // "" where kinds are not told apart
	CatchUp            bool             // on the day of an estimate whose day is one figure, see revrec.Estimate.InOne
	Entries            int64
	Minor, Functional  int64 // into the account
	Law, FunctionalLaw int64 // the part of it that went to unclaimed property, negative as it goes out
	// Manual is the part of it that manual entries moved, of what came after.
	Manual, FunctionalManual int64
}

// RollForward explains how deferred revenue moved. ASC 606-10-50-8, 50-10.
// Errors: INVALID, TOO_LARGE.
func (b *Books) RollForward(ctx context.Context, tx Tx, request RollForwardRequest) (RollForward, error) {
	if err := b.checkSpan(request.From, request.To, &request.AsOf); err != nil {
		return RollForward{}, err
	}
	r := rollForwardWork{RollForward: RollForward{RollForwardRequest: request}, functional: b.book.Functional, groups: map[groupKey]*RollForwardGroup{}}
	if err := r.read(ctx, tx); err != nil {
		return RollForward{}, err
	}
	return r.RollForward, nil
}

type groupKey struct {
	policy   string
	currency ledger.Currency
}

type rollForwardWork struct {
	RollForward
	functional ledger.Currency
	groups     map[groupKey]*RollForwardGroup
}

func (r *rollForwardWork) read(ctx context.Context, tx Tx) (err error) {
	if r.PostedThrough, err = tx.PostedThrough(ctx, r.AsOf); err != nil {
		return err
	}
	before, err := tx.DeferredBefore(ctx, r.From, r.PostedThrough, r.By == ByPolicy)
	if err != nil {
		return err
	}
	for _, m := range before {
		group := r.group(m)
		group.Opening, group.FunctionalOpening = group.Opening.Add(ledger.Money(m.Minor, m.Currency)), group.FunctionalOpening.Add(ledger.Money(m.Functional, r.functional))
		group.Closing, group.FunctionalClosing = group.Opening, group.FunctionalOpening
	}
	within, err := tx.DeferredWithin(ctx, r.From, r.To, r.PostedThrough, r.AsOf)
	if err != nil {
		return err
	}
	for _, m := range within {
		if r.By != ByPolicy {
			m.Policy = ""
		}
		if err := r.moved(m); err != nil {
			return err
		}
	}
	r.order()
	if r.Moved, err = tx.MovedOn(ctx, r.From, r.To, r.AsOf); err != nil {
		return err
	}
	return r.check(ctx, tx)
}

func (r *rollForwardWork) group(m DeferredMovement) *RollForwardGroup {
	key := groupKey{m.Policy, m.Currency}
	group := r.groups[key]
	if group == nil {
		none, functional := ledger.Money(0, m.Currency), ledger.Money(0, r.functional)
		group = &RollForwardGroup{Policy: m.Policy, Currency: m.Currency, Opening: none, FunctionalOpening: functional, Closing: none, FunctionalClosing: functional}
		r.groups[key] = group
	}
	return group
}

// moved adds to the column of a kind; what the law claims of breakage has its own.
func (r *rollForwardWork) moved(m DeferredMovement) error {
	column, known := columnOf[m.Kind]
	if !known {
		return refuse(Internal, "", "the roll-forward does not know entries of the kind %s", m.Kind)
	}
	if column == EarlyBreak && m.CatchUp {
		column = EstimateChange
	}
	r.Entries += m.Entries
	group := r.group(m)
	group.add(column, ledger.Money(m.Minor-m.Law, m.Currency), ledger.Money(m.Functional-m.FunctionalLaw, r.functional), m.Entries)
	if m.Law != 0 || m.FunctionalLaw != 0 {
		group.add(EscheatShare, ledger.Money(m.Law, m.Currency), ledger.Money(m.FunctionalLaw, r.functional), 0)
	}
	return nil
}

func (g *RollForwardGroup) add(column MovementColumn, amount, functional ledger.Amount, entries int64) {
	at := slices.IndexFunc(g.Movements, func(m Movement) bool { return m.Column == column })
	if at < 0 {
		at = len(g.Movements)
		g.Movements = append(g.Movements, Movement{column, ledger.Money(0, amount.Currency), ledger.Money(0, functional.Currency), 0})
	}
	m := &g.Movements[at]
	m.Amount, m.Functional, m.Entries = m.Amount.Add(amount), m.Functional.Add(functional), m.Entries+entries
	g.Closing, g.FunctionalClosing = g.Closing.Add(amount), g.FunctionalClosing.Add(functional)
}

func (r *rollForwardWork) order() {
	columns := MovementColumns()
	for _, group := range r.groups {
		slices.SortFunc(group.Movements, func(x, y Movement) int {
			return cmp.Compare(slices.Index(columns, x.Column), slices.Index(columns, y.Column))
		})
		if len(group.Movements) > 0 || group.Opening.Minor != 0 || group.FunctionalOpening.Minor != 0 {
			r.Groups = append(r.Groups, *group)
		}
	}
	slices.SortFunc(r.Groups, func(x, y RollForwardGroup) int {
		return cmp.Or(cmp.Compare(x.Policy, y.Policy), cmp.Compare(x.Currency, y.Currency))
	})
}

// check holds the closing balances against the ledger's running balance and the lots of
// now, both less what was booked after the span or posted after the instant.
func (r *rollForwardWork) check(ctx context.Context, tx Tx) error {
	kept, err := tx.ReconcileDeferred(ctx)
	if err != nil {
		return err
	}
	after, err := tx.DeferredAfter(ctx, r.To, r.PostedThrough)
	if err != nil {
		return err
	}
	since := map[ledger.Currency]DeferredMovement{}
	for _, m := range after {
		since[m.Currency] = m
	}
	for _, k := range kept {
		later := since[k.Currency]
		c := RollForwardCheck{
			Currency: k.Currency, Closing: ledger.Money(0, k.Currency), FunctionalClosing: ledger.Money(0, r.functional),
			Ledger: ledger.Money(k.Ledger-later.Minor, k.Currency), FunctionalLedger: ledger.Money(k.FunctionalLedger-later.Functional, r.functional),
			Lots:             ledger.Money(k.Lots-later.Minor+later.Manual, k.Currency),
			FunctionalLots:   ledger.Money(k.FunctionalLots-later.Functional+later.FunctionalManual, r.functional),
			Manual:           ledger.Money(k.Manual-later.Manual, k.Currency),
			FunctionalManual: ledger.Money(k.FunctionalManual-later.FunctionalManual, r.functional),
		}
		for _, group := range r.Groups {
			if group.Currency == k.Currency {
				c.Closing, c.FunctionalClosing = c.Closing.Add(group.Closing), c.FunctionalClosing.Add(group.FunctionalClosing)
			}
		}
		r.Checks = append(r.Checks, c)
	}
	return nil
}

// ControlTotal is what all columns come to in the book's currency.
func (r *RollForward) ControlTotal() ledger.Amount {
	var total ledger.Amount
	for _, group := range r.Groups {
		total = total.Add(group.FunctionalClosing.Sub(group.FunctionalOpening))
	}
	return total
}
