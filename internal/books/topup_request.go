package books

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// topUps looks at a page of the rules of customers, one bounded step: it lets requests end
// that nobody answered, and requests more credits for those whose balance is below their number.
func (b *Books) topUps(ctx context.Context, tx Tx, run *running) (more bool, err error) {
	now := b.clock()
	if run.at.after.LotID == "" {
		if err := tx.ExpireTopUps(ctx, now); err != nil {
			return false, err
		}
	}
	yes := true
	rules, err := tx.TopUpRules(ctx, TopUpFilter{InForce: &yes}, Page{After: run.at.after.LotID, Limit: alertPage})
	if err != nil || len(rules) == 0 {
		return false, err
	}
	run.at.after.LotID = rules[len(rules)-1].ID
	ids := make([]string, len(rules))
	for i, rule := range rules {
		ids[i] = rule.CustomerID
	}
	balances, err := b.Balances(ctx, tx, ids, now)
	if err != nil {
		return false, err
	}
	byCustomer := make(map[string]Balance, len(balances))
	for _, balance := range balances {
		byCustomer[balance.CustomerID] = balance
	}
	for _, rule := range rules {
		if byCustomer[rule.CustomerID].Credits < rule.Below {
			if err := b.requestTopUp(ctx, tx, rule, byCustomer[rule.CustomerID], now); err != nil {
				return false, err
			}
		}
	}
	return len(rules) == alertPage, nil
}

// requestTopUp asks the payment system for a charge, unless a request is open or the month
// has had its share.
func (b *Books) requestTopUp(ctx context.Context, tx Tx, rule TopUpRule, balance Balance, now time.Time) error {
	month := ledger.DateOf(now, b.zone).Period()
	open, err := tx.CountTopUps(ctx, TopUpFilter{CustomerID: rule.CustomerID, RuleID: rule.ID, Status: TopUpOpen})
	if err != nil || open > 0 {
		return err
	}
	since := month.First().Start(b.zone)
	made, err := tx.CountTopUps(ctx, TopUpFilter{CustomerID: rule.CustomerID, RuleID: rule.ID, From: since})
	if err != nil || made >= int64(rule.MonthlyCap) {
		return err
	}
	customers, err := tx.CustomersByID(ctx, []string{rule.CustomerID})
	if err != nil {
		return err
	}
	trial, err := b.trial(ctx, tx, rule.sale(customers[0].ExternalID))
	switch code := CodeOf(err); {
	case err == nil:
	case code == Internal || code == Unavailable:
		return err
	default:
		return nil // such as a pack that is no longer sold: the rule waits until it is, or is ended
	}
	request := TopUp{
		ID: b.newID(), RuleID: rule.ID, CustomerID: rule.CustomerID, Status: TopUpOpen, Balance: balance.Credits,
		Credits: rule.Credits, Price: trial.purchase.Price, At: now, EndsAt: now.Add(time.Duration(rule.OpenHours) * time.Hour),
	}
	if err := tx.InsertTopUp(ctx, request); err != nil {
		return err
	}
	return b.tell(ctx, tx, topUpNotice(request))
}

// sale is what the rule buys.
func (r TopUpRule) sale(customer string) NewPurchase {
	sale := NewPurchase{Customer: customer, Pack: r.Pack, Credits: r.Credits.Decimal()}
	if r.Pack == "" {
		price := r.Price.Decimal()
		sale.Policy, sale.Price, sale.Currency = r.Policy, &price, r.Price.Currency
	}
	return sale
}

func topUpNotice(t TopUp) notice {
	return notice{NoticeTopUpRequested, []string{t.CustomerID}, func(customers map[string]string) map[string]any {
		return map[string]any{
			"topUpId": "tup_" + t.CustomerID + "/" + t.ID, "customer": customers[t.CustomerID], "balance": t.Balance.String(),
			"credits": t.Credits.String(), "price": moneyOf(t.Price), "endsAt": told(t.EndsAt),
		}
	}}
}

// ConfirmTopUp says that a request was charged.
type ConfirmTopUp struct {
	CustomerID string           `json:"customerId"`
	ID         string           `json:"id"`
	PaidAt     time.Time        `json:"paidAt"` // now where zero
	Tax        decimal.Decimal  `json:"tax"`
	FXRate     *decimal.Decimal `json:"fxRate"` // where the price is in another currency than the book's
	Reference  string           `json:"reference"`
}

// ToppedUp is a confirmed request and what it bought.
type ToppedUp struct {
	TopUp    TopUp
	Purchase Purchased
}

// TopUpConfirm sells the credits of a request that was charged, paid: there are none before.
// A request that is confirmed again, under whatever key, answers as the first time did.
// Errors: NOT_FOUND, ALREADY_DECIDED where it failed or ended, INVALID, and those of
// [Books.Purchase].
func (b *Books) TopUpConfirm(ctx context.Context, key string, request ConfirmTopUp) (ToppedUp, error) {
	return once(ctx, b, act{"topUp.confirm", key, request}, func(ctx context.Context, tx Tx) (ToppedUp, string, error) {
		open, rule, err := b.lockTopUp(ctx, tx, request.CustomerID, request.ID)
		if err != nil {
			return ToppedUp{}, "", err
		}
		if open.Status == TopUpConfirmed {
			bought, err := boughtBy(ctx, tx, open)
			return ToppedUp{open, bought}, topUpSubject(open), err
		}
		if open.Status != TopUpOpen || !b.clock().Before(open.EndsAt) {
			return ToppedUp{}, "", refuse(AlreadyDecided, "topUpId", "names a request that %s: a new one comes with the next run, while the balance is low", ended(open))
		}
		sale, err := b.saleOf(ctx, tx, open, rule, request)
		if err != nil {
			return ToppedUp{}, "", err
		}
		bought, err := b.buy(ctx, tx, sale)
		if err != nil {
			return ToppedUp{}, "", err
		}
		open.Status, open.DecidedAt, open.PurchaseID = TopUpConfirmed, b.clock(), bought.Purchase.ID
		if err := tx.DecideTopUp(ctx, open); err != nil {
			return ToppedUp{}, "", err
		}
		return ToppedUp{open, bought}, topUpSubject(open), b.tell(ctx, tx, purchaseNotice(NoticePurchaseCreated, bought))
	})
}

// topUpSubject is how the audit trail names the request.
func topUpSubject(t TopUp) string { return t.CustomerID + "/" + t.ID }

func ended(t TopUp) string {
	if t.Status == TopUpFailed {
		return "failed"
	}
	return "ended on " + t.EndsAt.Format(time.RFC3339)
}

// saleOf is what was announced: the pack, where it still costs what it did then, or the
// same credits under its policy at that price.
func (b *Books) saleOf(ctx context.Context, tx Tx, open TopUp, rule TopUpRule, request ConfirmTopUp) (NewPurchase, error) {
	customers, err := tx.CustomersByID(ctx, []string{open.CustomerID})
	if err != nil {
		return NewPurchase{}, err
	}
	sale := rule.sale(customers[0].ExternalID)
	sale.Credits, sale.PurchasedAt, sale.Tax, sale.FXRate, sale.Reference = open.Credits.Decimal(), request.PaidAt, request.Tax, request.FXRate, request.Reference
	if rule.Pack == "" {
		return sale, nil
	}
	if now, err := b.trial(ctx, tx, sale); err == nil && now.purchase.Price == open.Price {
		return sale, nil
	}
	pack, err := packByCode(ctx, tx, "pack", rule.Pack)
	if err != nil {
		return sale, err
	}
	policy, err := policyByID(ctx, tx, pack.PolicyID)
	price := open.Price.Decimal()
	sale.Pack, sale.Policy, sale.Price, sale.Currency = "", policy.Code, &price, open.Price.Currency
	return sale, err
}

// boughtBy reads what a confirmed request bought.
func boughtBy(ctx context.Context, tx Tx, t TopUp) (Purchased, error) {
	purchases, err := tx.PurchasesByID(ctx, []string{t.PurchaseID})
	if err == nil && len(purchases) == 0 {
		err = refuse(Internal, "", "the purchase of top-up %s is missing", t.ID)
	}
	if err != nil {
		return Purchased{}, err
	}
	lots, err := tx.LotsByID(ctx, []string{purchases[0].LotID})
	if err != nil || len(lots) == 0 {
		return Purchased{}, err
	}
	return Purchased{Purchase: purchases[0], Lot: lots[0]}, nil
}

func (b *Books) lockTopUp(ctx context.Context, tx Tx, customerID, id string) (TopUp, TopUpRule, error) {
	open, err := tx.LockTopUp(ctx, customerID, id)
	if err != nil && CodeOf(err) == NotFound {
		err = refuse(NotFound, "topUpId", "names no request for credits")
	}
	if err != nil {
		return open, TopUpRule{}, err
	}
	rules, err := tx.TopUpRules(ctx, TopUpFilter{CustomerID: customerID, RuleID: open.RuleID}, Page{Limit: 1})
	if err == nil && len(rules) == 0 {
		err = refuse(Internal, "", "the rule of top-up %s is missing", id)
	}
	if err != nil {
		return open, TopUpRule{}, err
	}
	return open, rules[0], nil
}

// FailTopUp says that a request was not charged.
type FailTopUp struct {
	CustomerID string `json:"customerId"`
	ID         string `json:"id"`
	Reason     string `json:"reason"`
}

// TopUpFail ends a request that was not charged. One that failed stays as it is.
// Errors: NOT_FOUND, ALREADY_DECIDED where it was confirmed or ended, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) TopUpFail(ctx context.Context, key string, request FailTopUp) (TopUp, error) {
	return once(ctx, b, act{"topUp.fail", key, request}, func(ctx context.Context, tx Tx) (TopUp, string, error) {
		if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil {
			return TopUp{}, "", err
		}
		open, _, err := b.lockTopUp(ctx, tx, request.CustomerID, request.ID)
		if err != nil || open.Status == TopUpFailed {
			return open, topUpSubject(open), err
		}
		if open.Status != TopUpOpen {
			return TopUp{}, "", refuse(AlreadyDecided, "topUpId", "names a request that is %s", open.Status)
		}
		open.Status, open.DecidedAt, open.Reason = TopUpFailed, b.clock(), request.Reason
		return open, topUpSubject(open), tx.DecideTopUp(ctx, open)
	})
}
