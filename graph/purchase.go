package graph

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/graph/internal/gen"
	"drawdown/graph/internal/view"
	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func (queryResolver) Purchase(ctx context.Context, id string) (*books.Purchase, error) {
	key, err := purchaseNoun.key("id", id)
	if err != nil {
		return nil, err
	}
	return pointer(ctx, requestOf(ctx).purchases, key)
}

func (queryResolver) Purchases(ctx context.Context, customer, pack, policy *string, status *books.PurchaseStatus, from, before *time.Time, statuses []books.PurchaseStatus, currency *ledger.Currency, search *string, priceFrom, priceTo *decimal.Decimal, sort books.Order, first int, after *string, reverse bool) (*view.PurchaseConnection, error) {
	f := newFilters(ctx)
	filter := books.PurchaseFilter{
		CustomerID: f.customer(ctx, customer), PackID: f.pack(ctx, pack), PolicyID: f.policy(ctx, policy),
		Status: value(status), From: value(from), Before: value(before), Statuses: once(statuses), Currency: value(currency),
		Reference: value(search), PriceFrom: f.minor("priceFrom", priceFrom), PriceTo: f.minor("priceTo", priceTo),
	}
	if f.err != nil || !f.known {
		return none[books.Purchase](first, f.err)
	}
	return purchases(ctx, filter, paging{first, after, reverse, sort})
}

func purchases(ctx context.Context, filter books.PurchaseFilter, p paging) (*view.PurchaseConnection, error) {
	q := requestOf(ctx)
	return connect(ctx, q, p, q.purchaseList(), filter, books.Tx.Purchases, books.Tx.CountPurchases)
}

func (q *request) purchaseList() list[books.Purchase] {
	return list[books.Purchase]{
		noun: purchaseNoun, key: func(p *books.Purchase) string { return p.ID }, natural: created, place: (*books.Purchase).Place, saw: q.sawPurchases,
	}
}

// purchasesBelow are those of a customer, a pack or a policy.
func purchasesBelow(ctx context.Context, kin *kin[string], parent string, filter func(string) books.PurchaseFilter, p paging) (*view.PurchaseConnection, error) {
	q := requestOf(ctx)
	return connectBelow(ctx, q, p, nested[string, books.PurchaseFilter, books.Purchase]{
		list: q.purchaseList(), parent: parent, kin: kin, filter: filter,
		pages: books.Tx.PurchasesBelow, counts: books.Tx.CountPurchasesBelow,
	})
}

func (r mutationResolver) PurchaseCreate(ctx context.Context, input gen.PurchaseCreateInput, idempotencyKey string) (*gen.PurchaseCreatePayload, error) {
	made, err := r.books.Purchase(ctx, idempotencyKey, books.NewPurchase{
		Customer: input.Customer, Pack: value(input.Pack), Policy: value(input.Policy),
		Credits: input.Credits.Decimal(), Bonus: value(input.Bonus).Decimal(), BonusTerms: bonusTermsOf(input.BonusTerms),
		StandAlonePrice: input.StandAlonePrice,
		Price:           input.Price, Currency: value(input.Currency), Tax: value(input.Tax), FXRate: input.FxRate,
		PurchasedAt: value(input.PurchasedAt), EffectiveAt: value(input.EffectiveAt),
		ExpiresAt: value(input.ExpiresAt), ExpiresAfter: input.ExpiresAfter, NeverExpires: value(input.NeverExpires),
		ShortExpiry: value(input.ShortExpiry), Priority: input.Priority,
		Invoiced: value(input.Invoiced), DueOn: value(input.DueOn), Cancellable: value(input.Cancellable),
		Reference: value(input.Reference),
	})
	refusals, fault := userErrors(err)
	if err != nil {
		return &gen.PurchaseCreatePayload{UserErrors: refusals}, fault
	}
	requestOf(ctx).sawPurchases([]books.Purchase{made.Purchase})
	return &gen.PurchaseCreatePayload{Purchase: &made.Purchase, UserErrors: refusals}, nil
}

func bonusTermsOf(input *gen.BonusTermsInput) *books.BonusTerms {
	if input == nil {
		return nil
	}
	return &books.BonusTerms{
		ExpiresAt: value(input.ExpiresAt), ExpiresAfter: input.ExpiresAfter, NeverExpires: value(input.NeverExpires),
		ShortExpiry: value(input.ShortExpiry), Policy: value(input.Policy), Priority: input.Priority,
		Likelihood: input.Likelihood, StandAlonePrice: input.StandAlonePrice,
	}
}

func (r mutationResolver) PurchasePay(ctx context.Context, purchaseID string, input gen.PurchasePayInput, idempotencyKey string) (*gen.PurchasePayPayload, error) {
	key, err := purchaseNoun.key("purchaseId", purchaseID)
	if err != nil {
		return &gen.PurchasePayPayload{UserErrors: invalidID(err)}, nil
	}
	paid, err := r.books.Pay(ctx, idempotencyKey, books.Payment{PurchaseID: key, PaidAt: value(input.PaidAt), Amount: input.Amount, FXRate: input.FxRate})
	refusals, fault := userErrors(err, "purchaseId")
	if err != nil {
		return &gen.PurchasePayPayload{UserErrors: refusals}, fault
	}
	return &gen.PurchasePayPayload{Purchase: &paid.Purchase, UserErrors: refusals}, nil
}

func (r mutationResolver) PurchaseVoid(ctx context.Context, purchaseID string, input gen.PurchaseVoidInput, idempotencyKey string) (*gen.PurchaseVoidPayload, error) {
	key, err := purchaseNoun.key("purchaseId", purchaseID)
	if err != nil {
		return &gen.PurchaseVoidPayload{UserErrors: invalidID(err)}, nil
	}
	voided, err := r.books.VoidPurchase(ctx, idempotencyKey, books.PurchaseVoid{PurchaseID: key, Reason: value(input.Reason)})
	refusals, fault := userErrors(err, "purchaseId")
	if err != nil {
		return &gen.PurchaseVoidPayload{UserErrors: refusals}, fault
	}
	return &gen.PurchaseVoidPayload{Purchase: &voided.Purchase, UserErrors: refusals}, nil
}

func (r mutationResolver) PurchaseDispute(ctx context.Context, purchaseID string, input gen.PurchaseDisputeInput, idempotencyKey string) (*gen.PurchaseDisputePayload, error) {
	key, err := purchaseNoun.key("purchaseId", purchaseID)
	if err != nil {
		return &gen.PurchaseDisputePayload{UserErrors: invalidID(err)}, nil
	}
	disputed, err := r.books.Dispute(ctx, idempotencyKey, books.DisputeRequest{
		PurchaseID: key, Outcome: input.Outcome, Amount: input.Amount, Reason: value(input.Reason),
	})
	refusals, fault := userErrors(err, "purchaseId")
	if err != nil {
		return &gen.PurchaseDisputePayload{UserErrors: refusals}, fault
	}
	return &gen.PurchaseDisputePayload{Purchase: &disputed.Purchase, UserErrors: refusals}, nil
}

// keyOfLot returns the own key of a lot that an input names, "" where it names none.
func keyOfLot(id *string) (string, error) {
	if id == nil {
		return "", nil
	}
	return lotNoun.key("input.lot", *id)
}

func (r mutationResolver) PurchaseExtend(ctx context.Context, purchaseID string, input gen.PurchaseExtendInput, idempotencyKey string) (*gen.PurchaseExtendPayload, error) {
	key, err := purchaseNoun.key("purchaseId", purchaseID)
	if err != nil {
		return &gen.PurchaseExtendPayload{UserErrors: invalidID(err)}, nil
	}
	lot, err := keyOfLot(input.Lot)
	if err != nil {
		return &gen.PurchaseExtendPayload{UserErrors: invalidID(err)}, nil
	}
	extended, err := r.books.Extend(ctx, idempotencyKey, books.Extension{
		PurchaseID: key, LotID: lot, ExpiresAt: value(input.ExpiresAt), ExpiresAfter: input.ExpiresAfter, NeverExpires: value(input.NeverExpires),
		Treatment: input.Treatment, Reason: input.Reason,
	})
	refusals, fault := userErrors(err, "purchaseId")
	if err != nil {
		return &gen.PurchaseExtendPayload{UserErrors: refusals}, fault
	}
	return &gen.PurchaseExtendPayload{Purchase: &extended.Purchase, UserErrors: refusals}, nil
}

func (r mutationResolver) PurchaseReinstate(ctx context.Context, purchaseID string, input gen.PurchaseReinstateInput, idempotencyKey string) (*gen.PurchaseReinstatePayload, error) {
	key, err := purchaseNoun.key("purchaseId", purchaseID)
	if err != nil {
		return &gen.PurchaseReinstatePayload{UserErrors: invalidID(err)}, nil
	}
	lot, err := keyOfLot(input.Lot)
	if err != nil {
		return &gen.PurchaseReinstatePayload{UserErrors: invalidID(err)}, nil
	}
	back, err := r.books.Reinstate(ctx, idempotencyKey, books.Reinstatement{
		PurchaseID: key, LotID: lot, Credits: input.Credits.Decimal(),
		ExpiresAt: value(input.ExpiresAt), ExpiresAfter: input.ExpiresAfter, NeverExpires: value(input.NeverExpires),
		Treatment: input.Treatment, Reason: input.Reason,
	})
	refusals, fault := userErrors(err, "purchaseId")
	if err != nil {
		return &gen.PurchaseReinstatePayload{UserErrors: refusals}, fault
	}
	return &gen.PurchaseReinstatePayload{Purchase: &back.Purchase, Lot: &back.Lot, UserErrors: refusals}, nil
}

func (r mutationResolver) PurchaseRefund(ctx context.Context, purchaseID string, input gen.PurchaseRefundInput, idempotencyKey string) (*gen.PurchaseRefundPayload, error) {
	key, err := purchaseNoun.key("purchaseId", purchaseID)
	if err != nil {
		return &gen.PurchaseRefundPayload{UserErrors: invalidID(err)}, nil
	}
	request := books.RefundRequest{PurchaseID: key, Amount: input.Amount, Reason: value(input.Reason), FXRate: input.FxRate}
	if input.Credits != nil {
		credits := input.Credits.Decimal()
		request.Credits = &credits
	}
	refunded, err := r.books.Refund(ctx, idempotencyKey, request)
	refusals, fault := userErrors(err, "purchaseId")
	if err != nil {
		return &gen.PurchaseRefundPayload{UserErrors: refusals}, fault
	}
	return &gen.PurchaseRefundPayload{Purchase: &refunded.Purchase, UserErrors: refusals}, nil
}

func (purchaseResolver) Customer(ctx context.Context, p *books.Purchase) (*books.Customer, error) {
	return found(pointer(ctx, requestOf(ctx).customers, p.CustomerID))
}

func (purchaseResolver) Pack(ctx context.Context, p *books.Purchase) (*books.Pack, error) {
	return pointer(ctx, requestOf(ctx).packs, p.PackID)
}

func (purchaseResolver) PackVersion(ctx context.Context, p *books.Purchase) (*books.PackVersion, error) {
	pack, err := pointer(ctx, requestOf(ctx).packs, p.PackID)
	if err != nil || pack == nil {
		return nil, err
	}
	return pack.Version(max(p.PackVersion, 1)), nil // 0 is what was answered before there were versions
}

func (purchaseResolver) Policy(ctx context.Context, p *books.Purchase) (*books.Policy, error) {
	return found(pointer(ctx, requestOf(ctx).policies, p.PolicyID))
}

func (purchaseResolver) Lot(ctx context.Context, p *books.Purchase) (*revrec.Lot, error) {
	return found(pointer(ctx, requestOf(ctx).lots, p.LotID))
}

func (purchaseResolver) Lots(ctx context.Context, p *books.Purchase, first int, after *string, reverse bool) (*view.LotConnection, error) {
	q := requestOf(ctx)
	return connectBelow(ctx, q, paging{first: first, after: after, reverse: reverse}, nested[soldTo, books.LotFilter, revrec.Lot]{
		list: q.lotList(), parent: soldTo{p.CustomerID, p.ID}, kin: &q.soldKin,
		filter: func(of soldTo) books.LotFilter {
			return books.LotFilter{CustomerID: of.customerID, PurchaseID: of.purchaseID}
		},
		pages: books.Tx.LotsBelow, counts: books.Tx.CountLotsBelow,
	})
}

func (purchaseResolver) BonusTerms(ctx context.Context, p *books.Purchase) (*view.BonusTerms, error) {
	if p.BonusLotID == "" {
		return nil, nil
	}
	lot, err := found(pointer(ctx, requestOf(ctx).lots, p.BonusLotID))
	if err != nil {
		return nil, err
	}
	terms := &view.BonusTerms{Lot: lot, Price: lot.Price, Likelihood: p.BonusLikelihood, StandAlonePrice: p.ListPrice()}
	if p.BonusStandAlone.Minor != 0 {
		terms.BonusStandAlonePrice = &p.BonusStandAlone
	}
	return terms, nil
}

func (purchaseResolver) RefundAmount(_ context.Context, p *books.Purchase) (*ledger.Amount, error) {
	if p.RefundedAt.IsZero() && p.RefundAmount.Minor == 0 {
		return nil, nil
	}
	return &p.RefundAmount, nil
}

func (purchaseResolver) Payments(ctx context.Context, p *books.Purchase) ([]books.Receipt, error) {
	payments, _, err := requestOf(ctx).paymentsOf.load(ctx, p.ID)
	return payments, err
}

func (purchaseResolver) Dispute(_ context.Context, p *books.Purchase) (*books.DisputeStatus, error) {
	if p.Dispute == "" {
		return nil, nil
	}
	return &p.Dispute, nil
}

func (purchaseResolver) DisputeAmount(_ context.Context, p *books.Purchase) (*ledger.Amount, error) {
	if p.Dispute == "" {
		return nil, nil
	}
	return &p.DisputeAmount, nil
}

func (purchaseResolver) LostAmount(_ context.Context, p *books.Purchase) (*ledger.Amount, error) {
	if p.LostAmount.Minor == 0 {
		return nil, nil
	}
	return &p.LostAmount, nil
}

func (purchaseResolver) Entries(ctx context.Context, p *books.Purchase, first int, after *string, reverse bool) (*view.EntryConnection, error) {
	q := requestOf(ctx)
	return entriesBelow(ctx, &q.purchaseKin, p.ID, func(id string) books.EntryFilter { return books.EntryFilter{Reference: id} }, paging{first: first, after: after, reverse: reverse})
}

func (purchaseResolver) Reference(_ context.Context, p *books.Purchase) (*string, error) {
	return text(p.Reference), nil
}
