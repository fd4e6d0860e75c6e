package books

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// The bounds of a statement.
const (
	// MaxStatementDays bounds its span: a year, and the day that makes one of it leap.
	MaxStatementDays = 366
	// MaxStatementEventDays bounds it where each event is a line.
	MaxStatementEventDays = 31
	// MaxStatementLines is what one answer keeps in memory: some tens of megabytes.
	MaxStatementLines = 50_000
	// MaxStatementLots bounds the lots that a customer ever had.
	MaxStatementLots = 20_000
)

// StatementKind says what a line of a statement is.
type StatementKind string

// The kinds of line, in the order in which those of one day stand.
const (
	OpeningLine     StatementKind = "OPENING"       // credits taken over at a cut-over, and what was deferred of them
	PurchasedLine   StatementKind = "PURCHASE"      // credits bought, and what appeared in deferred revenue
	BonusLine       StatementKind = "BONUS"         // credits that came with them
	GrantedLine     StatementKind = "GRANT"         // credits given
	MovedInLine     StatementKind = "TRANSFER_IN"   // credits of another customer
	ReinstatedLine  StatementKind = "REINSTATEMENT" // lapsed credits that live on: out of one lot, into another
	RolledOverLine  StatementKind = "ROLLOVER"      // unused credits that live on: out of one lot, into another
	DueLine         StatementKind = "DUE"           // an invoice fell due: deferred revenue appeared
	PaymentLine     StatementKind = "PAYMENT"       // an invoice was paid
	UsedLine        StatementKind = "USE"           // credits used, and what was earned by it
	VoidedLine      StatementKind = "VOID"          // use that was taken back
	OverageLine     StatementKind = "OVERAGE"       // use beyond the balance: it takes no credits
	ClearedLine     StatementKind = "CLEARING"      // earned before there was deferred revenue, and taken out of it now
	RefundedLine    StatementKind = "REFUND"        // credits taken back, money paid back
	ChargedBackLine StatementKind = "CHARGEBACK"    // the same, by a chargeback that was lost
	CalledOffLine   StatementKind = "PURCHASE_VOID" // an unpaid purchase was called off
	MovedOutLine    StatementKind = "TRANSFER_OUT"  // credits that went to another customer
	ExtendedLine    StatementKind = "EXTENSION"     // credits lapse later: nothing moves
	RemoteLine      StatementKind = "REMOTE"        // released, for use has become remote; the credits stay
	LapsedLine      StatementKind = "LAPSE"         // credits that lapsed, and what was released with them
)

// StatementKinds lists the kinds in the order in which those of one day stand.
func StatementKinds() []StatementKind {
	return []StatementKind{
		OpeningLine, PurchasedLine, BonusLine, GrantedLine, MovedInLine, ReinstatedLine, RolledOverLine, DueLine, PaymentLine, UsedLine, VoidedLine,
		OverageLine, ClearedLine, RefundedLine, ChargedBackLine, CalledOffLine, MovedOutLine, ExtendedLine, RemoteLine, LapsedLine,
	}
}

// StatementDetail says what of use is a line.
type StatementDetail string

// The details.
const (
	ByDay   StatementDetail = "DAY"   // what was used of a lot on a day
	ByEvent StatementDetail = "EVENT" // each event, and what was earned on the day by itself
)

// StatementRequest asks for the statement of a customer, by internal id, of the days From
// through To.
type StatementRequest struct {
	CustomerID string
	From, To   ledger.Date
	Detail     StatementDetail
	AsOf       time.Time // now where zero
}

// Statement is what happened to a customer's credits, and to the deferred revenue of them.
// Opening and the lines add up to Closing, in credits and in each currency.
//
// Credits stand on the day on which it happened, money on the accounting date under which
// it is booked: mostly the same, and later where a period was closed. Both are as of AsOf:
// what was recorded, done or posted later is left out, and so is what a job is about to post.
type Statement struct {
	StatementRequest
	Opening, Closing StatementBalance
	Lines            []StatementLine
}

// StatementBalance is what a customer had when a day began or ended. Credits are those that
// were neither used nor taken out nor had lapsed: begun or not, blocked or held or free.
type StatementBalance struct {
	Credits  revrec.Credits
	Deferred []StatementMoney // by currency, in order; those that hold nothing too, once they held something
}

// StatementMoney is deferred revenue in the currency of contracts, and in the book's.
type StatementMoney struct {
	Amount, Functional ledger.Amount
}

// StatementLine is one thing that happened.
type StatementLine struct {
	Key        string // unlike that of any other line of the statement
	Day        ledger.Date
	Kind       StatementKind
	LotID      string
	PurchaseID string
	Entry      int64          // the number of the entry that moved the money; 0 where many sum it
	Credits    revrec.Credits // into the balance; negative out of it
	// Amount is what came into deferred revenue, negative what left it; Cash what was paid
	// by the customer, negative to them.
	Amount, Functional, Cash ledger.Amount
	Uses                     []StatementUse // what USE, VOID and OVERAGE add up
	Reason                   string
	// Balance and Deferred, in the line's currency, are what is there after the line.
	Balance  revrec.Credits
	Deferred StatementMoney
}

// StatementUse is what was drawn from a lot on a day by one meter, or by one event.
type StatementUse struct {
	LotID   string
	Day     ledger.Date
	MeterID string // "" for use in credits
	EventID string // "" where Events are added up
	Events  int64
	Credits revrec.Credits // drawn; negative for voids
}

// StatementBooking is what the recognitions of one kind of a lot add up to under an
// accounting date; the zero day is all that came before a statement.
type StatementBooking struct {
	LotID             string
	Kind              revrec.Kind
	Day               ledger.Date
	Minor, Functional int64
}

// StatementEntry is what an entry about a purchase moved: into deferred revenue, and in cash.
type StatementEntry struct {
	Number             int64
	Kind               ledger.EntryKind
	Day                ledger.Date // accounting date
	PurchaseID         string
	Amount, Functional ledger.Amount
	Cash               ledger.Amount
}

// StatementSpan is of which customer, days and instant the store reads a statement.
type StatementSpan struct {
	CustomerID string
	From, To   ledger.Date
	AsOf       time.Time
}

// Statement returns what happened to a customer's credits, as the book knew it at AsOf.
// Errors: NOT_FOUND, INVALID, TOO_LARGE.
func (b *Books) Statement(ctx context.Context, request StatementRequest) (statement Statement, err error) {
	if err := b.CheckStatementBegins(request.From); err != nil {
		return Statement{}, err
	}
	err = b.View(ctx, func(ctx context.Context, tx Tx) error {
		statement, err = b.StatementOf(ctx, tx, request)
		return err
	})
	return statement, err
}

// CheckStatementBegins refuses a statement from a day on that has not begun. A part of one may: it may go on for as long as
// somebody likes. Errors: INVALID.
func (b *Books) CheckStatementBegins(from ledger.Date) error {
	return b.checkBegun("from", from, b.clock())
}

// StatementOf is Statement on a snapshot that is open already.
func (b *Books) StatementOf(ctx context.Context, tx Tx, request StatementRequest) (Statement, error) {
	until := request.AsOf
	if until.IsZero() { // all that the snapshot has, whatever the clocks of its writers said
		until = forEver
	}
	if err := cmp.Or(request.check(), b.checkAsOf(&request.AsOf)); err != nil {
		return Statement{}, err
	}
	s := statementWork{
		books: b, request: request, past: past{at: until},
		lots: map[string]*revrec.Lot{}, meet: map[statementPlace]int{}, uses: map[statementPlace]int{},
	}
	if err := s.read(ctx, tx); err != nil {
		return Statement{}, err
	}
	return s.statement()
}

// statementWork is a statement on its way.
type statementWork struct {
	past
	books    *Books
	request  StatementRequest
	order    []revrec.Lot
	lots     map[string]*revrec.Lot
	before   map[string]revrec.Credits // drawn before the span, by lot
	bookings []StatementBooking
	entries  []StatementEntry
	drawn    []StatementUse

	lines []StatementLine
	meet  map[statementPlace]int // lines that have credits and no money yet
	uses  map[statementPlace]int // the lines of use
	open  StatementBalance
	err   error
}

// takeOver adds what was taken over at a cut-over: one entry sums it for all customers.
func (s *statementWork) takeOver() {
	for _, id := range slices.Sorted(maps.Keys(s.purchases)) {
		p := s.purchases[id]
		if p.OpeningOn != 0 && p.OpeningOn <= s.request.To && p.CustomerID == s.request.CustomerID && !p.Price.IsZero() {
			s.entries = append(s.entries, StatementEntry{
				Kind: ledger.OpeningEntry, Day: p.OpeningOn, PurchaseID: p.ID, Amount: p.Price, Functional: p.Functional, Cash: ledger.Money(0, p.Price.Currency),
			})
		}
	}
}

// roll shows lots that have come to their expiry as they are now, where nobody had to hold
// them since: rolled over, as a balance shows them.
func (s *statementWork) roll(ctx context.Context, tx Tx) error {
	due := dueToRoll(pointersTo(s.order), s.request.AsOf)
	if len(due) == 0 {
		return nil
	}
	rolled, err := s.books.rollOver(ctx, tx, due)
	if err != nil {
		return err
	}
	for _, of := range rolled {
		if of.change.Credits == 0 {
			continue
		}
		s.changes[of.change.LotID] = append(s.changes[of.change.LotID], of.change)
		s.into[of.child.ID] = of.change
		s.order = append(s.order, of.child)
	}
	for i := range s.order { // where they stand now
		s.lots[s.order[i].ID] = &s.order[i]
	}
	return nil
}

func (r StatementRequest) check() error {
	most := MaxStatementDays
	if r.Detail == ByEvent {
		most = MaxStatementEventDays
	}
	switch {
	case r.To < r.From:
		return refuse(Invalid, "to", "must not be before from (%s), but is %s", r.From, r.To)
	case int(r.To-r.From) >= most:
		return refuse(TooLarge, "to", "must be within %d days of from, but is %d after it: ask for shorter spans, the closing of one is the opening of the next", most, r.To-r.From)
	}
	return nil
}

// statementPlace is where credits and money meet in one line.
type statementPlace struct {
	day   ledger.Date
	kind  StatementKind
	lotID string
}

// read reads what a statement is made of, by as many statements for many rows as for few.
func (s *statementWork) read(ctx context.Context, tx Tx) (err error) {
	r := s.request
	customers, err := tx.CustomersByID(ctx, []string{r.CustomerID})
	if err != nil {
		return err
	}
	if len(customers) == 0 {
		return refuse(NotFound, "customer", "there is no such customer")
	}
	if s.order, err = tx.Lots(ctx, LotFilter{CustomerID: r.CustomerID}, Page{Limit: MaxStatementLots + 1}); err != nil {
		return err
	}
	if len(s.order) > MaxStatementLots {
		return refuse(TooLarge, "customer", "has more than %d lots, which one statement does not add up", MaxStatementLots)
	}
	span := StatementSpan{CustomerID: r.CustomerID, From: r.From, To: r.To, AsOf: s.at}
	if err := s.readLots(ctx, tx, span); err != nil {
		return err
	}
	if s.bookings, err = tx.StatementBookings(ctx, span); err != nil {
		return err
	}
	if s.entries, err = tx.StatementEntries(ctx, span); err != nil {
		return err
	}
	s.takeOver()
	s.drawn, err = tx.StatementUses(ctx, span, r.Detail == ByEvent, MaxStatementLines+1)
	if err == nil && len(s.drawn) > MaxStatementLines {
		err = refuse(TooLarge, "to", "makes more than %d lines: take a shorter span, or the detail DAY", MaxStatementLines)
	}
	return err
}

// readLots reads the lots as they were, and what was drawn from them before the span.
func (s *statementWork) readLots(ctx context.Context, tx Tx, span StatementSpan) error {
	drawn, err := s.drawnBefore(ctx, tx, span)
	if err != nil {
		return err
	}
	if err := s.past.read(ctx, tx, span.CustomerID, s.order); err != nil {
		return err
	}
	// What was drawn since from a lot that is to roll over was drawn by its expiry, or it had rolled.
	s.order = s.asTheyWere(s.order, nil)
	for i := range s.order {
		s.lots[s.order[i].ID] = &s.order[i]
	}
	s.before = drawn
	return s.roll(ctx, tx)
}

// drawnBefore returns what had been drawn from each lot before the span.
func (s *statementWork) drawnBefore(ctx context.Context, tx Tx, span StatementSpan) (map[string]revrec.Credits, error) {
	spans := make([]LotSpan, len(s.order))
	for i := range s.order {
		spans[i] = LotSpan{LotKey{s.order[i].CustomerID, s.order[i].ID}, span.From, span.To}
	}
	drawn, err := tx.DrawnBefore(ctx, spans)
	if err != nil {
		return nil, err
	}
	before := make(map[string]revrec.Credits, len(drawn))
	for i, credits := range drawn {
		before[spans[i].LotID] = credits
	}
	if span.AsOf.Equal(forEver) {
		return before, nil
	}
	since, err := tx.DrawnSince(ctx, span.CustomerID, span.From, span.AsOf)
	for id, credits := range since {
		before[id] -= credits
	}
	return before, err
}

// statement puts the lines in order and adds them up.
func (s *statementWork) statement() (Statement, error) {
	s.creditsOfLots()
	s.moneyOfEntries()
	s.moneyOfChanges()
	s.moneyOfBookings()
	if s.err != nil {
		return Statement{}, s.err
	}
	s.sort()
	result := Statement{StatementRequest: s.request, Opening: s.open, Closing: StatementBalance{s.open.Credits, slices.Clone(s.open.Deferred)}}
	number := 0
	for i := range s.lines {
		line := &s.lines[i]
		if i > 0 && s.lines[i-1].Day == line.Day {
			number++
		} else {
			number = 1
		}
		line.Key = fmt.Sprintf("%s.%d", line.Day, number)
		result.Closing.Credits += line.Credits
		line.Balance = result.Closing.Credits
		line.Deferred = result.Closing.add(line.Amount, line.Functional)
	}
	result.Lines = s.lines
	return result, nil
}

// add adds to what is deferred in the currency, and returns what it is then.
func (b *StatementBalance) add(amount, functional ledger.Amount) StatementMoney {
	at, found := slices.BinarySearchFunc(b.Deferred, amount.Currency, func(m StatementMoney, currency ledger.Currency) int {
		return cmp.Compare(m.Amount.Currency, currency)
	})
	if !found {
		b.Deferred = slices.Insert(b.Deferred, at, StatementMoney{ledger.Money(0, amount.Currency), ledger.Money(0, functional.Currency)})
	}
	m := &b.Deferred[at]
	m.Amount, m.Functional = m.Amount.Add(amount), m.Functional.Add(functional)
	return *m
}
