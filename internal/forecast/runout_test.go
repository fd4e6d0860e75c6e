package forecast

import (
	"reflect"
	"testing"
)

// days repeats weeks of use.
func days(weeks ...[Week]float64) (history []float64) {
	for _, week := range weeks {
		history = append(history, week[:]...)
	}
	return history
}

// Figures worked out by hand. The same use every day leaves no range.
func TestByHand(t *testing.T) {
	even := [Week]float64{10, 10, 10, 10, 10, 10, 10}
	workdays := [Week]float64{20, 20, 20, 20, 20, 0, 0}
	four := days(even, even, even, even)
	for name, test := range map[string]struct {
		history []float64
		lots    []Lot
		want    RunOut
	}{
		"100 at 10 a day last through day 9":   {four, []Lot{{0, Never, 100}}, RunOut{10, 10, 10, 10, 28, ""}},
		"95 last through day 8, and half of 9": {four, []Lot{{0, Never, 95}}, RunOut{9, 9, 9, 10, 28, ""}},
		"nothing left":                         {four, nil, RunOut{0, 0, 0, 10, 28, ""}},
		// 100 that lapse after day 4 serve 50; 60 more serve days 5 to 10.
		"a lapse takes half": {four, []Lot{{0, 5, 100}, {0, Never, 60}}, RunOut{11, 11, 11, 10, 28, ""}},
		// 30 serve days 0 to 2, and those of day 4 come too late for day 3.
		"a lot that begins too late": {four, []Lot{{0, Never, 30}, {4, Never, 100}}, RunOut{3, 3, 3, 10, 28, ""}},
		"a lot that begins in time":  {four, []Lot{{0, Never, 30}, {3, Never, 20}}, RunOut{5, 5, 5, 10, 28, ""}},
		// Day 0 is the weekday of the history's first day: 100 serve five workdays, the weekend
		// uses nothing, and day 7 is a workday again.
		"a week has its weekend":   {days(workdays, workdays), []Lot{{0, Never, 100}}, RunOut{7, 7, 7, 100.0 / 7, 14, ""}},
		"more than a year":         {four, []Lot{{0, Never, 3650}}, RunOut{-1, -1, -1, 10, 28, Beyond}},
		"the last day of the year": {four, []Lot{{0, Never, 3649}}, RunOut{364, 364, 364, 10, 28, ""}},
		"13 days are too few":      {four[:13], []Lot{{0, Never, 1}}, RunOut{-1, -1, -1, 0, 7, TooShort}},
		"two days with use":        {append(make([]float64, 12), 5, 5), []Lot{{0, Never, 1}}, RunOut{-1, -1, -1, 0, 14, TooShort}},
		"older weeks do not count": {append(days([Week]float64{900, 900, 900}), four...), []Lot{{0, Never, 100}}, RunOut{10, 10, 10, 10, 28, ""}},
	} {
		if got := Of(test.history, test.lots); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, not %+v", name, got, test.want)
		}
	}
}

// Weeks of 0 and 20 a day in turn: the mean is 10, and the range holds it. Each day uses 0 or
// 20 with the chance of a coin: 100 credits serve five days of 20, so they run out on the
// sixth such day: its number has a negative binomial distribution, with mean 11 (days from 0)
// and a standard deviation of 3.5. Its tenth below is 7, and above 16.
func TestRange(t *testing.T) {
	full := [Week]float64{20, 20, 20, 20, 20, 20, 20}
	got := Of(days([Week]float64{}, full, [Week]float64{}, full), []Lot{{0, Never, 100}})
	if got.Day != 10 || got.DailyUse != 10 || got.Earliest != 7 || got.Latest < 15 || got.Latest > 16 {
		t.Errorf("%+v", got)
	}
	if again := Of(days([Week]float64{}, full, [Week]float64{}, full), []Lot{{0, Never, 100}}); again != got {
		t.Errorf("%+v, then %+v", got, again)
	}
}
