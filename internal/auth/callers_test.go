package auth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store"
)

// A secret has the form that scanners look for, and no two are the same; one that is mistyped
// in any place is not taken for one.
func TestSecrets(t *testing.T) {
	form, seen := regexp.MustCompile(`^dd_[0-9A-Za-z]{49}$`), map[string]bool{}
	for range 1000 {
		secret := NewSecret()
		if !form.MatchString(secret) || !isSecret(secret) || seen[secret] {
			t.Fatal(secret)
		}
		seen[secret] = true
	}
	secret := NewSecret()
	for i := range secret {
		other := byte('x')
		if secret[i] == other {
			other = 'y'
		}
		if wrong := secret[:i] + string(other) + secret[i+1:]; isSecret(wrong) {
			t.Errorf("%s is taken for a secret", wrong)
		}
	}
	for _, wrong := range []string{"", "dd_", secret[:51], secret + "0", "DD_" + secret[3:]} {
		if isSecret(wrong) {
			t.Errorf("%q is taken for a secret", wrong)
		}
	}
}

// kept is a store that counts its views, and is away where it is told to be.
type kept struct {
	books.Store
	views int
	away  error
}

func (k *kept) View(ctx context.Context, act func(context.Context, books.Tx) error) error {
	k.views++
	if k.away != nil {
		return k.away
	}
	return k.Store.View(ctx, act)
}

func newCallers(t *testing.T) (*Callers, *books.Books, *kept, *time.Time) {
	t.Helper()
	memory, err := store.OpenMemory(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = memory.Close() })
	now, k := noon, &kept{Store: memory}
	b, err := books.Open(t.Context(), k, books.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	k.views = 0
	return New(b, Options{}), b, k, &now
}

func bearer(secret string) http.Header { return http.Header{"Authorization": {"Bearer " + secret}} }

// What was verified is remembered for CacheTime and no longer: so long a token that was
// revoked elsewhere opens this server, and so long one that expires does not.
func TestRevocationIsBounded(t *testing.T) {
	c, b, k, now := newCallers(t)
	secret := NewSecret()
	token, _, err := b.TokenCreate(t.Context(), "1", books.NewToken{Name: "ci", Roles: []books.Role{books.Operator}, Hash: Hash(secret), ExpiresAt: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	opens := func() error {
		caller, err := c.Of(t.Context(), bearer(secret))
		if err == nil && (caller.Actor != "token:ci" || !caller.May(books.Operator) || caller.May(books.Admin)) {
			t.Errorf("%+v", caller)
		}
		return err
	}
	for range 10 {
		if err := opens(); err != nil {
			t.Fatal(err)
		}
	}
	if k.views != 1 {
		t.Errorf("%d look-ups for ten requests", k.views)
	}
	if _, err := b.TokenRevoke(t.Context(), "2", books.RevokeToken{ID: token.ID}); err != nil { // by another server
		t.Fatal(err)
	}
	*now = now.Add(CacheTime - time.Microsecond)
	if err := opens(); err != nil {
		t.Errorf("just before: %v", err)
	}
	*now = now.Add(time.Microsecond)
	if err := opens(); books.CodeOf(err) != books.Unauthenticated || !strings.Contains(err.Error(), "revoked") {
		t.Errorf("after %s: %v", CacheTime, err)
	}

	short := NewSecret()
	if _, _, err := b.TokenCreate(t.Context(), "3", books.NewToken{Name: "short", Roles: []books.Role{books.Viewer}, Hash: Hash(short), ExpiresAt: now.Add(time.Second)}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Of(t.Context(), bearer(short)); err != nil {
		t.Fatal(err)
	}
	*now = now.Add(time.Second)
	if _, err := c.Of(t.Context(), bearer(short)); books.CodeOf(err) != books.Unauthenticated || !strings.Contains(err.Error(), "expired") {
		t.Errorf("after its end: %v", err)
	}
	*now = now.Add(-24 * time.Hour) // a clock that is set back forgets what it knew
	before := k.views
	_, _ = c.Of(t.Context(), bearer(short))
	if k.views == before {
		t.Error("a clock that was set back trusts what it will have known")
	}
}

// Headers that name nobody, and a database that is away.
func TestHeaders(t *testing.T) {
	c, _, k, _ := newCallers(t)
	if caller, err := c.Of(t.Context(), http.Header{}); err != nil || caller.May(books.Viewer) {
		t.Errorf("%+v %v", caller, err)
	}
	for _, header := range []http.Header{
		{"Authorization": {"Basic YTpi"}},
		{"Authorization": {"Bearer"}},
		{"Authorization": {"Bearer "}},
		{"Authorization": {""}},
		{"Authorization": {"Bearer a", "Bearer b"}},
		bearer("dd_short"), bearer("a.b.c"), bearer(strings.Repeat("x", maxBearer+1)), bearer(NewSecret()),
	} {
		if _, err := c.Of(t.Context(), header); books.CodeOf(err) != books.Unauthenticated {
			t.Errorf("%.60v: %v", header, err)
		}
	}
	if k.views != 1 { // for the one that has the form of a secret
		t.Errorf("%d look-ups", k.views)
	}
	k.away = &books.Error{Code: books.Unavailable, Message: "away", Cause: errors.New("no route")}
	if _, err := c.Of(t.Context(), bearer(NewSecret())); books.CodeOf(err) != books.Unavailable {
		t.Errorf("the database is away: %v", err)
	}
}

// When a token was last used is written apart from requests.
func TestLastUsed(t *testing.T) {
	c, b, _, now := newCallers(t)
	secret := NewSecret()
	token, _, err := b.TokenCreate(t.Context(), "1", books.NewToken{Name: "ci", Roles: []books.Role{books.Operator}, Hash: Hash(secret)})
	if err != nil {
		t.Fatal(err)
	}
	lastUsed := func() (at time.Time) {
		err := b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
			tokens, err := tx.TokensByID(ctx, []string{token.ID})
			at = tokens[0].LastUsedAt
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	*now = now.Add(time.Hour)
	if _, err := c.Of(t.Context(), bearer(secret)); err != nil {
		t.Fatal(err)
	}
	if at := lastUsed(); !at.IsZero() {
		t.Errorf("the request has written %s", at)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	c.Run(ended, slog.New(slog.DiscardHandler)) // the server stops
	if at := lastUsed(); !at.Equal(noon.Add(time.Hour)) {
		t.Errorf("last used %s", at)
	}
}
