package books

import (
	"context"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// spending is the budgets of a batch's customers, as its events spend from them.
type spending struct {
	zone    *time.Location
	budgets map[string][]Budget // by customer
	spends  map[BudgetKey]*BudgetSpend
	held    map[BudgetKey]revrec.Credits // by holds
	draws   []BudgetDraw
}

// matched is a budget that an event spends from.
type matched struct {
	budget  Budget
	version BudgetVersion
	key     BudgetKey
}

// matching returns the budgets that an event of a day with these dimensions spends from.
func matching(budgets []Budget, day ledger.Date, dimensions EventDimensions, zone *time.Location) []matched {
	var found []matched
	if len(budgets) == 0 || dimensions == "" {
		return nil
	}
	pairs := dimensions.Pairs()
	for _, budget := range budgets {
		version := budget.On(day)
		if version == nil || !slices.Contains(pairs, budget.Dimension) {
			continue
		}
		first, _ := budget.Period(day, zone)
		found = append(found, matched{budget, *version, BudgetKey{budget.CustomerID, budget.ID, first}})
	}
	return found
}

// heldOfBudgets adds up what holds keep of budgets, each in the period in which it was made.
// The hold that is being captured is left out.
func heldOfBudgets(budgets []Budget, holds []Hold, zone *time.Location, but string) map[BudgetKey]revrec.Credits {
	held := map[BudgetKey]revrec.Credits{}
	for _, hold := range holds {
		if hold.ID == but {
			continue
		}
		own := slices.DeleteFunc(slices.Clone(budgets), func(budget Budget) bool { return budget.CustomerID != hold.CustomerID })
		for _, match := range matching(own, ledger.DateOf(hold.CreatedAt, zone), hold.Dimensions, zone) {
			held[match.key] += hold.Credits
		}
	}
	return held
}

// openBudgets reads the budgets of those of the customers who have some, and holds what they
// have spent in the periods of the events.
func (u *usageBatch) openBudgets(ctx context.Context, customers map[string]Customer, byCustomer map[string][]wantedEvent) error {
	var ids []string
	for id := range byCustomer {
		if customers[id].Budgeted {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(ids)
	budgets, err := u.tx.BudgetsOf(ctx, ids)
	if err != nil {
		return err
	}
	holds, err := u.tx.HoldsWithDimensions(ctx, ids, u.now)
	if err != nil {
		return err
	}
	s := &spending{zone: u.books.zone, budgets: map[string][]Budget{}, spends: map[BudgetKey]*BudgetSpend{}}
	s.held = heldOfBudgets(budgets, holds, s.zone, u.capturing)
	for _, budget := range budgets {
		s.budgets[budget.CustomerID] = append(s.budgets[budget.CustomerID], budget)
	}
	var keys []BudgetKey
	for _, id := range ids {
		for _, want := range byCustomer[id] {
			for _, match := range s.of(want.event) {
				keys = append(keys, match.key)
			}
		}
	}
	spends, err := u.tx.LockBudgetSpends(ctx, keys)
	for i := range spends {
		s.spends[spends[i].BudgetKey] = &spends[i]
	}
	u.spending = s
	return err
}

func (s *spending) of(event UsageEvent) []matched {
	if s == nil {
		return nil
	}
	return matching(s.budgets[event.CustomerID], ledger.DateOf(event.OccurredAt, s.zone), event.Dimensions, s.zone)
}

// allows refuses an event that a hard budget does not cover; every budget must allow it.
// Errors: BUDGET_EXCEEDED.
func (s *spending) allows(event UsageEvent, matches []matched) *Error {
	for _, match := range matches {
		spent, held := s.spends[match.key].Spent, s.held[match.key]
		if match.version.Mode == HardBudget && spent+held+event.Credits > match.version.Limit {
			return exceeded(match, event.Credits, spent, held)
		}
	}
	return nil
}

func exceeded(match matched, credits, spent, held revrec.Credits) *Error {
	kept := ""
	if held > 0 {
		kept = ", and holds keep " + held.String()
	}
	return refuse(BudgetExceeded, "dimensions", "%s of %s %q asked for: the budget %q allows %s a %s, of which %s are spent%s",
		counted(credits.String(), "credit"), match.budget.Dimension.Key, clip(match.budget.Dimension.Value), clip(match.budget.Name),
		match.version.Limit, perWords[match.budget.Per], spent, kept)
}

var perWords = map[BudgetPer]string{PerDay: "day", PerWeek: "week", PerMonth: "month", PerTotal: "life"}

// spend takes an event out of its budgets, and returns those that it left over their limit.
func (s *spending) spend(event UsageEvent, matches []matched) (over []Budget) {
	for _, match := range matches {
		spend := s.spends[match.key]
		spend.Spent += event.Credits
		s.draws = append(s.draws, BudgetDraw{match.key, event.ID, match.version.Number, event.Credits})
		if spend.Spent > match.version.Limit {
			over = append(over, match.budget)
		}
	}
	return over
}

// write keeps what was spent.
func (s *spending) write(ctx context.Context, tx Tx) error {
	if s == nil || len(s.draws) == 0 {
		return nil
	}
	if err := tx.InsertBudgetDraws(ctx, s.draws); err != nil {
		return err
	}
	spends := make([]BudgetSpend, 0, len(s.spends))
	for _, spend := range s.spends {
		spends = append(spends, *spend)
	}
	return tx.UpdateBudgetSpends(ctx, spends)
}

// giveBudgetsBack gives what an event spent back to its budgets, in the periods of its day.
func giveBudgetsBack(ctx context.Context, tx Tx, event, void UsageEvent) error {
	draws, err := tx.BudgetDrawsOf(ctx, EventRow{event.CustomerID, event.ID})
	if err != nil || len(draws) == 0 {
		return err
	}
	keys := make([]BudgetKey, len(draws))
	for i, draw := range draws {
		keys[i] = draw.BudgetKey
	}
	spends, err := tx.LockBudgetSpends(ctx, keys)
	if err != nil {
		return err
	}
	for i := range draws {
		draws[i].EventID, draws[i].Credits = void.ID, -draws[i].Credits
		at := slices.IndexFunc(spends, func(spend BudgetSpend) bool { return spend.BudgetKey == draws[i].BudgetKey })
		spends[at].Spent += draws[i].Credits
	}
	if err := tx.InsertBudgetDraws(ctx, draws); err != nil {
		return err
	}
	return tx.UpdateBudgetSpends(ctx, spends)
}

// withinBudgets refuses a hold that the hard budgets of its dimensions do not cover today.
// The caller has the customer's open lots. Errors: BUDGET_EXCEEDED.
func (b *Books) withinBudgets(ctx context.Context, tx Tx, customer Customer, hold Hold) error {
	if hold.Dimensions == "" {
		return nil
	}
	budgets, err := tx.BudgetsOf(ctx, []string{customer.ID})
	if err != nil {
		return err
	}
	matches := matching(budgets, ledger.DateOf(hold.CreatedAt, b.zone), hold.Dimensions, b.zone)
	if len(matches) == 0 {
		return nil
	}
	holds, err := tx.HoldsWithDimensions(ctx, []string{customer.ID}, hold.CreatedAt)
	if err != nil {
		return err
	}
	s := spending{spends: map[BudgetKey]*BudgetSpend{}, held: heldOfBudgets(budgets, holds, b.zone, "")}
	keys := make([]BudgetKey, len(matches))
	for i, match := range matches {
		keys[i] = match.key
		s.spends[match.key] = &BudgetSpend{BudgetKey: match.key}
	}
	spends, err := tx.BudgetSpends(ctx, keys)
	if err != nil {
		return err
	}
	for i := range spends {
		s.spends[spends[i].BudgetKey] = &spends[i]
	}
	if refused := s.allows(UsageEvent{Credits: hold.Credits}, matches); refused != nil {
		return refused
	}
	return nil
}
