package graph

import (
	"context"

	"drawdown/graph/internal/gen"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (r mutationResolver) GlAccountsSet(ctx context.Context, accounts []books.NewGLCode, idempotencyKey string) (*gen.GlAccountsSetPayload, error) {
	kept, err := r.books.GLAccountsSet(ctx, idempotencyKey, books.SetGLCodes{Accounts: accounts})
	refusals, fault := userErrors(err, "accounts")
	if err != nil {
		return &gen.GlAccountsSetPayload{UserErrors: refusals}, fault
	}
	return &gen.GlAccountsSetPayload{Codes: kept, UserErrors: refusals}, nil
}

// glCodeOn returns the code of an account on a day, of a chart that is read once a request.
func (r accountResolver) glCodeOn(ctx context.Context, a *ledger.Account, on *ledger.Date) (books.GLCode, error) {
	chart, _, err := requestOf(ctx).glChart.load(ctx, true)
	if err != nil {
		return books.GLCode{}, err
	}
	code, _ := chart.On(a.Role, r.dayOf(on)) // that of none where none is in force
	return code, nil
}

func (r accountResolver) GlCode(ctx context.Context, a *ledger.Account, on *ledger.Date) (*string, error) {
	code, err := r.glCodeOn(ctx, a, on)
	return text(code.Code), err
}

func (r accountResolver) GlName(ctx context.Context, a *ledger.Account, on *ledger.Date) (*string, error) {
	code, err := r.glCodeOn(ctx, a, on)
	return text(code.Name), err
}

func (accountResolver) GlCodes(ctx context.Context, a *ledger.Account) ([]books.GLCode, error) {
	chart, _, err := requestOf(ctx).glChart.load(ctx, true)
	if codes := chart[a.Role]; len(codes) > 0 {
		return codes, err
	}
	return []books.GLCode{}, err
}

func (glCodeResolver) Subtype(_ context.Context, c *books.GLCode) (*string, error) {
	return text(c.Subtype), nil
}

func (glCodeResolver) Parent(_ context.Context, c *books.GLCode) (*string, error) {
	return text(c.Parent), nil
}

func (glCodeResolver) Reason(_ context.Context, c *books.GLCode) (*string, error) {
	return text(c.Reason), nil
}
