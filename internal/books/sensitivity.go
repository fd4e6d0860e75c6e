package books

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// SensitivityRequest asks what the breakage of a policy would come to by other estimates.
type SensitivityRequest struct {
	Policy string
	On     ledger.Date       // the end of this day; yesterday where zero
	Points []decimal.Decimal // percentage points on the rate in force; see DefaultPoints
	ByPool bool
	AsOf   time.Time // now where zero
}

// MaxPoints bounds how many other estimates are asked for.
const MaxPoints = 20

// DefaultPoints are the moves of an estimate that are asked for where none is named.
func DefaultPoints() []decimal.Decimal {
	return []decimal.Decimal{decimal.New(-5, 0), decimal.New(-1, 0), decimal.New(1, 0), decimal.New(5, 0)}
}

// Sensitivity is what the breakage of a policy comes to by the estimate in force and by others.
type Sensitivity struct {
	SensitivityRequest
	PolicyID string
	Rate     decimal.Decimal // in force at the end of the day
	Pools    int64
	// Waiting is true where pools of the book are still to be measured for a day up to On, or use or due dates are to
	// be booked: what is booked is not yet what the rate in force comes to. As of an instant before now it is true where the
	// two differ.
	Waiting bool
	Groups  []SensitivityGroup
}

// SensitivityGroup is all pools of a currency, or one pool.
type SensitivityGroup struct {
	PoolID             string // "" for all of them
	Currency           ledger.Currency
	Sold, Used, Booked ledger.Amount // Booked is the early breakage that is booked for days up to On
	FunctionalBooked   ledger.Amount
	Rows               []SensitivityRow
}

// SensitivityRow is what pools come to by one estimate, and what that is more or less than by
// the one in force.
type SensitivityRow struct {
	Points, Rate decimal.Decimal
	At, Delta    SensitivityFigures
}

// SensitivityFigures are early breakage to date, its parts, revenue to date and what is deferred.
type SensitivityFigures struct {
	Early, EarlyRevenue, Unclaimed, Revenue, Deferred                                                   ledger.Amount
	FunctionalEarly, FunctionalEarlyRevenue, FunctionalUnclaimed, FunctionalRevenue, FunctionalDeferred ledger.Amount
}

// plus returns the sum of the figures, f taken so many times: 1 or -1.
func (f SensitivityFigures) plus(g SensitivityFigures, times int64) SensitivityFigures {
	sum := func(a, b ledger.Amount) ledger.Amount { return ledger.Money(a.Minor+times*b.Minor, b.Currency) }
	return SensitivityFigures{
		sum(f.Early, g.Early), sum(f.EarlyRevenue, g.EarlyRevenue), sum(f.Unclaimed, g.Unclaimed), sum(f.Revenue, g.Revenue), sum(f.Deferred, g.Deferred),
		sum(f.FunctionalEarly, g.FunctionalEarly), sum(f.FunctionalEarlyRevenue, g.FunctionalEarlyRevenue), sum(f.FunctionalUnclaimed, g.FunctionalUnclaimed),
		sum(f.FunctionalRevenue, g.FunctionalRevenue), sum(f.FunctionalDeferred, g.FunctionalDeferred),
	}
}

// Sensitivity reports what the early breakage of a policy's pools, revenue to date and
// deferred revenue would be by other estimates. Errors: NOT_FOUND, INVALID, TOO_LARGE.
func (b *Books) Sensitivity(ctx context.Context, tx Tx, request SensitivityRequest) (Sensitivity, error) {
	report := sensitivityWork{Sensitivity: Sensitivity{SensitivityRequest: request}, functional: b.book.Functional, laws: laws{}, groups: map[ledger.Currency]*SensitivityGroup{}}
	policy, err := policyByCode(ctx, tx, request.Policy)
	if err != nil {
		return report.Sensitivity, err
	}
	if policy.Breakage.Method != revrec.Proportional {
		return report.Sensitivity, refuse(Invalid, "policy", "%q books breakage by %s: only PROPORTIONAL goes by an estimate", policy.Code, policy.Breakage.Method)
	}
	isNow := report.AsOf.IsZero()
	if err := b.CheckCohortsAsOf(ctx, tx, &report.AsOf); err != nil {
		return report.Sensitivity, err
	}
	if report.On == 0 {
		report.On = ledger.DateOf(report.AsOf, b.zone) - 1
	}
	if err := b.checkBegun("on", report.On, report.AsOf); err != nil {
		return report.Sensitivity, err
	}
	if report.Points, err = pointsOf(request.Points); err != nil {
		return report.Sensitivity, err
	}
	if err := report.read(ctx, tx, policy); err != nil {
		return report.Sensitivity, err
	}
	if !isNow {
		report.Waiting = slices.ContainsFunc(report.Groups, func(g SensitivityGroup) bool { return !g.Difference().IsZero() || !g.FunctionalDifference().IsZero() })
		return report.Sensitivity, nil
	}
	waiting, err := tx.OldestWaiting(ctx, report.On)
	report.Waiting = waiting.Due != 0 || waiting.Usage != 0 || waiting.Pools != 0
	return report.Sensitivity, err
}

// pointsOf checks points, and returns them in order with nothing among them.
func pointsOf(asked []decimal.Decimal) ([]decimal.Decimal, error) {
	if len(asked) > MaxPoints {
		return nil, refuse(TooLarge, "points", "must be at most %d, but are %d", MaxPoints, len(asked))
	}
	if asked == nil {
		asked = DefaultPoints()
	}
	points := append([]decimal.Decimal{decimal.Zero}, asked...)
	for _, point := range points {
		if point.Abs().GreaterThan(decimal.New(100, 0)) || point.Exponent() < -8 {
			return nil, refuse(Invalid, "points", "must lie between -100 and 100 with at most 8 decimals, but one is %s", point)
		}
	}
	slices.SortFunc(points, decimal.Decimal.Cmp)
	return slices.CompactFunc(points, decimal.Decimal.Equal), nil
}

type sensitivityWork struct {
	Sensitivity
	functional ledger.Currency
	policy     Policy
	laws       laws
	groups     map[ledger.Currency]*SensitivityGroup
}

func (s *sensitivityWork) read(ctx context.Context, tx Tx, policy Policy) error {
	s.PolicyID, s.policy = policy.ID, policy
	estimates, err := estimatesKnown(ctx, tx, policy, s.AsOf)
	if err != nil {
		return err
	}
	s.Rate = revrec.RateOn(estimates, s.On)
	var pools []SensitivityGroup
	for page := (Page{Limit: earlyPoolPage}); ; {
		some, err := tx.PoolMeasures(ctx, MeasureFilter{PolicyID: policy.ID, On: s.On, AsOf: s.AsOf}, page)
		if err != nil {
			return err
		}
		if len(some) == 0 {
			break
		}
		if s.Pools += int64(len(some)); s.Pools > maxEarlyPools || s.ByPool && s.Pools > earlyPoolPage {
			return refuse(TooLarge, "", "takes at most %d pools, or %d one by one: %s has more", maxEarlyPools, earlyPoolPage, policy.Code)
		}
		page.After = some[len(some)-1].Pool.ID
		groups, err := s.measured(ctx, tx, some)
		if err != nil {
			return err
		}
		if s.ByPool {
			pools = append(pools, groups...)
		}
	}
	for _, group := range s.groups {
		s.Groups = append(s.Groups, *group)
	}
	slices.SortFunc(s.Groups, func(x, y SensitivityGroup) int { return cmp.Compare(x.Currency, y.Currency) })
	s.Groups = append(s.Groups, pools...)
	return nil
}

// measured adds some pools each to the group of its currency, and returns them one by one.
func (s *sensitivityWork) measured(ctx context.Context, tx Tx, measures []PoolMeasure) ([]SensitivityGroup, error) {
	if err := s.laws.readOf(ctx, tx, measures); err != nil {
		return nil, err
	}
	groups := make([]SensitivityGroup, len(measures))
	for i, of := range measures {
		shares := EscheatSharesOf(s.policy, enteredBy(s.laws[of.Pool.Jurisdiction], s.AsOf))
		groups[i] = s.pool(of.Pool, of.Total, shares.On(s.On))
		groups[i].Booked.Minor, groups[i].FunctionalBooked.Minor = of.Booked, of.BookedFunctional
		s.add(groups[i])
	}
	return groups, nil
}

func (s *sensitivityWork) pool(pool revrec.Pool, total revrec.PoolDay, escheat decimal.Decimal) SensitivityGroup {
	money := func(minor int64) ledger.Amount { return ledger.Money(minor, pool.Currency) }
	atHome := func(minor int64) ledger.Amount { return ledger.Money(minor, s.functional) }
	group := SensitivityGroup{
		PoolID: pool.ID, Currency: pool.Currency, Sold: money(total.SoldMinor), Used: money(total.UsedMinor), Booked: money(0), FunctionalBooked: atHome(0),
	}
	figures := func(rate decimal.Decimal) SensitivityFigures {
		c := revrec.OutlookOf(total.SoldMinor, total.UsedMinor, rate, escheat)
		f := revrec.OutlookOf(total.SoldFunctional, total.UsedFunctional, rate, escheat)
		return SensitivityFigures{
			money(c.RevenueMinor + c.UnclaimedMinor), money(c.RevenueMinor), money(c.UnclaimedMinor), money(c.EarnedMinor), money(c.DeferredMinor),
			atHome(f.RevenueMinor + f.UnclaimedMinor), atHome(f.RevenueMinor), atHome(f.UnclaimedMinor), atHome(f.EarnedMinor), atHome(f.DeferredMinor),
		}
	}
	inForce := figures(s.Rate)
	for _, point := range s.Points {
		rate := revrec.MovedRate(s.Rate, point)
		at := figures(rate)
		group.Rows = append(group.Rows, SensitivityRow{point, rate, at, at.plus(inForce, -1)})
	}
	return group
}

func (s *sensitivityWork) add(pool SensitivityGroup) {
	group := s.groups[pool.Currency]
	if group == nil {
		pool.PoolID, pool.Rows = "", slices.Clone(pool.Rows)
		s.groups[pool.Currency] = &pool
		return
	}
	group.Sold, group.Used, group.Booked = group.Sold.Add(pool.Sold), group.Used.Add(pool.Used), group.Booked.Add(pool.Booked)
	group.FunctionalBooked = group.FunctionalBooked.Add(pool.FunctionalBooked)
	for i := range group.Rows {
		row := &group.Rows[i]
		row.At, row.Delta = row.At.plus(pool.Rows[i].At, 1), row.Delta.plus(pool.Rows[i].Delta, 1)
	}
}

// Difference is by how much what is booked differs from what the rate in force comes to:
// nothing, where nothing waits.
func (g *SensitivityGroup) Difference() ledger.Amount { return g.Booked.Sub(g.inForce().Early) }

// FunctionalDifference is Difference in the book's currency.
func (g *SensitivityGroup) FunctionalDifference() ledger.Amount {
	return g.FunctionalBooked.Sub(g.inForce().FunctionalEarly)
}

func (g *SensitivityGroup) inForce() SensitivityFigures {
	at := slices.IndexFunc(g.Rows, func(row SensitivityRow) bool { return row.Points.IsZero() })
	return g.Rows[at].At
}
