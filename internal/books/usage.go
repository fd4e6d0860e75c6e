package books

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// UsageInput is one event as its sender gives it: credits, or a meter and a quantity.
type UsageInput struct {
	Source     string // DefaultSource where empty; at most 200 characters
	ID         string // 1 to 200 characters; with Source it names the event
	Customer   string // external id
	Meter      string // code
	Quantity   *decimal.Decimal
	Credits    *decimal.Decimal
	OccurredAt time.Time // now where zero
	// Dimensions are what reports tell the event apart by, in any order.
	Dimensions []EventDimension
}

// DefaultSource is the source of events that name none.
const DefaultSource = "api"

// OutcomeStatus says what became of an event.
type OutcomeStatus string

// The outcomes of an event.
const (
	Recorded  OutcomeStatus = "RECORDED"
	Duplicate OutcomeStatus = "DUPLICATE" // it was recorded before; nothing changed
	Rejected  OutcomeStatus = "REJECTED"
)

// UsageOutcome is what became of one event of a batch.
type UsageOutcome struct {
	Source, ID string
	Status     OutcomeStatus
	Event      *UsageEvent // of a recorded or duplicate event
	Draws      []Draw      // of a recorded event
	Reason     *Error      // of a rejected event; Field is relative to the event
	// OverBudgets are the soft budgets that a recorded event left over their limit.
	OverBudgets []Budget
}

// MaxUsageBatch bounds the events of one call. Ten thousand keep a transaction to
// fractions of a second and an answer to a few megabytes.
const MaxUsageBatch = 10_000

// RecordUsage draws events on their customers' lots, in order of occurrence within a
// customer, in one transaction, and answers for each in the order given. An event that
// was recorded before is a duplicate and changes nothing; one that cannot be recorded is
// rejected and leaves no trace, so it may be sent again.
// Calls that meet are written together: see [UsageOptions].
// Errors: TOO_LARGE, INVALID for an empty batch, OVERLOADED; what is wrong with one event
// is its outcome.
func (b *Books) RecordUsage(ctx context.Context, events []UsageInput) (outcomes []UsageOutcome, err error) {
	ctx, end := b.begin(ctx, "usage.record")
	defer func() { end(err) }()
	if err := checkUsageBatch(events); err != nil {
		return nil, err
	}
	if b.usage.enter() {
		defer b.usage.leave(len(events), time.Now())
		return b.recordUsage(ctx, events)
	}
	// A caller that gives up may use its slice again while the queue still reads it.
	call, err := b.usage.queue(ctx, slices.Clone(events), len(events) <= fewEvents)
	if err != nil {
		return nil, err
	}
	return call.Wait(ctx)
}

func checkUsageBatch(events []UsageInput) error {
	switch {
	case len(events) == 0:
		return refuse(Invalid, "events", "must hold at least one event")
	case len(events) > MaxUsageBatch:
		return refuse(TooLarge, "events", "must be at most %d in one call, not %d: send them in several", MaxUsageBatch, len(events))
	}
	return nil
}

// maxRaces bounds how often a transaction of usage is run again because one of its events
// was recorded before. The second run looks for such events first; it can lose only to
// another server that records one at the same moment.
const maxRaces = 3

// recordUsage records events in one transaction. Most events are new, and to look every
// one of them up first costs an eighth of what it takes to record them: so the database
// is left to refuse one that it has, and only then, and as long as duplicates come, they
// are looked up.
func (b *Books) recordUsage(ctx context.Context, events []UsageInput) ([]UsageOutcome, error) {
	look, began := b.duplicates.Load(), time.Now()
	for try := 1; ; try++ {
		var batch *usageBatch
		err := b.update(ctx, func(ctx context.Context, tx Tx) error {
			look = look || batch != nil // the store runs it again
			batch = &usageBatch{books: b, tx: tx, now: b.clock(), look: look, outcomes: make([]UsageOutcome, len(events))}
			err := batch.record(ctx, events)
			if err == nil && batch.rolled && len(batch.wanted) == 0 {
				err = errNothingRecorded
			}
			return err
		})
		switch {
		case err == nil || errors.Is(err, errNothingRecorded):
			b.duplicates.Store(batch.found)
			b.watch.UsageWritten(batch.outcomes, time.Since(began))
			b.countOutcomes(batch.outcomes)
			if b.unrecorded.due() {
				_ = b.WriteNotRecorded(ctx) // what fails is counted on; the events are recorded
			}
			return batch.outcomes, nil
		case CodeOf(err) != AlreadyExists || try == maxRaces:
			return nil, err
		}
		look = true
	}
}

// errNothingRecorded has the store take back what rolled over before events of which none
// was recorded: a refusal leaves nothing behind, and it rolls over again the next time.
var errNothingRecorded = errors.New("no event was recorded")

// usageBatch is the events of one transaction on their way into the book.
type usageBatch struct {
	books    *Books
	tx       Tx
	now      time.Time
	outcomes []UsageOutcome
	// look says whether events are looked up before they are recorded; found, whether one
	// was there.
	look, found bool
	wanted      []wantedEvent
	policies    map[string]Policy
	meters      map[string]Meter // by code
	cards       []RateCard       // with the rates of those meters, in order of number
	newLots     []revrec.Lot     // overage lots that this batch makes
	touched     map[LotKey]*revrec.Lot
	days        map[LotDay]revrec.Credits // by customer, lot and day
	// repeats are events that stand twice in the call: the later place by the first.
	repeats map[int]int
	// freed is what the hold keeps that this batch captures: free for its event.
	freed     []HoldPart
	capturing string // its id; "" for none
	spending  *spending
	// undrawn are events that the lots were not enough for, or that a later rate card makes
	// too much or nothing of: they are rejected unless they were recorded before.
	undrawn []wantedEvent
	rolled  bool // a lot rolled over before it was drawn on
}

// wantedEvent is an event that passed the checks.
type wantedEvent struct {
	at    int // its place in the call
	event UsageEvent
}

func (u *usageBatch) reject(at int, err error) error {
	var reason *Error
	if !errors.As(err, &reason) || reason.Code == Internal || reason.Code == Unavailable {
		return err
	}
	u.outcomes[at].Status, u.outcomes[at].Reason = Rejected, reason
	return nil
}

func (u *usageBatch) record(ctx context.Context, inputs []UsageInput) error {
	customers, err := u.check(ctx, inputs)
	if err != nil {
		return err
	}
	if err := u.dropDuplicates(ctx); err != nil {
		return err
	}
	if len(u.wanted) > 0 {
		if err := u.draw(ctx, customers); err != nil {
			return err
		}
	}
	if err := u.lookAgain(ctx); err != nil {
		return err
	}
	u.answerRepeats()
	return u.write(ctx)
}

// check resolves names and rates every event; those at fault get their outcome. It
// returns the customers by id.
func (u *usageBatch) check(ctx context.Context, inputs []UsageInput) (map[string]Customer, error) {
	customers, err := u.customers(ctx, inputs)
	if err != nil {
		return nil, err
	}
	if err := u.readMeters(ctx, inputs); err != nil {
		return nil, err
	}
	byID := map[string]Customer{}
	for i, input := range inputs {
		if input.Source == "" {
			input.Source = DefaultSource
		}
		u.outcomes[i].Source, u.outcomes[i].ID = input.Source, input.ID
		event, err := u.eventOf(input, customers)
		if err != nil {
			if event.RateCard > 0 { // it may be in the book, rated by the card before
				u.undrawn = append(u.undrawn, wantedEvent{at: i, event: event})
			}
			if err := u.reject(i, err); err != nil {
				return nil, err
			}
			continue
		}
		byID[event.CustomerID] = customers[input.Customer]
		u.wanted = append(u.wanted, wantedEvent{at: i, event: event})
	}
	return byID, nil
}

func (u *usageBatch) customers(ctx context.Context, inputs []UsageInput) (map[string]Customer, error) {
	named := map[string]Customer{}
	var ids []string
	for _, input := range inputs {
		if _, seen := named[input.Customer]; !seen && len(input.Customer) <= 4*maxTextLength && isText(input.Customer) {
			named[input.Customer] = Customer{}
			ids = append(ids, input.Customer)
		}
	}
	found, err := u.tx.CustomersByExternalID(ctx, ids)
	clear(named)
	for _, customer := range found {
		named[customer.ExternalID] = customer
	}
	return named, err
}

// readMeters reads the meters that the events name, and the rate cards with their rates: once
// for all events, and not where none names a meter.
func (u *usageBatch) readMeters(ctx context.Context, inputs []UsageInput) error {
	var codes []string
	for _, input := range inputs {
		if input.Meter != "" && len(input.Meter) <= maxCodeLength && isText(input.Meter) && !slices.Contains(codes, input.Meter) && len(codes) < 1000 {
			codes = append(codes, input.Meter)
		}
	}
	if len(codes) == 0 {
		return nil
	}
	found, err := u.tx.MetersByCode(ctx, codes)
	if err != nil || len(found) == 0 {
		return err
	}
	u.meters = make(map[string]Meter, len(found))
	ids := make([]string, 0, len(found))
	for _, meter := range found {
		u.meters[meter.Code] = meter
		ids = append(ids, meter.ID)
	}
	u.cards, err = u.tx.RateCardsOf(ctx, ids)
	return err
}

// eventOf checks one event and rates it in credits.
// Errors: INVALID, NOT_FOUND, TOO_LARGE.
func (u *usageBatch) eventOf(input UsageInput, customers map[string]Customer) (UsageEvent, error) {
	event := UsageEvent{Source: input.Source, EventID: input.ID, RecordedAt: u.now}
	if err := checkText("source", input.Source, 1, maxTextLength); err != nil {
		return event, err
	}
	if err := checkText("id", input.ID, 1, maxTextLength); err != nil {
		return event, err
	}
	customer, known := customers[input.Customer]
	if !known {
		return event, refuse(NotFound, "customer", "there is no customer %q: create it first", clip(input.Customer))
	}
	event.CustomerID = customer.ID
	var err error
	if event.OccurredAt, err = u.books.instantOf("occurredAt", input.OccurredAt); err != nil {
		return event, err
	}
	if event.Dimensions, err = DimensionsOf(input.Dimensions); err != nil {
		return event, err
	}
	err = u.rate(&event, input)
	return event, err
}

// rate sets the credits of an event: those it gives, or its quantity by the rate that its
// meter had when it occurred.
func (u *usageBatch) rate(event *UsageEvent, input UsageInput) error {
	var err error
	if input.Credits != nil {
		if input.Meter != "" || input.Quantity != nil {
			return refuse(Invalid, "credits", "goes alone: give credits, or a meter and a quantity")
		}
		event.Credits, err = creditsOf("credits", *input.Credits)
		return err
	}
	if input.Meter == "" || input.Quantity == nil {
		return refuse(Invalid, "credits", "is missing: give credits, or a meter and a quantity")
	}
	meter, known := u.meters[input.Meter]
	if !known {
		return refuse(NotFound, "meter", "there is no meter %q: create it first", clip(input.Meter))
	}
	if input.Quantity.Sign() <= 0 {
		return refuse(Invalid, "quantity", "must be more than 0, not %s", clip(input.Quantity.String()))
	}
	if input.Quantity.GreaterThan(maxQuantity) {
		return refuse(TooLarge, "quantity", "must be at most %s, not %s", maxQuantity, clip(input.Quantity.String()))
	}
	if input.Quantity.Exponent() < -maxQuantityPlaces {
		return refuse(Invalid, "quantity", "must have at most %d decimals, not %s", maxQuantityPlaces, clip(input.Quantity.String()))
	}
	event.MeterID, event.Quantity = meter.ID, *input.Quantity
	if card := RateCardAt(u.cards, event.OccurredAt); card != nil {
		event.RateCard = card.Number
	}
	rate := RateOf(&meter, u.cards, event.RateCard)
	event.Credits, err = revrec.RateUsage(*input.Quantity, rate.Credits, rate.Per)
	switch {
	case err != nil:
		return refuse(TooLarge, "quantity", "must make at most 1,000,000,000 credits, not %s of %s", clip(input.Quantity.String()), meter.Code)
	case event.Credits == 0:
		return refuse(Invalid, "quantity", "%s of %s makes less than a millionth of a credit", clip(input.Quantity.String()), meter.Code)
	}
	return nil
}

// maxLateLots bounds the lots that are looked at to explain a refusal.
const maxLateLots = 200

// maxQuantity bounds a metered quantity: a petabyte in bytes, and thousands of them add up
// in 64 bits.
var maxQuantity = decimal.New(1, 15)

// maxQuantityPlaces is the precision of a metered quantity: nanoseconds of seconds.
const maxQuantityPlaces = 9

// dropDuplicates answers for events that exist already, in the book or earlier in the
// same call, and keeps the rest.
func (u *usageBatch) dropDuplicates(ctx context.Context) error {
	if len(u.wanted) == 0 {
		return nil
	}
	var existing []UsageEvent
	if u.look {
		var err error
		if existing, err = u.lookUp(ctx, u.wanted); err != nil {
			return err
		}
	}
	const inBook = -1
	known := make(map[EventKey]wantedEvent, len(existing)+len(u.wanted))
	for _, event := range existing {
		known[keyOf(event)] = wantedEvent{inBook, event}
	}
	u.repeats = map[int]int{}
	kept := u.wanted[:0]
	for _, want := range u.wanted {
		first, seen := known[keyOf(want.event)]
		if !seen {
			want.event.ID = u.books.newID()
			known[keyOf(want.event)] = want
			kept = append(kept, want)
			continue
		}
		if !sameUse(first.event, want.event) {
			reason := refuse(EventConflict, "id", "%q of source %q was recorded with other contents: a new event takes a new id", clip(want.event.EventID), clip(want.event.Source))
			if err := u.reject(want.at, reason); err != nil {
				return err
			}
			continue
		}
		u.outcomes[want.at].Status, u.outcomes[want.at].Event = Duplicate, &first.event
		if first.at != inBook {
			u.repeats[want.at] = first.at
		}
	}
	u.wanted = kept
	return nil
}

// lookAgain looks up the events that the lots were not enough for, now that the lots are
// held: another server may have recorded one while these waited for the lots, and it
// itself took the credits that it lacks.
func (u *usageBatch) lookAgain(ctx context.Context) error {
	if len(u.undrawn) == 0 {
		return nil
	}
	existing, err := u.lookUp(ctx, u.undrawn)
	if err != nil {
		return err
	}
	if u.found && !u.look {
		return errSeenBefore
	}
	known := make(map[EventKey]UsageEvent, len(existing))
	for _, event := range existing {
		known[keyOf(event)] = event
	}
	for _, want := range u.undrawn {
		event, recorded := known[keyOf(want.event)]
		if recorded && sameUse(event, want.event) {
			u.outcomes[want.at].Status, u.outcomes[want.at].Event, u.outcomes[want.at].Reason = Duplicate, &event, nil
		}
	}
	return nil
}

// errSeenBefore has a transaction that looked nothing up run again, as one does that the
// database refuses for an event that it has.
var errSeenBefore = &Error{Code: AlreadyExists, Message: "an event was recorded before"}

// lookUp returns those of the events that are in the book.
func (u *usageBatch) lookUp(ctx context.Context, wanted []wantedEvent) ([]UsageEvent, error) {
	keys := make([]EventKey, len(wanted))
	for i, want := range wanted {
		keys[i] = keyOf(want.event)
	}
	existing, err := u.tx.EventsByKey(ctx, keys)
	u.found = u.found || len(existing) > 0
	return existing, err
}

// answerRepeats gives an event that stands twice in the call the answer of the first
// where that was not recorded here: the event that it is a duplicate of, or what was
// wrong with it.
func (u *usageBatch) answerRepeats() {
	for later, first := range u.repeats {
		answer, repeat := u.outcomes[first], &u.outcomes[later]
		if answer.Status != Recorded {
			repeat.Status, repeat.Event, repeat.Reason = answer.Status, answer.Event, answer.Reason
		}
	}
}

func keyOf(event UsageEvent) EventKey {
	return EventKey{event.CustomerID, event.Source, event.EventID}
}

// sameUse reports whether two events of one name say the same. The instant is not
// compared: a sender that leaves it out means the instant of arrival. Nor are the credits
// of a quantity: a rate card may have begun between the two.
func sameUse(a, b UsageEvent) bool {
	return a.MeterID == b.MeterID && a.Quantity.Equal(b.Quantity) && (a.MeterID != "" || a.Credits == b.Credits) && a.Dimensions == b.Dimensions
}

// draw takes the events of each customer, in order of occurrence, from the lots.
func (u *usageBatch) draw(ctx context.Context, customers map[string]Customer) error {
	byCustomer := map[string][]wantedEvent{}
	for _, want := range u.wanted {
		byCustomer[want.event.CustomerID] = append(byCustomer[want.event.CustomerID], want)
	}
	ids := make([]string, 0, len(byCustomer))
	for id := range byCustomer {
		ids = append(ids, id)
	}
	slices.Sort(ids) // lots are locked in one order everywhere: no two batches wait for each other
	lots, rolled, err := u.books.lockOpenLots(ctx, u.tx, ids, u.now)
	if err != nil {
		return err
	}
	u.rolled = u.rolled || len(rolled) > 0
	lots = append(lots, rolled...)
	if err := findHeld(ctx, u.tx, lots, u.now); err != nil {
		return err
	}
	u.free(lots)
	if err := u.openBudgets(ctx, customers, byCustomer); err != nil {
		return err
	}
	lotsOf := map[string][]*revrec.Lot{}
	for _, lot := range lots {
		lotsOf[lot.CustomerID] = append(lotsOf[lot.CustomerID], lot)
	}
	if err := u.loadPolicies(ctx, customers, lots); err != nil {
		return err
	}
	u.touched, u.days = map[LotKey]*revrec.Lot{}, map[LotDay]revrec.Credits{}
	u.wanted = u.wanted[:0]
	for _, id := range ids {
		if err := u.drawCustomer(ctx, customers[id], lotsOf[id], byCustomer[id]); err != nil {
			return err
		}
	}
	return nil
}

func (u *usageBatch) loadPolicies(ctx context.Context, customers map[string]Customer, lots []*revrec.Lot) (err error) {
	wanted := map[string]struct{}{}
	for _, customer := range customers {
		wanted[customer.PolicyID] = struct{}{}
	}
	for _, lot := range lots {
		wanted[lot.PolicyID] = struct{}{}
	}
	delete(wanted, "") // a customer who bought nothing yet
	u.policies, err = u.books.policies.of(ctx, u.tx, slices.Collect(maps.Keys(wanted)))
	return err
}

func (u *usageBatch) drawCustomer(ctx context.Context, customer Customer, lots []*revrec.Lot, events []wantedEvent) error {
	policy, known := u.policies[customer.PolicyID]
	order := policy.BurnOrder
	if !known {
		order = revrec.DefaultBurnOrder()
	}
	bill := policy.Overage.Mode == revrec.BillOverage
	burner := revrec.NewBurner(lots, order, u.now)
	byID := make(map[string]*revrec.Lot, len(lots))
	for _, lot := range lots {
		byID[lot.ID] = lot
	}
	slices.SortStableFunc(events, func(x, y wantedEvent) int { return x.event.OccurredAt.Compare(y.event.OccurredAt) })
	for i := range events {
		event := &events[i].event
		matches := u.spending.of(*event)
		if refused := u.spending.allows(*event, matches); refused != nil {
			u.undrawn = append(u.undrawn, events[i])
			if err := u.reject(events[i].at, refused); err != nil {
				return err
			}
			continue
		}
		drawn, short := burner.Draw(event.OccurredAt, event.Credits, !bill)
		if short > 0 && !bill {
			u.undrawn = append(u.undrawn, events[i])
			reason, err := u.shortReason(ctx, *event, short, lots)
			if err == nil {
				err = u.reject(events[i].at, reason)
			}
			if err != nil {
				return err
			}
			continue
		}
		if short > 0 {
			lot := u.overageLot(customer, policy, lots)
			if byID[lot.ID] == nil {
				lots, byID[lot.ID] = append(lots, lot), lot
			}
			if !lot.Rate.Bears(lot.Drawn + short) {
				burner.Undo(drawn)
				u.undrawn = append(u.undrawn, events[i])
				if err := u.reject(events[i].at, tooMuchOverage(*event, lot.Rate)); err != nil {
					return err
				}
				continue
			}
			lot.Drawn += short
			drawn = append(drawn, revrec.Draw{LotID: lot.ID, Credits: short})
		}
		u.accept(events[i], drawn, byID)
		u.outcomes[events[i].at].OverBudgets = u.spending.spend(*event, matches)
	}
	return nil
}

// tooMuchOverage refuses use beyond the balance that comes to more money than a book
// adds up.
func tooMuchOverage(event UsageEvent, rate revrec.Rate) *Error {
	return refuse(TooLarge, "credits", "%s credits, most of them beyond the balance, come to more than 10,000,000,000,000 minor units at %s %s a credit",
		event.Credits, rate.Currency, rate.Price)
}

// shortReason says why an event found too few credits: those that were in force when it
// happened may have been enough, and take no more use.
func (u *usageBatch) shortReason(ctx context.Context, event UsageEvent, short revrec.Credits, lots []*revrec.Lot) (*Error, error) {
	inForce, err := u.tx.Lots(ctx, LotFilter{CustomerID: event.CustomerID, OpenAt: event.OccurredAt}, Page{Limit: maxLateLots})
	if err != nil {
		return nil, err
	}
	var closed revrec.Credits
	var until time.Time
	for _, lot := range inForce {
		if !lot.Serves(event.OccurredAt, u.now) {
			closed += lot.Unused()
			until = lot.AcceptsUntil
		}
	}
	if closed >= short {
		return refuse(TooLate, "occurredAt", "%s credits in force on %s lapsed, and accepted late use until %s alone",
			closed, event.OccurredAt.Format(time.RFC3339), until.Format(time.RFC3339)), nil
	}
	reason := refuse(InsufficientCredits, "credits", "%s asked for, and the balance in force on %s was %s",
		counted(event.Credits.String(), "credit"), event.OccurredAt.Format(time.RFC3339), event.Credits-short)
	var held revrec.Credits
	for _, lot := range lots {
		held += lot.Withheld(event.OccurredAt)
	}
	if held > 0 {
		reason.Message += fmt.Sprintf("; holds keep %s more", held)
	}
	return reason, nil
}

// overageLot returns the lot that collects what the customer uses beyond the balance at
// the policy's price, making it where there is none.
func (u *usageBatch) overageLot(customer Customer, policy Policy, lots []*revrec.Lot) *revrec.Lot {
	rate := revrec.Rate{Price: policy.Overage.Rate.String(), Currency: u.books.book.Functional}
	for _, lot := range lots {
		if lot.Kind == revrec.OverageLot && lot.PolicyID == policy.ID && lot.Rate == rate {
			return lot
		}
	}
	lot := revrec.Lot{
		ID: u.books.newID(), CustomerID: customer.ID, PolicyID: policy.ID, Kind: revrec.OverageLot, Rate: rate,
		StartsAt: u.now, PurchasedOn: ledger.DateOf(u.now, u.books.zone), Priority: defaultPriority, CreatedAt: u.now,
	}
	lot.Begin(ledger.Money(0, rate.Currency), ledger.Money(0, rate.Currency))
	u.newLots = append(u.newLots, lot)
	return &lot
}

// accept keeps an event with its draws, and what they change of lots and lot-days.
func (u *usageBatch) accept(want wantedEvent, drawn []revrec.Draw, lots map[string]*revrec.Lot) {
	event := want.event
	day := ledger.DateOf(event.OccurredAt, u.books.zone)
	outcome := &u.outcomes[want.at]
	outcome.Status, outcome.Event = Recorded, &event
	for _, part := range drawn {
		outcome.Draws = append(outcome.Draws, Draw{
			CustomerID: event.CustomerID, EventID: event.ID, LotID: part.LotID, Day: day, Credits: part.Credits,
		})
		u.touched[LotKey{event.CustomerID, part.LotID}] = lots[part.LotID]
		addDrawn(u.days, *lots[part.LotID], day, part.Credits)
	}
	u.wanted = append(u.wanted, wantedEvent{at: want.at, event: event})
}

// addDrawn adds what was drawn on a day to the lot-days. A draw before the contract
// liability also has the days looked at again on which some of it appears, which clears the
// contract asset.
func addDrawn(days map[LotDay]revrec.Credits, lot revrec.Lot, day ledger.Date, credits revrec.Credits) {
	days[LotDay{CustomerID: lot.CustomerID, LotID: lot.ID, Day: day}] += credits
	if lot.LiabilityOn != 0 && day >= lot.LiabilityOn {
		return
	}
	for _, step := range lot.StepDays(day) {
		days[LotDay{CustomerID: lot.CustomerID, LotID: lot.ID, Day: step}] += 0
	}
}

func (u *usageBatch) write(ctx context.Context) error {
	events, draws := make([]UsageEvent, 0, len(u.wanted)), make([]Draw, 0, len(u.wanted))
	slices.SortFunc(u.wanted, func(x, y wantedEvent) int { return cmp.Compare(x.at, y.at) }) // in which they got their ids
	for _, want := range u.wanted {
		events = append(events, want.event)
		draws = append(draws, u.outcomes[want.at].Draws...)
	}
	if len(events) == 0 {
		return nil
	}
	for _, lot := range u.newLots {
		if err := u.tx.InsertLot(ctx, lot); err != nil {
			return err
		}
	}
	if err := u.tx.InsertEvents(ctx, events); err != nil {
		return err
	}
	if err := u.tx.InsertDraws(ctx, draws); err != nil {
		return err
	}
	if err := u.spending.write(ctx, u.tx); err != nil {
		return err
	}
	return u.books.writeDrawn(ctx, u.tx, u.touched, u.days, u.policies)
}

// writeDrawn writes lots and lot-days after draws. The days wait to be booked; a lot that
// was looked at for its lapse or for remoteness before is looked at again.
func (b *Books) writeDrawn(ctx context.Context, tx Tx, touched map[LotKey]*revrec.Lot, drawn map[LotDay]revrec.Credits, policies map[string]Policy) error {
	for day := range drawn {
		touched[LotKey{day.CustomerID, day.LotID}].WaitFrom(day.Day)
	}
	lots := make([]*revrec.Lot, 0, len(touched))
	cohorts := cohortMonths{}
	for _, lot := range touched {
		lapsed := lot.Lapsed
		lot.Lapsed = min(lot.Lapsed, max(lot.Unused(), 0))
		cohorts.lapsed(lot, lapsed)
		lookAgain(lot, policies[lot.PolicyID].Breakage)
		lots = append(lots, lot)
	}
	slices.SortFunc(lots, func(x, y *revrec.Lot) int {
		return LotKey{x.CustomerID, x.ID}.Compare(LotKey{y.CustomerID, y.ID})
	})
	if err := tx.UpdateDrawn(ctx, lots); err != nil {
		return err
	}
	days := make([]LotDay, 0, len(drawn))
	for day, credits := range drawn {
		day.Drawn = credits
		days = append(days, day)
	}
	slices.SortFunc(days, func(x, y LotDay) int {
		return cmp.Or(cmp.Compare(x.CustomerID, y.CustomerID), cmp.Compare(x.LotID, y.LotID), cmp.Compare(x.Day, y.Day))
	})
	if err := tx.AddLotDays(ctx, days); err != nil {
		return err
	}
	return cohorts.write(ctx, tx, b.moveNow())
}
