package evidence

import (
	"context"

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
