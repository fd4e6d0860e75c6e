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

// Burner draws usage events on the lots of one customer, as far as no hold keeps their
// credits from others. It keeps the lots that have
// begun on a heap in burn order and the others on a heap by start: the first event of a
// batch looks at each lot once, and the next ones, in order of time, cost the logarithm
// of their number where a lot begins or ends. Lots are not sorted, for most batches draw
// on few of them; only events out of order look at one lot after the other, sorted.
type Burner struct {
	lots   []*Lot
	sorted bool    // lots are in burn order
	open   lotHeap // those that have begun, in burn order
	later  lotHeap // those that have not, by start
	cursor time.Time
	draws  []Draw // room for the draws of many events
	last   []*Lot // on which the last event drew
	late   bool   // the last event was out of order
}

// NewBurner prepares the lots of one customer for events that arrived at arrived.
// The lots' Drawn grows as events draw on them.
func NewBurner(lots []*Lot, order []BurnRule, arrived time.Time) *Burner {
	b := &Burner{lots: make([]*Lot, 0, len(lots))}
	b.open.compare = func(x, y *Lot) int { return CompareBurn(order, x, y) }
	b.later.compare = func(x, y *Lot) int { return x.StartsAt.Compare(y.StartsAt) }
	for _, lot := range lots {
		accepts := lot.AcceptsUntil.IsZero() || arrived.Before(lot.AcceptsUntil)
		if lot.Kind != OverageLot && !lot.Blocked && accepts {
			b.lots = append(b.lots, lot)
		}
	}
	return b
}

// Draw takes credits for a use that happened at occurred from the lots in force then,
// in burn order, splitting where a lot runs out. It returns the draws and what no lot
// could serve. Where whole is true and something is short, nothing is drawn.
func (b *Burner) Draw(occurred time.Time, credits Credits, whole bool) (draws []Draw, short Credits) {
	if len(b.draws) == cap(b.draws) {
		b.draws = make([]Draw, 0, min(2*cap(b.draws)+1, maxDrawsRoom))
	}
	before := len(b.draws)
	b.last, b.late = b.last[:0], occurred.Before(b.cursor)
	if b.late {
		short = b.drawLate(occurred, credits)
	} else {
		short = b.drawNext(occurred, credits)
	}
	draws = slices.Clip(b.draws[before:])
	if short > 0 && whole {
		b.Undo(draws)
		return nil, short
	}
	return draws, short
}

// maxDrawsRoom bounds the draws that share an allocation, for who keeps one of them
// keeps all: 24 kB.
const maxDrawsRoom = 1000

func (b *Burner) drawNext(occurred time.Time, credits Credits) (short Credits) {
	b.moveTo(occurred)
	for credits > 0 && len(b.open.lots) > 0 {
		lot := b.open.lots[0]
		if lot.InForce(occurred) && lot.Free() > 0 {
			credits -= b.take(lot, credits)
		}
		if credits > 0 || lot.Free() == 0 {
			heap.Pop(&b.open)
		}
	}
	return credits
}

// moveTo puts the lots that have begun by the instant on the heap in burn order.
func (b *Burner) moveTo(occurred time.Time) {
	if b.cursor.IsZero() {
		for _, lot := range b.lots {
			if lot.StartsAt.After(occurred) {
				b.later.lots = append(b.later.lots, lot)
			} else {
				b.open.lots = append(b.open.lots, lot)
			}
		}
		heap.Init(&b.open)
		heap.Init(&b.later)
	}
	b.cursor = occurred
	for len(b.later.lots) > 0 && !b.later.lots[0].StartsAt.After(occurred) {
		heap.Push(&b.open, heap.Pop(&b.later))
	}
}

func (b *Burner) drawLate(occurred time.Time, credits Credits) (short Credits) {
	if !b.sorted {
		slices.SortFunc(b.lots, b.open.compare)
		b.sorted = true
	}
	for _, lot := range b.lots {
		if credits == 0 {
			break
		}
		if lot.InForce(occurred) && lot.Free() > 0 {
			credits -= b.take(lot, credits)
		}
	}
	return credits
}

// take draws on a lot, all that it can serve of the credits.
func (b *Burner) take(lot *Lot, credits Credits) (taken Credits) {
	taken = min(credits, lot.Free())
	lot.Drawn += taken
	b.draws = append(b.draws, Draw{LotID: lot.ID, Credits: taken})
	b.last = append(b.last, lot)
	return taken
}

// Undo gives the draws of the last event back, as if it had not been. It panics on the
// draws of another.
func (b *Burner) Undo(draws []Draw) {
	for i, draw := range draws {
		lot := b.last[i]
		if lot.ID != draw.LotID {
			panic("revrec: undoing a draw on lot " + draw.LotID + " that is not of the last event")
		}
		if lot.Free() == 0 && !b.late { // used up in order, it was taken off the heap
			heap.Push(&b.open, lot)
		}
		lot.Drawn -= draw.Credits
	}
	b.last = b.last[:0]
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

// lotHeap is lots as container/heap keeps them: the first by compare is at 0.
type lotHeap struct {
	lots    []*Lot
	compare func(x, y *Lot) int
}

func (h *lotHeap) Len() int           { return len(h.lots) }
func (h *lotHeap) Less(i, j int) bool { return h.compare(h.lots[i], h.lots[j]) < 0 }
func (h *lotHeap) Swap(i, j int)      { h.lots[i], h.lots[j] = h.lots[j], h.lots[i] }
func (h *lotHeap) Push(lot any)       { h.lots = append(h.lots, lot.(*Lot)) }
func (h *lotHeap) Pop() any {
	last := h.lots[len(h.lots)-1]
	h.lots = h.lots[:len(h.lots)-1]
	return last
}
