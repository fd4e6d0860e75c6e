package store

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
)

type tokenRow struct {
	bun.BaseModel `bun:"table:tokens,alias:tokens"`

	ID         string
	Name       string
	Hash       []byte
	Roles      string // by commas
	Owner      string
	CustomerID string `bun:",nullzero"`
	Makers     string // a JSON array
	CreatedBy  string
	CreatedAt  instant `bun:"created_at_us,type:bigint"`
	ExpiresAt  instant `bun:"expires_at_us,type:bigint"`
	LastUsedAt instant `bun:"last_used_at_us,type:bigint"`
	RevokedAt  instant `bun:"revoked_at_us,type:bigint"`
	RevokedBy  string  `bun:",nullzero"`
}

func (row tokenRow) token() (books.Token, error) {
	t := books.Token{
		ID: row.ID, Name: row.Name, Hash: row.Hash, Owner: row.Owner, CustomerID: row.CustomerID,
		Roles:     convert(strings.Split(row.Roles, ","), func(r string) books.Role { return books.Role(r) }),
		CreatedBy: row.CreatedBy, CreatedAt: row.CreatedAt.time(), ExpiresAt: row.ExpiresAt.time(),
		LastUsedAt: row.LastUsedAt.time(), RevokedAt: row.RevokedAt.time(), RevokedBy: row.RevokedBy,
	}
	return t, json.Unmarshal([]byte(row.Makers), &t.Makers)
}

func tokens(rows []tokenRow, err error) ([]books.Token, error) {
	if err != nil {
		return nil, err
	}
	found := make([]books.Token, len(rows))
	for i, row := range rows {
		if found[i], err = row.token(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (t *tx) InsertToken(ctx context.Context, token books.Token) error {
	makers, err := json.Marshal(token.Makers)
	if err != nil {
		return err
	}
	err = insert(ctx, t, "keeping a token", []tokenRow{{
		ID: token.ID, Name: token.Name, Hash: notNil(token.Hash), Owner: token.Owner, CustomerID: token.CustomerID,
		Roles:  strings.Join(convert(token.Roles, func(r books.Role) string { return string(r) }), ","),
		Makers: string(makers), CreatedBy: token.CreatedBy, CreatedAt: instantOf(token.CreatedAt), ExpiresAt: instantOf(token.ExpiresAt),
		LastUsedAt: instantOf(token.LastUsedAt), RevokedAt: instantOf(token.RevokedAt), RevokedBy: token.RevokedBy,
	}})
	return takenAs("name", "is the name of another token: "+token.Name, err)
}

func (t *tx) RevokeToken(ctx context.Context, id string, at time.Time, by string) error {
	touched, err := t.exec(ctx, "revoking a token",
		"UPDATE tokens SET revoked_at_us = coalesce(revoked_at_us, ?), revoked_by = coalesce(revoked_by, ?) WHERE id = ?",
		instantOf(at), by, rowID(id))
	return wroteOne("token", id, touched, err)
}

func (t *tx) TouchTokens(ctx context.Context, at map[string]time.Time) error {
	for _, id := range slices.Sorted(maps.Keys(at)) { // in one order, for another server does the same
		_, err := t.exec(ctx, "saying when a token was used",
			"UPDATE tokens SET last_used_at_us = ?0 WHERE id = ?1 AND coalesce(last_used_at_us, 0) < ?0", instantOf(at[id]), rowID(id))
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) TokensByID(ctx context.Context, ids []string) ([]books.Token, error) {
	return tokens(byColumn[tokenRow](ctx, t, "reading tokens", "id", ids))
}

func (t *tx) TokensByHash(ctx context.Context, hashes [][]byte) ([]books.Token, error) {
	var all []books.Token
	for _, hash := range hashes {
		found, err := tokens(list[tokenRow](ctx, t, "reading tokens", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("hash = ?", hash)
		}))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

func (t *tx) Tokens(ctx context.Context, filter books.TokenFilter, page books.Page) ([]books.Token, error) {
	return tokens(list[tokenRow](ctx, t, "listing tokens", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(ofTokens(q, filter))
	}))
}

func (t *tx) CountTokens(ctx context.Context, filter books.TokenFilter) (int64, error) {
	return count[tokenRow](ctx, t, "counting tokens", func(q *bun.SelectQuery) *bun.SelectQuery { return ofTokens(q, filter) })
}

func ofTokens(q *bun.SelectQuery, filter books.TokenFilter) *bun.SelectQuery {
	q = whereID(q, "customer_id", filter.CustomerID)
	q = searched(q, filter.Search, "owner")
	if filter.Role != "" { // roles are words of which none is part of another
		q = q.Where("roles LIKE ?", "%"+string(filter.Role)+"%")
	}
	const inForce = "revoked_at_us IS NULL AND coalesce(expires_at_us, 9223372036854775807) > ?"
	if !filter.InForceAt.IsZero() {
		q = q.Where(inForce, instantOf(filter.InForceAt))
	}
	if !filter.OverAt.IsZero() {
		q = q.Where("NOT ("+inForce+")", instantOf(filter.OverAt))
	}
	return q
}
