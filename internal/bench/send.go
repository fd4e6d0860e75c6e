package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"drawdown/internal/books"
)

// sender is the client of batch intake. Its connections stay open.
func sender(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}}
}

// send posts a body of NDJSON and holds the answer to so many events recorded, and none
// that were not.
func (b *book) send(ctx context.Context, body []byte, count int) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+b.address+"/v1/usage", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	request.Header.Set("Authorization", "Bearer "+b.token)
	response, err := b.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s: %s", response.Status, answer)
	}
	return mustHold(answer, fmt.Sprintf(`"recorded":%d,"duplicates":0,"rejected":0}`, count))
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
