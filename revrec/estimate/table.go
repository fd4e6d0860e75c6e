package estimate

// table is the evidence added up by cohort and age, each customer with a weight: 1, or how
// often the bootstrap drew it. Credits are floats of millionths from here on.
type table struct {
	expiry   int
	seen     []int       // by cohort: the last age seen whole
	sold     []float64   // by cohort
	refunded []float64   // by cohort, to date
	gone     [][]float64 // refunded in an age
	use      [][]float64 // used in an age
	used     [][]float64 // used through an age
}

func newTable(e evidence) *table {
	t := &table{expiry: e.expiry, seen: e.seen, sold: make([]float64, len(e.seen)), refunded: make([]float64, len(e.seen))}
	for _, seen := range e.seen {
		t.gone = append(t.gone, make([]float64, seen+1))
		t.use = append(t.use, make([]float64, seen+1))
		t.used = append(t.used, make([]float64, seen+1))
	}
	return t
}

// fill adds up the rows; weight is by customer, nil for once each.
func (t *table) fill(rows []row, weight []int) {
	clear(t.sold)
	clear(t.refunded)
	for i := range t.seen {
		clear(t.gone[i])
		clear(t.use[i])
	}
	for i := range rows {
		r := &rows[i]
		w := 1.0
		if weight != nil {
			if weight[r.customer] == 0 {
				continue
			}
			w = float64(weight[r.customer])
		}
		t.sold[r.cohort] += float64(w * float64(r.sold))
		use, gone := t.use[r.cohort], t.gone[r.cohort]
		for age, c := range r.used {
			use[age] += float64(w * float64(c))
		}
		for age, c := range r.refunded {
			gone[age] += float64(w * float64(c))
		}
	}
	for i := range t.seen {
		sum := 0.0
		for age, c := range t.use[i] {
			sum += c
			t.used[i][age] = sum
			t.refunded[i] += t.gone[i][age]
		}
	}
}

// net is what was sold of a cohort, refunds to date left out.
func (t *table) net(i int) float64 { return max(0, t.sold[i]-t.refunded[i]) }

// latest is what was used of a cohort to date: the diagonal.
func (t *table) latest(i int) float64 { return t.used[i][t.seen[i]] }

// refundedLater is by age the share of what was sold that is refunded after it: what was
// refunded in an age, of all that was sold and reached it, for each age that is to come.
func (t *table) refundedLater() []float64 {
	later := make([]float64, t.expiry+1)
	for age := t.expiry; age > 0; age-- {
		gone, sold := 0.0, 0.0
		for i, seen := range t.seen {
			if seen >= age {
				gone += t.gone[i][age]
				sold += t.sold[i]
			}
		}
		later[age-1] = later[age]
		if sold > 0 {
			later[age-1] += gone / sold
		}
	}
	return later
}
