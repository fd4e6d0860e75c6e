package store_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"drawdown/internal/store"
)

// queues are read in the order of their index: a step never sorts all that waits.
var queues = map[string]bool{"PendingLots": true, "LapsingLots": true, "RemoteLots": true, "UnmeasuredPools": true, "DuePurchases": true}

// TestPlans holds hot paths and pages to an index: none reads a whole table. The plan
// names the index that each is to use.
func TestPlans(t *testing.T) {
	s := openMemory(t)
	defer s.Close()
	named := func(name string) string { return store.Queries[name] }
	page := func(table, where, order string) string {
		return fmt.Sprintf("SELECT * FROM %s WHERE %s ORDER BY %s LIMIT 50", table, where, order)
	}
	// Read whole are results of parts, and the lines of manual entries, which are few.
	whole := map[string][]string{
		"AccountBefore": {"before"}, "RevenueBalances": {"balances"}, "DeferredBefore": {"before"}, "DeferredAfter": {"after", "l"},
	}
	const postedLater = "SEARCH e USING INTEGER PRIMARY KEY (rowid>?)"
	for _, test := range []struct {
		name, query string
		uses        []string // each in the plan
	}{
		{"OpenLots", named("OpenLots"), []string{"SEARCH lots USING INDEX lots_open (customer_id=? AND <expr>>?)"}},
		{"LockOpenLots", named("LockOpenLots"), []string{"SEARCH lots USING INDEX lots_open (customer_id=? AND <expr>>?)"}},
		{"LockLots", named("LockLots"), []string{"SEARCH lots USING INDEX sqlite_autoindex_lots_1 (customer_id=? AND id=?)"}},
		{"UpdateLots", named("UpdateLots"), []string{"SEARCH lots USING COVERING INDEX sqlite_autoindex_lots_1 (customer_id=? AND id=?)"}},
		{"UpdateBooked", named("UpdateBooked"), []string{"SEARCH lots USING COVERING INDEX sqlite_autoindex_lots_1 (customer_id=? AND id=?)"}},
		{"PendingLots", named("PendingLots"), []string{"USING COVERING INDEX lots_pending ((customer_id,id)>(?,?))"}},
		{"LapsingLots", named("LapsingLots"), []string{"USING COVERING INDEX lots_lapse_due (lapse_due>? AND lapse_due<?)"}},
		{"RemoteLots", named("RemoteLots"), []string{"USING COVERING INDEX lots_remote_due (remote_due>? AND remote_due<?)"}},
		{"DuePurchases", named("DuePurchases"), []string{"USING INDEX purchases_due (due_on>? AND due_on<?)"}},
		{"LotDays", named("LotDays"), []string{"SEARCH d USING PRIMARY KEY (customer_id=? AND lot_id=?)"}},
		{"LotDaysWithin", named("LotDaysWithin"), []string{"SEARCH d USING PRIMARY KEY (customer_id=? AND lot_id=? AND day>? AND day<?)"}},
		{"LotDaysAfter", named("LotDaysAfter"), []string{"SEARCH d USING PRIMARY KEY (customer_id=? AND lot_id=? AND day>?)"}},
		{"DrawnBefore", named("DrawnBefore"), []string{"SEARCH d USING PRIMARY KEY (customer_id=? AND lot_id=? AND day<?)"}},
		{"EventsByKey", named("EventsByKey"), []string{"SEARCH e USING INDEX sqlite_autoindex_usage_events_2 (customer_id=? AND source=? AND event_id=?)"}},
		{"DrawsOfEvents", named("DrawsOfEvents"), []string{"SEARCH e USING COVERING INDEX usage_events_id (id=?)", "SEARCH d USING PRIMARY KEY (customer_id=? AND event_id=?)"}},
		{"UnmeasuredPools", named("UnmeasuredPools"), []string{"USING INDEX pools_unmeasured (measure_from>? AND measure_from<?)"}},
		{"BookedOfLots", named("BookedOfLots"), []string{"SEARCH r USING INDEX recognitions_lot (customer_id=? AND lot_id=? AND day>? AND day<?)"}},
		{"BookedOfPools", named("BookedOfPools"), []string{"SEARCH r USING INDEX recognitions_pool (pool_id=? AND day>?)"}},
		{"PoolsByKey", named("PoolsByKey"), []string{"SEARCH p USING INDEX sqlite_autoindex_pools_2 (policy_id=? AND pool_key=? AND currency=?)"}},
		{"PoolDaysSince", named("PoolDaysSince"), []string{"SEARCH d USING PRIMARY KEY (pool_id=?)"}},
		{"EarlierMeasures", named("EarlierMeasures"), []string{"SEARCH pools USING INDEX sqlite_autoindex_pools_1 (id=?)"}},
		{"CountBatch", named("CountBatch"), []string{"SEARCH r USING COVERING INDEX recognitions_batch (batch_id=?)"}},
		{"SumBatch", named("SumBatch"), []string{"SEARCH r USING INDEX recognitions_batch (batch_id=?)"}},
		{"BalancesLater", named("BalancesLater"), []string{postedLater}},
		{"AccountBefore", named("AccountBefore"), []string{postedLater}},
		{"RevenueBalances", named("RevenueBalances"), []string{postedLater}},
		{"DeferredBefore", named("DeferredBefore"), []string{postedLater}},
		{"DeferredAfter", named("DeferredAfter"), []string{postedLater}},
		{"lots of a customer", page("lots", "customer_id = 'c' AND id > 'x'", "id"), []string{"USING INDEX sqlite_autoindex_lots_1 (customer_id=? AND id>?)"}},
		{"lots, backward", page("lots", "id < 'x'", "id DESC"), []string{"USING INDEX lots_id (id<?)"}},
		{
			"lots of a purchase", page("lots", "customer_id = (SELECT p.customer_id FROM purchases AS p WHERE p.id = 'p') AND purchase_id = 'p'", "id"),
			[]string{"USING INDEX sqlite_autoindex_lots_1 (customer_id=?)", "SEARCH p USING INDEX purchases_id (id=?)"},
		},
		{"purchases of a customer", page("purchases", "customer_id = 'c' AND id > 'x'", "id"), []string{"USING INDEX sqlite_autoindex_purchases_1 (customer_id=? AND id>?)"}},
		{"events of a customer", page("usage_events", "customer_id = 'c' AND id > 'x'", "id"), []string{"SEARCH usage_events USING PRIMARY KEY (customer_id=? AND id>?)"}},
		{"events by id", page("usage_events", "id IN ('a', 'b')", "id"), []string{"USING INDEX usage_events_id (id=?)"}},
		{"all events", page("usage_events", "id > 'x'", "id"), []string{"USING INDEX usage_events_id (id>?)"}},
		{"voids", "SELECT * FROM usage_events WHERE customer_id = 'c' AND void_of IS NOT NULL AND void_of IN ('a', 'b')", []string{"USING INDEX usage_events_void (customer_id=? AND void_of=?)"}},
		{"draws of a customer", page("draws", "customer_id = 'c' AND (event_id, lot_id) > ('x', 'y')", "event_id, lot_id"), []string{"SEARCH draws USING PRIMARY KEY (customer_id=? AND (event_id,lot_id)>(?,?))"}},
		{"draws of a lot on a day", page("draws", "customer_id = 'c' AND lot_id = 'l' AND day = '2024-01-01'", "event_id, lot_id"), []string{"USING INDEX draws_lot (customer_id=? AND lot_id=? AND day=?)"}},
		{"draws of a lot", page("draws", "customer_id = 'c' AND lot_id = 'l'", "event_id, lot_id"), []string{"USING INDEX draws_lot (customer_id=? AND lot_id=?)"}},
		{
			"recognitions of a lot", page("recognitions", "customer_id = (SELECT l.customer_id FROM lots AS l WHERE l.id = 'l') AND lot_id = 'l'", "id"),
			[]string{"USING INDEX recognitions_lot (customer_id=? AND lot_id=?)", "SEARCH l USING INDEX lots_id (id=?)"},
		},
		{"recognitions of a customer", page("recognitions", "customer_id = 'c' AND id > 'x'", "id"), []string{"USING INDEX sqlite_autoindex_recognitions_1 (customer_id=? AND id>?)"}},
		{
			"recognitions of an entry", page("recognitions", "batch_id = 'b' AND accounting_date = 'a' AND day = 'd' AND kind = 'USAGE'", "id"),
			[]string{"USING INDEX recognitions_batch (batch_id=? AND accounting_date=? AND day=? AND kind=?)"},
		},
		{"entries by number", page("entries", "number > 7", "number"), []string{"USING INTEGER PRIMARY KEY (rowid>?)"}},
		{"entries by day", "SELECT min(number), max(number) FROM entries WHERE accounting_date >= 'a' AND accounting_date <= 'b'", []string{"USING COVERING INDEX entries_date (accounting_date>? AND accounting_date<?)"}},
		{"entries of a purchase", page("entries", "reference = 'p'", "number"), []string{"USING INDEX entries_reference (reference=?)"}},
		{
			"entries of an account", page("entries", "number > 7 AND EXISTS (SELECT 1 FROM lines AS l WHERE l.account = 'cash' AND l.entry_number = number)", "number"),
			[]string{"USING COVERING INDEX lines_account (account=? AND entry_number=?)"},
		},
		{"lines", "SELECT * FROM lines WHERE entry_number IN (1, 2) ORDER BY entry_number, line", []string{"SEARCH lines USING PRIMARY KEY (entry_number=?)"}},
		{"deferred by customer", "SELECT customer_id, sum(carrying_minor) FROM lots WHERE carrying_minor <> 0 OR carrying_functional_minor <> 0 GROUP BY customer_id, currency", []string{"SCAN lots USING INDEX lots_carrying"}},
		{"running jobs", page("job_runs", "status = 'RUNNING'", "id"), []string{"USING INDEX job_runs_running"}},
		{"audit of a subject", page("audit_events", "subject = 's' AND id > 'x'", "id"), []string{"USING INDEX audit_events_subject (subject=? AND id>?)"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := planOf(t, s, test.query)
			for _, use := range test.uses {
				if !strings.Contains(plan, use) {
					t.Errorf("does not use %q:\n%s", use, plan)
				}
			}
			for line := range strings.Lines(plan) {
				known := strings.Contains(line, "USING") || strings.Contains(line, "SCAN key") || strings.Contains(line, "SCAN span") || strings.Contains(line, "SCAN since") || strings.Contains(line, "SCAN new") || strings.Contains(line, "CONSTANT ROW")
				if strings.HasPrefix(line, "SCAN") && !known && !slices.Contains(whole[test.name], strings.TrimSpace(strings.TrimPrefix(line, "SCAN "))) {
					t.Errorf("reads a whole table: %s", line)
				}
				if queues[test.name] && strings.Contains(line, "ORDER BY") {
					t.Errorf("sorts a queue: %s", line)
				}
			}
		})
	}
}

var placeholder = regexp.MustCompile(`\?\d?`)

// planOf explains a query with stand-ins for its arguments.
func planOf(t *testing.T, s *store.Store, query string) string {
	t.Helper()
	if rest, ok := strings.CutPrefix(query, "WITH ? "); ok {
		keys := "key (customer_id, lot_id, source, event_id, policy_id, pool_key, currency) AS (VALUES ('a', 'b', 's', 'e', 'p', 'k', 'c'), ('c', 'd', 's', 'e', 'p', 'k', 'c')) "
		if strings.Contains(rest, "span.") {
			keys = "span (at, customer_id, lot_id, from_day, to_day) AS (VALUES (0, 'a', 'b', 'f', 't'), (1, 'c', 'd', 'f', 't')) "
		}
		if strings.Contains(rest, "since.") {
			keys = "since (pool_id, from_day) AS (VALUES ('a', 'f'), ('b', 'f')) "
		}
		if strings.Contains(rest, "new.") {
			columns := regexp.MustCompile(`new\.(\w+)`).FindAllStringSubmatch(rest, -1)
			seen, names, values := map[string]bool{}, []string{}, []string{}
			for _, column := range columns {
				if !seen[column[1]] {
					seen[column[1]] = true
					names, values = append(names, column[1]), append(values, "1")
				}
			}
			keys = fmt.Sprintf("new (%s) AS (VALUES (%s), (%[2]s)) ", strings.Join(names, ", "), strings.Join(values, ", "))
		}
		query = "WITH " + keys + rest
	}
	rows, err := s.Writer().DB.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+placeholder.ReplaceAllString(query, "'1'"))
	if err != nil {
		t.Fatalf("%v: %s", err, query)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
