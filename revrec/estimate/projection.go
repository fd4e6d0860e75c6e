package estimate

// lessons are what a method takes from history.
type lessons struct {
	method   Method
	ladder   ladder
	survival survival
	refunded []float64 // by age: the share of what was sold that is refunded after it
	level    float64   // 1 − a priori breakage of young cohorts
	mature   int       // the age from which a cohort goes by its own use
}

// projection is what is expected of each cohort.
type projection struct {
	lessons
	ultimate []float64 // use by the age of expiry
	beyond   []float64 // what the method makes of it beyond what was sold
	net      []float64 // sold, with refunds to date and to come left out
	by       []Method  // what each ultimate was projected by; empty where it is complete
}

// plan is what a projection is told: parameters as floats.
type plan struct {
	method   Method
	mature   int     // 0: by the pattern
	prior    float64 // with hasPrior
	hasPrior bool
}

// developed is the share of ultimate use from which on a cohort goes by its own use, where
// nobody says at which age.
const developed = 0.5

// learn takes from the table what the method needs. Where no prior is given,
// 1 − prior = Σ C / Σ N·p(k) over all cohorts: the Cape Cod method (Bühlmann 1983).
func (t *table) learn(p plan) lessons {
	l := lessons{method: p.method, mature: p.mature, ladder: chainLadder(t.used, t.expiry+1), refunded: t.refundedLater()}
	if p.method == KaplanMeier {
		l.survival = t.kaplanMeier()
	}
	pattern := l.ladder.pattern
	if l.mature == 0 {
		for l.mature < t.expiry && pattern[l.mature] < developed {
			l.mature++
		}
		l.mature = max(1, l.mature)
	}
	used, exposed := 0.0, 0.0
	for i, seen := range t.seen {
		used += t.latest(i)
		exposed += float64(max(t.latest(i), t.net(i)-float64(t.sold[i]*l.refunded[seen])) * pattern[seen])
	}
	switch {
	case p.hasPrior:
		l.level = 1 - p.prior
	case exposed > 0:
		l.level = min(1, used/exposed)
	}
	return l
}

// project applies lessons to the cohorts of the table:
//
//	CHAIN_LADDER            U = C / p(k)
//	BORNHUETTER_FERGUSON    U = C + N · (1 − prior) · (1 − p(k))       up to the mature age, then as above
//	KAPLAN_MEIER            U = C + (N − C) · what credits left after k come to by their hazards
//
// k the age seen, C used through it, N sold with refunds left out; never below C or above N. What is
// cut off above N stays in the sum over cohorts: cohorts that used little by chance are not lifted
// either, and cutting one side alone would lean to breakage.
func (t *table) project(l lessons) projection {
	out := projection{
		lessons: l, ultimate: make([]float64, len(t.seen)), beyond: make([]float64, len(t.seen)), net: make([]float64, len(t.seen)), by: make([]Method, len(t.seen)),
	}
	pattern := l.ladder.pattern
	for i, seen := range t.seen {
		latest, net := t.latest(i), t.net(i)
		out.net[i] = max(latest, net-float64(t.sold[i]*l.refunded[seen]))
		switch {
		case seen == t.expiry:
			out.ultimate[i] = latest
		case l.method == KaplanMeier:
			out.by[i] = KaplanMeier
			use, refund := l.survival.after(seen)
			out.net[i] = net - float64((net-latest)*refund)
			out.ultimate[i] = latest + float64((net-latest)*use)
		case pattern[seen] > 0 && (l.method == ChainLadder || seen >= l.mature):
			out.by[i] = ChainLadder
			out.ultimate[i] = latest / pattern[seen]
		default:
			out.by[i] = BornhuetterFerguson
			out.ultimate[i] = latest + float64(out.net[i]*l.level*(1-pattern[seen]))
		}
		out.beyond[i] = max(0, out.ultimate[i]-out.net[i])
		out.ultimate[i] = max(latest, min(out.ultimate[i], out.net[i]))
	}
	return out
}

// breakage is the share of the base that is not used; the base is cohorts by number.
func (p projection) breakage(base []int) (float64, bool) {
	used, net := 0.0, 0.0
	for _, i := range base {
		used += p.ultimate[i] + p.beyond[i]
		net += p.net[i]
	}
	if net <= 0 {
		return 0, false
	}
	return max(0, 1-used/net), true
}

// redemption is the expected use by age, of one credit sold of which the breakage is given.
func (p projection) redemption(breakage float64) []float64 {
	curve := make([]float64, len(p.ladder.pattern))
	last := len(curve) - 1
	for age := range curve {
		share := p.ladder.pattern[age]
		if len(p.survival.used) > 0 {
			share = 0
			if p.survival.used[last] > 0 {
				share = p.survival.used[age] / p.survival.used[last]
			}
		}
		curve[age] = (1 - breakage) * share
	}
	return curve
}
