package revrec

import "drawdown/ledger"

// nearlyNothing is how small a sum of weights may be beside the largest of them before an
// amount is not parted by it any more.
const nearlyNothing = 1000

// Parts parts an amount of minor units over weights, each part the cumulative figure rounded
// half away from zero less what was parted before: the parts add up to the amount, always.
// So the revenue of a day of a lot goes to what drew on it. 606-10-55-46.
//
// Weights of both signs are uses and voids of one day. Where they nearly cancel, what is
// left are cents of rounding, and the largest has them.
//
//	Parts(100, 1, 1, 1) = 33, 34, 33    Parts(-50, -2, -3) = -20, -30
func Parts(minor int64, weights ...Credits) []int64 {
	parts := make([]int64, len(weights))
	var total, most Credits
	largest := 0
	for i, weight := range weights {
		total += weight
		if size := max(weight, -weight); size > most {
			most, largest = size, i
		}
	}
	if len(parts) == 0 {
		return parts
	}
	if size := max(total, -total); size == 0 || size < most/nearlyNothing {
		parts[largest] = minor
		return parts
	}
	var weighed Credits
	var before int64
	for i, weight := range weights {
		weighed += weight
		upTo := proportion(minor, weighed, total)
		parts[i], before = upTo-before, upTo
	}
	return parts
}

// proportion is minor × part ÷ whole, rounded.
func proportion(minor int64, part, whole Credits) int64 {
	if whole < 0 {
		part, whole = -part, -whole
	}
	return ledger.MulDiv(minor, int64(part), int64(whole))
}
