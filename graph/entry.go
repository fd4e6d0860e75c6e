package graph

import (
	"context"
	"strconv"

	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
)

func (queryResolver) Entry(ctx context.Context, number int) (*ledger.Entry, error) {
	return pointer(ctx, requestOf(ctx).entries, int64(number))
}

func (queryResolver) Entries(ctx context.Context, from, to *ledger.Date, kind *ledger.EntryKind, account *ledger.Role, purchaseID *string, kinds []ledger.EntryKind, outOfPeriod *bool, sort books.Order, first int, after *string, reverse bool) (*view.EntryConnection, error) {
	filter := books.EntryFilter{From: value(from), To: value(to), Kind: value(kind), Kinds: once(kinds), Account: value(account), OutOfPeriod: outOfPeriod}
	if purchaseID != nil {
		var err error
		if filter.Reference, err = purchaseNoun.key("purchaseId", *purchaseID); err != nil {
			return nil, err
		}
	}
	return entries(ctx, filter, paging{first, after, reverse, sort})
}

func entries(ctx context.Context, filter books.EntryFilter, p paging) (*view.EntryConnection, error) {
	q := requestOf(ctx)
	return connect(ctx, q, p, q.entryList(), filter, books.Tx.Entries, books.Tx.CountEntries)
}

func (q *request) entryList() list[ledger.Entry] {
	return list[ledger.Entry]{
		noun:     entryNoun,
		key:      func(e *ledger.Entry) string { return strconv.FormatInt(e.Number, 10) },
		natural:  byNumber,
		place:    books.PlaceOfEntry,
		saw:      q.sawEntries,
		checkKey: func(key string) bool { return entryNumber(key) > 0 },
	}
}

// entriesBelow are those of a purchase or of an account over months.
func entriesBelow[K comparable](ctx context.Context, kin *kin[K], parent K, filter func(K) books.EntryFilter, p paging) (*view.EntryConnection, error) {
	q := requestOf(ctx)
	return connectBelow(ctx, q, p, nested[K, books.EntryFilter, ledger.Entry]{
		list: q.entryList(), parent: parent, kin: kin, filter: filter,
		pages: books.Tx.EntriesBelow, counts: books.Tx.CountEntriesBelow,
	})
}

func (queryResolver) Accounts(context.Context) ([]ledger.Account, error) {
	return ledger.Accounts(), nil
}

func (entryResolver) ID(_ context.Context, e *ledger.Entry) (string, error) {
	return entryNoun.id(strconv.FormatInt(e.Number, 10)), nil
}

func (entryResolver) Purchase(ctx context.Context, e *ledger.Entry) (*books.Purchase, error) {
	if e.Kind.Manual() {
		return nil, nil
	}
	return pointer(ctx, requestOf(ctx).purchases, e.Reference)
}

func (entryResolver) Recognitions(ctx context.Context, e *ledger.Entry, first int, after *string, reverse bool) (*view.RecognitionConnection, error) {
	return recognitionsBelow(ctx, &requestOf(ctx).entryKin, e.Number, func(number int64) books.RecognitionFilter {
		return books.RecognitionFilter{Entry: number}
	}, paging{first: first, after: after, reverse: reverse})
}

func (lineResolver) Account(_ context.Context, line *ledger.Line) (*ledger.Account, error) {
	return accountOf(line.Account)
}

func (lineResolver) Side(_ context.Context, line *ledger.Line) (view.Side, error) {
	return sideOf(line), nil
}

func (lineResolver) Debit(_ context.Context, line *ledger.Line) (*ledger.Amount, error) {
	if sideOf(line) == view.Credit {
		return nil, nil
	}
	return &line.Amount, nil
}

func (lineResolver) Credit(_ context.Context, line *ledger.Line) (*ledger.Amount, error) {
	if sideOf(line) == view.Debit {
		return nil, nil
	}
	credit := line.Amount.Neg()
	return &credit, nil
}

func (lineResolver) Customer(ctx context.Context, line *ledger.Line) (*books.Customer, error) {
	return pointer(ctx, requestOf(ctx).customersBy, line.Dimensions.Customer)
}

func (lineResolver) Policy(ctx context.Context, line *ledger.Line) (*books.Policy, error) {
	return pointer(ctx, requestOf(ctx).policiesBy, line.Dimensions.Policy)
}

func (lineResolver) Pack(ctx context.Context, line *ledger.Line) (*books.Pack, error) {
	return pointer(ctx, requestOf(ctx).packsBy, line.Dimensions.Pack)
}

// sideOf tells the side of a line: of its amount, or of the functional one where the
// amount is nothing, as with a difference of rounding or exchange.
func sideOf(line *ledger.Line) view.Side {
	if line.Amount.Minor < 0 || (line.Amount.Minor == 0 && line.Functional.Minor < 0) {
		return view.Credit
	}
	return view.Debit
}

func accountOf(role ledger.Role) (*ledger.Account, error) {
	account, known := ledger.AccountOf(role)
	if !known {
		return nil, &books.Error{Code: books.Internal, Message: "the account " + string(role) + " is not in the chart"}
	}
	return &account, nil
}

func (entryResolver) Manual(ctx context.Context, e *ledger.Entry) (*books.ManualEntry, error) {
	if !e.Kind.Manual() {
		return nil, nil
	}
	return pointer(ctx, requestOf(ctx).manual, e.Reference)
}

func (entryResolver) Reverses(ctx context.Context, e *ledger.Entry) (*ledger.Entry, error) {
	return pointer(ctx, requestOf(ctx).entries, e.Reverses)
}

func (entryResolver) ReversedBy(ctx context.Context, e *ledger.Entry) (*ledger.Entry, error) {
	if e.Kind != ledger.ManualEntry {
		return nil, nil // nothing else is taken back by an entry that names it
	}
	number, _, err := requestOf(ctx).reversedBy.load(ctx, e.Number)
	if err != nil {
		return nil, err
	}
	return pointer(ctx, requestOf(ctx).entries, number)
}

func (accountResolver) NaturalSide(_ context.Context, a *ledger.Account) (view.Side, error) {
	if a.DebitNormal {
		return view.Debit, nil
	}
	return view.Credit, nil
}
