package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"

	"drawdown/internal/books"
)

// maxBearer bounds what is read as a token: signed ones with many roles have a few
// thousand characters.
const maxBearer = 16 << 10

// Options say how callers are told apart. The zero Options know API tokens alone.
type Options struct {
	// OIDC are the tokens of an issuer of identities; nil where none is trusted.
	OIDC *OIDC
	// Now is the clock; time.Now.
	Now func() time.Time
}

// Callers tells who sends a request.
type Callers struct {
	books *books.Books
	oidc  *OIDC
	now   func() time.Time
	known *cache
	used  *usedTokens
}

// New makes the Callers of a book.
func New(b *books.Books, options Options) *Callers {
	if options.Now == nil {
		options.Now = b.Now
	}
	return &Callers{books: b, oidc: options.OIDC, now: options.Now, known: newCache(), used: newUsedTokens()}
}

// Of returns who sends a request with the headers; the zero Caller where they name nobody.
// Errors: UNAUTHENTICATED where what they say does not hold, UNAVAILABLE where nobody can
// tell now.
func (c *Callers) Of(ctx context.Context, header http.Header) (books.Caller, error) {
	values := header.Values("Authorization")
	switch {
	case len(values) == 0:
		return books.Caller{}, nil
	case len(values) > 1:
		return books.Caller{}, unauthenticated("send one Authorization header, not %d", len(values))
	}
	scheme, secret, _ := strings.Cut(values[0], " ")
	secret = strings.TrimSpace(secret)
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return books.Caller{}, unauthenticated("the Authorization header must be: Bearer and the token")
	}
	if len(secret) > maxBearer {
		return books.Caller{}, unauthenticated("the token has %d characters: at most %d are read", len(secret), maxBearer)
	}
	return c.of(ctx, secret)
}

// of verifies a token, or remembers that it did.
func (c *Callers) of(ctx context.Context, secret string) (books.Caller, error) {
	now, key := c.now(), cacheKey(sha256.Sum256([]byte(secret)))
	caller, known := c.known.get(key, now)
	if !known {
		var err error
		if caller, err = c.verify(ctx, secret, now); err != nil {
			return books.Caller{}, err
		}
		c.known.put(key, caller, now)
	}
	if caller.TokenID != "" {
		c.used.note(caller.TokenID, now)
	}
	return caller, nil
}

func (c *Callers) verify(ctx context.Context, secret string, now time.Time) (books.Caller, error) {
	switch {
	case strings.HasPrefix(secret, Prefix):
		return c.token(ctx, secret, now)
	case c.oidc != nil:
		return c.oidc.caller(ctx, secret, now)
	}
	return books.Caller{}, unauthenticated("the token is none: an API token begins with %s", Prefix)
}

// token verifies an API token.
func (c *Callers) token(ctx context.Context, secret string, now time.Time) (books.Caller, error) {
	if !isSecret(secret) {
		return books.Caller{}, unauthenticated("the token is not one as it was shown: copy it again, all %d characters, from %s on", secretLength, Prefix)
	}
	token, found, err := c.books.TokenByHash(ctx, Hash(secret))
	switch {
	case err != nil:
		return books.Caller{}, err
	case !found:
		return books.Caller{}, unauthenticated("the token is none of this book")
	case !token.RevokedAt.IsZero():
		return books.Caller{}, unauthenticated("the token was revoked")
	case !token.InForce(now):
		return books.Caller{}, unauthenticated("the token expired on %s", token.ExpiresAt.Format(time.RFC3339))
	}
	return token.Caller(), nil
}

// Forget has tokens verified again, for one of them was revoked here.
func (c *Callers) Forget() { c.known.clear() }

func unauthenticated(format string, args ...any) *books.Error {
	return &books.Error{Code: books.Unauthenticated, Message: fmt.Sprintf(format, args...)}
}
