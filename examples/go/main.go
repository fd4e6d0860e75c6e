package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/shopspring/decimal"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run runs as often as one likes: whatever it sends a second time has happened already.
func run(ctx context.Context) error {
	api, err := newClient(cmp.Or(os.Getenv("DRAWDOWN_URL"), "http://127.0.0.1:8080/"), os.Getenv("DRAWDOWN_TOKEN"))
	if err != nil {
		return err
	}
	const customer = "go-inc"
	purchase, err := sellPack(ctx, api, "GO-1", customer, "credits", decimal.NewFromInt(1000))
	if err != nil {
		return err
	}
	fmt.Printf("sold %s credits for %s %s\n", purchase.Credits, purchase.Price.Amount.StringFixed(2), purchase.Price.Currency)
	if err := use(ctx, api, customer); err != nil {
		return err
	}
	shown, err := Balance(ctx, api, customer)
	if err != nil {
		return err
	}
	fmt.Printf("balance: %s credits in %d lot\n", shown.Customer.Balance.Credits, len(shown.Customer.Balance.Lots))
	return pull(ctx, api)
}

// use meters events one by one, again, and as a stream.
func use(ctx context.Context, api *client, customer string) error {
	in, out := "tokens_in", "tokens_out"
	tokens := func(n int64) *decimal.Decimal { d := decimal.NewFromInt(n); return &d }
	events := []UsageEventInput{
		{Id: "req-1", Customer: customer, Meter: &in, Quantity: tokens(4808)},
		{Id: "req-2", Customer: customer, Meter: &out, Quantity: tokens(250)},
		{Id: "req-3", Customer: customer, Credits: tokens(5000)}, // more than there is
	}
	recorded, err := meter(ctx, api, events)
	if err != nil {
		return err
	}
	for _, outcome := range recorded.Outcomes {
		if outcome.Error != nil {
			fmt.Printf("refused %s: %s\n", outcome.EventId, outcome.Error.Code)
		}
	}
	fmt.Printf("metered: %d recorded, %d duplicates, %d refused\n", recorded.Recorded, recorded.Duplicates, recorded.Rejected)
	again, err := meter(ctx, api, events[:2])
	if err != nil {
		return err
	}
	fmt.Printf("sent again: %d recorded, %d duplicates\n", again.Recorded, again.Duplicates)
	const many = 1000
	hundredth := decimal.New(1, -2)
	streamed, err := stream(ctx, api, many, func(i int) UsageEventInput {
		return UsageEventInput{Id: "stream-" + strconv.Itoa(i), Customer: customer, Credits: &hundredth}
	})
	if err != nil {
		return err
	}
	fmt.Printf("streamed: %d of %d are recorded\n", streamed.Recorded+streamed.Duplicates, many)
	return nil
}

// pull reads the journal to its end, and once more from there.
func pull(ctx context.Context, api *client) error {
	var cursor *string
	var entries, pages int
	var debits, credits decimal.Decimal
	for page, err := range journal(ctx, api, nil, 200) {
		if err != nil {
			return err
		}
		pages++
		for _, entry := range page.entries {
			entries++
			for _, line := range entry.Lines {
				if line.Side == SideDebit {
					debits = debits.Add(line.Amount.Amount)
				} else {
					credits = credits.Sub(line.Amount.Amount)
				}
			}
		}
		cursor = &page.cursor
	}
	balanced := "OUT OF BALANCE"
	if debits.Equal(credits) {
		balanced = "debits equal credits"
	}
	fmt.Printf("journal: %d entries on %d pages, %s\n", entries, pages, balanced)
	more := 0
	for page, err := range journal(ctx, api, cursor, 200) {
		if err != nil {
			return err
		}
		more += len(page.entries)
	}
	fmt.Printf("journal from where it ended: %d entries more\n", more)
	return nil
}
