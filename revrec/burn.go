package revrec

import (
	"cmp"
	"container/heap"
	"math/bits"
	"slices"
	"time"
)

// Draw is the part of one usage event that one lot served.
type Draw struct {
	LotID   string
	Credits Credits
}

// Burner draws usage events on the lots of one customer. It keeps the lots in force
// on a heap in burn order while events come in order of time, so that an event costs
// the logarithm of the number of lots; an event out of order looks at every lot.
type Burner struct {
	arrived time.Time
	lots    []*burning // in burn order
	pending []*burning // by start, not yet on the heap
	heap    burnHeap
	cursor  time.Time
}

type burning struct {
	lot    *Lot
	rank   int
	onHeap bool
}

// NewBurner prepares the lots of one customer for events that arrived at arrived.
// The lots' Drawn grows as events draw on them.
func NewBurner(lots []*Lot, order []BurnRule, arrived time.Time) *Burner {
	b := &Burner{arrived: arrived}
	for _, lot := range lots {
		accepts := lot.AcceptsUntil.IsZero() || arrived.Before(lot.AcceptsUntil)
		if lot.Kind != OverageLot && !lot.Blocked && accepts {
			b.lots = append(b.lots, &burning{lot: lot})
		}
	}
	slices.SortStableFunc(b.lots, func(x, y *burning) int { return CompareBurn(order, x.lot, y.lot) })
	for rank, item := range b.lots {
		item.rank = rank
	}
	b.pending = slices.Clone(b.lots)
	slices.SortStableFunc(b.pending, func(x, y *burning) int { return x.lot.StartsAt.Compare(y.lot.StartsAt) })
	return b
}

// Draw takes credits for a use that happened at occurred from the lots in force then,
// in burn order, splitting where a lot runs out. It returns the draws and what no lot
// could serve. Where whole is true and something is short, nothing is drawn.
func (b *Burner) Draw(occurred time.Time, credits Credits, whole bool) (draws []Draw, short Credits) {
	if occurred.Before(b.cursor) {
		draws, short = b.drawLate(occurred, credits)
	} else {
		draws, short = b.drawNext(occurred, credits)
	}
	if short > 0 && whole {
		b.Undo(draws)
		return nil, short
	}
	return draws, short
}

func (b *Burner) drawNext(occurred time.Time, credits Credits) (draws []Draw, short Credits) {
	b.cursor = occurred
	for len(b.pending) > 0 && !b.pending[0].lot.StartsAt.After(occurred) {
		b.push(b.pending[0])
		b.pending = b.pending[1:]
	}
	for credits > 0 && len(b.heap) > 0 {
		lot := b.heap[0].lot
		if !lot.InForce(occurred) || lot.Unused() <= 0 {
			b.pop()
			continue
		}
		draws = append(draws, take(lot, &credits))
	}
	return draws, credits
}

func (b *Burner) drawLate(occurred time.Time, credits Credits) (draws []Draw, short Credits) {
	for _, item := range b.lots {
		if credits == 0 {
			break
		}
		if item.lot.InForce(occurred) && item.lot.Unused() > 0 {
			draws = append(draws, take(item.lot, &credits))
		}
	}
	return draws, credits
}

// Undo gives the draws of the last event back, as if it had not been, and puts their lots on the heap again. The lots drawn on are
// few, so finding them by id is cheap next to the draw itself.
func (b *Burner) Undo(draws []Draw) {
	for _, draw := range draws {
		at := slices.IndexFunc(b.lots, func(item *burning) bool { return item.lot.ID == draw.LotID })
		item := b.lots[at]
		item.lot.Drawn -= draw.Credits
		if !item.onHeap && !item.lot.StartsAt.After(b.cursor) {
			b.push(item)
		}
	}
}

func (b *Burner) push(item *burning) {
	item.onHeap = true
	heap.Push(&b.heap, item)
}

func (b *Burner) pop() {
	b.heap[0].onHeap = false
	heap.Pop(&b.heap)
}

func take(lot *Lot, credits *Credits) Draw {
	taken := min(*credits, lot.Unused())
	lot.Drawn += taken
	*credits -= taken
	return Draw{LotID: lot.ID, Credits: taken}
}

// CompareBurn tells which of two lots burns first: negative where a does. Ties fall
// to the order of purchase.
func CompareBurn(order []BurnRule, a, b *Lot) int {
	for _, rule := range order {
		if c := rule.compare(a, b); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.Order, b.Order)
}

func (r BurnRule) compare(a, b *Lot) int {
	switch r {
	case ByPriority:
		return cmp.Compare(a.Priority, b.Priority)
	case ByExpiry:
		return compareExpiry(a.ExpiresAt, b.ExpiresAt)
	case ByCostBasis:
		return compareProducts(a.Functional.Minor, int64(b.Granted), b.Functional.Minor, int64(a.Granted))
	case ByOldest:
		return a.StartsAt.Compare(b.StartsAt)
	}
	return 0
}

func compareExpiry(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}

// compareProducts compares a·b with c·d in 128 bits; none is negative.
func compareProducts(a, b, c, d int64) int {
	hi1, lo1 := bits.Mul64(uint64(a), uint64(b))
	hi2, lo2 := bits.Mul64(uint64(c), uint64(d))
	return cmp.Or(cmp.Compare(hi1, hi2), cmp.Compare(lo1, lo2))
}

type burnHeap []*burning

func (h burnHeap) Len() int           { return len(h) }
func (h burnHeap) Less(i, j int) bool { return h[i].rank < h[j].rank }
func (h burnHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *burnHeap) Push(x any)        { *h = append(*h, x.(*burning)) }
func (h *burnHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
