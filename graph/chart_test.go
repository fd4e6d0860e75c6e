package graph_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// TestChartsFoot adds up the charts of a random book, and compares every point with the
// draws, recognitions, purchases and lines below it, and the whole with the trial balance.
func TestChartsFoot(t *testing.T) {
	if testing.Short() {
		t.Skip("asks one thing after the other, in which the race detector sees nothing")
	}
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			a := newAPI(t)
			a.randomBook(rand.New(rand.NewPCG(seed, 7)))
			for _, interval := range []string{"DAY", "WEEK", "MONTH"} {
				a.usageFoots(interval)
				a.revenueFoots(interval)
				a.purchasesFoot(interval)
				a.accountsFoot(interval)
				a.marginsFoot(interval)
			}
		})
	}
}

// spanOfCharts begins within the history, so that accounts have an opening balance, and
// within a week and a month.
const spanOfCharts = `from: "2024-02-07", to: "2024-05-22"`

func inSpan(day string) bool { return day >= "2024-02-07" && day <= "2024-05-22" }

// bucketOf names the bucket of a day: the week as ISO 8601 counts it.
func bucketOf(day, interval string) string {
	at, _ := time.Parse(time.DateOnly, day)
	switch interval {
	case "WEEK":
		year, week := at.ISOWeek()
		return fmt.Sprintf("%d-W%02d", year, week)
	case "MONTH":
		return day[:7]
	}
	return day
}

// points are sums by bucket and group.
type points map[string]decimal.Decimal

func (p points) add(bucket, group string, amount any) {
	p[bucket+" "+group] = p[bucket+" "+group].Add(decimal.RequireFromString(amount.(string)))
}

func (p points) same(t *testing.T, what string, want points) {
	t.Helper()
	if len(want) < 4 {
		t.Errorf("%s: only %d points: the book of this test needs more", what, len(want))
	}
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if !p[name].Equal(want[name]) {
			t.Errorf("%s: %s is %s, want %s", what, name, p[name], want[name])
		}
	}
	for name, value := range want {
		if _, there := p[name]; !there && !value.IsZero() {
			t.Errorf("%s: %s is missing, want %s", what, name, value)
		}
	}
}

// read adds up the values of a chart, and checks that its buckets cover the span without a
// gap, and that totals are sums.
func (a *api) read(chart answered, name, values, interval string, group func(series any) string) points {
	a.t.Helper()
	buckets := chart.at(name + ".buckets").([]any)
	day := "2024-02-07"
	for _, bucket := range buckets {
		if dig(bucket, "from") != day || bucketOf(day, interval) != bucketOf(dig(bucket, "to").(string), interval) {
			a.t.Fatalf("bucket %v does not begin on %s, or is longer than a %s", bucket, day, interval)
		}
		end, _ := time.Parse(time.DateOnly, dig(bucket, "to").(string))
		day = end.AddDate(0, 0, 1).Format(time.DateOnly)
	}
	if day != "2024-05-23" {
		a.t.Fatalf("the buckets end before %s", day)
	}
	sums := points{}
	for _, series := range chart.at(name + ".series").([]any) {
		total := decimal.Zero
		for i, value := range dig(series, values).([]any) {
			if money, ok := value.(map[string]any); ok {
				value = money["amount"]
			}
			sums.add(bucketOf(dig(buckets[i], "from").(string), interval), group(series), value)
			total = total.Add(decimal.RequireFromString(value.(string)))
		}
		want := dig(series, "total")
		if money, ok := want.(map[string]any); ok {
			want = money["amount"]
		}
		if want != nil && !total.Equal(decimal.RequireFromString(want.(string))) {
			a.t.Errorf("%s: the total of %s is %s, its points add up to %s", name, group(series), want, total)
		}
	}
	return sums
}

// named names a series by key and currency.
func named(series any) string {
	name := ""
	if key, ok := dig(series, "key").(string); ok {
		name = key
	}
	if dig(series, "others") == any(true) {
		name = "others"
	}
	if currency, ok := dig(series, "currency").(string); ok {
		name += "/" + currency
	}
	return name
}

func (a *api) usageFoots(interval string) {
	a.t.Helper()
	all, byKind, byPolicy, byPack, byCustomer, byMeter := points{}, points{}, points{}, points{}, points{}, points{}
	active, met := map[string]map[string]bool{}, map[string]bool{}
	type lotDay struct{ lot, day, customer string }
	net := map[lotDay]decimal.Decimal{}
	for _, customer := range a.everything("customers", "externalId") {
		name := dig(customer, "externalId").(string)
		for _, draw := range a.everything(fmt.Sprintf("draws(customer: %q)", name), "day credits lot { id kind policy { code } purchase { pack { code } } } event { meter { code } }") {
			day := dig(draw, "day").(string)
			credits := decimal.RequireFromString(dig(draw, "credits").(string))
			key := lotDay{dig(draw, "lot.id").(string), day, name}
			net[key] = net[key].Add(credits)
			if !inSpan(day) {
				continue
			}
			bucket := bucketOf(day, interval)
			all.add(bucket, "", dig(draw, "credits"))
			byKind.add(bucket, dig(draw, "lot.kind").(string), dig(draw, "credits"))
			byPolicy.add(bucket, dig(draw, "lot.policy.code").(string), dig(draw, "credits"))
			pack, _ := dig(draw, "lot.purchase.pack.code").(string)
			byPack.add(bucket, pack, dig(draw, "credits"))
			byCustomer.add(bucket, name, dig(draw, "credits"))
			if name == "c-3" && day >= "2024-03-01" && day <= "2024-03-31" {
				meter, _ := dig(draw, "event.meter.code").(string)
				byMeter.add("all", meter, dig(draw, "credits"))
			}
		}
	}
	for key, credits := range net {
		if inSpan(key.day) && credits.IsPositive() {
			bucket := bucketOf(key.day, interval)
			if active[bucket] == nil {
				active[bucket] = map[string]bool{}
			}
			active[bucket][key.customer], met[key.customer] = true, true
		}
	}
	read := func(arguments string) points {
		got := a.must(fmt.Sprintf(`{ usageOverTime(%s, interval: %s%s) { buckets { from to } series { key others credits total } total } }`, spanOfCharts, interval, arguments))
		sums := a.read(got, "usageOverTime", "credits", interval, named)
		total := decimal.Zero
		for _, sum := range sums {
			total = total.Add(sum)
		}
		if !total.Equal(decimal.RequireFromString(got.text("usageOverTime.total"))) {
			a.t.Errorf("the total is %s, the series add up to %s", got.text("usageOverTime.total"), total)
		}
		return sums
	}
	read("").same(a.t, "use", all)
	read(", groupBy: LOT_KIND").same(a.t, "use by kind of lot", byKind)
	read(", groupBy: POLICY").same(a.t, "use by policy", byPolicy)
	read(", groupBy: PACK").same(a.t, "use by pack", byPack)
	read(", groupBy: CUSTOMER, top: 50").same(a.t, "use by customer", byCustomer)
	read(", groupBy: CUSTOMER, top: 3").same(a.t, "use of the top customers", topped(byCustomer, 3))
	one := points{}
	for name, sum := range byCustomer {
		if bucket, ok := strings.CutSuffix(name, " c-3"); ok {
			one[bucket+" "] = sum
		}
	}
	read(`, customer: "c-3"`).same(a.t, "use of one customer", one)

	got := a.must(fmt.Sprintf(`{ usageOverTime(from: "2024-03-01", to: "2024-03-31", customer: "c-3", groupBy: METER, interval: %s) { series { key others total } } }`, interval))
	metered := points{}
	for _, series := range got.at("usageOverTime.series").([]any) {
		metered.add("all", named(series), dig(series, "total"))
	}
	for _, name := range []string{"all ", "all in", "all out"} {
		if !metered[name].Equal(byMeter[name]) {
			a.t.Errorf("use by meter: %s is %s, want %s", name, metered[name], byMeter[name])
		}
	}

	got = a.must(fmt.Sprintf(`{ activeCustomersOverTime(%s, interval: %s) { buckets { from to } counts total } }`, spanOfCharts, interval))
	for i, bucket := range got.at("activeCustomersOverTime.buckets").([]any) {
		want := len(active[bucketOf(dig(bucket, "from").(string), interval)])
		got.is(fmt.Sprintf("activeCustomersOverTime.counts.%d", i), fmt.Sprint(want))
	}
	got.is("activeCustomersOverTime.total", fmt.Sprint(len(met)))
}

// topped puts all groups but the largest into others.
func topped(all points, top int) points {
	sums := map[string]decimal.Decimal{}
	for name, sum := range all {
		_, group, _ := strings.Cut(name, " ")
		sums[group] = sums[group].Add(sum)
	}
	groups := slices.SortedFunc(maps.Keys(sums), func(x, y string) int { return sums[y].Cmp(sums[x]) })
	result := points{}
	for name, sum := range all {
		bucket, group, _ := strings.Cut(name, " ")
		if slices.Index(groups, group) >= top {
			group = "others"
		}
		result[bucket+" "+group] = result[bucket+" "+group].Add(sum)
	}
	return result
}

func (a *api) revenueFoots(interval string) {
	a.t.Helper()
	all, byKind, byPolicy, byCustomer := points{}, points{}, points{}, points{}
	functional := decimal.Zero
	for _, r := range a.everything("recognitions", "kind accountingDate revenue { amount currency } functionalAmount { amount } functionalUnclaimed { amount } customer { externalId } policy { code } entry { number }") {
		day := dig(r, "accountingDate").(string)
		if dig(r, "entry") == nil || dig(r, "kind") == "CLEARING" || !inSpan(day) {
			continue
		}
		bucket, money, currency := bucketOf(day, interval), dig(r, "revenue.amount"), "/"+dig(r, "revenue.currency").(string)
		customer, _ := dig(r, "customer.externalId").(string)
		all.add(bucket, currency, money)
		byKind.add(bucket, dig(r, "kind").(string)+currency, money)
		byPolicy.add(bucket, dig(r, "policy.code").(string)+currency, money)
		byCustomer.add(bucket, customer+currency, money)
		functional = functional.Add(decimal.RequireFromString(dig(r, "functionalAmount.amount").(string))).Sub(decimal.RequireFromString(dig(r, "functionalUnclaimed.amount").(string)))
	}
	read := func(arguments string) points {
		got := a.must(fmt.Sprintf(`{ revenueOverTime(%s, interval: %s%s) { buckets { from to } series { key others currency amounts { amount } total { amount } } functionalTotal { amount } } }`, spanOfCharts, interval, arguments))
		if total := got.text("revenueOverTime.functionalTotal.amount"); !functional.Equal(decimal.RequireFromString(total)) {
			a.t.Errorf("revenue%s: the functional total is %s, want %s", arguments, total, functional)
		}
		return a.read(got, "revenueOverTime", "amounts", interval, named)
	}
	read("").same(a.t, "revenue", all)
	read(", groupBy: KIND").same(a.t, "revenue by kind", byKind)
	read(", groupBy: POLICY").same(a.t, "revenue by policy", byPolicy)
	read(", groupBy: CUSTOMER, top: 50").same(a.t, "revenue by customer", byCustomer)

	// From the first day to the last, revenue is what the trial balance says.
	chart := a.must(`{ revenueOverTime(from: "2024-01-01", to: "2024-12-31", interval: MONTH) { functionalTotal { amount } } }`)
	total := decimal.Zero
	for _, row := range a.must(`{ trialBalance { rows { account { role } functionalClosing { amount } } } }`).at("trialBalance.rows").([]any) {
		if slices.Contains([]any{"USAGE_REVENUE", "BREAKAGE_REVENUE", "OVERAGE_REVENUE"}, dig(row, "account.role")) {
			total = total.Add(decimal.RequireFromString(dig(row, "functionalClosing.amount").(string)))
		}
	}
	if charted := decimal.RequireFromString(chart.text("revenueOverTime.functionalTotal.amount")); !charted.Equal(total) || total.IsZero() {
		a.t.Errorf("the chart adds up to %s of revenue, the trial balance to %s", charted, total)
	}
}

func (a *api) purchasesFoot(interval string) {
	a.t.Helper()
	byPack, counts := points{}, points{}
	for _, p := range a.everything("purchases", "status purchasedAt price { amount currency } pack { code }") {
		day := dig(p, "purchasedAt").(string)[:10]
		if inSpan(day) && dig(p, "status") != "VOIDED" {
			pack, _ := dig(p, "pack.code").(string)
			byPack.add(bucketOf(day, interval), pack+"/"+dig(p, "price.currency").(string), dig(p, "price.amount"))
			counts.add(bucketOf(day, interval), pack+"/"+dig(p, "price.currency").(string), "1")
		}
	}
	got := a.must(fmt.Sprintf(`{ purchasesOverTime(%s, interval: %s, groupBy: PACK) { buckets { from to } series { key others currency counts amounts { amount } total { amount } } } }`, spanOfCharts, interval))
	a.read(got, "purchasesOverTime", "amounts", interval, named).same(a.t, "purchases", byPack)
	buckets := got.at("purchasesOverTime.buckets").([]any)
	counted := points{}
	for _, series := range got.at("purchasesOverTime.series").([]any) {
		for i, count := range dig(series, "counts").([]any) {
			counted.add(bucketOf(dig(buckets[i], "from").(string), interval), named(series), fmt.Sprint(count))
		}
	}
	counted.same(a.t, "numbers of purchases", counts)
}

func (a *api) accountsFoot(interval string) {
	a.t.Helper()
	entries := a.everything("entries", "accountingDate lines { account { role naturalSide } amount { amount currency } }")
	for _, account := range []string{"DEFERRED_REVENUE", "CASH"} {
		debits, closing := points{}, map[string]decimal.Decimal{}
		opening := map[string]decimal.Decimal{}
		for _, entry := range entries {
			day := dig(entry, "accountingDate").(string)
			for _, line := range dig(entry, "lines").([]any) {
				if dig(line, "account.role") != account {
					continue
				}
				currency, amount := dig(line, "amount.currency").(string), decimal.RequireFromString(dig(line, "amount.amount").(string))
				natural := amount
				if dig(line, "account.naturalSide") == "CREDIT" {
					natural = amount.Neg()
				}
				if day < "2024-02-07" {
					opening[currency] = opening[currency].Add(natural)
				}
				if day <= "2024-05-22" {
					closing[currency] = closing[currency].Add(natural)
				}
				if inSpan(day) && amount.IsPositive() {
					debits.add(bucketOf(day, interval), "/"+currency, amount.String())
				}
			}
		}
		got := a.must(fmt.Sprintf(`{ accountOverTime(account: %s, %s, interval: %s) { buckets { from to } series { currency opening { amount } debits { amount } closing { amount } } } }`, account, spanOfCharts, interval))
		a.read(got, "accountOverTime", "debits", interval, named).same(a.t, account, debits)
		for _, series := range got.at("accountOverTime.series").([]any) {
			currency := dig(series, "currency").(string)
			balances := dig(series, "closing").([]any)
			first, last := dig(series, "opening.amount").(string), dig(balances[len(balances)-1], "amount").(string)
			if !opening[currency].Equal(decimal.RequireFromString(first)) || !closing[currency].Equal(decimal.RequireFromString(last)) {
				a.t.Errorf("%s in %s goes from %s to %s, want %s to %s", account, currency, first, last, opening[currency], closing[currency])
			}
		}
	}
}

// everything reads a whole list.
func (a *api) everything(list, fields string) []any {
	a.t.Helper()
	name, arguments := list, ""
	if before, after, found := strings.Cut(list, "("); found {
		name, arguments = before, strings.TrimSuffix(after, ")")+", "
	}
	var rows []any
	var after any
	for next := true; next; {
		page := a.must(fmt.Sprintf("query($after: String) { %s(%s first: 200, after: $after) { nodes { %s } pageInfo { hasNextPage endCursor } } }", name, arguments, fields), map[string]any{"after": after})
		rows = append(rows, page.at(name+".nodes").([]any)...)
		after, next = page.at(name+".pageInfo.endCursor"), page.at(name+".pageInfo.hasNextPage").(bool)
	}
	return rows
}

// randomBook makes five months of purchases, use, voids and bookings.
func (a *api) randomBook(r *rand.Rand) {
	a.t.Helper()
	a.now = time.Date(2024, 1, 5, 9, 0, 0, 0, time.UTC)
	a.must(`mutation {
		p1: policyCreate(input: {code: "short", expires: "P2M", lateUsage: "P2D", overage: {mode: BILL, rate: "0.15"}}, idempotencyKey: "p1") { userErrors { message } }
		p2: policyCreate(input: {code: "pool", expires: "P3M", overage: {mode: BILL, rate: "0.2"}, breakage: {method: PROPORTIONAL, rate: "0.1", escheat: "0.25", pool: PURCHASE_MONTH}}, idempotencyKey: "p2") { userErrors { message } }
		k1: packCreate(input: {code: "small", policy: "short", tiers: [{credits: "10", price: "2.00"}]}, idempotencyKey: "k1") { userErrors { message } }
		k2: packCreate(input: {code: "euro", policy: "pool", currency: "EUR", tiers: [{credits: "10", price: "3.33"}]}, idempotencyKey: "k2") { userErrors { message } }
		m1: meterCreate(input: {code: "in", credits: "1", per: "10"}, idempotencyKey: "m1") { userErrors { message } }
		m2: meterCreate(input: {code: "out", credits: "0.3"}, idempotencyKey: "m2") { userErrors { message } }
	}`)
	for c := range 9 {
		a.must(fmt.Sprintf(`mutation { customerCreate(input: {externalId: "c-%d"}, idempotencyKey: "c%d") { userErrors { message } } }`, c, c))
	}
	for day := range 150 {
		a.now = a.now.AddDate(0, 0, 1)
		if day == 30 || day == 80 {
			a.must(fmt.Sprintf(`mutation { rateCardPublish(input: {rates: [{meter: "in", credits: "%d", per: "10", cost: {amount: "0.0%d37", per: "7"}}]}, idempotencyKey: "rates %d") { userErrors { message } } }`, day/30, day, day))
		}
		for c := range 9 {
			customer := fmt.Sprintf("c-%d", c)
			if day == 0 || r.IntN(25) == 0 {
				deal := []string{
					`pack: "small", credits: "` + fmt.Sprint(20+r.IntN(50)) + `"`, `pack: "euro", fxRate: "1.0847", credits: "` + fmt.Sprint(20+r.IntN(50)) + `"`,
					`policy: "pool", credits: "40", price: "` + fmt.Sprint(r.IntN(30)+1) + `.07"`,
				}[r.IntN(3)]
				a.must(fmt.Sprintf(`mutation { purchaseCreate(input: {customer: %q, %s}, idempotencyKey: "b%d-%d") { userErrors { message } } }`, customer, deal, day, c))
			}
			if r.IntN(60) == 0 {
				a.must(fmt.Sprintf(`mutation { grantCreate(input: {customer: %q, policy: "short", credits: "5", reason: PROMO}, idempotencyKey: "g%d-%d") { userErrors { message } } }`, customer, day, c))
			}
			if r.IntN(4) > 0 {
				continue
			}
			id := fmt.Sprintf("e%d", day)
			what := []map[string]any{{"credits": fmt.Sprintf("%d.5", r.IntN(9))}, {"meter": "in", "quantity": fmt.Sprint(r.IntN(90) + 1)}, {"meter": "out", "quantity": fmt.Sprint(r.IntN(20) + 1)}}[r.IntN(3)]
			what["id"], what["customer"] = id, customer
			a.must(`mutation($events: [UsageEventInput!]!) { usageRecord(events: $events) { recorded } }`, map[string]any{"events": []any{what}})
			if r.IntN(8) == 0 {
				a.must(fmt.Sprintf(`mutation { usageVoid(event: {customer: %q, id: %q}, idempotencyKey: "v%d-%d") { userErrors { message } } }`, customer, id, day, c))
			}
		}
		if r.IntN(20) == 0 || day == 140 { // the days after are used and not booked
			a.must(fmt.Sprintf(`mutation { jobRun(job: ALL, idempotencyKey: "r%d") { run { status } userErrors { message } } }`, day))
		}
	}
}

// Charts refuse what would be too much, and name it.
func TestChartsAreBounded(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	a.use("acme", "e", "10")
	for query, message := range map[string]string{
		`usageOverTime(from: "2024-02-01", to: "2024-01-31") { total }`:                                               "to: must not be before from (2024-02-01), but is 2024-01-31",
		`usageOverTime(from: "2000-01-01", to: "2024-01-31", interval: MONTH) { total }`:                              "to: must be within 3660 days of from",
		`usageOverTime(from: "2023-01-01", to: "2024-02-05") { total }`:                                               "interval: makes more than 400 buckets",
		`usageOverTime(from: "2024-01-01", to: "2024-01-31", top: 51) { total }`:                                      "top: must be 1 to 50, not 51",
		`usageOverTime(from: "2024-01-01", to: "2024-01-31", groupBy: METER) { total }`:                               "groupBy: needs customer",
		`usageOverTime(from: "2024-01-01", to: "2024-02-01", groupBy: METER, customer: "acme") { total }`:             "to: must be within 31 days of from where groupBy is METER",
		`accountOverTime(account: CASH, from: "2023-01-01", to: "2024-02-05") { series { currency } }`:                "interval: makes more than 400 buckets",
		`activeCustomersOverTime(from: "2024-01-02", to: "2024-01-01") { total }`:                                     "to: must not be before from",
		`revenueOverTime(from: "2024-01-02", to: "2024-01-02", top: 0, groupBy: KIND) { functionalTotal { amount } }`: "top: must be 1 to 50, not 0",
		`purchasesOverTime(from: "1901-01-01", to: "9999-12-31", groupBy: PACK) { functionalTotal { amount } }`:       "to: must be within 3660 days of from",
	} {
		got := a.ask("{ " + query + " }")
		if len(got.Errors) != 1 || len(got.Errors[0].Message) < len(message) || got.Errors[0].Message[:len(message)] != message {
			t.Errorf("%s: want %q, got %s", query, message, got.body)
		}
	}
	a.must(`{ usageOverTime(from: "2024-01-01", to: "2024-01-31", groupBy: METER, customer: "acme") { total series { key meter { code } total } } }`).
		is("usageOverTime", `{"series":[{"key":null,"meter":null,"total":"10"}],"total":"10"}`)
	a.must(`{ usageOverTime(from: "2023-01-01", to: "2023-01-02") { series { credits } } }`).is("usageOverTime.series", `[{"credits":["0","0"]}]`)
	a.must(`{ usageOverTime(from: "2023-01-01", to: "2023-01-02", customer: "nobody") { total } }`).is("usageOverTime.total", `"0"`)
}
