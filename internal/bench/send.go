package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
)

// send gives a body of NDJSON to the book and holds every answer to RECORDED.
func (b *book) send(ctx context.Context, body []byte, _ int) error {
	var inputs []books.UsageInput
	for decoder := json.NewDecoder(bytes.NewReader(body)); decoder.More(); {
		var event struct {
			Source, ID, Customer, Meter string
			Quantity                    decimal.Decimal
			OccurredAt                  time.Time
		}
		if err := decoder.Decode(&event); err != nil {
			return err
		}
		inputs = append(inputs, books.UsageInput{
			Source: event.Source, ID: event.ID, Customer: event.Customer, Meter: event.Meter, Quantity: &event.Quantity, OccurredAt: event.OccurredAt,
		})
	}
	return b.record(ctx, inputs)
}

// record records a history without the way over HTTP.
func (b *book) record(ctx context.Context, inputs []books.UsageInput) error {
	outcomes, err := b.RecordUsage(ctx, inputs)
	if err != nil {
		return err
	}
	for _, outcome := range outcomes {
		if outcome.Status != books.Recorded {
			return fmt.Errorf("event %s was %s: %w", outcome.ID, outcome.Status, outcome.Reason)
		}
	}
	return nil
}
