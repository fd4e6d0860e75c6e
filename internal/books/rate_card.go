package books

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// Limits of rate cards, each with its reason.
const (
	maxRateCards  = 1000 // all of them are read with the meters of a batch; a version a day lasts three years
	maxRates      = 1000 // as many meters as a batch may name
	maxCostPlaces = 10   // a thousandth of a cent for a thousand tokens has eight
)

// RateCard is a version of what units of meters come to in credits and cost to serve, in
// force from an instant until the next version begins. A meter that it does not name keeps
// its rate.
type RateCard struct {
	Number        int // from 1, without gaps
	EffectiveFrom time.Time
	Note          string
	Rates         []MeterRate // in order of meter id
	CreatedAt     time.Time
}

// MeterRate turns units of a meter into credits: Credits for every Per units.
type MeterRate struct {
	MeterID      string
	RateCard     int       // the version that names it; 0 is the meter's own rate
	From         time.Time // when that begins; when the meter was made, of its own rate
	Credits, Per decimal.Decimal
	Cost         *Cost // nil where nobody said what a unit costs to serve
}

// Cost is what it costs to serve units: Amount of the functional currency for every Per of
// them.
type Cost struct {
	Amount, Per decimal.Decimal
}

// OwnRate is the rate at which a meter was made; it holds before any rate card names it.
func (m *Meter) OwnRate() MeterRate {
	return MeterRate{MeterID: m.ID, From: m.CreatedAt, Credits: m.Credits, Per: m.Per}
}

// RateCardAt returns the version in force at an instant: of those that began by then, the
// last; nil before the first. The versions are in order of number.
func RateCardAt(cards []RateCard, at time.Time) *RateCard {
	for i := len(cards) - 1; i >= 0; i-- {
		if !cards[i].EffectiveFrom.After(at) {
			return &cards[i]
		}
	}
	return nil
}

// RateOf returns the rate of a meter under a version: that of the last one up to it which
// names the meter, or the meter's own. The versions are in order of number.
func RateOf(meter *Meter, cards []RateCard, version int) MeterRate {
	for i := len(cards) - 1; i >= 0; i-- {
		if cards[i].Number > version {
			continue
		}
		for _, rate := range cards[i].Rates {
			if rate.MeterID == meter.ID {
				return rate
			}
		}
	}
	return meter.OwnRate()
}

// RatesOf returns all rates that a meter had, its own one first.
func RatesOf(meter *Meter, cards []RateCard) []MeterRate {
	rates := []MeterRate{meter.OwnRate()}
	for _, card := range cards {
		for _, rate := range card.Rates {
			if rate.MeterID == meter.ID {
				rates = append(rates, rate)
			}
		}
	}
	return rates
}

// NewRateCard asks for a version of the rate card.
type NewRateCard struct {
	EffectiveFrom time.Time `json:"effectiveFrom"` // now where zero
	Rates         []NewRate `json:"rates"`
	Note          string    `json:"note"`
}

// NewRate asks for a rate of a meter: Credits for every Per units.
type NewRate struct {
	Meter   string          `json:"meter"` // code
	Credits decimal.Decimal `json:"credits"`
	Per     decimal.Decimal `json:"per"` // 1 where zero
	Cost    *NewCost        `json:"cost"`
}

// NewCost is what units cost to serve: Amount of the functional currency for every Per of
// them.
type NewCost struct {
	Amount decimal.Decimal `json:"amount"`
	Per    decimal.Decimal `json:"per"` // 1 where zero
}

// RateCardPublish adds a version to the rate card, in force from an instant that is not in
// the past and not before the version before it begins: no event that is rated could be rated
// otherwise by it. Of two that begin together the later one counts, by which a version is
// corrected that is not in force yet.
// Errors: NOT_FOUND, INVALID, TOO_LARGE, IDEMPOTENCY_CONFLICT.
func (b *Books) RateCardPublish(ctx context.Context, key string, request NewRateCard) (RateCard, error) {
	return once(ctx, b, act{"ratecard.publish", key, request}, func(ctx context.Context, tx Tx) (RateCard, string, error) {
		number, err := tx.NextRateCard(ctx)
		if err != nil {
			return RateCard{}, "", err
		}
		card, err := b.rateCard(ctx, tx, number, request)
		if err != nil {
			return card, "", err
		}
		if card.Rates, err = b.ratesOf(ctx, tx, card, request.Rates); err != nil {
			return card, "", err
		}
		if err := ratesBefore(ctx, tx, card); err != nil {
			return card, "", err
		}
		return card, strconv.Itoa(card.Number), tx.InsertRateCard(ctx, card)
	})
}

// ratesBefore says in the trail what the meters of a version had under the one before it.
func ratesBefore(ctx context.Context, tx Tx, card RateCard) error {
	ids := make([]string, len(card.Rates))
	for i, rate := range card.Rates {
		ids[i] = rate.MeterID
	}
	meters, err := tx.MetersByID(ctx, ids)
	if err != nil {
		return err
	}
	cards, err := tx.RateCardsOf(ctx, ids)
	if err != nil {
		return err
	}
	rates := make([]MeterRate, len(meters))
	for i := range meters {
		rates[i] = RateOf(&meters[i], cards, card.Number-1)
	}
	slices.SortFunc(rates, func(x, y MeterRate) int { return cmp.Compare(x.MeterID, y.MeterID) })
	was(ctx, rates)
	return nil
}

// rateCard is the version after the last one, without its rates.
func (b *Books) rateCard(ctx context.Context, tx Tx, number int, request NewRateCard) (RateCard, error) {
	now := b.clock()
	card := RateCard{Number: number, EffectiveFrom: now, Note: request.Note, CreatedAt: now}
	if !request.EffectiveFrom.IsZero() {
		card.EffectiveFrom = request.EffectiveFrom.UTC().Truncate(time.Microsecond)
	}
	before, err := tx.RateCardsByNumber(ctx, []int{number - 1})
	switch {
	case err != nil:
		return card, err
	case number > maxRateCards:
		return card, refuse(TooLarge, "rates", "are version %d, and there may be %d", number, maxRateCards)
	case card.EffectiveFrom.Before(now):
		return card, refuse(Invalid, "effectiveFrom", "must be %s or later, not %s: what was used is rated", now.Format(time.RFC3339), card.EffectiveFrom.Format(time.RFC3339))
	case card.EffectiveFrom.After(now.AddDate(10, 0, 0)):
		return card, refuse(Invalid, "effectiveFrom", "must lie within ten years, but is %s", card.EffectiveFrom.Format(time.RFC3339))
	case len(before) > 0 && card.EffectiveFrom.Before(before[0].EffectiveFrom):
		return card, refuse(Invalid, "effectiveFrom", "must be %s or later, when version %d begins, not %s",
			before[0].EffectiveFrom.Format(time.RFC3339), before[0].Number, card.EffectiveFrom.Format(time.RFC3339))
	}
	return card, checkText("note", request.Note, 0, maxNoteLength)
}

// ratesOf checks the rates of a version.
func (b *Books) ratesOf(ctx context.Context, tx Tx, card RateCard, asked []NewRate) ([]MeterRate, error) {
	if len(asked) == 0 || len(asked) > maxRates {
		return nil, refuse(Invalid, "rates", "must be 1 to %d rates, not %d", maxRates, len(asked))
	}
	codes := make([]string, 0, len(asked))
	for i, given := range asked {
		field := "rates." + strconv.Itoa(i) + ".meter"
		if err := checkCode(field, given.Meter); err != nil {
			return nil, err
		}
		if slices.Contains(codes, given.Meter) {
			return nil, refuse(Invalid, field, "names %q a second time", given.Meter)
		}
		codes = append(codes, given.Meter)
	}
	meters, err := tx.MetersByCode(ctx, codes)
	if err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, meter := range meters {
		ids[meter.Code] = meter.ID
	}
	rates := make([]MeterRate, 0, len(asked))
	for i, given := range asked {
		at := "rates." + strconv.Itoa(i)
		rate := MeterRate{MeterID: ids[given.Meter], RateCard: card.Number, From: card.EffectiveFrom, Credits: given.Credits, Per: orOne(given.Per)}
		if rate.MeterID == "" {
			return nil, refuse(NotFound, at+".meter", "there is no meter %q: create it first", given.Meter)
		}
		if err := checkRate(at+".", rate.Credits, rate.Per); err != nil {
			return nil, err
		}
		if rate.Cost, err = costOf(at+".cost", given.Cost); err != nil {
			return nil, err
		}
		rates = append(rates, rate)
	}
	slices.SortFunc(rates, func(x, y MeterRate) int { return cmp.Compare(x.MeterID, y.MeterID) })
	return rates, nil
}

func orOne(d decimal.Decimal) decimal.Decimal {
	if d.IsZero() {
		return decimal.NewFromInt(1)
	}
	return d
}

// checkRate checks both numbers of a rate: more than 0, six decimals, within the bounds of
// credits.
func checkRate(at string, credits, per decimal.Decimal) error {
	if _, err := creditsOf(at+"credits", credits); err != nil {
		return err
	}
	_, err := creditsOf(at+"per", per)
	return err
}

// maxCost bounds the amount of a cost: a million of a currency for so many units.
var maxCost = decimal.NewFromInt(1_000_000)

// costOf checks a cost; nothing costs nothing is a cost too.
func costOf(at string, given *NewCost) (*Cost, error) {
	if given == nil {
		return nil, nil
	}
	cost := &Cost{Amount: given.Amount, Per: orOne(given.Per)}
	switch {
	case cost.Amount.Sign() < 0 || cost.Amount.GreaterThan(maxCost):
		return nil, refuse(Invalid, at+".amount", "must be 0 to %s, not %s", maxCost, clip(cost.Amount.String()))
	case cost.Amount.Exponent() < -maxCostPlaces:
		return nil, refuse(Invalid, at+".amount", "must have at most %d decimals, not %s", maxCostPlaces, clip(cost.Amount.String()))
	}
	_, err := creditsOf(at+".per", cost.Per) // the same bounds
	return cost, err
}
