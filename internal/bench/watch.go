package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

// watch opens streams that watch the balances of customers, until the context ends. told
// counts what they are told; wait returns what went wrong, once all have ended.
func (b *book) watch(ctx context.Context, o Options) (told *atomic.Int64, wait func() error) {
	told = &atomic.Int64{}
	client := sender(watchingStreams)
	var working sync.WaitGroup
	failed := make([]error, watchingStreams)
	chosen := newEvents(o, 1)
	var opened sync.WaitGroup
	for i := range watchingStreams {
		names := make([]string, watchedEach)
		for j := range names {
			names[j] = customerName(chosen.customer())
		}
		opened.Add(1)
		working.Go(func() {
			failed[i] = b.stream(ctx, client, names, told, sync.OnceFunc(opened.Done))
		})
	}
	opened.Wait()
	return told, func() error {
		working.Wait()
		client.CloseIdleConnections()
		return errors.Join(failed...)
	}
}

// stream watches until the context ends; opened is called when the first was told, or none
// will be.
func (b *book) stream(ctx context.Context, client *http.Client, names []string, told *atomic.Int64, opened func()) error {
	defer opened()
	body, err := json.Marshal(map[string]any{
		"query": "subscription($of:[String!]!){balanceChanged(customers:$of){credits at}}", "variables": map[string]any{"of": names},
	})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+b.address+"/graphql", strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Authorization", "Bearer "+b.token)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // which the context ends
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, `data: {"data":{"balanceChanged":{"credits":"`):
			told.Add(1)
			opened()
		case strings.HasPrefix(line, "data: {"):
			return fmt.Errorf("a stream was told %s", line)
		}
	}
	if ctx.Err() == nil {
		return errors.New("a stream ended by itself")
	}
	return nil
}
