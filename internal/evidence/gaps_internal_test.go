package evidence

import (
	"slices"
	"testing"
)

func TestGaps(t *testing.T) {
	for _, test := range []struct {
		first, last int64
		there       []int64
		want        [][2]int64
	}{
		{1, 5, []int64{1, 2, 3, 4, 5}, nil},
		{1, 5, []int64{1, 2, 3, 4, 5, 6, 9}, nil}, // what came after the closing is not looked at
		{3, 5, []int64{3, 5}, [][2]int64{{4, 4}}},
		{3, 9, []int64{5, 8, 9}, [][2]int64{{3, 4}, {6, 7}}},
		{1, 3, []int64{1}, [][2]int64{{2, 3}}},
		{1, 3, []int64{1, 7}, [][2]int64{{2, 3}}},
		{1, 3, nil, [][2]int64{{1, 3}}},
		{4, 3, nil, nil}, // nothing was posted
	} {
		var got [][2]int64
		g := gapFinder{next: test.first, last: test.last}
		for _, number := range append(slices.Clone(test.there), test.last+1) {
			if number > test.last && g.next > test.last {
				break
			}
			if from, to, missing := g.meet(number); missing {
				got = append(got, [2]int64{from, to})
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v of %d to %d: %v, want %v", test.there, test.first, test.last, got, test.want)
		}
	}
}
