package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// tries is how often a request that may pass is sent.
const tries = 5

// client sends operations to one server. What passes is tried again, which is always safe:
// a mutation bears its key, an event its id.
type client struct {
	url     *url.URL
	http    *http.Client
	graphql graphql.Client
}

func newClient(address, token string) (*client, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	sender := &http.Client{Transport: bearer{token}, Timeout: time.Minute}
	return &client{url: at, http: sender, graphql: graphql.NewClient(at.JoinPath("graphql").String(), sender)}, nil
}

// MakeRequest implements graphql.Client.
func (c *client) MakeRequest(ctx context.Context, request *graphql.Request, response *graphql.Response) error {
	for tried := 1; ; tried++ {
		err := c.graphql.MakeRequest(ctx, request, response)
		after, passes := passing(err)
		if err == nil || !passes || tried == tries {
			return err
		}
		response.Errors, response.Extensions = nil, nil
		if after == 0 {
			after = 100 * time.Millisecond << tried
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(after):
		}
	}
}

// passing reports whether the same request may succeed later, and when.
func passing(err error) (after time.Duration, passes bool) {
	var refused gqlerror.List
	var unheard *url.Error
	switch {
	case errors.As(err, &refused) && len(refused) > 0:
		if seconds, ok := refused[0].Extensions["retryAfter"].(float64); ok { // encoding/json has but this for a number
			after = time.Duration(seconds) * time.Second
		}
		switch refused[0].Extensions["code"] {
		case "OVERLOADED", "RATE_LIMITED", "UNAVAILABLE":
			return after, true
		}
	case errors.As(err, &unheard):
		return 0, true
	}
	return 0, false
}

// bearer adds the token where there is one.
type bearer struct{ token string }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.token != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// Error is the refusal as an error.
func (r Refusal) Error() string {
	return fmt.Sprintf("%s: %s: %s", r.Code, strings.Join(r.Field, "."), r.Message)
}

// first returns the first of what a payload says is wrong.
func first(refused []Refusal) error {
	if len(refused) == 0 {
		return nil
	}
	return refused[0]
}
