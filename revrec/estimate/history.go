package estimate

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Record is what one customer bought in one calendar month under one policy, and what
// became of it by age: calendar months after the month of purchase, which is age 0. A
// customer may have several records of a month: they add up.
type Record struct {
	// Customer identifies who bought: credits of one customer are not independent.
	Customer string
	// Cohort is the month of purchase.
	Cohort ledger.Period
	// Sold is what was bought, refunds not taken off; free credits are none.
	Sold revrec.Credits
	// Used is by age, not cumulative: Used[2] was used in the second month after that of
	// the purchase. It may end early (the rest is zero). A month below zero takes back use
	// of the months before it. Use after the age of expiry counts as of that age.
	Used []revrec.Credits
	// Refunded is what went back unused, by age like Used, never below zero.
	Refunded []revrec.Credits
}

// History is the evidence: everything sold under a policy in a currency, through the end
// of a month.
type History struct {
	// Through is the last month whose use is complete.
	Through ledger.Period
	// ExpiryAge is the age in months at which credits lapse: 12 for credits of a year, that
	// may still be used in the month a year after the month of purchase.
	ExpiryAge int
	// Records are in any order.
	Records []Record
}

// Limits of a history.
const (
	// MaxExpiryAge is ten years: credits that live longer have no history to go by.
	MaxExpiryAge = 120
	// MaxRecords bounds the work: a hundred thousand customers for ten years of months.
	MaxRecords = 12_000_000
)

// Hash identifies the evidence: SHA-256, in hexadecimal, over a canonical form of the history
// that does not depend on the order of records, nor on zeros at the end of a list.
//
// The form: "drawdown.estimate.history", then each number as a signed 64-bit integer, the
// highest byte first: version of the form (1), Through as months since the year 0, ExpiryAge,
// number of records; then the records, in the order of their own bytes, each after its length:
// length of the customer, the customer, cohort, sold, number of ages used, their credits in
// millionths, number of ages refunded, theirs.
func (h History) Hash() string {
	records := make([][]byte, len(h.Records))
	for i, r := range h.Records {
		records[i] = r.encode()
	}
	slices.SortFunc(records, bytes.Compare)
	form := []byte("drawdown.estimate.history")
	for _, n := range []int64{hashForm, int64(h.Through), int64(h.ExpiryAge), int64(len(records))} {
		form = appendInt(form, n)
	}
	sum := sha256.New()
	sum.Write(form)
	for _, record := range records {
		sum.Write(appendInt(nil, int64(len(record))))
		sum.Write(record)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// hashForm is the version of the canonical form.
const hashForm = 1

func appendInt(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }

func (r Record) encode() []byte {
	b := appendInt(nil, int64(len(r.Customer)))
	b = append(b, r.Customer...)
	b = appendInt(b, int64(r.Cohort))
	b = appendInt(b, int64(r.Sold))
	for _, ages := range [][]revrec.Credits{r.Used, r.Refunded} {
		for len(ages) > 0 && ages[len(ages)-1] == 0 {
			ages = ages[:len(ages)-1]
		}
		b = appendInt(b, int64(len(ages)))
		for _, c := range ages {
			b = appendInt(b, int64(c))
		}
	}
	return b
}

// row is a record that was checked: what one customer bought in a month, use never below
// zero in any age, nothing after the age of expiry.
type row struct {
	customer       int // in the order of their names
	cohort         int // in the order of months
	sold           int64
	used, refunded []int64 // by age, to the age of expiry at most
}

// evidence is a history that was checked and put in order.
type evidence struct {
	months    []ledger.Period // of the cohorts
	seen      []int           // by cohort: the last age seen whole, at most expiry
	expiry    int
	customers int
	rows      []row // by customer, then cohort
}

// check puts the history in order. Errors: InvalidError, ErrTooManyCredits.
func (h History) check() (evidence, error) {
	switch {
	case h.Through <= 0:
		return evidence{}, &InvalidError{"through", "must be a month"}
	case h.ExpiryAge < 1 || h.ExpiryAge > MaxExpiryAge:
		return evidence{}, &InvalidError{"expiryAge", fmt.Sprintf("must be 1 to %d months, not %d", MaxExpiryAge, h.ExpiryAge)}
	case len(h.Records) > MaxRecords:
		return evidence{}, &InvalidError{"records", fmt.Sprintf("must be at most %d", MaxRecords)}
	}
	order := make([]int, len(h.Records))
	names, months := map[string]int{}, map[ledger.Period]int{}
	for i, r := range h.Records {
		if r.Cohort <= 0 || r.Cohort > h.Through {
			return evidence{}, &InvalidError{fmt.Sprintf("records[%d].cohort", i), "must be a month up to " + h.Through.String()}
		}
		order[i] = i
		names[r.Customer], months[r.Cohort] = 0, 0
	}
	e := evidence{months: slices.Sorted(maps.Keys(months)), expiry: h.ExpiryAge, customers: len(names)}
	for i, month := range e.months {
		months[month] = i
		e.seen = append(e.seen, min(int(h.Through-month), h.ExpiryAge))
	}
	for i, name := range slices.Sorted(maps.Keys(names)) {
		names[name] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := h.Records[a], h.Records[b]
		return cmp.Or(cmp.Compare(names[x.Customer], names[y.Customer]), cmp.Compare(x.Cohort, y.Cohort))
	})
	total := int64(0)
	for _, i := range order {
		r := h.Records[i]
		next, err := r.row(fmt.Sprintf("records[%d]", i), int(h.Through-r.Cohort), h.ExpiryAge)
		if err != nil {
			return evidence{}, err
		}
		next.customer, next.cohort = names[r.Customer], months[r.Cohort]
		if total += next.sold; total < 0 {
			return evidence{}, ErrTooManyCredits
		}
		if last := len(e.rows) - 1; last >= 0 && e.rows[last].customer == next.customer && e.rows[last].cohort == next.cohort {
			e.rows[last].add(next) // within total: never more than was sold
			continue
		}
		e.rows = append(e.rows, next)
	}
	return e, nil
}

// row checks a record whose use was seen through an age.
func (r Record) row(field string, seen, expiry int) (row, error) {
	if r.Sold < 0 {
		return row{}, &InvalidError{field + ".sold", "must not be below zero"}
	}
	out := row{sold: int64(r.Sold), used: make([]int64, min(seen, expiry)+1), refunded: make([]int64, min(seen, expiry)+1)}
	left := out.sold
	for _, list := range []struct {
		name string
		from []revrec.Credits
		into []int64
	}{{"refunded", r.Refunded, out.refunded}, {"used", r.Used, out.used}} {
		sum := int64(0)
		for age, c := range list.from {
			amount := int64(c)
			switch {
			case amount == 0:
				continue
			case age > seen:
				return row{}, &InvalidError{fmt.Sprintf("%s.%s[%d]", field, list.name, age), "is of a month after the last of the history"}
			case amount < 0 && (list.name == "refunded" || sum+amount < 0):
				return row{}, &InvalidError{fmt.Sprintf("%s.%s[%d]", field, list.name, age), "must not bring the sum below zero"}
			case amount > left-sum && list.name == "refunded", amount > 0 && amount > math.MaxInt64-sum:
				return row{}, &InvalidError{fmt.Sprintf("%s.%s[%d]", field, list.name, age), "is more than was sold"}
			}
			sum += amount
			at := min(age, expiry)
			// What is taken back was never used: it comes off the months before, latest first.
			for back := at; amount < 0 && back >= 0; back-- {
				off := min(-amount, list.into[back])
				list.into[back] -= off
				amount += off
			}
			list.into[at] += amount
		}
		if sum > left {
			return row{}, &InvalidError{field + "." + list.name, "is more than was sold"}
		}
		left -= sum
	}
	return out, nil
}

func (r *row) add(other row) {
	r.sold += other.sold
	for age := range other.used {
		r.used[age] += other.used[age]
		r.refunded[age] += other.refunded[age]
	}
}

// net is what was sold, refunds left out.
func (r row) net() int64 {
	net := r.sold
	for _, c := range r.refunded {
		net -= c
	}
	return net
}
