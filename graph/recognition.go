package graph

import (
	"context"
	"strings"

	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func (queryResolver) Recognition(ctx context.Context, id string) (*revrec.Recognition, error) {
	key, err := recognitionNoun.key("id", id)
	if err != nil {
		return nil, err
	}
	return pointer(ctx, requestOf(ctx).recognitions, key)
}

func (queryResolver) Recognitions(ctx context.Context, customer, policy *string, kind *revrec.Kind, from, to *ledger.Date, kinds []revrec.Kind, currency *ledger.Currency, sort books.Order, first int, after *string, reverse bool) (*view.RecognitionConnection, error) {
	f := newFilters(ctx)
	filter := books.RecognitionFilter{
		CustomerID: f.customer(ctx, customer), PolicyID: f.policy(ctx, policy),
		Kind: value(kind), From: value(from), To: value(to), Kinds: once(kinds), Currency: value(currency),
	}
	f.refuse(customer == nil && sort == books.ByAmount, "sort", "needs customer where it is AMOUNT: no index follows the amounts of all recognitions")
	if f.err != nil || !f.known {
		return none[revrec.Recognition](first, f.err)
	}
	return recognitions(ctx, filter, paging{first, after, reverse, sort})
}

func recognitions(ctx context.Context, filter books.RecognitionFilter, p paging) (*view.RecognitionConnection, error) {
	q := requestOf(ctx)
	return connect(ctx, q, p, q.recognitionList(), filter, books.Tx.Recognitions, books.Tx.CountRecognitions)
}

func (q *request) recognitionList() list[revrec.Recognition] {
	return list[revrec.Recognition]{
		noun: recognitionNoun, key: func(r *revrec.Recognition) string { return r.ID },
		natural: created, place: books.PlaceOfRecognition, saw: q.sawRecognitions,
	}
}

// recognitionsBelow are those of a customer, a policy, a lot, a pool or an entry.
func recognitionsBelow[K comparable](ctx context.Context, kin *kin[K], parent K, filter func(K) books.RecognitionFilter, p paging) (*view.RecognitionConnection, error) {
	q := requestOf(ctx)
	return connectBelow(ctx, q, p, nested[K, books.RecognitionFilter, revrec.Recognition]{
		list: q.recognitionList(), parent: parent, kin: kin, filter: filter,
		pages: books.Tx.RecognitionsBelow, counts: books.Tx.CountRecognitionsBelow,
	})
}

func (recognitionResolver) Lot(ctx context.Context, r *revrec.Recognition) (*revrec.Lot, error) {
	return pointer(ctx, requestOf(ctx).lots, r.LotID)
}

func (recognitionResolver) Pool(ctx context.Context, r *revrec.Recognition) (*revrec.Pool, error) {
	return pointer(ctx, requestOf(ctx).pools, r.PoolID)
}

func (recognitionResolver) Customer(ctx context.Context, r *revrec.Recognition) (*books.Customer, error) {
	return pointer(ctx, requestOf(ctx).customers, r.CustomerID)
}

func (recognitionResolver) Policy(ctx context.Context, r *revrec.Recognition) (*books.Policy, error) {
	return found(pointer(ctx, requestOf(ctx).policies, r.PolicyID))
}

func (recognitionResolver) Entry(ctx context.Context, r *revrec.Recognition) (*ledger.Entry, error) {
	q := requestOf(ctx)
	number, _, err := q.entriesOf.load(ctx, sumKeyOf(r))
	if err != nil {
		return nil, err
	}
	return pointer(ctx, q.entries, number)
}

func (recognitionResolver) Draws(ctx context.Context, r *revrec.Recognition, first int, after *string, reverse bool) (*view.DrawConnection, error) {
	if r.LotID == "" {
		return none[books.Draw](first, nil)
	}
	return drawsBelow(ctx, &requestOf(ctx).recognitionKin, drawnOnOf(r), func(on drawnOn) books.DrawFilter {
		return books.DrawFilter{CustomerID: on.CustomerID, LotID: on.LotID, Day: on.day}
	}, paging{first: first, after: after, reverse: reverse})
}

// Explanation is the rule's own, with the facts of the lot that its formula names.
func (recognitionResolver) UnderOldRate(_ context.Context, r *revrec.Recognition) (*ledger.Amount, error) {
	return revrec.UnderOldRate(*r), nil
}

func (recognitionResolver) Explanation(ctx context.Context, r *revrec.Recognition) (*revrec.Explanation, error) {
	q := requestOf(ctx)
	explanation := revrec.Explain(*r)
	lot, exists, err := q.lots.load(ctx, r.LotID)
	if err != nil || !exists {
		return &explanation, err
	}
	policy, _, err := q.policies.load(ctx, r.PolicyID)
	explanation = revrec.ExplainOfLot(*r, lot, policy.Breakage.Escheat)
	return &explanation, err
}

func (poolResolver) Policy(ctx context.Context, p *revrec.Pool) (*books.Policy, error) {
	return found(pointer(ctx, requestOf(ctx).policies, p.PolicyID))
}

func (poolResolver) Key(_ context.Context, p *revrec.Pool) (*string, error) {
	if p.By == revrec.PoolByLot {
		lot, _, _ := strings.Cut(p.Key, "/")
		return lotNoun.optional(lot), nil
	}
	return text(p.Key), nil
}

func (poolResolver) Recognitions(ctx context.Context, p *revrec.Pool, first int, after *string, reverse bool) (*view.RecognitionConnection, error) {
	return recognitionsBelow(ctx, &requestOf(ctx).poolKin, p.ID, func(id string) books.RecognitionFilter {
		return books.RecognitionFilter{PoolID: id}
	}, paging{first: first, after: after, reverse: reverse})
}
