package webhook

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// waits are between the attempts of a delivery: the first mend what passes by itself, the
// last leave people three days to mend the rest. Standard Webhooks proposes them.
var waits = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
	10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// spread is by how much of a wait it is longer or shorter, at random: what failed together
// does not come back together.
const spread = 10 // a tenth

// longestAsked bounds the wait that an endpoint asks for: as long as the longest of our own,
// so that no answer puts a delivery off until nobody remembers it.
const longestAsked = 24 * time.Hour

// retryIn returns how long to wait after so many attempts have failed; more is false where
// they were the last. It is no less than the endpoint asked for, and no more often: an endpoint
// that asks for a second would use up the attempts at once. random returns a number below its argument.
func retryIn(failed int, asked time.Duration, random func(time.Duration) time.Duration) (wait time.Duration, more bool) {
	if failed > len(waits) {
		return 0, false
	}
	wait = waits[failed-1]
	wait += random(2*wait/spread+1) - wait/spread
	if wait < asked { // later by up to a tenth, never sooner
		wait = asked + random(asked/spread+1)
	}
	return wait, true
}

// retryAfter returns how long an endpoint that has too much to do asks to be left alone
// (RFC 9110, 10.2.3), at most longestAsked; 0 where it does not say.
func retryAfter(answer *http.Response, now time.Time) time.Duration {
	if answer.StatusCode != http.StatusTooManyRequests && answer.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	text := answer.Header.Get("Retry-After")
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), longestAsked)
	}
	seconds, err := strconv.ParseUint(text, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) { // what is out of range is the largest
		return 0
	}
	return time.Duration(min(seconds, uint64(longestAsked/time.Second))) * time.Second
}
