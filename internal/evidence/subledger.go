package evidence

import (
	"context"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/ledger/export"
	"drawdown/revrec"
)

// rowsAtOnce is how many rows of the sub-ledger are read at once: what they take of memory.
const rowsAtOnce = 500

// soldPurchase is a purchase as it was made. What became of it is in the journal, by its id as
// reference.
type soldPurchase struct {
	ID          string            `parquet:"purchase_id"`
	Customer    string            `parquet:"customer,dict"` // external id
	CustomerID  string            `parquet:"customer_id,dict"`
	Pack        string            `parquet:"pack,dict"` // code; empty of a custom deal
	PackVersion int32             `parquet:"pack_version"`
	Policy      string            `parquet:"policy,dict"` // code
	Credits     export.Millionths `parquet:"credits,decimal(6:18)"`
	Bonus       export.Millionths `parquet:"bonus,decimal(6:18)"`
	Price       export.MajorUnits `parquet:"price,decimal(6:38)" minor:"Minor" currency:"Currency"`
	Minor       int64             `parquet:"price_minor"`
	TaxMinor    int64             `parquet:"tax_minor"`
	Currency    string            `parquet:"currency,dict"`
	PurchasedAt export.Instant    `parquet:"purchased_at,optional,timestamp(microsecond)"`
	RecordedAt  export.Instant    `parquet:"recorded_at,optional,timestamp(microsecond)"`
	OpeningOn   export.Day        `parquet:"opening_on,optional,date"` // the cut-over, where it was taken over
	Reference   string            `parquet:"reference"`
}

// boughtLot is a lot as its purchase made it. What is left of it is what recognitions and the journal took out.
type boughtLot struct {
	ID          string            `parquet:"lot_id"`
	Purchase    string            `parquet:"purchase_id"`
	CustomerID  string            `parquet:"customer_id,dict"`
	PolicyID    string            `parquet:"policy_id,dict"`
	Granted     export.Millionths `parquet:"granted,decimal(6:18)"`
	Price       export.MajorUnits `parquet:"price,decimal(6:38)" minor:"Minor" currency:"Currency"`
	Minor       int64             `parquet:"price_minor"`
	Currency    string            `parquet:"currency,dict"`
	PurchasedOn export.Day        `parquet:"purchased_on,optional,date"`
	StartsAt    export.Instant    `parquet:"starts_at,optional,timestamp(microsecond)"`
	Order       int64             `parquet:"order"` // within the book: earlier is lower
}

// usageEvent is a use, or the void of one, of a day of the period.
type usageEvent struct {
	ID         string            `parquet:"event_id"`
	Source     string            `parquet:"source,dict"`
	Sender     string            `parquet:"sender_id"`
	CustomerID string            `parquet:"customer_id,dict"`
	MeterID    string            `parquet:"meter_id,dict"`
	Quantity   string            `parquet:"quantity"` // of the meter's unit, a plain decimal; empty without a meter
	Credits    export.Millionths `parquet:"credits,decimal(6:18)"`
	OccurredAt export.Instant    `parquet:"occurred_at,optional,timestamp(microsecond)"`
	RecordedAt export.Instant    `parquet:"recorded_at,optional,timestamp(microsecond)"`
	VoidOf     string            `parquet:"void_of"`
	RateCard   int32             `parquet:"rate_card"` // number of the version that rated it; 0 for none
}

// lotDraw is the part of an event that a lot served.
type lotDraw struct {
	Event      string            `parquet:"event_id"`
	Lot        string            `parquet:"lot_id"`
	CustomerID string            `parquet:"customer_id,dict"`
	Day        export.Day        `parquet:"day,optional,date"`
	Credits    export.Millionths `parquet:"credits,decimal(6:18)"`
}

// paidPart is money that came in for an invoiced purchase. One that was paid at once is in purchases alone.
type paidPart struct {
	ID                 string            `parquet:"payment_id"`
	Purchase           string            `parquet:"purchase_id"` // the reference of its entry
	CustomerID         string            `parquet:"customer_id,dict"`
	Amount             export.MajorUnits `parquet:"amount,decimal(6:38)" minor:"Minor" currency:"Currency"`
	Minor              int64             `parquet:"amount_minor"` // price and tax
	Currency           string            `parquet:"currency,dict"`
	FunctionalMinor    int64             `parquet:"functional_minor"` // at the rate of its day
	SettledMinor       int64             `parquet:"settled_minor"`    // what it settled, as that was booked
	FunctionalCurrency string            `parquet:"functional_currency,dict"`
	FXRate             string            `parquet:"fx_rate"`
	PaidAt             export.Instant    `parquet:"paid_at,optional,timestamp(microsecond)"`
	RecordedAt         export.Instant    `parquet:"recorded_at,optional,timestamp(microsecond)"`
	Timing             string            `parquet:"timing,dict"` // AHEAD of the due day, or AFTER
}

// grantedLot is a lot that was given for nothing, as it was given.
type grantedLot struct {
	ID         string            `parquet:"lot_id"`
	CustomerID string            `parquet:"customer_id,dict"`
	PolicyID   string            `parquet:"policy_id,dict"`
	Reason     string            `parquet:"reason,dict"`
	Granted    export.Millionths `parquet:"granted,decimal(6:18)"`
	GrantedOn  export.Day        `parquet:"granted_on,optional,date"`
	StartsAt   export.Instant    `parquet:"starts_at,optional,timestamp(microsecond)"`
	Order      int64             `parquet:"order"` // within the book: earlier is lower
}

// changedLot is what became of a lot besides use and lapse: the credits that left it, and their part of what it carried.
type changedLot struct {
	ID                 string            `parquet:"change_id"`
	Lot                string            `parquet:"lot_id"`
	CustomerID         string            `parquet:"customer_id,dict"`
	Kind               string            `parquet:"kind,dict"`
	Day                export.Day        `parquet:"day,optional,date"`
	At                 export.Instant    `parquet:"at,optional,timestamp(microsecond)"`
	Credits            export.Millionths `parquet:"credits,decimal(6:18)"`
	Amount             export.MajorUnits `parquet:"amount,decimal(6:38)" minor:"Minor" currency:"Currency"`
	Minor              int64             `parquet:"amount_minor"`
	Currency           string            `parquet:"currency,dict"`
	FunctionalMinor    int64             `parquet:"functional_minor"`
	FunctionalCurrency string            `parquet:"functional_currency,dict"`
	ToLot              string            `parquet:"to_lot_id"` // in which the credits live on; empty where they are gone
	Reason             string            `parquet:"reason"`
}

// subledger writes what was sold and used in the period, as far as it was recorded by the closing.
func (p *pack) subledger(ctx context.Context) error {
	lots, err := newSheet[boughtLot](p.folder, "subledger/lots", "the lots that those purchases made, as they made them")
	if err != nil {
		return err
	}
	err = lots.fill(func(lots *sheet[boughtLot]) error {
		return fillSheet(p.folder, "subledger/purchases", "the purchases of the period, as they were made", func(s *sheet[soldPurchase]) error {
			return p.eachDay(func(day ledger.Date) error { return p.purchases(ctx, s, lots, day) })
		})
	})
	if err != nil {
		return err
	}
	for _, write := range []func(context.Context) error{p.payments, p.grants, p.changes} {
		if err := write(ctx); err != nil {
			return err
		}
	}
	draws, err := newSheet[lotDraw](p.folder, "subledger/draws", "which lots served those events")
	if err != nil {
		return err
	}
	return draws.fill(func(draws *sheet[lotDraw]) error {
		return fillSheet(p.folder, "subledger/usage_events", "the use of the period's days, and voids of use", func(s *sheet[usageEvent]) error { return p.usage(ctx, s, draws) })
	})
}

func (p *pack) purchases(ctx context.Context, s *sheet[soldPurchase], lots *sheet[boughtLot], day ledger.Date) error {
	filter := books.PurchaseFilter{From: day.Start(p.book.Zone()), Before: (day + 1).Start(p.book.Zone())}
	for page := (books.Page{Limit: rowsAtOnce}); ; {
		some, err := p.tx.Purchases(ctx, filter, page)
		if err != nil {
			return err
		}
		known, err := p.named(ctx, some)
		if err != nil {
			return err
		}
		var of []books.LotFilter
		for i := range some {
			sold := &some[i]
			page.After = sold.ID
			if sold.CreatedAt.After(p.closed.Closing.At) {
				continue
			}
			of = append(of, books.LotFilter{CustomerID: sold.CustomerID, PurchaseID: sold.ID})
			s.totals.add("price", sold.Price)
			err := s.Write(soldPurchase{
				ID: sold.ID, Customer: known[sold.CustomerID], CustomerID: sold.CustomerID, Pack: known[sold.PackID], PackVersion: int32(sold.PackVersion), Policy: known[sold.PolicyID],
				Credits: export.Millionths(sold.Credits), Bonus: export.Millionths(sold.Bonus), Price: export.MajorUnitsOf(sold.Price), Minor: sold.Price.Minor, TaxMinor: sold.Tax.Minor, Currency: string(sold.Price.Currency),
				PurchasedAt: export.InstantOf(sold.PurchasedAt), RecordedAt: export.InstantOf(sold.CreatedAt), OpeningOn: export.DayOf(sold.OpeningOn), Reference: sold.Reference,
			})
			if err != nil {
				return err
			}
		}
		if err := p.lots(ctx, lots, of); err != nil {
			return err
		}
		if len(some) < rowsAtOnce {
			return nil
		}
	}
}

// named returns external ids and codes by the ids that purchases have.
func (p *pack) named(ctx context.Context, some []books.Purchase) (map[string]string, error) {
	known := map[string]string{}
	var customers, packs, policies []string
	for i := range some {
		for _, of := range []struct {
			id   string
			kind *[]string
		}{{some[i].CustomerID, &customers}, {some[i].PackID, &packs}, {some[i].PolicyID, &policies}} {
			if _, met := known[of.id]; !met && of.id != "" {
				known[of.id] = ""
				*of.kind = append(*of.kind, of.id)
			}
		}
	}
	found, err := p.tx.CustomersByID(ctx, customers)
	if err != nil {
		return nil, err
	}
	for _, customer := range found {
		known[customer.ID] = customer.ExternalID
	}
	sold, err := p.tx.PacksByID(ctx, packs)
	if err != nil {
		return nil, err
	}
	for _, pack := range sold {
		known[pack.ID] = pack.Code
	}
	under, err := p.tx.PoliciesByID(ctx, policies)
	for _, policy := range under {
		known[policy.ID] = policy.Code
	}
	return known, err
}

// lotsOfPurchase bounds what a purchase makes: one lot, and one of a bonus. What came out of those later is
// not of the purchase.
const lotsOfPurchase = 50

func (p *pack) lots(ctx context.Context, s *sheet[boughtLot], of []books.LotFilter) error {
	if len(of) == 0 {
		return nil
	}
	below, err := p.tx.LotsBelow(ctx, of, books.Page{Limit: lotsOfPurchase})
	if err != nil {
		return err
	}
	for _, some := range below {
		for i := range some {
			lot := &some[i]
			if lot.OriginID != "" || lot.Kind != revrec.PurchaseLot {
				continue
			}
			s.totals.add("price", lot.Price)
			err := s.Write(boughtLot{
				ID: lot.ID, Purchase: lot.PurchaseID, CustomerID: lot.CustomerID, PolicyID: lot.PolicyID, Granted: export.Millionths(lot.Granted),
				Price: export.MajorUnitsOf(lot.Price), Minor: lot.Price.Minor, Currency: string(lot.Price.Currency),
				PurchasedOn: export.DayOf(lot.PurchasedOn), StartsAt: export.InstantOf(lot.StartsAt), Order: lot.Order,
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// each pages through what the period has of a kind, in order of id.
func each[T any](read func(books.Page) ([]T, error), do func(*T) (id string, err error)) error {
	for page := (books.Page{Limit: rowsAtOnce}); ; {
		some, err := read(page)
		if err != nil {
			return err
		}
		for i := range some {
			if page.After, err = do(&some[i]); err != nil {
				return err
			}
		}
		if len(some) < page.Limit {
			return nil
		}
	}
}

// made reports whether what was written at an instant was made by the closing. Of rows from before that instant was kept, which
// have none, ids tell, which are in order of time as the clocks of the servers had it.
func (p *pack) made(id string, written time.Time) bool {
	if written.IsZero() {
		return id < p.closed.Closing.ID
	}
	return !written.After(p.closed.Closing.At)
}

func (p *pack) payments(ctx context.Context) error {
	zone := p.book.Zone()
	return fillSheet(p.folder, "subledger/payments", "what was paid in the period for invoiced purchases", func(s *sheet[paidPart]) error {
		return each(func(page books.Page) ([]books.Receipt, error) {
			return p.tx.PaymentsBetween(ctx, p.Period.First().Start(zone), (p.Period.Last() + 1).Start(zone), page)
		}, func(r *books.Receipt) (string, error) {
			if r.CreatedAt.After(p.closed.Closing.At) {
				return r.ID, nil
			}
			s.totals.add("amount", r.Amount)
			return r.ID, s.Write(paidPart{
				ID: r.ID, Purchase: r.PurchaseID, CustomerID: r.CustomerID, Amount: export.MajorUnitsOf(r.Amount), Minor: r.Amount.Minor, Currency: string(r.Amount.Currency),
				FunctionalMinor: r.Functional.Minor, SettledMinor: r.Settled.Minor, FunctionalCurrency: string(r.Functional.Currency), FXRate: r.FXRate.String(),
				PaidAt: export.InstantOf(r.PaidAt), RecordedAt: export.InstantOf(r.CreatedAt), Timing: map[bool]string{true: "AHEAD", false: "AFTER"}[r.Ahead],
			})
		})
	})
}

func (p *pack) grants(ctx context.Context) error {
	filter := books.LotFilter{Kind: revrec.GrantLot, PurchasedFrom: p.Period.First(), PurchasedTo: p.Period.Last()}
	return fillSheet(p.folder, "subledger/grants", "credits that were given for nothing in the period: nothing is booked of them", func(s *sheet[grantedLot]) error {
		return each(func(page books.Page) ([]revrec.Lot, error) { return p.tx.Lots(ctx, filter, page) }, func(lot *revrec.Lot) (string, error) {
			if lot.OriginID != "" || !p.made(lot.ID, lot.CreatedAt) { // what lives on of another lot is a change of that
				return lot.ID, nil
			}
			return lot.ID, s.Write(grantedLot{
				ID: lot.ID, CustomerID: lot.CustomerID, PolicyID: lot.PolicyID, Reason: lot.Reason, Granted: export.Millionths(lot.Granted),
				GrantedOn: export.DayOf(lot.PurchasedOn), StartsAt: export.InstantOf(lot.StartsAt), Order: lot.Order,
			})
		})
	})
}

func (p *pack) changes(ctx context.Context) error {
	return fillSheet(p.folder, "subledger/lot_changes", "what became of lots in the period besides use and lapse, with what left their carrying amount", func(s *sheet[changedLot]) error {
		return each(func(page books.Page) ([]revrec.Change, error) {
			return p.tx.LotChangesBetween(ctx, p.Period.First(), p.Period.Last(), page)
		}, func(c *revrec.Change) (string, error) {
			if !p.made(c.ID, c.WrittenAt) {
				return c.ID, nil
			}
			s.totals.add("amount", c.Amount)
			return c.ID, s.Write(changedLot{
				ID: c.ID, Lot: c.LotID, CustomerID: c.CustomerID, Kind: string(c.Kind), Day: export.DayOf(c.Day), At: export.InstantOf(c.At), Credits: export.Millionths(c.Credits),
				Amount: export.MajorUnitsOf(c.Amount), Minor: c.Amount.Minor, Currency: string(c.Amount.Currency),
				FunctionalMinor: c.Functional.Minor, FunctionalCurrency: string(c.Functional.Currency), ToLot: c.ToLotID, Reason: c.Reason,
			})
		})
	})
}

func (p *pack) usage(ctx context.Context, s *sheet[usageEvent], draws *sheet[lotDraw]) error {
	zone := p.book.Zone()
	from := p.Period.First().Start(zone)
	filter := books.EventFilter{From: from, Before: (p.Period.Last() + 1).Start(zone)}
	for page := (books.Page{Limit: rowsAtOnce, After: p.book.IDsSince(from)}); ; {
		some, err := p.tx.Events(ctx, filter, page)
		if err != nil {
			return err
		}
		var ids []string
		for i := range some {
			event := &some[i]
			page.After = event.ID
			if event.RecordedAt.After(p.closed.Closing.At) {
				continue
			}
			ids = append(ids, event.ID)
			row := usageEvent{
				ID: event.ID, Source: event.Source, Sender: event.EventID, CustomerID: event.CustomerID, MeterID: event.MeterID, Credits: export.Millionths(event.Credits),
				OccurredAt: export.InstantOf(event.OccurredAt), RecordedAt: export.InstantOf(event.RecordedAt), VoidOf: event.VoidOf, RateCard: int32(event.RateCard),
			}
			if event.MeterID != "" {
				row.Quantity = event.Quantity.String()
			}
			if err := s.Write(row); err != nil {
				return err
			}
		}
		drawn, err := p.tx.DrawsOfEvents(ctx, ids)
		if err != nil {
			return err
		}
		for _, draw := range drawn {
			err := draws.Write(lotDraw{Event: draw.EventID, Lot: draw.LotID, CustomerID: draw.CustomerID, Day: export.DayOf(draw.Day), Credits: export.Millionths(draw.Credits)})
			if err != nil {
				return err
			}
		}
		if len(some) < rowsAtOnce {
			return nil
		}
	}
}
