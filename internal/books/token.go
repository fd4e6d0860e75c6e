package books

import (
	"bytes"
	"context"
	"slices"
	"time"
)

// Token is a key to the API. Its secret is shown once and kept as a hash alone.
type Token struct {
	ID    string
	Name  string // unique for ever, so that "token:NAME" names one actor
	Hash  []byte `json:"-"` // SHA-256 of the secret
	Roles []Role // at least one, in their order
	// Owner is the person behind the token. Two tokens of one owner are one person where
	// two are needed.
	Owner      string
	CustomerID string // the one customer that it sees; "" for all
	// Makers are the persons who gave it: whoever made it, and who gave that one access.
	Makers     []string
	CreatedBy  string // the actor
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero for never
	LastUsedAt time.Time // within some minutes; zero where it was not used
	RevokedAt  time.Time // zero where it was not
	RevokedBy  string    // the actor
}

// Caller is who calls with the token.
func (t Token) Caller() Caller {
	return Caller{
		Actor: tokenActor(t.Name), Name: t.Owner, Kind: ByToken, Roles: t.Roles,
		Persons: []string{tokenActor(t.Name), t.Owner}, Makers: t.Makers,
		CustomerID: t.CustomerID, TokenID: t.ID, ExpiresAt: t.ExpiresAt,
	}
}

func tokenActor(name string) string { return "token:" + name }

// InForce reports whether the token opens anything at the instant.
func (t Token) InForce(at time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || at.Before(t.ExpiresAt))
}

// NewToken asks for a token whose secret has the hash.
type NewToken struct {
	Name      string    `json:"name"` // 1 to 100 characters of a-z A-Z 0-9 . _ -
	Roles     []Role    `json:"roles"`
	Owner     string    `json:"owner"`    // the name where empty
	Customer  string    `json:"customer"` // external id; the token then sees that customer alone
	ExpiresAt time.Time `json:"expiresAt"`
	// Hash is no part of the request: the same request has another secret each time.
	Hash []byte `json:"-"`
}

// TokenCreate makes a token. made is false where the key was answered before: then the
// secret of the request is not the token's, and nobody can show that one again.
// Errors: INVALID, NOT_FOUND, ALREADY_EXISTS, IDEMPOTENCY_CONFLICT.
func (b *Books) TokenCreate(ctx context.Context, key string, request NewToken) (token Token, made bool, err error) {
	var madeID string
	token, err = once(ctx, b, act{"token.create", key, request}, func(ctx context.Context, tx Tx) (Token, string, error) {
		token, err := b.newToken(ctx, tx, request)
		if err != nil {
			return token, "", err
		}
		madeID = token.ID
		return token, token.ID, tokenTaken(tx.InsertToken(ctx, token), token.Name)
	})
	return token, err == nil && token.ID == madeID, err
}

// tokenTaken says of a store's ALREADY_EXISTS that names of tokens are used once.
func tokenTaken(err error, name string) error {
	if err != nil && CodeOf(err) == AlreadyExists {
		return refuse(AlreadyExists, "name", "%q is a token already, or was one that is revoked: the audit trail calls tokens by their names, so each is used once", clip(name))
	}
	return err
}

// newToken checks a request for a token and makes it.
func (b *Books) newToken(ctx context.Context, tx Tx, request NewToken) (Token, error) {
	caller := CallerOf(ctx)
	token := Token{
		ID: b.newID(), Name: request.Name, Hash: request.Hash, Owner: request.Owner, CreatedBy: caller.Actor, CreatedAt: b.clock(),
		ExpiresAt: request.ExpiresAt.UTC().Truncate(time.Microsecond), Makers: madeBy(caller),
	}
	if token.Owner == "" {
		token.Owner = token.Name
	}
	if err := checkCode("name", token.Name); err != nil {
		return token, err
	}
	if err := checkText("owner", token.Owner, 1, maxTextLength); err != nil {
		return token, err
	}
	if err := checkTrimmed("owner", token.Owner); err != nil {
		return token, err
	}
	for _, role := range Roles() { // in their order, each once
		if slices.Contains(request.Roles, role) {
			token.Roles = append(token.Roles, role)
		}
	}
	switch {
	case len(token.Roles) == 0:
		return token, refuse(Invalid, "roles", "must name at least one of %s", roleNames(Roles()))
	case request.Customer != "" && !slices.Equal(token.Roles, []Role{Viewer}):
		return token, refuse(Invalid, "roles", "must be VIEWER alone where the token is for one customer, not %s", roleNames(token.Roles))
	case request.ExpiresAt.IsZero():
		token.ExpiresAt = time.Time{}
	case !token.ExpiresAt.After(b.clock()):
		return token, refuse(Invalid, "expiresAt", "must lie in the future, but is %s and it is %s", token.ExpiresAt.Format(time.RFC3339), b.clock().Format(time.RFC3339))
	}
	if request.Customer != "" {
		customer, err := customerByExternalID(ctx, tx, request.Customer)
		if err != nil {
			return token, err
		}
		token.CustomerID = customer.ID
	}
	return token, nil
}

// madeBy are the persons behind what the caller makes.
func madeBy(caller Caller) []string {
	makers := slices.Clone(caller.Persons)
	if len(makers) == 0 {
		makers = []string{caller.Actor}
	}
	for _, maker := range caller.Makers {
		if !slices.Contains(makers, maker) {
			makers = append(makers, maker)
		}
	}
	return makers
}

// FirstToken makes the first token of a book, for an admin, and reports whether it did:
// a book that ever had one has its admins.
func (b *Books) FirstToken(ctx context.Context, hash []byte) (made bool, err error) {
	const name = "first-admin"
	err = b.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		made = false
		n, err := tx.CountTokens(ctx, TokenFilter{})
		if err != nil || n > 0 {
			return err
		}
		token, err := b.newToken(ctx, tx, NewToken{Name: name, Roles: []Role{Admin}, Hash: hash})
		if err != nil {
			return err
		}
		if err := tx.InsertToken(ctx, token); err != nil {
			return err
		}
		made = true
		return b.audit(ctx, tx, "token.create", token.ID, `{"name":"`+name+`","roles":["ADMIN"]}`, &trail{}, token)
	})
	return made && err == nil, err
}

// RevokeToken asks that a token opens nothing any more.
type RevokeToken struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// TokenRevoke takes a token out of force. One that is revoked stays as it is.
// Errors: NOT_FOUND, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) TokenRevoke(ctx context.Context, key string, request RevokeToken) (Token, error) {
	return once(ctx, b, act{"token.revoke", key, request}, func(ctx context.Context, tx Tx) (Token, string, error) {
		if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil {
			return Token{}, "", err
		}
		before, err := tx.TokensByID(ctx, []string{request.ID})
		if err != nil {
			return Token{}, "", err
		}
		if len(before) > 0 {
			was(ctx, before[0])
		}
		if err := tx.RevokeToken(ctx, request.ID, b.clock(), CallerOf(ctx).Actor); err != nil {
			return Token{}, "", err
		}
		found, err := tx.TokensByID(ctx, []string{request.ID})
		if err == nil && len(found) == 0 {
			err = refuse(NotFound, "tokenId", "there is no token %s", clip(request.ID))
		}
		if err != nil {
			return Token{}, "", err
		}
		return found[0], found[0].ID, nil
	})
}

// TokenByHash finds the token whose secret has the hash, in force or not. found is false
// where there is none.
func (b *Books) TokenByHash(ctx context.Context, hash []byte) (token Token, found bool, err error) {
	err = b.store.View(ctx, func(ctx context.Context, tx Tx) error {
		tokens, err := tx.TokensByHash(ctx, [][]byte{hash})
		if found = err == nil && len(tokens) > 0 && bytes.Equal(tokens[0].Hash, hash); found {
			token = tokens[0]
		}
		return err
	})
	return token, found, err
}

// TokensUsed records when tokens were last used, by id. It is no act: it is not audited.
func (b *Books) TokensUsed(ctx context.Context, at map[string]time.Time) error {
	if len(at) == 0 {
		return nil
	}
	return b.store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.TouchTokens(ctx, at) })
}

// TokenFilter narrows a list of tokens. Zero fields do not narrow.
type TokenFilter struct {
	Search     string // part of the name or the owner
	Role       Role
	CustomerID string
	// InForceAt keeps those that open something at the instant; OverAt those that do not.
	InForceAt, OverAt time.Time
}
