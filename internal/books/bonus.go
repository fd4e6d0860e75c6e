package books

import (
	"context"
	"errors"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// BonusTerms has the bonus of a purchase be a lot of its own: with its own end, policy and
// place in the burn order, and with its part of the price.
type BonusTerms struct {
	ExpiresAt    time.Time        `json:"expiresAt"` // as of a purchase; the policy's end where none is given
	ExpiresAfter *ledger.Duration `json:"expiresAfter"`
	NeverExpires bool             `json:"neverExpires"`
	ShortExpiry  string           `json:"shortExpiry"`
	Policy       string           `json:"policy"`   // code; the purchase's where empty
	Priority     *int             `json:"priority"` // 100 where nil; the lower is used first
	// Likelihood is the share of the bonus that is expected to be used: more than 0, at most
	// 1, which it is where nil. StandAlonePrice is what the bonus would cost alone; as much
	// per credit as what is bought where nil.
	Likelihood      *decimal.Decimal `json:"likelihood"`
	StandAlonePrice *decimal.Decimal `json:"standAlonePrice"`
}

// maxLikelihoodPlaces is finer than anybody can estimate.
const maxLikelihoodPlaces = 6

// Split returns the parts of an amount of the purchase that belong to its own lot and to the
// lot of its bonus: all to the first where there is no other. 606-10-32-31, 55-42.
func (p Purchase) Split(amount ledger.Amount) (bought, bonus ledger.Amount) {
	if p.BonusLotID == "" {
		return amount, ledger.Money(0, amount.Currency)
	}
	sale := revrec.BonusSale{Bought: p.Credits, Bonus: p.Bonus, List: p.ListPrice(), Likelihood: p.BonusLikelihood}
	if p.BonusStandAlone.Minor != 0 {
		sale.BonusList = &p.BonusStandAlone
	}
	return sale.Split(amount)
}

// ListPrice returns what the credits bought cost alone: what was said, else their price.
func (p Purchase) ListPrice() ledger.Amount {
	if p.StandAlone.Minor != 0 {
		return p.StandAlone
	}
	return p.Price
}

// bonusTerms settles how a bonus with terms of its own shares in the price.
// Errors: NOT_FOUND, INVALID, TOO_LARGE.
func (b *Books) bonusTerms(ctx context.Context, tx Tx, request NewPurchase, d *deal) error {
	p, terms := &d.purchase, request.BonusTerms
	p.StandAlone, p.BonusStandAlone = ledger.Money(0, p.Price.Currency), ledger.Money(0, p.Price.Currency)
	if terms == nil {
		if request.StandAlonePrice != nil {
			return refuse(Invalid, "standAlonePrice", "goes with bonusTerms: without, there is nothing to share the price with")
		}
		return nil
	}
	if p.Bonus == 0 {
		return refuse(Invalid, "bonus", "must be more than 0 credits where bonusTerms are given")
	}
	p.BonusLotID = b.newID()
	var err error
	if p.StandAlone, err = standAlone("standAlonePrice", request.StandAlonePrice, p.Price.Currency); err != nil {
		return err
	}
	if p.BonusStandAlone, err = standAlone("bonusTerms.standAlonePrice", terms.StandAlonePrice, p.Price.Currency); err != nil {
		return err
	}
	if p.BonusLikelihood, err = likelihoodOf(terms.Likelihood); err != nil {
		return err
	}
	if d.bonusPolicy = d.policy; terms.Policy != "" {
		d.bonusPolicy, err = policyByCode(ctx, tx, terms.Policy)
	}
	return within("bonusTerms", err)
}

func standAlone(field string, given *decimal.Decimal, currency ledger.Currency) (ledger.Amount, error) {
	if given == nil {
		return ledger.Money(0, currency), nil
	}
	amount, err := amountOf(field, *given, currency)
	if err == nil && amount.IsZero() {
		return amount, refuse(Invalid, field, "must be more than 0; leave it out for the price per credit of what is bought")
	}
	return amount, err
}

func likelihoodOf(given *decimal.Decimal) (decimal.Decimal, error) {
	if given == nil {
		return decimal.NewFromInt(1), nil
	}
	if given.Sign() <= 0 || given.GreaterThan(decimal.NewFromInt(1)) || given.Exponent() < -maxLikelihoodPlaces {
		return *given, refuse(Invalid, "bonusTerms.likelihood", "must be more than 0, at most 1 and have at most %d decimals, such as 0.8, not %s",
			maxLikelihoodPlaces, clip(given.String()))
	}
	return *given, nil
}

// bonusLot makes the lot of a bonus on terms of its own, which begins with the credits bought.
func (b *Books) bonusLot(terms BonusTerms, d *deal, start time.Time, price, functional ledger.Amount) error {
	expires, err := b.expiry(term{terms.ExpiresAt, terms.ExpiresAfter, terms.NeverExpires, terms.ShortExpiry}, d.bonusPolicy.Policy, start)
	if err != nil {
		return within("bonusTerms", err)
	}
	priority, err := priorityOf(terms.Priority)
	if err != nil {
		return within("bonusTerms", err)
	}
	lot := b.soldLot(d.purchase, d.purchase.BonusLotID, d.bonusPolicy, d.purchase.Bonus, price, functional)
	lot.Priority, lot.Jurisdiction = priority, d.customer.Jurisdiction
	b.setTerm(&lot, d.bonusPolicy.Policy, start, expires)
	d.bonus = &lot
	return nil
}

// within puts the field that a refusal names under another.
func within(parent string, err error) error {
	var refusal *Error
	if errors.As(err, &refusal) && refusal.Field != "" {
		refusal.Field = parent + "." + refusal.Field
	}
	return err
}
