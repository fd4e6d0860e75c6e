package graph

import (
	"context"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/auth"
	"drawdown/internal/books"
)

func (queryResolver) Me(ctx context.Context) (*books.Caller, error) {
	caller := books.CallerOf(ctx)
	return &caller, nil
}

func (callerResolver) Name(_ context.Context, c *books.Caller) (*string, error) {
	return text(c.Name), nil
}

func (callerResolver) Customer(ctx context.Context, c *books.Caller) (*books.Customer, error) {
	return pointer(ctx, requestOf(ctx).customers, c.CustomerID)
}

func (queryResolver) Tokens(ctx context.Context, search *string, role *books.Role, customer *string, inForce *bool, first int, after *string, reverse bool) (*view.TokenConnection, error) {
	q := requestOf(ctx)
	filter := books.TokenFilter{Search: value(search), Role: value(role)}
	switch {
	case inForce == nil:
	case *inForce:
		filter.InForceAt = q.now
	default:
		filter.OverAt = q.now
	}
	if customer != nil {
		found, exists, err := q.customersBy.load(ctx, *customer)
		if err != nil || !exists {
			return none[books.Token](first, err)
		}
		filter.CustomerID = found.ID
	}
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, list[books.Token]{
		noun: tokenNoun,
		key:  func(t *books.Token) string { return t.ID },
		saw: func(rows []books.Token) {
			for i := range rows {
				q.customers.expect(rows[i].CustomerID)
			}
		},
	}, filter, books.Tx.Tokens, books.Tx.CountTokens)
}

func (r mutationResolver) TokenCreate(ctx context.Context, input gen.TokenCreateInput, idempotencyKey string) (*gen.TokenCreatePayload, error) {
	secret := auth.NewSecret()
	token, made, err := r.books.TokenCreate(ctx, idempotencyKey, books.NewToken{
		Name: input.Name, Roles: input.Roles, Owner: value(input.Owner), Customer: value(input.Customer),
		ExpiresAt: value(input.ExpiresAt), Hash: auth.Hash(secret),
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.TokenCreatePayload{UserErrors: refusals}, fault
	}
	payload := &gen.TokenCreatePayload{Token: &token, UserErrors: refusals}
	if made {
		payload.Secret = &secret
	}
	return payload, nil
}

func (r mutationResolver) TokenRevoke(ctx context.Context, tokenID string, input gen.TokenRevokeInput, idempotencyKey string) (*gen.TokenRevokePayload, error) {
	key, err := tokenNoun.key("tokenId", tokenID)
	if err != nil {
		return &gen.TokenRevokePayload{UserErrors: invalidID(err)}, nil
	}
	token, err := r.books.TokenRevoke(ctx, idempotencyKey, books.RevokeToken{ID: key, Reason: value(input.Reason)})
	r.callers.Forget() // also where the act may have happened and its answer was lost
	refusals, fault := userErrors(err, "tokenId")
	if err != nil {
		return &gen.TokenRevokePayload{UserErrors: refusals}, fault
	}
	return &gen.TokenRevokePayload{Token: &token, UserErrors: refusals}, nil
}

func (tokenResolver) ID(_ context.Context, t *books.Token) (string, error) {
	return tokenNoun.id(t.ID), nil
}

func (tokenResolver) Customer(ctx context.Context, t *books.Token) (*books.Customer, error) {
	return pointer(ctx, requestOf(ctx).customers, t.CustomerID)
}

func (tokenResolver) RevokedBy(_ context.Context, t *books.Token) (*string, error) {
	return text(t.RevokedBy), nil
}

func (tokenResolver) InForce(ctx context.Context, t *books.Token) (bool, error) {
	return t.InForce(requestOf(ctx).now), nil
}
