package books

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// NewPurchase asks for a sale of credits: of a pack, whose tiers give the price, or of a
// custom deal with its own price.
type NewPurchase struct {
	Customer string          `json:"customer"` // external id
	Pack     string          `json:"pack"`     // code; "" for a custom deal
	Policy   string          `json:"policy"`   // code; the pack's, or "default", where empty
	Credits  decimal.Decimal `json:"credits"`
	Bonus    decimal.Decimal `json:"bonus"`
	// BonusTerms has the bonus be a lot of its own; where nil it is on the same terms as what
	// is bought. StandAlonePrice is what is bought would cost alone, where that is not its
	// price; it goes with BonusTerms.
	BonusTerms      *BonusTerms      `json:"bonusTerms,omitempty"`
	StandAlonePrice *decimal.Decimal `json:"standAlonePrice,omitempty"`
	// Price, without tax, and Currency are given for a custom deal alone; Currency is
	// the book's where empty.
	Price    *decimal.Decimal `json:"price"`
	Currency ledger.Currency  `json:"currency"`
	Tax      decimal.Decimal  `json:"tax"`
	FXRate   *decimal.Decimal `json:"fxRate"` // functional per unit; of the day by the table of rates where nil
	// PurchasedAt is when it happened (now where zero); EffectiveAt when the credits
	// begin (PurchasedAt where zero).
	PurchasedAt time.Time `json:"purchasedAt"`
	EffectiveAt time.Time `json:"effectiveAt"`
	// One of ExpiresAt, ExpiresAfter and NeverExpires may be set; it wins over the policy.
	ExpiresAt    time.Time        `json:"expiresAt"`
	ExpiresAfter *ledger.Duration `json:"expiresAfter"`
	NeverExpires bool             `json:"neverExpires"`
	ShortExpiry  string           `json:"shortExpiry"` // why they may lapse within 30 days
	Priority     *int             `json:"priority"`    // 100 where nil; the lower is used first
	// Invoiced purchases are not paid yet: they fall due on DueOn, or not before they are
	// paid where that is zero or they are Cancellable.
	Invoiced    bool        `json:"invoiced"`
	DueOn       ledger.Date `json:"dueOn"`
	Cancellable bool        `json:"cancellable"`
	Reference   string      `json:"reference"`
}

// Purchased is a purchase and the lot it made, of two that of what was bought.
type Purchased struct {
	Purchase Purchase
	Lot      revrec.Lot
}

// Purchase sells credits: it makes the purchase, its lot and, where it was paid, the
// entry: the contract liability appears with the payment. ASC 606-10-45-2.
// Errors: NOT_FOUND, PACK_RETIRED, INVALID, TOO_LARGE, SHORT_EXPIRY, IDEMPOTENCY_CONFLICT.
func (b *Books) Purchase(ctx context.Context, key string, request NewPurchase) (Purchased, error) {
	return once(ctx, b, act{"purchase.create", key, request}, func(ctx context.Context, tx Tx) (Purchased, string, error) {
		bought, err := b.buy(ctx, tx, request)
		return bought, bought.Purchase.ID, err
	})
}

// buy makes the purchase within a transaction.
func (b *Books) buy(ctx context.Context, tx Tx, request NewPurchase) (Purchased, error) {
	deal, err := b.deal(ctx, tx, request)
	if err != nil {
		return Purchased{}, err
	}
	if err := tx.InsertPurchase(ctx, deal.purchase); err != nil {
		return Purchased{}, err
	}
	if err := b.insertLots(ctx, tx, deal); err != nil {
		return Purchased{}, err
	}
	if err := tx.SetCustomerPolicy(ctx, deal.customer.ID, deal.policy.ID); err != nil {
		return Purchased{}, err
	}
	if deal.purchase.Status == PurchasePaid {
		if err := b.postReceipt(ctx, tx, ledger.PurchaseEntry, deal.purchase, deal.purchase.grossFunctional(), deal.lot.LiabilityOn); err != nil {
			return Purchased{}, err
		}
	}
	lots, err := tx.LotsByID(ctx, []string{deal.lot.ID}) // the store gave it its order
	if err != nil {
		return Purchased{}, err
	}
	return Purchased{deal.purchase, lots[0]}, nil
}

// deal is a purchase on its way into the book.
type deal struct {
	customer Customer
	policy   Policy
	purchase Purchase
	lot      revrec.Lot
	// bonus is the lot of a bonus on terms of its own, nil where there is none.
	bonus       *revrec.Lot
	bonusPolicy Policy
}

// insertLots keeps the lots of a sale, what was bought first, and tells their pools.
func (b *Books) insertLots(ctx context.Context, tx Tx, d deal) error {
	lots, pools := []revrec.Lot{d.lot}, poolDays{}
	pools.gather(d.policy, &d.lot, b.book.Functional, revrec.PoolDaysOf(d.lot, nil))
	if d.bonus != nil {
		lots = append(lots, *d.bonus)
		pools.gather(d.bonusPolicy, d.bonus, b.book.Functional, revrec.PoolDaysOf(*d.bonus, nil))
	}
	if err := pools.add(ctx, tx, b); err != nil {
		return err
	}
	sold := make([]Cohort, len(lots))
	for i := range lots {
		sold[i] = b.soldIn(&lots[i], d.purchase, d.customer)
	}
	filed, err := tx.AddToCohorts(ctx, b.moveNow(), sold)
	if err != nil {
		return err
	}
	for i, lot := range lots {
		lot.CohortID = filed[i].ID
		if err := tx.InsertLot(ctx, lot); err != nil {
			return err
		}
	}
	return nil
}

func (b *Books) deal(ctx context.Context, tx Tx, request NewPurchase) (deal, error) {
	var d deal
	var err error
	if d.customer, err = customerByExternalID(ctx, tx, request.Customer); err != nil {
		return d, err
	}
	d.purchase = Purchase{ID: b.newID(), LotID: b.newID(), CustomerID: d.customer.ID, Reference: request.Reference, CreatedAt: b.clock()}
	if err := b.terms(request, &d); err != nil {
		return d, err
	}
	if err := b.price(ctx, tx, request, &d); err != nil { // by what is in force when it is bought
		return d, err
	}
	err = b.makeLot(request, &d)
	return d, err
}

// price settles pack, policy, credits and money.
func (b *Books) price(ctx context.Context, tx Tx, request NewPurchase, d *deal) error {
	p := &d.purchase
	var err error
	if p.Credits, err = creditsOf("credits", request.Credits); err != nil {
		return err
	}
	if p.Bonus, err = creditsOrNone("bonus", request.Bonus); err != nil {
		return err
	}
	if p.Credits+p.Bonus > revrec.MaxCredits {
		return refuse(TooLarge, "bonus", "and credits must be at most 1,000,000,000 together, not %s", p.Credits+p.Bonus)
	}
	if request.Pack != "" {
		err = b.packPrice(ctx, tx, request, d)
	} else {
		err = b.customPrice(request, p)
	}
	if err != nil {
		return err
	}
	if d.policy.ID == "" {
		if d.policy, err = policyByCode(ctx, tx, request.Policy); err != nil {
			return err
		}
	}
	p.PolicyID = d.policy.ID
	if p.Tax, err = amountOf("tax", request.Tax, p.Price.Currency); err != nil {
		return err
	}
	if err := b.exchange(ctx, tx, request.FXRate, p); err != nil {
		return err
	}
	return b.bonusTerms(ctx, tx, request, d)
}

func (b *Books) packPrice(ctx context.Context, tx Tx, request NewPurchase, d *deal) error {
	if err := tx.SharePack(ctx, request.Pack); err != nil {
		return err
	}
	pack, err := packByCode(ctx, tx, "pack", request.Pack)
	if err != nil {
		return err
	}
	switch {
	case request.Price != nil:
		return refuse(Invalid, "price", "goes without a pack: pack %q has its own price", request.Pack)
	case request.Currency != "" && request.Currency != pack.Currency:
		return refuse(Invalid, "currency", "is %s for pack %q, not %s", pack.Currency, request.Pack, request.Currency)
	}
	version, err := pack.forSale(d.purchase.PurchasedAt)
	if err != nil {
		return err
	}
	d.purchase.PackID, d.purchase.PackVersion = pack.ID, version.Number
	if d.purchase.Price, err = version.PriceOf(pack, d.purchase.Credits); err != nil || request.Policy != "" {
		return err
	}
	d.policy, err = policyByID(ctx, tx, version.PolicyID)
	return err
}

func (b *Books) customPrice(request NewPurchase, p *Purchase) error {
	currency, err := b.currencyOf("currency", request.Currency)
	if err != nil {
		return err
	}
	if request.Price == nil {
		return refuse(Invalid, "price", "is needed where no pack is named")
	}
	p.Price, err = amountOf("price", *request.Price, currency)
	return err
}

// exchange settles the functional amounts: the rate of first recognition is the lot's
// for life: the one given, else that of the day by the table. ASC 830-10-45-18, IFRIC 22.
func (b *Books) exchange(ctx context.Context, tx Tx, rate *decimal.Decimal, p *Purchase) error {
	day, home := ledger.DateOf(p.PurchasedAt, b.zone), p.Price.Currency == b.book.Functional
	var err error
	if rate == nil && !home {
		if rate, err = fxRateOn(ctx, tx, p.Price.Currency, day); err != nil {
			return err
		}
	}
	switch {
	case rate == nil && !home:
		return refuse(Invalid, "fxRate", "is needed: how many %s one %s is. Give it, or set the rate of %s by fxRateSet: the table has none of that day or the %d before",
			b.book.Functional, p.Price.Currency, day, fxRateDays)
	case rate == nil:
		p.FXRate = decimal.NewFromInt(1)
	default:
		p.FXRate = *rate
	}
	if err := b.checkRate(p.FXRate, p.Price.Currency); err != nil {
		return err
	}
	if p.Functional, err = b.functional(p.Price, p.FXRate); err != nil {
		return err
	}
	p.FunctionalTax, err = b.functional(p.Tax, p.FXRate)
	return err
}

// functional returns the amount at the rate, rounded half away from zero to the minor
// unit of the book's currency.
func (b *Books) functional(amount ledger.Amount, rate decimal.Decimal) (ledger.Amount, error) {
	converted, err := ledger.AmountOf(amount.Decimal().Mul(rate).Round(b.book.Functional.Exponent()), b.book.Functional)
	if err != nil {
		return converted, refuse(TooLarge, "fxRate", "makes %s more than 10,000,000,000,000 minor units of %s", amount, b.book.Functional)
	}
	return converted, nil
}

// terms settles when it happened and when it is paid.
func (b *Books) terms(request NewPurchase, d *deal) error {
	p := &d.purchase
	var err error
	if p.PurchasedAt, err = b.instantOf("purchasedAt", request.PurchasedAt); err != nil {
		return err
	}
	if err := checkText("reference", request.Reference, 0, maxTextLength); err != nil {
		return err
	}
	day := ledger.DateOf(p.PurchasedAt, b.zone)
	if !request.Invoiced {
		switch {
		case request.DueOn != 0:
			return refuse(Invalid, "dueOn", "goes with an invoiced purchase alone: this one is paid at once")
		case request.Cancellable:
			return refuse(Invalid, "cancellable", "goes with an invoiced purchase alone: this one is paid at once")
		}
		p.Status, p.PaidAt = PurchasePaid, p.PurchasedAt
		return nil
	}
	p.Status, p.Cancellable = PurchaseInvoiced, request.Cancellable
	if request.DueOn != 0 && request.DueOn < day {
		return refuse(Invalid, "dueOn", "must not be before the purchase (%s), but is %s", day, request.DueOn)
	}
	if !p.Cancellable { // what can be cancelled gives no unconditional right, whatever the invoice says
		p.DueOn = request.DueOn
	}
	return nil
}

func (b *Books) makeLot(request NewPurchase, d *deal) error {
	p := &d.purchase
	start := p.PurchasedAt
	if !request.EffectiveAt.IsZero() {
		start = request.EffectiveAt.UTC().Truncate(time.Microsecond)
		if start.Before(earliest) || start.After(p.PurchasedAt.AddDate(10, 0, 0)) {
			return refuse(Invalid, "effectiveAt", "must lie between 1970 and ten years after the purchase, but is %s", start.Format(time.RFC3339))
		}
	}
	expires, err := b.expiry(term{request.ExpiresAt, request.ExpiresAfter, request.NeverExpires, request.ShortExpiry}, d.policy.Policy, start)
	if err != nil {
		return err
	}
	priority, err := priorityOf(request.Priority)
	if err != nil {
		return err
	}
	price, bonusPrice := p.Split(p.Price)
	functional, bonusFunctional := p.Split(p.Functional)
	granted := p.Credits
	if p.BonusLotID == "" {
		granted += p.Bonus
	}
	d.lot = b.soldLot(*p, p.LotID, d.policy, granted, price, functional)
	d.lot.Priority, d.lot.Jurisdiction = priority, d.customer.Jurisdiction
	b.setTerm(&d.lot, d.policy.Policy, start, expires)
	if p.BonusLotID == "" {
		return nil
	}
	return b.bonusLot(*request.BonusTerms, d, start, bonusPrice, bonusFunctional)
}

// soldLot is a lot of a purchase, but for its priority and its term.
func (b *Books) soldLot(p Purchase, id string, policy Policy, granted revrec.Credits, price, functional ledger.Amount) revrec.Lot {
	lot := revrec.Lot{
		ID: id, CustomerID: p.CustomerID, PurchaseID: p.ID, PolicyID: policy.ID, Kind: revrec.PurchaseLot,
		Granted: granted, PurchasedOn: ledger.DateOf(p.PurchasedAt, b.zone), CreatedAt: p.CreatedAt,
	}
	lot.Begin(price, functional)
	lot.LiabilityOn = p.DueOn // or the payment, where that comes first or nothing falls due
	if p.Status == PurchasePaid {
		lot.LiabilityOn = lot.PurchasedOn
		lot.Carrying, lot.CarryingFunctional = price, functional
	}
	if policy.Breakage.Method == revrec.Remote {
		lot.RemoteDue = revrec.RemoteOn(policy.Breakage, lot.PurchasedOn, nil)
	}
	return lot
}

// postReceipt books the appearance of a purchase's contract liability with the money:
// Dr cash, Cr deferred revenue, Cr tax payable. ASC 606-10-45-2, 32-2A. received is what the
// money was worth on its day; the lot keeps its rate.
func (b *Books) postReceipt(ctx context.Context, tx Tx, kind ledger.EntryKind, p Purchase, received ledger.Amount, day ledger.Date) error {
	return b.postPurchase(ctx, tx, kind, ledger.Cash, p, p.rest(), received, day)
}

// postPurchase books a part of price and tax of a purchase, or all, against cash or a receivable.
// functional is what that is worth on its day.
func (b *Books) postPurchase(ctx context.Context, tx Tx, kind ledger.EntryKind, against ledger.Role, p Purchase, part share, functional ledger.Amount, day ledger.Date) error {
	d, err := dimensionsOf(ctx, tx, p)
	if err != nil {
		return err
	}
	return b.post(ctx, tx, ledger.Entry{
		Kind: kind, OccurredOn: day, Reference: p.ID,
		Description: fmt.Sprintf("%s for %s", counted((p.Credits+p.Bonus).String(), "credit"), d.Customer),
		Lines: ledger.WithoutZeros(
			ledger.Debit(against, part.price.Add(part.tax), functional, d),
			exchange(part.price, part.functional().Sub(functional), d),
			ledger.Credit(ledger.DeferredRevenue, part.price, part.priceFunctional, d),
			ledger.Credit(ledger.TaxPayable, part.tax, part.taxFunctional, d),
		),
	})
}

// post books one entry under its accounting date; one that moves nothing is left out.
func (b *Books) post(ctx context.Context, tx Tx, entry ledger.Entry) error {
	if len(entry.Lines) == 0 {
		return nil
	}
	closed, err := tx.ClosedThrough(ctx)
	if err != nil {
		return err
	}
	entry.AccountingDate = ledger.AccountingDate(entry.OccurredOn, closed)
	entry.PostedAt = b.clock()
	_, err = tx.AppendEntries(ctx, []ledger.Entry{entry})
	return err
}

// dimensionsOf returns whose figures the lines of a purchase are.
func dimensionsOf(ctx context.Context, tx Tx, p Purchase) (ledger.Dimensions, error) {
	var d ledger.Dimensions
	customers, err := tx.CustomersByID(ctx, []string{p.CustomerID})
	if err != nil {
		return d, err
	}
	policy, err := policyByID(ctx, tx, p.PolicyID)
	if err != nil {
		return d, err
	}
	if len(customers) > 0 {
		d.Customer = customers[0].ExternalID
	}
	d.Policy = policy.Code
	if p.PackID != "" {
		packs, err := tx.PacksByID(ctx, []string{p.PackID})
		if err != nil {
			return d, err
		}
		if len(packs) > 0 {
			d.Pack = packs[0].Code
		}
	}
	return d, nil
}
