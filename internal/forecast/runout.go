package forecast

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Lot is credits that serve from a day, the first of the forecast being 0, until a later
// day begins. Lots are in the order in which they burn.
type Lot struct {
	From, Until int // Until is Never for what does not lapse
	Credits     float64
}

// Never is the day on which nothing lapses.
const Never = math.MaxInt

const (
	// Week is how many days make the pattern of a week.
	Week = 7
	// MostHistory is how many days of use a forecast goes by: four whole weeks, so that it
	// follows a customer who grows.
	MostHistory = 4 * Week
	// LeastHistory is how many days it needs.
	LeastHistory = 2 * Week
	// leastDays is how many of them have use at least: fewer are no pattern.
	leastDays = 3
	// Horizon is how many days ahead it looks: beyond a year, four weeks say nothing.
	Horizon = 365

	paths = 1000 // enough that the tenth of them does not depend on the seed by more than a day or so
	seed  = 20240101
	// early and late are the places of the range among the paths, the earliest first.
	early, late = paths / 10, paths - paths/10 - 1
)

// Reason is why there is no forecast, or no day in it.
type Reason string

// The reasons.
const (
	TooShort Reason = "TOO_LITTLE_HISTORY" // fewer than two weeks, or three days with use
	Beyond   Reason = "BEYOND_HORIZON"     // the credits last longer than a year at this rate
)

// RunOut is the first day, the first of the forecast being 0, that the credits do not last
// through.
type RunOut struct {
	Day              int // by the mean of each weekday; -1 where it is beyond the horizon
	Earliest, Latest int // a tenth of the paths run out before the one and after the other; -1 beyond
	DailyUse         float64
	Days             int // of history that were used
	Reason           Reason
}

// Of says when the lots run out, going by the use of the last days, the latest last. It
// simulates day by day: what a day uses is taken from the lots in force in their order, and
// what lapses is gone.
//
// The day goes by the mean use of each weekday. The range comes from 1,000 paths in which each
// day uses what a random day of the same weekday did, so that it holds the ups and downs of
// single days, and not a growth that goes on.
func Of(history []float64, lots []Lot) RunOut {
	weeks := min(len(history), MostHistory) / Week
	history = history[len(history)-weeks*Week:]
	result := RunOut{Day: -1, Earliest: -1, Latest: -1, Days: len(history)}
	used, sum := 0, 0.0
	for _, credits := range history {
		if credits > 0 {
			used++
		}
		sum += credits
	}
	if len(history) < LeastHistory || used < leastDays {
		result.Reason = TooShort
		return result
	}
	result.DailyUse = sum / float64(len(history))
	var mean [Week]float64
	for i, credits := range history {
		mean[i%Week] += credits / float64(weeks)
	}
	// The history ends the day before the forecast, and holds whole weeks: day d of the
	// forecast is of the weekday of day d%Week of the history.
	result.Day = lasts(lots, func(day int) float64 { return mean[day%Week] })
	random := rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // the same each time, on purpose
	ends := make([]int, paths)
	for i := range ends {
		ends[i] = lasts(lots, func(day int) float64 { return history[random.IntN(weeks)*Week+day%Week] })
		if ends[i] < 0 {
			ends[i] = Horizon
		}
	}
	slices.Sort(ends)
	result.Earliest, result.Latest = within(ends[early]), within(ends[late])
	if result.Day < 0 {
		result.Reason = Beyond
	}
	return result
}

func within(day int) int {
	if day >= Horizon {
		return -1
	}
	return day
}

// dust is what differences of floating point leave of nothing: a millionth of a credit is
// the least that there is.
const dust = 1e-7

// lasts returns the first day whose use the lots do not cover; -1 where there is none within
// the horizon.
func lasts(lots []Lot, use func(day int) float64) int {
	left := make([]float64, len(lots))
	for i, lot := range lots {
		left[i] = lot.Credits
	}
	for day := range Horizon {
		wanted := use(day)
		for i, lot := range lots {
			if lot.From > day || day >= lot.Until || wanted <= dust {
				continue
			}
			taken := min(left[i], wanted)
			left[i] -= taken
			wanted -= taken
		}
		if wanted > dust {
			return day
		}
	}
	return -1
}
