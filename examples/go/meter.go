package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// meter records events. Each bears its own id, so a batch whose answer was lost is sent
// again as it is: what was recorded is a duplicate then. An event that is refused leaves the
// others standing: its outcome says why.
func meter(ctx context.Context, api *client, events []UsageEventInput) (*Recorded, error) {
	answer, err := RecordUsage(ctx, api, events)
	if err != nil {
		return nil, err
	}
	return answer.UsageRecord, first(answer.UsageRecord.UserErrors)
}

// sums are what a stream is answered with at its end.
type sums struct {
	Recorded, Duplicates, Rejected int
	Stopped                        *struct{ Code, Message string }
}

// stream sends events of any number in one request, a line each, while it makes them.
func stream(ctx context.Context, api *client, count int, event func(i int) UsageEventInput) (sums, error) {
	lines, writer := io.Pipe()
	go func() {
		encoder := json.NewEncoder(writer)
		var err error
		for i := 0; i < count && err == nil; i++ {
			err = encoder.Encode(event(i))
		}
		_ = writer.CloseWithError(err) // the end of the stream where nothing went wrong
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, api.url.JoinPath("v1", "usage").String(), lines)
	if err != nil {
		return sums{}, err
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	response, err := api.http.Do(request)
	if err != nil {
		return sums{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return sums{}, err
	}
	var answer sums
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&answer); err != nil || response.StatusCode != http.StatusOK || answer.Stopped != nil {
		return answer, fmt.Errorf("%s: %s", response.Status, body)
	}
	return answer, nil
}
