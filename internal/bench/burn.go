package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strconv"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// burn draws the events of one customer on many lots, in memory, by the rules alone.
func (b *bench) burn(ctx context.Context) error {
	for i, lots := range b.BurnLots {
		to := []reach{{atMost: 100, unit: "ms"}, {atMost: 1_000, unit: "ms"}}[i]
		b.say("burn: %d events on %d lots", b.BurnEvents, lots)
		var rounds []Round
		for range b.Rounds {
			if err := ctx.Err(); err != nil {
				return err
			}
			took, err := b.burnOnce(lots)
			if err != nil {
				return err
			}
			rounds = append(rounds, Round{Ours: milliseconds(took)})
		}
		b.add(Row{Measure: Burn, What: numbered("%s events of one customer on %s lots, in memory", b.BurnEvents, lots), Unit: "ms"}, rounds, to)
	}
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// burnOnce makes lots of four priorities and different terms, that together hold a tenth
// more than all events need, and draws the events in order of time.
func (b *bench) burnOnce(count int) (time.Duration, error) {
	chance := rand.New(rand.NewPCG(b.Seed, uint64(count))) //nolint:gosec // repeatable is what this chance must be
	const each = revrec.One
	granted := each * revrec.Credits(b.BurnEvents) * 11 / 10 / revrec.Credits(count)
	lots := make([]*revrec.Lot, count)
	for i := range lots {
		lot := revrec.Lot{
			ID: strconv.Itoa(i), Kind: revrec.PurchaseLot, Order: int64(i), Granted: granted + 1, Priority: chance.IntN(4),
			StartsAt: epoch.AddDate(0, 0, -chance.IntN(300)), ExpiresAt: epoch.AddDate(0, 0, 60+chance.IntN(300)),
		}
		lot.AcceptsUntil = lot.ExpiresAt
		lot.Begin(ledger.Money(chance.Int64N(100_000), "USD"), ledger.Money(chance.Int64N(100_000), "USD"))
		lots[i] = &lot
	}
	instants := make([]time.Time, b.BurnEvents)
	for i := range instants {
		instants[i] = epoch.Add(time.Duration(i) * time.Millisecond)
	}
	runtime.GC()
	began := time.Now()
	burner := revrec.NewBurner(lots, revrec.DefaultBurnOrder(), epoch.AddDate(0, 0, 1))
	var drawn revrec.Credits
	for _, at := range instants {
		draws, short := burner.Draw(at, each, true)
		if short != 0 {
			return 0, fmt.Errorf("a burn of %d lots is short of %s credits", count, short)
		}
		for _, draw := range draws {
			drawn += draw.Credits
		}
	}
	took := time.Since(began)
	if drawn != each*revrec.Credits(b.BurnEvents) {
		return 0, fmt.Errorf("a burn drew %s credits", drawn)
	}
	return took, nil
}
