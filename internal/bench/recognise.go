package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

var recogniseReach = reach{atLeast: 0.5}

// recognise runs the job over the days of many lots, beside a statement that groups as
// many draws and inserts as many rows. A round is the lots of some of the customers.
func (b *bench) recognise(ctx context.Context) (err error) {
	customers := min(b.Customers, b.Lots)
	generations, days := b.Lots/customers, b.LotDays/b.Lots
	b.say("recognise: making %d lots", customers*generations)
	book, err := b.newBook(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.close(context.WithoutCancel(ctx))) }()
	h, err := b.newHistory(ctx, book, customers, generations, days)
	if err != nil {
		return err
	}
	if err := errors.Join(book.copy(ctx, "recognitions"), book.refresh(ctx)); err != nil {
		return err
	}
	var rounds []Round
	var heap heapPeak
	rounded := min(b.Rounds, customers)
	for round := range rounded {
		first, last := round*customers/rounded, (round+1)*customers/rounded
		lots := (last - first) * generations
		b.say("recognise: round %d of %d, using %d lots", round+1, rounded, lots)
		if err := h.use(ctx, first, last); err != nil {
			return err
		}
		if err := errors.Join(book.refresh(ctx), book.settle(ctx)); err != nil {
			return err
		}
		b.say("recognise: round %d of %d, booking %d lot-days", round+1, rounded, lots*days)
		stop := heap.watch()
		took, err := h.recognise(ctx, lots, lots*days)
		stop()
		if err != nil {
			return err
		}
		statement, err := b.insertRecognitions(ctx, book, first, last)
		if err != nil {
			return err
		}
		if err := book.settle(ctx); err != nil {
			return err
		}
		began := time.Now()
		if _, err := book.limit.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%w\n%s", err, statement)
		}
		rounds = append(rounds, Round{perSecond(lots*days, took), perSecond(lots*days, time.Since(began))})
	}
	if err := mustCount(ctx, book, "recognitions", h.lotDays()); err != nil {
		return err
	}
	b.say("recognise: verifying %d lot-days", h.lotDays())
	if err := book.check(ctx, h.sent); err != nil {
		return err
	}
	b.add(Row{
		Measure: Recognise, What: numbered("recognise %s lot-days of %s lots", h.lotDays(), customers*generations), Unit: "lot-days/s",
		LimitIs: "INSERT … SELECT … GROUP BY of as many rows", Note: fmt.Sprintf("peak heap %.0f MB", heap.megabytes()),
	}, rounds, recogniseReach)
	return nil
}

// mustCount counts the rows of a table of the book and of its copy.
func mustCount(ctx context.Context, book *book, table string, want int) error {
	if err := book.count(ctx, table, want); err != nil {
		return err
	}
	var got int
	err := book.limit.QueryRowContext(ctx, "SELECT count(*) FROM "+book.beside(table)).Scan(&got)
	if err == nil && got != want {
		err = fmt.Errorf("the copy of %s holds %d rows, and should hold %d", table, got, want)
	}
	return err
}

// insertRecognitions is the statement that sums the draws of the customers by lot and day
// into a copy of recognitions. What it cannot sum is as in a row that the product wrote,
// so that the rows are as long as the product's.
func (b *bench) insertRecognitions(ctx context.Context, book *book, first, last int) (string, error) {
	names, err := book.columns(ctx, "recognitions")
	if err != nil {
		return "", err
	}
	firstID, lastID := book.idOf(customerIDs, fmt.Sprint(first)), book.idOf(customerIDs, fmt.Sprint(last))
	var model []any
	err = eachRow(ctx, book.db, "SELECT "+strings.Join(names, ", ")+" FROM recognitions WHERE customer_id = "+firstID+" LIMIT 1", func(row []any) error {
		model = row
		return nil
	})
	if err != nil {
		return "", err
	}
	if model == nil {
		return "", errors.New("the product wrote no recognition")
	}
	const number, amount = "row_number() OVER ()", "sum(d.credits) / 100000"
	by := map[string]string{
		"customer_id": "d.customer_id", "lot_id": "d.lot_id", "day": "d.day", "accounting_date": "d.day",
		"id":      book.idOf(recognitionIDs, fmt.Sprintf("%d + ", first*maxDaysPerLot*b.Lots)+number),
		"credits": "sum(d.credits)", "amount_minor": amount, "functional_minor": amount,
	}
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = literal(model[i])
		if expression, summed := by[name]; summed {
			values[i] = expression
		}
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s AS d WHERE d.customer_id >= %s AND d.customer_id < %s GROUP BY d.customer_id, d.lot_id, d.day",
		book.beside("recognitions"), strings.Join(names, ", "), strings.Join(values, ", "), book.table("draws"), firstID, lastID), nil
}

// literal writes a value in SQL.
func literal(value any) string {
	switch value := value.(type) {
	case nil:
		return "NULL"
	case string:
		return "'" + strings.ReplaceAll(value, "'", "''") + "'"
	case []byte:
		return literal(string(value))
	}
	return fmt.Sprint(value)
}
