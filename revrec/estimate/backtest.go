package estimate

import "drawdown/ledger"

// hindsight is what the method would have said at the end of an earlier month, from what was
// known then, beside what came about.
type hindsight struct {
	through       ledger.Period
	point, actual float64
}

// asOf is the table as it stood some months earlier.
func (t *table) asOf(earlier int, months []ledger.Period, through ledger.Period) *table {
	then := &table{expiry: t.expiry}
	for i := range t.seen {
		age := min(int(through-months[i])-earlier, t.expiry)
		if age < 0 {
			continue
		}
		gone := 0.0
		for _, c := range t.gone[i][:age+1] {
			gone += c
		}
		then.seen = append(then.seen, age)
		then.sold = append(then.sold, t.sold[i])
		then.refunded = append(then.refunded, gone)
		then.gone = append(then.gone, t.gone[i][:age+1])
		then.use = append(then.use, t.use[i][:age+1])
		then.used = append(then.used, t.used[i][:age+1])
	}
	return then
}

// lookBack has the method project from the end of every earlier month that had enough complete
// cohorts, and all of whose open cohorts are complete by now; the latest month first.
func (e evidence) lookBack(t *table, p plan, through ledger.Period, enough int) []hindsight {
	var out []hindsight
	for earlier := e.expiry; ; earlier++ {
		then := t.asOf(earlier, e.months, through)
		complete := 0
		var open []int
		for i, age := range then.seen {
			if age == e.expiry {
				complete++
			} else {
				open = append(open, i)
			}
		}
		if complete < enough {
			return out
		}
		point, ok := then.project(then.learn(p)).breakage(open)
		used, net := 0.0, 0.0
		for _, i := range open {
			used += t.latest(i)
			net += t.net(i)
		}
		if ok && net > 0 {
			out = append(out, hindsight{through: through - ledger.Period(earlier), point: point, actual: max(0, 1-used/net)})
		}
	}
}

// leastLookingBack is how many earlier months make a measure of error.
const leastLookingBack = 3

// squareError is the mean square of what the method was wrong by; 0 where there is too little
// to look back on.
func squareError(back []hindsight) float64 {
	if len(back) < leastLookingBack {
		return 0
	}
	sum := 0.0
	for _, b := range back {
		sum += float64((b.point - b.actual) * (b.point - b.actual))
	}
	return sum / float64(len(back))
}
