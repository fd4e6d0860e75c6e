package evidence

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/ledger/export"
	"drawdown/revrec"
)

//go:embed check_drilldown.py
var checkDrilldown []byte

const (
	drilldownName      = "drilldown/journal_line_recognitions"
	usedName           = "drilldown/recognition_events"
	recognitionsName   = "subledger/recognitions"
	checkDrilldownName = "scripts/check_drilldown.py"

	entriesAtOnce      = 200
	recognitionsAtOnce = 500
	drawsAtOnce        = 200
	eventsAtOnce       = 2000
)

// drilledLine is what a recognition, or an act, is of a line of the journal.
type drilledLine struct {
	LineID             string            `parquet:"line_id"` // empty where what it sums comes to nothing, and has no line
	Entry              int64             `parquet:"entry,delta"`
	Account            string            `parquet:"account,dict"`
	Recognition        string            `parquet:"recognition_id"` // empty of an act
	Reference          string            `parquet:"reference"`      // of an act: what it is about
	Amount             export.MajorUnits `parquet:"amount,decimal(6:38)" minor:"Minor" currency:"Currency"`
	Minor              int64             `parquet:"amount_minor"`
	Currency           string            `parquet:"currency,dict"`
	FunctionalMinor    int64             `parquet:"functional_minor"`
	FunctionalCurrency string            `parquet:"functional_currency,dict"`
}

// recognised is a recognition with what its figures come from.
type recognised struct {
	ID                 string            `parquet:"recognition_id"`
	Entry              int64             `parquet:"entry"` // 0 where what its entry would sum comes to nothing
	Kind               string            `parquet:"kind,dict"`
	Day                export.Day        `parquet:"day,optional,date"`
	AccountingDate     export.Day        `parquet:"accounting_date,optional,date"`
	Customer           string            `parquet:"customer_id,dict"` // empty of a pool
	Lot                string            `parquet:"lot_id"`
	Pool               string            `parquet:"pool_id,dict"`
	Policy             string            `parquet:"policy_id,dict"`
	Credits            export.Millionths `parquet:"credits,decimal(6:18)"`
	Amount             export.MajorUnits `parquet:"amount,decimal(6:38)" minor:"Minor" currency:"Currency"`
	Minor              int64             `parquet:"amount_minor"`
	UnclaimedMinor     int64             `parquet:"unclaimed_minor"` // the law's part of it
	Currency           string            `parquet:"currency,dict"`
	FunctionalMinor    int64             `parquet:"functional_minor"`
	FunctionalUnclaim  int64             `parquet:"functional_unclaimed_minor"`
	FunctionalCurrency string            `parquet:"functional_currency,dict"`
	Paragraph          string            `parquet:"paragraph,dict"`
	Inputs             string            `parquet:"inputs"` // JSON
	Batch              string            `parquet:"batch_id,dict"`
}

// usedEvent is use that a recognition is of: what was drawn from its lot on its day.
type usedEvent struct {
	Recognition string            `parquet:"recognition_id"`
	Customer    string            `parquet:"customer_id,dict"`
	Lot         string            `parquet:"lot_id"`
	Day         export.Day        `parquet:"day,optional,date"`
	Event       string            `parquet:"event_id"` // as the book knows it
	Source      string            `parquet:"source,dict"`
	Sender      string            `parquet:"sender_id"` // as its sender does
	Credits     export.Millionths `parquet:"credits,decimal(6:18)"`
	OccurredAt  export.Instant    `parquet:"occurred_at,optional,timestamp(microsecond)"`
	RecordedAt  export.Instant    `parquet:"recorded_at,optional,timestamp(microsecond)"`
	VoidOf      string            `parquet:"void_of"`
}

// drilldown writes what each line of the journal sums: lines to recognitions, and those to events.
func (p *pack) drilldown(ctx context.Context) error {
	if err := p.write(checkDrilldownName, "adds up the recognitions and holds them against the journal", checkDrilldown); err != nil {
		return err
	}
	lines, err := newSheet[drilledLine](p.folder, drilldownName, "which recognitions, or which act, each line of the journal sums")
	if err != nil {
		return err
	}
	return lines.fill(func(lines *sheet[drilledLine]) error {
		return p.eachDay(func(day ledger.Date) error {
			return p.eachEntry(ctx, day, func(entry ledger.Entry) error { return p.drill(ctx, lines, entry) })
		})
	})
}

// eachDay has something done for each day of the period: pages within a day are read by an index, where
// those of a month would each sort it whole.
func (p *pack) eachDay(do func(ledger.Date) error) error {
	for day := p.Period.First(); day <= p.Period.Last(); day++ {
		if err := do(day); err != nil {
			return err
		}
	}
	return nil
}

// eachEntry pages through the entries of a day, so that more can be read beside them.
func (p *pack) eachEntry(ctx context.Context, day ledger.Date, do func(ledger.Entry) error) error {
	filter := books.EntryFilter{From: day, To: day}
	for page := (books.Page{Limit: entriesAtOnce}); ; {
		entries, err := p.tx.Entries(ctx, filter, page)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if err := do(entry); err != nil {
				return err
			}
			page.After = fmt.Sprint(entry.Number)
		}
		if len(entries) < entriesAtOnce {
			return nil
		}
	}
}

// drill writes what the lines of one entry sum.
func (p *pack) drill(ctx context.Context, lines *sheet[drilledLine], entry ledger.Entry) error {
	code := export.EntryCode(entry.Number)
	row := func(at int, account ledger.Role, amount, functional ledger.Amount) drilledLine {
		r := drilledLine{
			Entry: entry.Number, Account: string(account), Amount: export.MajorUnitsOf(amount), Minor: amount.Minor, Currency: string(amount.Currency),
			FunctionalMinor: functional.Minor, FunctionalCurrency: string(functional.Currency),
		}
		if at >= 0 {
			r.LineID = export.LineID(code, at+1)
		}
		lines.totals.add("amount", amount)
		return r
	}
	if entry.Batch == "" {
		for i, line := range entry.Lines {
			r := row(i, line.Account, line.Amount, line.Functional)
			r.Reference = entry.Reference
			if err := lines.Write(r); err != nil {
				return err
			}
		}
		return nil
	}
	at := map[ledger.Role]int{}
	for i, line := range entry.Lines {
		at[line.Account] = i
	}
	return p.eachRecognition(ctx, books.RecognitionFilter{Entry: entry.Number}, func(some []revrec.Recognition) error {
		for i := range some {
			r := &some[i]
			for _, line := range revrec.LinesOf(r.Kind, r.Amount, r.Functional, r.Unclaimed, r.UnclaimedFunctional, ledger.Dimensions{}) {
				place, known := at[line.Account]
				if !known {
					place = -1
				}
				drilled := row(place, line.Account, line.Amount, line.Functional)
				drilled.Recognition = r.ID
				if err := lines.Write(drilled); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// eachRecognition pages through recognitions.
func (p *pack) eachRecognition(ctx context.Context, filter books.RecognitionFilter, do func([]revrec.Recognition) error) error {
	for page := (books.Page{Limit: recognitionsAtOnce}); ; {
		some, err := p.tx.Recognitions(ctx, filter, page)
		if err != nil {
			return err
		}
		if len(some) > 0 {
			if err := do(some); err != nil {
				return err
			}
			page.After = some[len(some)-1].ID
		}
		if len(some) < recognitionsAtOnce {
			return nil
		}
	}
}

// recognitions writes the recognitions of the period, and the use that they are of.
func (p *pack) recognitions(ctx context.Context) error {
	used, err := newSheet[usedEvent](p.folder, usedName, "the use that each recognition of use is of: all that was drawn from its lot on its day")
	if err != nil {
		return err
	}
	return used.fill(func(used *sheet[usedEvent]) error {
		return fillSheet(p.folder, recognitionsName, "the recognitions of the period, of use and of breakage, with what their figures come from", func(s *sheet[recognised]) error {
			return p.eachDay(func(day ledger.Date) error {
				return p.eachRecognition(ctx, books.RecognitionFilter{From: day, To: day}, func(some []revrec.Recognition) error {
					if err := p.recognised(ctx, s, some); err != nil {
						return err
					}
					return p.used(ctx, used, some)
				})
			})
		})
	})
}

// recognised writes recognitions, each with the entry that sums it.
func (p *pack) recognised(ctx context.Context, s *sheet[recognised], some []revrec.Recognition) error {
	numbers, err := p.tx.EntriesOfRecognitions(ctx, some)
	if err != nil {
		return err
	}
	for i := range some {
		row, err := recognisedOf(&some[i], numbers[i])
		if err != nil {
			return err
		}
		s.totals.add("amount", some[i].Amount)
		if err := s.Write(row); err != nil {
			return err
		}
	}
	return nil
}

func recognisedOf(r *revrec.Recognition, entry int64) (recognised, error) {
	inputs, err := json.Marshal(r.Inputs)
	return recognised{
		ID: r.ID, Entry: entry, Kind: string(r.Kind), Day: export.DayOf(r.Day), AccountingDate: export.DayOf(r.AccountingDate),
		Customer: r.CustomerID, Lot: r.LotID, Pool: r.PoolID, Policy: r.PolicyID, Credits: export.Millionths(r.Credits),
		Amount: export.MajorUnitsOf(r.Amount), Minor: r.Amount.Minor, UnclaimedMinor: r.Unclaimed.Minor, Currency: string(r.Amount.Currency),
		FunctionalMinor: r.Functional.Minor, FunctionalUnclaim: r.UnclaimedFunctional.Minor, FunctionalCurrency: string(r.Functional.Currency),
		Paragraph: revrec.Explain(*r).Paragraph, Inputs: string(inputs), Batch: r.Batch,
	}, err
}

// used writes the events behind recognitions of use, as far as they were recorded by the closing.
func (p *pack) used(ctx context.Context, used *sheet[usedEvent], some []revrec.Recognition) error {
	var of []books.DrawFilter
	var ids []string
	for i := range some {
		switch r := &some[i]; r.Kind {
		case revrec.Usage, revrec.UsageUnbilled, revrec.OverageUsage:
			if r.LotID != "" {
				of = append(of, books.DrawFilter{CustomerID: r.CustomerID, LotID: r.LotID, Day: r.Day})
				ids = append(ids, r.ID)
			}
		default:
		}
	}
	if len(of) == 0 {
		return nil
	}
	drawn, err := p.tx.DrawsBelow(ctx, of, books.Page{Limit: drawsAtOnce})
	if err != nil {
		return err
	}
	var waiting []behind
	for i, draws := range drawn {
		for len(draws) > 0 {
			for _, draw := range draws {
				waiting = append(waiting, behind{ids[i], draw})
			}
			if len(waiting) >= eventsAtOnce {
				if err := p.events(ctx, used, waiting); err != nil {
					return err
				}
				waiting = waiting[:0]
			}
			if len(draws) < drawsAtOnce {
				break
			}
			last := draws[len(draws)-1]
			if draws, err = p.tx.Draws(ctx, of[i], books.Page{Limit: drawsAtOnce, After: last.EventID + "/" + last.LotID}); err != nil {
				return err
			}
		}
	}
	return p.events(ctx, used, waiting)
}

// behind is a draw behind a recognition.
type behind struct {
	recognition string
	books.Draw
}

// events writes the events of draws.
func (p *pack) events(ctx context.Context, used *sheet[usedEvent], draws []behind) error {
	ids := make([]string, len(draws))
	for i, draw := range draws {
		ids[i] = draw.EventID
	}
	slices.Sort(ids)
	found, err := p.tx.EventsByID(ctx, slices.Compact(ids))
	if err != nil {
		return err
	}
	known := make(map[string]books.UsageEvent, len(found))
	for _, event := range found {
		known[event.ID] = event
	}
	for _, draw := range draws {
		event, is := known[draw.EventID]
		if !is {
			return fmt.Errorf("the event %s of a draw is not there", draw.EventID)
		}
		if event.RecordedAt.After(p.closed.Closing.At) {
			continue
		}
		err := used.Write(usedEvent{
			Recognition: draw.recognition, Customer: draw.CustomerID, Lot: draw.LotID, Day: export.DayOf(draw.Day),
			Event: event.ID, Source: event.Source, Sender: event.EventID, Credits: export.Millionths(draw.Credits),
			OccurredAt: export.InstantOf(event.OccurredAt), RecordedAt: export.InstantOf(event.RecordedAt), VoidOf: event.VoidOf,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
