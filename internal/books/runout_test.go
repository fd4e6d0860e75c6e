package books_test

import (
	"context"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/forecast"
)

// The worked example of docs/finance/run-out.md, on a book.
func TestRunOut(t *testing.T) {
	b := newLowBook(t)
	bought := b.buy(330, 33)
	if told := b.runOut(bought.Purchase.CustomerID); told.Reason != forecast.TooShort || told.Day != 0 {
		t.Errorf("on the first day: %+v", told)
	}
	first := b.now
	for day := range 28 { // 280 used, the last yesterday
		b.now = first.AddDate(0, 0, day)
		b.use(10)
	}
	b.now = first.AddDate(0, 0, 28)
	told := b.runOut(bought.Purchase.CustomerID)
	// 50 are left: they serve 29 March to 2 April.
	if told.Day.String() != "2024-04-03" || told.Earliest != told.Day || told.Latest != told.Day || told.DailyUse.String() != "10" ||
		told.From.String() != "2024-03-01" || told.To.String() != "2024-03-28" || told.Reason != "" {
		t.Errorf("with 50 left: %+v", told)
	}
	b.buy(3500, 350) // which lapse 100 days later
	if told := b.runOut(bought.Purchase.CustomerID); told.Day.String() != "2024-07-08" || told.Reason != "" {
		// 29 March to 2 April from the first; the others serve through 7 July, their last day.
		t.Errorf("with credits that lapse before they are used: %+v", told)
	}
}

func (b *lowBook) runOut(customerID string) (told books.RunOut) {
	b.Helper()
	err := b.View(b.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		told, err = b.RunOut(ctx, tx, customerID, time.Time{})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return told
}
