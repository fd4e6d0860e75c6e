package books

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"

	"drawdown/ledger"
	"drawdown/revrec"
)

// openingPlan is an import that was checked and is to be written.
type openingPlan struct {
	asOf      ledger.Date
	lots      []openingDeal // the earliest purchase first
	customers []Customer    // to be made
	result    OpeningResult
}

type openingDeal struct {
	customer Customer
	policy   Policy
	purchase Purchase
	lot      *revrec.Lot
}

// openingKnown is what rows name that is in the book.
type openingKnown struct {
	customers map[string]Customer
	policies  map[string]Policy
	lines     map[string]int // of references of the file
	taken     map[string]bool
}

// planOpening checks an import without writing anything.
func (b *Books) planOpening(ctx context.Context, tx Tx, opening Opening) (openingPlan, error) {
	plan := openingPlan{asOf: opening.AsOf, result: OpeningResult{AsOf: opening.AsOf, Lots: len(opening.Lots)}}
	if err := b.checkCutOver(ctx, tx, opening); err != nil {
		return plan, err
	}
	known, err := readKnown(ctx, tx, opening)
	if err != nil {
		return plan, err
	}
	problems := &OpeningRowsError{}
	for _, row := range opening.Lots {
		deal, err := b.openingDeal(ctx, tx, row, known, &plan)
		var refusal *Error
		if errors.As(err, &refusal) {
			problems.Add(row.Line, refusal)
			continue
		}
		if err != nil {
			return plan, err
		}
		plan.lots = append(plan.lots, deal)
	}
	if problems.Count > 0 {
		return plan, problems
	}
	slices.SortStableFunc(plan.lots, func(x, y openingDeal) int { return x.purchase.PurchasedAt.Compare(y.purchase.PurchasedAt) })
	plan.add()
	return plan, b.checkControls(opening, plan.result)
}

func (b *Books) checkCutOver(ctx context.Context, tx Tx, opening Opening) error {
	switch {
	case len(opening.Lots) == 0:
		return refuse(Invalid, "lots", "must be at least one")
	case len(opening.Lots) > MaxOpeningLots:
		return refuse(TooLarge, "lots", "must be at most %d in a file, not %d: divide it", MaxOpeningLots, len(opening.Lots))
	case opening.AsOf > b.today() || opening.AsOf < ledger.DateOf(earliest, b.zone):
		return refuse(Invalid, "asOf", "must lie between 1970 and today (%s), but is %s", b.today(), opening.AsOf)
	}
	closed, err := tx.ClosedThrough(ctx)
	if err == nil && closed != 0 && opening.AsOf.Period() <= closed {
		err = refuse(PeriodClosed, "asOf", "lies in %s, and periods are closed through %s: choose a day of an open one", opening.AsOf.Period(), closed)
	}
	return err
}

func readKnown(ctx context.Context, tx Tx, opening Opening) (openingKnown, error) {
	known := openingKnown{map[string]Customer{}, map[string]Policy{}, map[string]int{}, map[string]bool{}}
	customers, policies, references := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, row := range opening.Lots {
		customers[row.Customer], policies[row.Policy], references[row.Reference] = isText(row.Customer), isText(row.Policy), isText(row.Reference)
	}
	for _, names := range []map[string]bool{customers, policies, references} {
		maps.DeleteFunc(names, func(_ string, text bool) bool { return !text })
	}
	foundCustomers, err := tx.CustomersByExternalID(ctx, slices.Sorted(maps.Keys(customers)))
	if err != nil {
		return known, err
	}
	for _, customer := range foundCustomers {
		known.customers[customer.ExternalID] = customer
	}
	foundPolicies, err := tx.PoliciesByCode(ctx, slices.Sorted(maps.Keys(policies)))
	if err != nil {
		return known, err
	}
	for _, policy := range foundPolicies {
		known.policies[policy.Code] = policy
	}
	taken, err := tx.OpeningReferences(ctx, slices.Sorted(maps.Keys(references)))
	for _, reference := range taken {
		known.taken[reference] = true
	}
	return known, err
}

// openingDeal makes purchase and lot of a row.
func (b *Books) openingDeal(ctx context.Context, tx Tx, row OpeningLot, known openingKnown, plan *openingPlan) (d openingDeal, err error) {
	if err := checkText("reference", row.Reference, 1, maxTextLength); err != nil {
		return d, err
	}
	if line, twice := known.lines[row.Reference]; twice {
		return d, refuse(Invalid, "reference", "%q names the lot of line %d too: each lot has its own", clip(row.Reference), line)
	}
	known.lines[row.Reference] = row.Line
	if known.taken[row.Reference] {
		return d, refuse(AlreadyExists, "reference", "%q was taken over before", clip(row.Reference))
	}
	if d.policy = known.policies[row.Policy]; d.policy.ID == "" {
		return d, refuse(NotFound, "policy", "there is no policy %q: create it first", clip(row.Policy))
	}
	if d.purchase, err = b.openingPurchase(ctx, tx, row, plan.asOf); err != nil {
		return d, err
	}
	if d.customer, err = b.openingCustomer(row, known, plan); err != nil {
		return d, err
	}
	d.purchase.PolicyID, d.purchase.CustomerID = d.policy.ID, d.customer.ID
	err = b.openingLot(row, &d)
	return d, err
}

func (b *Books) openingPurchase(ctx context.Context, tx Tx, row OpeningLot, asOf ledger.Date) (Purchase, error) {
	p := Purchase{ID: b.newID(), LotID: b.newID(), Status: PurchasePaid, Reference: row.Reference, OpeningOn: asOf, CreatedAt: b.clock()}
	var err error
	if p.Credits, err = creditsOf("credits", row.Credits); err != nil {
		return p, err
	}
	currency, err := b.currencyOf("currency", row.Currency)
	if err != nil {
		return p, err
	}
	if p.Price, err = amountOf("deferred", row.Deferred, currency); err != nil {
		return p, err
	}
	p.PurchasedAt = row.PurchasedOn.UTC()
	if row.PurchasedOn.Before(earliest) || ledger.DateOf(p.PurchasedAt, b.zone) >= asOf {
		return p, refuse(Invalid, "purchased_on", "must lie between 1970 and the day before the cut-over (%s), but is %s", asOf-1, ledger.DateOf(p.PurchasedAt, b.zone))
	}
	if row.FXRate == nil && currency != b.book.Functional {
		return p, refuse(Invalid, "fx_rate", "is needed: how many %s one %s was on the day of purchase", b.book.Functional, currency)
	}
	p.Tax, p.PaidAt = ledger.Money(0, currency), p.PurchasedAt
	err = b.exchange(ctx, tx, row.FXRate, &p)
	var refusal *Error
	if errors.As(err, &refusal) {
		refusal.Field = "fx_rate"
	}
	return p, err
}

// openingCustomer returns the customer of a row, and has the plan make one who is missing.
func (b *Books) openingCustomer(row OpeningLot, known openingKnown, plan *openingPlan) (Customer, error) {
	if customer, there := known.customers[row.Customer]; there {
		return customer, nil
	}
	customer := Customer{ID: b.newID(), ExternalID: row.Customer, Name: cmp.Or(row.CustomerName, row.Customer), CreatedAt: b.clock()}
	if err := checkText("customer", customer.ExternalID, 1, maxTextLength); err != nil {
		return customer, err
	}
	if err := checkText("customer_name", customer.Name, 1, maxTextLength); err != nil {
		return customer, err
	}
	known.customers[row.Customer] = customer
	plan.customers = append(plan.customers, customer)
	return customer, nil
}

// openingLot makes the lot of a row. It serves from the cut-over: use of before is out of
// its credits already. Its liability appears then, and its pool counts it from then.
func (b *Books) openingLot(row OpeningLot, d *openingDeal) error {
	p, cutOver := d.purchase, d.purchase.OpeningOn.Start(b.zone)
	start := p.PurchasedAt
	if !row.Starts.IsZero() {
		start = row.Starts.UTC()
	}
	if start.Before(earliest) || start.After(cutOver.AddDate(10, 0, 0)) {
		return refuse(Invalid, "starts", "must lie between 1970 and ten years after the cut-over, but is %s", row.Starts.Format("2006-01-02"))
	}
	if start.Before(cutOver) {
		start = cutOver.UTC()
	}
	if expires := row.Expires; !expires.IsZero() && !expires.After(start) {
		return refuse(Invalid, "expires", "must lie after the cut-over and the start of the credits (%s), but is %s: what has lapsed is not open",
			ledger.DateOf(start, b.zone), expires.In(b.zone).Format("2006-01-02 15:04"))
	}
	priority, err := priorityOf(row.Priority)
	if err != nil {
		return err
	}
	lot := b.soldLot(p, p.LotID, d.policy, p.Credits, p.Price, p.Functional)
	lot.LiabilityOn, lot.Priority, lot.Jurisdiction = p.OpeningOn, priority, d.customer.Jurisdiction
	if lot.RemoteDue != 0 { // what was remote before is released on the cut-over
		lot.RemoteDue = max(lot.RemoteDue, p.OpeningOn)
	}
	b.setTerm(&lot, d.policy.Policy, start, row.Expires.UTC())
	d.lot = &lot
	return nil
}

// add adds up what the plan takes over.
func (p *openingPlan) add() {
	sums := map[ledger.Currency]StatementMoney{}
	for _, deal := range p.lots {
		price, functional := deal.purchase.Price, deal.purchase.Functional
		sum, met := sums[price.Currency]
		if !met {
			sum = StatementMoney{ledger.Money(0, price.Currency), ledger.Money(0, functional.Currency)}
		}
		sums[price.Currency] = StatementMoney{sum.Amount.Add(price), sum.Functional.Add(functional)}
		p.result.Credits += deal.purchase.Credits
	}
	p.result.Customers = len(p.customers)
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		p.result.Deferred = append(p.result.Deferred, sums[currency])
	}
}

// checkControls holds what was read against what the other book says. Errors: CONTROL_MISMATCH.
func (b *Books) checkControls(opening Opening, found OpeningResult) error {
	deferred := ledger.Money(0, b.book.Functional)
	for _, sum := range found.Deferred {
		deferred = deferred.Add(sum.Functional)
	}
	switch {
	case opening.ControlLots != nil && *opening.ControlLots != found.Lots:
		return refuse(ControlMismatch, "controlLots", "says %d, and the file has %d lots", *opening.ControlLots, found.Lots)
	case !found.Credits.Decimal().Equal(opening.ControlCredits):
		return refuse(ControlMismatch, "controlCredits", "says %s, and the lots have %s credits", opening.ControlCredits, found.Credits)
	case !deferred.Decimal().Equal(opening.ControlDeferred):
		return refuse(ControlMismatch, "controlDeferred", "says %s, and the lots carry %s", opening.ControlDeferred, deferred)
	}
	return nil
}
