package graph

import (
	"context"
	"math"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"drawdown/internal/books"
)

const (
	// requestCost is what each request costs beside its fields: it is read and answered.
	requestCost = 10
	// rateCallers bounds the callers that are remembered; the one that was not seen for
	// longest is forgotten, and begins anew.
	rateCallers = 10_000
	// addressBits of an IPv6 address are one caller: a site has them all.
	addressBits = 64
)

// rates bounds what each caller asks over time, in fields: a bucket for each, that fills at
// a rate and holds a burst. Callers are who they say they are where they are asked, else
// addresses.
type rates struct {
	perSecond, burst int

	mu      sync.Mutex
	buckets *simplelru.LRU[string, *rate.Limiter]
}

func newRates(limits Limits) *rates {
	buckets, err := simplelru.NewLRU[string, *rate.Limiter](rateCallers, nil)
	if err != nil {
		panic(err) // a size below one
	}
	return &rates{perSecond: limits.Rate, burst: limits.Burst, buckets: buckets}
}

// take takes so many fields of the caller's share. Errors: RATE_LIMITED.
func (r *rates) take(ctx context.Context, address string, cost int) *refused {
	if r.perSecond < 0 {
		return nil
	}
	cost = min(cost, r.burst)
	now := time.Now()
	reserved := r.bucket(bucketOf(ctx, address)).ReserveN(now, cost)
	wait := reserved.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	reserved.CancelAt(now)
	after := int(math.Ceil(wait.Seconds()))
	err := refuseRequest(books.RateLimited, "the caller asked for more than %d fields a second (rate, after a burst of %d), each request counting %d: send this one again in %d seconds", r.perSecond, r.burst, requestCost, after)
	err.Extensions["retryAfter"] = after
	err.Extensions["limit"] = map[string]any{"name": "rate", "allowed": r.perSecond, "asked": cost}
	return &refused{http.StatusTooManyRequests, err}
}

func (r *rates) bucket(caller string) *rate.Limiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	bucket, known := r.buckets.Get(caller)
	if !known {
		bucket = rate.NewLimiter(rate.Limit(r.perSecond), r.burst)
		r.buckets.Add(caller, bucket)
	}
	return bucket
}

// nobody is the actor of a caller who was not asked for a name.
const nobody = "anonymous"

// bucketOf names who asks, or from where.
func bucketOf(ctx context.Context, address string) string {
	if actor := books.CallerOf(ctx).Actor; actor != nobody {
		return "actor " + actor
	}
	from, err := netip.ParseAddrPort(address)
	if err != nil {
		return address
	}
	ip := from.Addr().Unmap().WithZone("")
	if ip.Is6() {
		if site, err := ip.Prefix(addressBits); err == nil {
			return site.String()
		}
	}
	return ip.String()
}
