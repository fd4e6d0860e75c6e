package graph

import (
	"context"
	"strings"
	"time"

	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (r queryResolver) TrialBalance(ctx context.Context, from, to *ledger.Period, asOf *time.Time) (*view.TrialBalance, error) {
	first, last := value(from), value(to)
	balance, err := report(ctx, func(ctx context.Context, tx books.Tx) (books.TrialBalance, error) {
		return r.books.TrialBalance(ctx, tx, books.TrialBalanceRequest{From: first, To: last, AsOf: value(asOf)})
	})
	if err != nil {
		return nil, err
	}
	report := &view.TrialBalance{
		From: first, To: last, AsOf: balance.AsOf, PostedThrough: balance.PostedThrough, FunctionalCurrency: balance.Functional,
		Rows: make([]view.TrialBalanceRow, 0, len(balance.Balances)),
	}
	for _, account := range ledger.Accounts() {
		for _, row := range balance.Balances {
			if row.Account == account.Role {
				report.Rows = append(report.Rows, view.TrialBalanceRow{Balance: row, From: first, To: last})
			}
		}
	}
	requestOf(ctx).balanceRowKin.met(keysOf(report.Rows, spanOf))
	return report, nil
}

func spanOf(row *view.TrialBalanceRow) accountSpan {
	return accountSpan{row.Account, row.From, row.To}
}

func (trialBalanceRowResolver) Account(_ context.Context, row *view.TrialBalanceRow) (*ledger.Account, error) {
	return accountOf(row.Account)
}

func (trialBalanceRowResolver) Opening(_ context.Context, row *view.TrialBalanceRow) (*ledger.Amount, error) {
	return natural(row, row.Opening)
}

func (trialBalanceRowResolver) Closing(_ context.Context, row *view.TrialBalanceRow) (*ledger.Amount, error) {
	return natural(row, row.Closing())
}

func (trialBalanceRowResolver) FunctionalOpening(_ context.Context, row *view.TrialBalanceRow) (*ledger.Amount, error) {
	return natural(row, row.FunctionalOpening)
}

func (trialBalanceRowResolver) FunctionalClosing(_ context.Context, row *view.TrialBalanceRow) (*ledger.Amount, error) {
	return natural(row, row.FunctionalClosing())
}

func natural(row *view.TrialBalanceRow, signed ledger.Amount) (*ledger.Amount, error) {
	amount := row.Account.Natural(signed)
	return &amount, nil
}

func (trialBalanceRowResolver) Entries(ctx context.Context, row *view.TrialBalanceRow, first int, after *string, reverse bool) (*view.EntryConnection, error) {
	return entriesBelow(ctx, &requestOf(ctx).balanceRowKin, spanOf(row), func(span accountSpan) books.EntryFilter {
		filter := books.EntryFilter{Account: span.account}
		if span.from != 0 {
			filter.From = span.from.First()
		}
		if span.to != 0 {
			filter.To = span.to.Last()
		}
		return filter
	}, paging{first: first, after: after, reverse: reverse})
}

func (queryResolver) DeferredRevenue(ctx context.Context, customer *string, currency *ledger.Currency, sort books.Order, first int, after *string, reverse bool) (*view.DeferredRevenueConnection, error) {
	f := newFilters(ctx)
	filter := books.DeferredFilter{CustomerID: f.customer(ctx, customer), Currency: value(currency)}
	if f.err != nil || !f.known {
		return none[books.Deferred](first, f.err)
	}
	q := f.request
	return connect(ctx, q, paging{first, after, reverse, sort}, list[books.Deferred]{
		noun:     deferredNoun,
		key:      func(d *books.Deferred) string { return d.CustomerID + "/" + string(d.Currency) },
		natural:  byCustomer,
		place:    (*books.Deferred).Place,
		saw:      q.sawDeferred,
		checkKey: func(key string) bool { return strings.Count(key, "/") == 1 },
	}, filter, books.Tx.DeferredByCustomer, books.Tx.CountDeferred)
}

func (deferredRevenueResolver) Customer(ctx context.Context, d *books.Deferred) (*books.Customer, error) {
	return found(pointer(ctx, requestOf(ctx).customers, d.CustomerID))
}
