package books

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Cohort is the credits that were sold together: of one policy, pack, currency and segment
// of customers, in one month of the book's zone. Its other fields but Sold are its key.
type Cohort struct {
	ID       string
	PolicyID string // of the lot: that of a bonus on terms of its own may be another than its purchase's
	PackID   string // "" for a deal with its own price
	Currency ledger.Currency
	Segment  string // of the customer as the credits were bought; "" for none
	Month    ledger.Period
	// Opened cohorts were taken over from another book, with what was left of them.
	Opened bool
	Sold   revrec.Credits
	// AsOf is the instant at which the cohort was as it is told; zero is now.
	AsOf time.Time
}

// Move is when something is added to cohorts and to pools.
type Move struct {
	At time.Time
	// Carried is of what had happened before, so that it does not say when: what was where at an
	// earlier instant is not known.
	Carried bool
}

func (b *Books) moveNow() Move { return Move{At: b.clock()} }

// Key names a cohort in order of month.
func (c Cohort) Key() string { return c.Month.String() + "/" + c.ID }

// Age is how many calendar months a month lies after that of the purchase; what happened
// before it, of credits that began ahead of their purchase, counts as of that month.
func (c Cohort) Age(month ledger.Period) int { return max(int(month-c.Month), 0) }

// CohortMonth is what became of a cohort in a month: by the day on which it happened, used by
// that on which a credit was used, lapsed by the last day on which it could be. What is used
// counts as booking books it. What moved on into another lot stays in the cohort.
type CohortMonth struct {
	CohortID string
	Month    ledger.Period
	Used     revrec.Credits
	Lapsed   revrec.Credits // those that a later use draws, or that live on, come off again
	Refunded revrec.Credits
	Other    revrec.Credits // called off before they were paid, or lost to a chargeback
}

// CohortAge is what became of a cohort at an age, and through the end of it.
type CohortAge struct {
	Age                           int
	Month                         ledger.Period
	Used, Lapsed, Refunded, Other revrec.Credits
	UsedToDate, Open              revrec.Credits
	// RedeemedShare is what was used by then of what was sold and has neither been refunded nor
	// went otherwise by then, to the millionth; nil where that is nothing.
	RedeemedShare *decimal.Decimal
}

// Ages is the redemption curve of a cohort: from its own month through the current one, and
// where nothing is open any more through the last in which something happened.
func (c Cohort) Ages(months []CohortMonth, current ledger.Period) []CohortAge {
	last := c.Month
	for _, m := range months {
		last = max(last, m.Month)
	}
	if c.ToDate(months).Open != 0 {
		last = max(last, current)
	}
	ages := make([]CohortAge, c.Age(last)+1)
	for i := range ages {
		ages[i].Age, ages[i].Month = i, c.Month+ledger.Period(i)
	}
	for _, m := range months {
		ages[c.Age(m.Month)].count(m)
	}
	var sum CohortAge
	for i := range ages {
		of := &ages[i]
		sum.count(CohortMonth{Used: of.Used, Lapsed: of.Lapsed, Refunded: of.Refunded, Other: of.Other})
		of.conclude(c.Sold, sum)
	}
	return ages
}

// ToDate adds up what became of a cohort.
func (c Cohort) ToDate(months []CohortMonth) CohortAge {
	var sum CohortAge
	for _, m := range months {
		sum.count(m)
	}
	sum.conclude(c.Sold, sum)
	return sum
}

func (a *CohortAge) count(m CohortMonth) {
	a.Used, a.Lapsed, a.Refunded, a.Other = a.Used+m.Used, a.Lapsed+m.Lapsed, a.Refunded+m.Refunded, a.Other+m.Other
}

// conclude says what follows from all that happened by then.
func (a *CohortAge) conclude(sold revrec.Credits, sum CohortAge) {
	a.UsedToDate, a.Open = sum.Used, sold-sum.Used-sum.Lapsed-sum.Refunded-sum.Other
	if kept := sold - sum.Refunded - sum.Other; kept > 0 {
		share := decimal.NewFromInt(int64(sum.Used)).DivRound(decimal.NewFromInt(int64(kept)), 6)
		a.RedeemedShare = &share
	}
}

// CohortFilter narrows a list of cohorts; a zero field keeps all.
type CohortFilter struct {
	PolicyID, PackID, Segment string
	Currency                  ledger.Currency
	From, To                  ledger.Period // both included
	// AsOf keeps those of which something was sold by the instant, as they then were; zero is now.
	AsOf time.Time
}

// CheckCohortsAsOf makes an instant that is not given now, and refuses one that is to come, or as of which it is not known
// what cohorts and pools held.
func (b *Books) CheckCohortsAsOf(ctx context.Context, tx Tx, of *time.Time) error {
	if err := b.checkAsOf(of); err != nil {
		return err
	}
	asOf := *of
	known, err := tx.MovesKnownFrom(ctx)
	if err == nil && asOf.Before(known) && asOf.Before(b.clock()) {
		err = refuse(Invalid, "asOf", "must not be before %s, since when the book keeps at which instant something came to cohorts and pools, but is %s",
			known.Format(time.RFC3339Nano), asOf.Format(time.RFC3339Nano))
	}
	return err
}

// ExpiryAge returns the age in months at which credits of the policy lapse: the calendar
// months of its term, and those that its days come to, rounded up. false is never: there is
// no age at which all of a cohort has lapsed.
//
//	P12M → 12    P90D → 3    P1Y15D → 13
func (p Policy) ExpiryAge() (months int, lapses bool) {
	if p.Expires == nil {
		return 0, false
	}
	return monthsOf(*p.Expires), true
}

// monthsOf returns a duration in calendar months, rounded up: 1,461 days are 48.
func monthsOf(d ledger.Duration) int { return d.Months + (d.Days*48+1460)/1461 }

// soldIn is what a lot adds to its cohort, with the key of that.
func (b *Books) soldIn(lot *revrec.Lot, purchase Purchase, customer Customer) Cohort {
	return Cohort{
		ID: b.newID(), PolicyID: lot.PolicyID, PackID: purchase.PackID, Currency: lot.Price.Currency, Segment: customer.Segment,
		Month: lot.PurchasedOn.Period(), Opened: purchase.OpeningOn != 0, Sold: lot.Granted,
	}
}

// cohortMonths gathers what becomes of cohorts, so that a month is written once however many
// lots share it.
type cohortMonths map[cohortAt]CohortMonth

type cohortAt struct {
	cohortID string
	month    ledger.Period
}

// add adds to the month of a lot's cohort.
func (c cohortMonths) add(lot *revrec.Lot, of CohortMonth) {
	of.CohortID = ""
	if lot.CohortID == "" || of == (CohortMonth{Month: of.Month}) {
		return
	}
	at := cohortAt{lot.CohortID, of.Month}
	sum := c[at]
	c[at] = CohortMonth{at.cohortID, at.month, sum.Used + of.Used, sum.Lapsed + of.Lapsed, sum.Refunded + of.Refunded, sum.Other + of.Other}
}

// used adds what was booked of a lot's use.
func (c cohortMonths) used(lot *revrec.Lot, made []revrec.Recognition) {
	if lot.CohortID == "" {
		return
	}
	var sum CohortMonth
	for i := range made { // a month after the other, mostly
		if month := made[i].Day.Period(); month != sum.Month {
			c.add(lot, sum)
			sum = CohortMonth{Month: month}
		}
		sum.Used += made[i].Credits
	}
	c.add(lot, sum)
}

// lapsed adds by how much more of a lot is booked as lapsed than before.
func (c cohortMonths) lapsed(lot *revrec.Lot, before revrec.Credits) {
	c.add(lot, CohortMonth{Month: lot.LapsesOn.Period(), Lapsed: lot.Lapsed - before})
}

// changed adds what a change took out of a lot for good.
func (c cohortMonths) changed(lot *revrec.Lot, change revrec.Change) {
	of := CohortMonth{Month: change.Day.Period()}
	switch change.Kind {
	case revrec.RefundedInPart:
		of.Refunded = change.Credits
	case revrec.Voided, revrec.ChargedBack:
		of.Other = change.Credits
	case revrec.Extended, revrec.Transferred, revrec.Reinstated, revrec.RolledOver:
		return // the credits stay in the cohort
	}
	c.add(lot, of)
}

func (c cohortMonths) write(ctx context.Context, tx Tx, move Move) error {
	months := slices.DeleteFunc(slices.Collect(maps.Values(c)), func(m CohortMonth) bool {
		return m == CohortMonth{CohortID: m.CohortID, Month: m.Month}
	})
	if len(months) == 0 {
		return nil
	}
	slices.SortFunc(months, func(x, y CohortMonth) int {
		return cmp.Or(cmp.Compare(x.CohortID, y.CohortID), cmp.Compare(x.Month, y.Month))
	})
	return tx.AddCohortMonths(ctx, move, months)
}

// fileLots gives lots their cohort that have none, with all that is booked of them, one
// bounded step: those of a book from before there were cohorts, and what a program from
// then has sold since.
func (b *Books) fileLots(ctx context.Context, tx Tx, _ *running) (more bool, err error) {
	keys, err := tx.UnfiledLots(ctx, b.bounds.Lots)
	if err != nil || len(keys) == 0 {
		return false, err
	}
	lots, err := tx.LockLots(ctx, keys) // not rolled over: what lives on stays in the cohort
	if err != nil {
		return false, err
	}
	lots = slices.DeleteFunc(lots, func(lot *revrec.Lot) bool { return lot.CohortID != "" })
	if err := b.findCohorts(ctx, tx, lots); err != nil {
		return false, err
	}
	cohorts := cohortMonths{}
	for part := range slices.Chunk(lots, b.bounds.WholePart) {
		if err := b.filePart(ctx, tx, part, cohorts); err != nil {
			return false, err
		}
	}
	if err := tx.FileLots(ctx, lots); err != nil {
		return false, err
	}
	return true, cohorts.write(ctx, tx, Move{b.clock(), true})
}

// findCohorts finds the cohorts of lots, and adds there what was sold with them.
func (b *Books) findCohorts(ctx context.Context, tx Tx, lots []*revrec.Lot) error {
	bought, err := boughtAs(ctx, tx, lots)
	if err != nil {
		return err
	}
	var purchaseIDs, customerIDs []string
	for _, lot := range bought {
		purchaseIDs, customerIDs = append(purchaseIDs, lot.PurchaseID), append(customerIDs, lot.CustomerID)
	}
	purchases, err := byID(tx.PurchasesByID(ctx, distinct(purchaseIDs)))(func(p Purchase) string { return p.ID })
	if err != nil {
		return err
	}
	customers, err := byID(tx.CustomersByID(ctx, distinct(customerIDs)))(func(c Customer) string { return c.ID })
	if err != nil {
		return err
	}
	sold := make([]Cohort, len(lots))
	for i, lot := range lots {
		root := bought[i]
		sold[i] = b.soldIn(&root, purchases[root.PurchaseID], customers[root.CustomerID])
		if root.CustomerID != lot.CustomerID {
			lot.BoughtBy = root.CustomerID
		}
		if lot.OriginID != "" {
			sold[i].Sold = 0
		}
	}
	filed, err := tx.AddToCohorts(ctx, Move{b.clock(), true}, sold)
	if err != nil {
		return err
	}
	for i, lot := range lots {
		if lot.CohortID = bought[i].CohortID; lot.CohortID == "" {
			lot.CohortID = filed[i].ID
		}
	}
	return nil
}

// boughtAs returns, for each lot, the one that was bought and out of which it came, through
// however many others: itself where it came out of none.
func boughtAs(ctx context.Context, tx Tx, lots []*revrec.Lot) ([]revrec.Lot, error) {
	roots := make([]revrec.Lot, len(lots))
	for i, lot := range lots {
		roots[i] = *lot
	}
	for {
		var origins []string
		for _, root := range roots {
			if root.OriginID != "" {
				origins = append(origins, root.OriginID)
			}
		}
		if len(origins) == 0 {
			return roots, nil
		}
		found, err := byID(tx.LotsByID(ctx, distinct(origins)))(func(l revrec.Lot) string { return l.ID })
		if err != nil {
			return nil, err
		}
		for i, root := range roots {
			if root.OriginID == "" {
				continue
			}
			origin, there := found[root.OriginID]
			if !there {
				return nil, refuse(Internal, "", "lot %s came out of lot %s, which is missing", root.ID, root.OriginID)
			}
			roots[i] = origin
		}
	}
}

// filePart gathers all that is booked of lots.
func (b *Books) filePart(ctx context.Context, tx Tx, lots []*revrec.Lot, cohorts cohortMonths) error {
	keys := keysOf(lots)
	booked, err := tx.BookedOfLots(ctx, WholeLots(keys), usageKinds...)
	if err != nil {
		return err
	}
	changes, err := tx.LotChanges(ctx, keys)
	if err != nil {
		return err
	}
	var reinstated []string
	for _, of := range changes {
		for _, change := range of {
			if change.Kind == revrec.Reinstated {
				reinstated = append(reinstated, change.ToLotID)
			}
		}
	}
	livesOn, err := byID(tx.LotsByID(ctx, reinstated))(func(l revrec.Lot) string { return l.ID })
	if err != nil {
		return err
	}
	for _, lot := range lots {
		for of, sum := range booked[lot.ID] {
			cohorts.add(lot, CohortMonth{Month: of.Day.Period(), Used: sum.Credits})
		}
		cohorts.lapsed(lot, 0)
		cohorts.add(lot, CohortMonth{Month: lot.RefundedOn.Period(), Refunded: lot.Refunded})
		for _, change := range changes[lot.ID] {
			cohorts.changed(lot, change)
			if change.Kind == revrec.Reinstated && livesOn[change.ToLotID].Kind == revrec.GrantLot {
				cohorts.add(lot, CohortMonth{Month: lot.LapsesOn.Period(), Lapsed: change.Credits})
			}
		}
	}
	return nil
}

// byID indexes rows.
func byID[T any](rows []T, err error) func(id func(T) string) (map[string]T, error) {
	return func(id func(T) string) (map[string]T, error) {
		found := make(map[string]T, len(rows))
		for _, row := range rows {
			found[id(row)] = row
		}
		return found, err
	}
}

func distinct(ids []string) []string { return slices.Compact(slices.Sorted(slices.Values(ids))) }
