package graph

import (
	"context"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (queryResolver) ManualEntry(ctx context.Context, id string) (*books.ManualEntry, error) {
	key, err := manualNoun.key("id", id)
	if err != nil {
		return nil, err
	}
	return pointer(ctx, requestOf(ctx).manual, key)
}

func (queryResolver) ManualEntries(ctx context.Context, status *books.ManualStatus, from, to *ledger.Date, account *ledger.Role, reversals *bool, first int, after *string, reverse bool) (*view.ManualEntryConnection, error) {
	filter := books.ManualFilter{Status: value(status), From: value(from), To: value(to), Account: value(account)}
	if reversals != nil {
		if filter.Kind = ledger.ManualEntry; *reversals {
			filter.Kind = ledger.ManualReversalEntry
		}
	}
	q := requestOf(ctx)
	return connect(ctx, q, paging{first: first, after: after, reverse: reverse}, list[books.ManualEntry]{
		noun: manualNoun, key: func(m *books.ManualEntry) string { return m.ID }, saw: q.sawManual,
	}, filter, books.Tx.ManualEntries, books.Tx.CountManualEntries)
}

func (manualResolver) ID(_ context.Context, m *books.ManualEntry) (string, error) {
	return manualNoun.id(m.ID), nil
}

func (manualResolver) ControlAccounts(_ context.Context, m *books.ManualEntry) (*string, error) {
	return text(m.ControlAccounts), nil
}

func (manualResolver) ReverseOn(_ context.Context, m *books.ManualEntry) (*ledger.Date, error) {
	if m.ReverseOn == 0 {
		return nil, nil
	}
	return &m.ReverseOn, nil
}

func (manualResolver) DecidedBy(_ context.Context, m *books.ManualEntry) (*string, error) {
	return text(m.DecidedBy), nil
}

func (manualResolver) Decision(_ context.Context, m *books.ManualEntry) (*string, error) {
	return text(m.Decision), nil
}

func (manualResolver) Entry(ctx context.Context, m *books.ManualEntry) (*ledger.Entry, error) {
	return pointer(ctx, requestOf(ctx).entries, m.Number)
}

func (manualResolver) Reverses(ctx context.Context, m *books.ManualEntry) (*books.ManualEntry, error) {
	return pointer(ctx, requestOf(ctx).manual, m.Reverses)
}

func (manualResolver) Reversal(ctx context.Context, m *books.ManualEntry) (*books.ManualEntry, error) {
	reversals, _, err := requestOf(ctx).reversalsOf.load(ctx, m.ID)
	if err != nil || len(reversals) == 0 {
		return nil, err
	}
	return &reversals[0], nil
}

func (manualResolver) Attachments(ctx context.Context, m *books.ManualEntry) ([]books.Attachment, error) {
	papers, _, err := requestOf(ctx).papersOf.load(ctx, m.ID)
	return orNone(papers), err
}

// Sha256 is that of the entry with its papers as they stand.
func (manualResolver) Sha256(ctx context.Context, m *books.ManualEntry) (string, error) {
	papers, _, err := requestOf(ctx).papersOf.load(ctx, m.ID)
	if err != nil {
		return "", err
	}
	return m.SHA256(papers)
}

func (r mutationResolver) ManualEntryPropose(ctx context.Context, input gen.ManualEntryProposeInput, idempotencyKey string) (*gen.ManualEntryProposePayload, error) {
	request := books.NewManualEntry{
		AccountingDate: input.AccountingDate, Reason: input.Reason, Description: input.Description,
		ControlAccounts: value(input.ControlAccounts), ReverseOn: value(input.ReverseOn), Lines: make([]books.NewManualLine, len(input.Lines)),
	}
	for i, line := range input.Lines {
		request.Lines[i] = books.NewManualLine{
			Account: line.Account, Credit: line.Side == view.Credit, Amount: line.Amount, Currency: value(line.Currency), Functional: line.FunctionalAmount,
			Customer: value(line.Customer), Policy: value(line.Policy), Pack: value(line.Pack),
		}
	}
	proposed, err := r.books.ManualEntryPropose(ctx, idempotencyKey, request)
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.ManualEntryProposePayload{UserErrors: refusals}, fault
	}
	return &gen.ManualEntryProposePayload{ManualEntry: &proposed, UserErrors: refusals}, nil
}

func (r mutationResolver) ManualEntryApprove(ctx context.Context, manualEntryID string, input gen.ManualEntryApproveInput, idempotencyKey string) (*gen.ManualEntryApprovePayload, error) {
	id, err := manualNoun.key("manualEntryId", manualEntryID)
	if err != nil {
		return &gen.ManualEntryApprovePayload{UserErrors: invalidID(err)}, nil
	}
	decided, err := r.books.ManualEntryApprove(ctx, idempotencyKey, books.DecideManual{ID: id, Reason: value(input.Reason), SHA256: value(input.Sha256)})
	refusals, fault := userErrors(err, "manualEntryId")
	if err != nil {
		return &gen.ManualEntryApprovePayload{UserErrors: refusals}, fault
	}
	return &gen.ManualEntryApprovePayload{ManualEntry: &decided.Entry, UserErrors: refusals}, nil
}

func (r mutationResolver) ManualEntryReject(ctx context.Context, manualEntryID string, input gen.ManualEntryDecideInput, idempotencyKey string) (*gen.ManualEntryRejectPayload, error) {
	id, err := manualNoun.key("manualEntryId", manualEntryID)
	if err != nil {
		return &gen.ManualEntryRejectPayload{UserErrors: invalidID(err)}, nil
	}
	decided, err := r.books.ManualEntryReject(ctx, idempotencyKey, books.DecideManual{ID: id, Reason: value(input.Reason)})
	refusals, fault := userErrors(err, "manualEntryId")
	if err != nil {
		return &gen.ManualEntryRejectPayload{UserErrors: refusals}, fault
	}
	return &gen.ManualEntryRejectPayload{ManualEntry: &decided.Entry, UserErrors: refusals}, nil
}

func (r mutationResolver) ManualEntryReverse(ctx context.Context, manualEntryID string, input gen.ManualEntryReverseInput, idempotencyKey string) (*gen.ManualEntryReversePayload, error) {
	id, err := manualNoun.key("manualEntryId", manualEntryID)
	if err != nil {
		return &gen.ManualEntryReversePayload{UserErrors: invalidID(err)}, nil
	}
	reversal, err := r.books.ManualEntryReverse(ctx, idempotencyKey, books.ReverseManual{ID: id, AccountingDate: input.AccountingDate, Reason: input.Reason})
	refusals, fault := userErrors(err, "manualEntryId")
	if err != nil {
		return &gen.ManualEntryReversePayload{UserErrors: refusals}, fault
	}
	return &gen.ManualEntryReversePayload{ManualEntry: &reversal, UserErrors: refusals}, nil
}
