package revrec

import (
	"cmp"
	"slices"
	"strconv"

	"drawdown/ledger"
)

// Kind says by which rule a recognition was made.
type Kind string

// The kinds of recognition.
const (
	Usage            Kind = "USAGE"             // used, out of the contract liability
	UsageUnbilled    Kind = "USAGE_UNBILLED"    // used before there was one: a contract asset
	Clearing         Kind = "CLEARING"          // the liability appeared and clears the asset
	OverageUsage     Kind = "OVERAGE"           // used beyond the balance
	ExpectedBreakage Kind = "BREAKAGE_EARLY"    // expected breakage, in proportion to use
	CatchUp          Kind = "BREAKAGE_CATCH_UP" // what a new estimate moved of it at once
	ExpiryBreakage   Kind = "BREAKAGE_EXPIRY"   // the rest of a lot that lapsed
	RemoteBreakage   Kind = "BREAKAGE_REMOTE"   // the rest of a lot whose use became remote
)

// Kinds lists the kinds of recognition.
func Kinds() []Kind {
	return []Kind{Usage, UsageUnbilled, Clearing, OverageUsage, ExpectedBreakage, CatchUp, ExpiryBreakage, RemoteBreakage}
}

// Recognition is a row of the revenue sub-ledger: for a lot or a pool, on a day, of a
// kind, so many credits and so much money, with the inputs it was computed from.
type Recognition struct {
	ID         string
	CustomerID string // "" for a pool
	LotID      string // "" for a pool
	PoolID     string // "" for a lot
	PolicyID   string
	Kind       Kind
	// Day is when it happened; AccountingDate where it is booked, later where that
	// period was closed.
	Day, AccountingDate ledger.Date
	Credits             Credits
	// Amount is what is taken out of deferred revenue (or into a receivable); Unclaimed
	// is the part of it that the law claims, the rest is revenue.
	Amount, Functional             ledger.Amount
	Unclaimed, UnclaimedFunctional ledger.Amount
	Inputs                         []Input
	// Batch is the posting batch by which the recognition reaches the journal.
	Batch string
}

// Revenue returns the part of the amount that is revenue: not the part that the law claims.
func (r *Recognition) Revenue() ledger.Amount { return r.Amount.Sub(r.Unclaimed) }

// Input is one value that a figure was computed from, in plain notation.
type Input struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// BookedKey names what is booked together: a kind on a day.
type BookedKey struct {
	Day  ledger.Date
	Kind Kind
}

// Booked is what is booked already of a lot or pool, by day and kind.
type Booked map[BookedKey]BookedSum

// BookedSum is the sum of the recognitions of one kind on one day.
type BookedSum struct {
	Credits                        Credits
	Minor, Functional              int64
	Unclaimed, UnclaimedFunctional int64
}

// inputs says what was booked before, for the explanation of what is booked now.
func (s BookedSum) inputs() []Input {
	return []Input{{"bookedMinor", strconv.FormatInt(s.Minor, 10)}, {"bookedCredits", s.Credits.String()}}
}

func (b Booked) only(kinds ...Kind) Booked {
	kept := Booked{}
	for key, sum := range b {
		if slices.Contains(kinds, key.Kind) {
			kept[key] = sum
		}
	}
	return kept
}

// figure is an amount on its way into the books: cumulative, or of one day.
type figure BookedSum

func (f figure) minus(g figure) figure {
	return figure{
		Credits:             f.Credits - g.Credits,
		Minor:               f.Minor - g.Minor,
		Functional:          f.Functional - g.Functional,
		Unclaimed:           f.Unclaimed - g.Unclaimed,
		UnclaimedFunctional: f.UnclaimedFunctional - g.UnclaimedFunctional,
	}
}

func (f figure) withoutCredits() figure {
	f.Credits = 0
	return f
}

// plan holds what the rules say of each day and kind against what is booked for it, and
// gathers what is due: missing in the books.
type plan struct {
	of      Recognition // what all of it is a recognition of
	from    ledger.Date
	booked  Booked
	planned map[BookedKey]bool // nil where nothing is booked
	due     []Recognition
	inputs  []Input // of all that is due: one allocation serves many
}

// newPlan plans for the days from from on. Where nothing is booked all of the figures
// are due, and there is room for so many.
func newPlan(of Recognition, from ledger.Date, booked Booked, figures int) *plan {
	p := &plan{of: of, from: from, booked: booked}
	if len(booked) == 0 {
		p.due, p.inputs = make([]Recognition, 0, figures), make([]Input, 0, figures)
	} else {
		p.planned = make(map[BookedKey]bool, figures)
	}
	return p
}

// add plans a figure, computed from inputs, for the day and kind. Figures are added in
// order of day and kind.
func (p *plan) add(day ledger.Date, kind Kind, f figure, inputs ...Input) {
	key := BookedKey{day, kind}
	sum := p.booked[key]
	if p.planned != nil {
		p.planned[key] = true
	}
	due := f.minus(figure(sum))
	if due == (figure{}) {
		return
	}
	before := len(p.inputs)
	p.inputs = append(p.inputs, inputs...)
	if sum != (BookedSum{}) {
		p.inputs = append(p.inputs, sum.inputs()...)
	}
	p.addDue(key, due, slices.Clip(p.inputs[before:]))
}

func (p *plan) addDue(key BookedKey, due figure, inputs []Input) {
	p.due = append(p.due, p.of)
	r := &p.due[len(p.due)-1] // filled in its place: it is large, and there are millions
	r.Kind, r.Day, r.Credits, r.Inputs = key.Kind, key.Day, due.Credits, inputs
	r.Amount.Minor, r.Functional.Minor = due.Minor, due.Functional
	r.Unclaimed.Minor, r.UnclaimedFunctional.Minor = due.Unclaimed, due.UnclaimedFunctional
}

// missing returns what is missing in the books: the figures less what is booked for the
// same day and kind, and the reverse of what is booked since the plan's first day but
// not planned any more. The result is in order of day and kind.
func (p *plan) missing() []Recognition {
	planned := len(p.due)
	for key, sum := range p.booked {
		if key.Day >= p.from && !p.planned[key] && sum != (BookedSum{}) {
			p.addDue(key, figure{}.minus(figure(sum)), sum.inputs())
		}
	}
	if len(p.due) > planned {
		slices.SortFunc(p.due, func(a, b Recognition) int {
			return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Kind, b.Kind))
		})
	}
	return p.due
}

// recognition returns an empty recognition of the lot.
func (l *Lot) recognition() Recognition {
	currency, functional := l.Price.Currency, l.Functional.Currency
	if l.Kind == OverageLot {
		currency, functional = l.Rate.Currency, l.Rate.Currency
	}
	r := Recognition{CustomerID: l.CustomerID, LotID: l.ID, PolicyID: l.PolicyID}
	r.Amount.Currency, r.Unclaimed.Currency = currency, currency
	r.Functional.Currency, r.UnclaimedFunctional.Currency = functional, functional
	return r
}

// recognition returns an empty recognition of the pool.
func (p Pool) recognition() Recognition {
	r := Recognition{PoolID: p.ID, PolicyID: p.PolicyID}
	r.Amount.Currency, r.Unclaimed.Currency = p.Currency, p.Currency
	r.Functional.Currency, r.UnclaimedFunctional.Currency = p.Functional, p.Functional
	return r
}

// EntryKindOf returns the kind of entry that sums recognitions of the kind: it bears
// the same name.
func EntryKindOf(kind Kind) ledger.EntryKind { return ledger.EntryKind(kind) }

// LinesOf returns the postings of a sum of recognitions of one kind: what leaves
// deferred revenue, or enters a receivable, against revenue and unclaimed property.
func LinesOf(kind Kind, amount, functional, unclaimed, unclaimedFunctional ledger.Amount, d ledger.Dimensions) []ledger.Line {
	from, to := ledger.DeferredRevenue, ledger.BreakageRevenue
	switch kind {
	case Usage:
		to = ledger.UsageRevenue
	case UsageUnbilled:
		from, to = ledger.UnbilledReceivable, ledger.UsageRevenue
	case OverageUsage:
		from, to = ledger.UnbilledReceivable, ledger.OverageRevenue
	case Clearing:
		to = ledger.UnbilledReceivable
	case ExpectedBreakage, CatchUp, ExpiryBreakage, RemoteBreakage:
	}
	return ledger.WithoutZeros(
		ledger.Debit(from, amount, functional, d),
		ledger.Credit(to, amount.Sub(unclaimed), functional.Sub(unclaimedFunctional), d),
		ledger.Credit(ledger.UnclaimedProperty, unclaimed, unclaimedFunctional, d),
	)
}

// OutOfDeferred returns what the recognition takes out of deferred revenue.
func (r Recognition) OutOfDeferred() (amount, functional int64) {
	if r.Kind == UsageUnbilled || r.Kind == OverageUsage {
		return 0, 0
	}
	return r.Amount.Minor, r.Functional.Minor
}
