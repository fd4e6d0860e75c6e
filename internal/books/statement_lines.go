package books

import (
	"cmp"
	"slices"

	"drawdown/ledger"
	"drawdown/revrec"
)

// What a statement makes of each kind of row. A kind that stands in none of these tables
// is an error: a statement that leaves something out does not foot.

var statementOfEntry = map[ledger.EntryKind]StatementKind{
	ledger.PurchaseEntry: PurchasedLine,
	ledger.DueEntry:      DueLine,
	ledger.PaymentEntry:  PaymentLine,
	ledger.RefundEntry:   RefundedLine,
	ledger.DisputeEntry:  ChargedBackLine,
	ledger.VoidEntry:     CalledOffLine,
	ledger.OpeningEntry:  OpeningLine,
}

var statementOfBooking = map[revrec.Kind]StatementKind{
	revrec.Usage:          UsedLine,
	revrec.UsageUnbilled:  UsedLine,
	revrec.OverageUsage:   OverageLine,
	revrec.Clearing:       ClearedLine,
	revrec.ExpiryBreakage: LapsedLine,
	revrec.RemoteBreakage: RemoteLine,
}

// statementChange is what a change is on the side of the lot that it is of, and on that of
// the lot in which the credits live on. Where moves is set the change moves the money
// itself; otherwise its entry does.
type statementChange struct {
	out, in StatementKind
	moves   bool
}

var statementOfChange = map[revrec.ChangeKind]statementChange{
	revrec.Voided:         {out: CalledOffLine},
	revrec.RefundedInPart: {out: RefundedLine},
	revrec.ChargedBack:    {out: ChargedBackLine},
	revrec.Extended:       {out: ExtendedLine},
	revrec.Transferred:    {out: MovedOutLine, in: MovedInLine, moves: true},
	revrec.Reinstated:     {out: ReinstatedLine, in: ReinstatedLine, moves: true},
	revrec.RolledOver:     {out: RolledOverLine, in: RolledOverLine, moves: true},
}

func (s *statementWork) unknown(what, kind string) {
	if s.err == nil {
		s.err = refuse(Internal, "", "a statement does not know the kind %s of a %s", kind, what)
	}
}

// line adds an empty line of a lot.
func (s *statementWork) line(lot *revrec.Lot, kind StatementKind, day ledger.Date) *StatementLine {
	nothing := lot.Price
	if lot.Kind == revrec.OverageLot {
		nothing.Currency = lot.Rate.Currency
	}
	nothing.Minor = 0
	s.lines = append(s.lines, StatementLine{
		Day: day, Kind: kind, LotID: lot.ID, PurchaseID: lot.PurchaseID,
		Amount: nothing, Functional: ledger.Money(0, s.books.book.Functional), Cash: nothing,
	})
	return &s.lines[len(s.lines)-1]
}

// within says whether a day lies in the span; what lies before it is in the opening.
func (s *statementWork) within(day ledger.Date) bool {
	return day >= s.request.From && day <= s.request.To
}

// creditsOfLots makes the lines of what came into each lot and left it.
func (s *statementWork) creditsOfLots() {
	drawn := map[string][]StatementUse{}
	for _, use := range s.drawn {
		drawn[use.LotID] = append(drawn[use.LotID], use)
	}
	for i := range s.order {
		lot := &s.order[i]
		if lot.Kind == revrec.OverageLot {
			s.useOf(lot, drawn[lot.ID], OverageLine, OverageLine, func(ledger.Date, revrec.Credits) {})
			continue
		}
		s.creditsOf(lot, drawn[lot.ID])
	}
}

// creditsOf makes the lines of one lot's credits. Once it has lapsed nothing is left in it:
// whatever comes back or is drawn late lapses, or lapses less, on the same day.
func (s *statementWork) creditsOf(lot *revrec.Lot, uses []StatementUse) {
	r, moved, left := s.request, map[ledger.Date]revrec.Credits{}, revrec.Credits(0)
	move := func(day ledger.Date, credits revrec.Credits) {
		switch {
		case day < r.From:
			left += credits
		case day <= r.To:
			moved[day] += credits
		}
	}
	came := s.cameIn(lot, move)
	move(r.From-1, -s.before[lot.ID])
	s.useOf(lot, uses, UsedLine, VoidedLine, move)
	for _, change := range s.changes[lot.ID] {
		rule, known := statementOfChange[change.Kind]
		if !known {
			s.unknown("change", string(change.Kind))
			return
		}
		move(change.Day, -change.Credits)
		if s.within(change.Day) {
			line := s.line(lot, rule.out, change.Day)
			line.Credits, line.Reason = -change.Credits, change.Reason
			s.meets(line)
		}
	}
	if lot.Refunded > 0 {
		move(lot.RefundedOn, -lot.Refunded)
		if s.within(lot.RefundedOn) {
			line := s.line(lot, RefundedLine, lot.RefundedOn)
			line.Credits = -lot.Refunded
			s.meets(line)
		}
	}
	s.lapseOf(lot, came, left, moved)
}

// cameIn makes the lines by which a lot came to be, and returns the day.
func (s *statementWork) cameIn(lot *revrec.Lot, move func(ledger.Date, revrec.Credits)) ledger.Date {
	day, kind := lot.PurchasedOn, PurchasedLine
	reason := lot.Reason
	if change, split := s.into[lot.ID]; split {
		day, kind, reason = change.Day, statementOfChange[change.Kind].in, change.Reason
		if kind == "" {
			s.unknown("change into a lot", string(change.Kind))
		}
	} else if lot.Kind == revrec.GrantLot {
		kind = GrantedLine
	} else if purchase := s.purchases[lot.PurchaseID]; purchase.OpeningOn != 0 {
		day, kind = purchase.OpeningOn, OpeningLine
	}
	move(day, lot.Granted)
	if !s.within(day) {
		return day
	}
	bonus := revrec.Credits(0)
	if purchase, sold := s.purchases[lot.PurchaseID]; sold && kind == PurchasedLine {
		switch {
		case lot.ID == purchase.LotID && purchase.BonusLotID == "":
			bonus = min(purchase.Bonus, lot.Granted)
		case lot.ID != purchase.LotID:
			kind = BonusLine
		}
	}
	line := s.line(lot, kind, day)
	line.Credits, line.Reason = lot.Granted-bonus, reason
	s.meets(line)
	if bonus > 0 {
		s.line(lot, BonusLine, day).Credits = bonus
	}
	return day
}

// useOf makes the lines of what was drawn from a lot: of the use of a day and of its voids,
// or of each event.
func (s *statementWork) useOf(lot *revrec.Lot, uses []StatementUse, used, voided StatementKind, move func(ledger.Date, revrec.Credits)) {
	for _, use := range uses {
		kind := used
		if use.Credits < 0 {
			kind = voided
		}
		move(use.Day, -use.Credits)
		place := statementPlace{use.Day, kind, lot.ID}
		at, begun := s.uses[place]
		if !begun || s.request.Detail == ByEvent {
			s.line(lot, kind, use.Day)
			at = len(s.lines) - 1
			s.uses[place] = at
			if s.request.Detail != ByEvent {
				s.meets(&s.lines[at])
			}
		}
		line := &s.lines[at]
		line.Uses = append(line.Uses, use)
		if lot.Kind != revrec.OverageLot {
			line.Credits -= use.Credits
		}
	}
}

// lapseOf makes the lines of a lot's lapse.
func (s *statementWork) lapseOf(lot *revrec.Lot, came ledger.Date, left revrec.Credits, moved map[ledger.Date]revrec.Credits) {
	if lot.LapsesOn == 0 || lot.ExpiresAt.After(s.request.AsOf) {
		s.open.Credits += left
		return
	}
	lapses := max(lot.LapsesOn, came)
	if lapses < s.request.From {
		left = 0
	}
	s.open.Credits += left
	if lapses >= s.request.From {
		moved[lapses] += 0
	}
	days := make([]ledger.Date, 0, len(moved))
	for day := range moved {
		days = append(days, day)
	}
	slices.Sort(days)
	for _, day := range days {
		left += moved[day]
		if day < lapses || day > s.request.To || left == 0 {
			continue
		}
		line := s.line(lot, LapsedLine, day)
		line.Credits = -left
		s.meets(line)
		left = 0
	}
}

// meets lets money of the line's day, kind and lot join it.
func (s *statementWork) meets(line *StatementLine) {
	place := statementPlace{line.Day, line.Kind, line.LotID}
	if _, taken := s.meet[place]; !taken {
		s.meet[place] = len(s.lines) - 1
	}
}

// money puts what moved in deferred revenue on the line of credits that it goes with, or on
// one of its own; what was booked before the span is in the opening.
func (s *statementWork) money(lot *revrec.Lot, kind StatementKind, day ledger.Date, amount, functional ledger.Amount) *StatementLine {
	if day < s.request.From {
		s.open.add(amount, functional)
		return nil
	}
	if day > s.request.To {
		return nil
	}
	place := statementPlace{day, kind, lot.ID}
	at, waits := s.meet[place]
	if !waits && kind == UsedLine { // a day on which no more than a void was drawn
		place.kind = VoidedLine
		at, waits = s.meet[place]
	}
	if waits {
		delete(s.meet, place)
	} else {
		s.line(lot, kind, day)
		at = len(s.lines) - 1
	}
	line := &s.lines[at]
	line.Amount, line.Functional = line.Amount.Add(amount), line.Functional.Add(functional)
	return line
}

func (s *statementWork) moneyOfEntries() {
	for _, entry := range s.entries {
		kind, known := statementOfEntry[entry.Kind]
		lot := s.lots[s.purchases[entry.PurchaseID].LotID]
		if !known || lot == nil {
			s.unknown("entry", string(entry.Kind))
			return
		}
		if line := s.money(lot, kind, entry.Day, entry.Amount, entry.Functional); line != nil {
			line.Entry, line.Cash = entry.Number, entry.Cash
		}
	}
}

// moneyOfChanges moves what goes with credits from lot to lot: no entry does.
func (s *statementWork) moneyOfChanges() {
	for i := range s.order {
		lot := &s.order[i]
		for _, change := range s.changes[lot.ID] {
			if rule := statementOfChange[change.Kind]; rule.moves && (!change.Amount.IsZero() || !change.Functional.IsZero()) {
				s.money(lot, rule.out, change.Day, change.Amount.Neg(), change.Functional.Neg())
			}
		}
		change, split := s.into[lot.ID]
		if rule := statementOfChange[change.Kind]; split && rule.moves && (!change.Amount.IsZero() || !change.Functional.IsZero()) {
			s.money(lot, rule.in, change.Day, change.Amount, change.Functional)
		}
	}
}

func (s *statementWork) moneyOfBookings() {
	for _, booking := range s.bookings {
		kind, known := statementOfBooking[booking.Kind]
		lot := s.lots[booking.LotID]
		if !known || lot == nil {
			s.unknown("recognition", string(booking.Kind))
			return
		}
		amount, functional := revrec.Recognition{
			Kind: booking.Kind, Amount: ledger.Money(booking.Minor, lot.Price.Currency), Functional: ledger.Money(booking.Functional, s.books.book.Functional),
		}.OutOfDeferred()
		if amount == 0 && functional == 0 {
			continue
		}
		s.money(lot, kind, booking.Day, ledger.Money(-amount, lot.Price.Currency), ledger.Money(-functional, s.books.book.Functional))
	}
}

// sort puts lines in the order of day, kind, lot and event.
func (s *statementWork) sort() {
	rank := map[StatementKind]int{}
	for i, kind := range StatementKinds() {
		rank[kind] = i
	}
	event := func(line *StatementLine) string {
		if len(line.Uses) == 0 {
			return noEvent
		}
		return line.Uses[0].EventID
	}
	places := make(map[string]lotPlace, len(s.lots))
	for id, lot := range s.lots {
		places[id] = s.placeOf(lot)
	}
	slices.SortStableFunc(s.lines, func(x, y StatementLine) int {
		return cmp.Or(cmp.Compare(x.Day, y.Day), cmp.Compare(rank[x.Kind], rank[y.Kind]), places[x.LotID].compare(places[y.LotID]),
			cmp.Compare(event(&x), event(&y)), cmp.Compare(x.Entry, y.Entry))
	})
}

// lotPlace is where the lines of a lot stand among those of others.
type lotPlace struct {
	order  int64
	rolled int // how often it has rolled over
}

func (p lotPlace) compare(other lotPlace) int {
	return cmp.Or(cmp.Compare(p.order, other.order), cmp.Compare(p.rolled, other.rolled))
}

// placeOf goes by the order of lots. What rolled over stands behind the lot that it came out
// of: its own order is that in which somebody had to hold it.
func (s *statementWork) placeOf(lot *revrec.Lot) lotPlace {
	place := lotPlace{order: lot.Order}
	for change := s.into[lot.ID]; change.Kind == revrec.RolledOver; change = s.into[lot.ID] {
		if lot = s.lots[change.LotID]; lot == nil {
			break
		}
		place.order = lot.Order
		place.rolled++
	}
	return place
}

// noEvent lies behind the id of every event: what is earned of a day comes after its use.
const noEvent = "~"
