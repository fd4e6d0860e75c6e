package books

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

const (
	// maxFXRates bounds one request: a month of thirty currencies, as a central bank writes
	// them, fits.
	maxFXRates = 1000
	// fxRateDays is for how many days after its own a rate holds where no later one was set.
	// There are none of weekends and holidays, the longest of which, Good Friday to Easter
	// Monday and a year's last days, are over within a week. What is older is not the rate of
	// the day: somebody forgot to set it, and says so rather than book by it.
	fxRateDays = 7
)

// FXRate is how much of the functional currency one unit of another is on a day. Once set it
// does not change, for purchases and payments were booked by it.
type FXRate struct {
	Currency  ledger.Currency
	Day       ledger.Date
	Rate      decimal.Decimal
	Source    string // who says so
	CreatedAt time.Time
	CreatedBy string // the actor
}

// SetFXRates asks to keep rates.
type SetFXRates struct {
	Rates []NewFXRate `json:"rates"`
}

// NewFXRate asks for the rate of a currency on a day.
type NewFXRate struct {
	Currency ledger.Currency `json:"currency"`
	Day      ledger.Date     `json:"day"`
	Rate     decimal.Decimal `json:"rate"`
	Source   string          `json:"source"`
}

// FXRateSet keeps exchange rates of days, all of them or none. What is set already is answered
// as it was kept. Errors: INVALID, ALREADY_EXISTS where a day has another rate,
// IDEMPOTENCY_CONFLICT.
func (b *Books) FXRateSet(ctx context.Context, key string, request SetFXRates) ([]FXRate, error) {
	return once(ctx, b, act{"fxrate.set", key, request}, func(ctx context.Context, tx Tx) ([]FXRate, string, error) {
		rates, err := b.fxRatesOf(ctx, request.Rates)
		if err != nil {
			return nil, "", err
		}
		added, err := newFXRates(ctx, tx, rates)
		if err != nil || len(added) == 0 {
			return rates, "", err
		}
		return rates, "", tx.InsertFXRates(ctx, added)
	})
}

// fxRatesOf checks rates that are to be kept.
func (b *Books) fxRatesOf(ctx context.Context, asked []NewFXRate) ([]FXRate, error) {
	if len(asked) == 0 || len(asked) > maxFXRates {
		return nil, refuse(Invalid, "rates", "must be 1 to %d rates, not %d", maxFXRates, len(asked))
	}
	now, actor := b.clock(), CallerOf(ctx).Actor
	rates, named := make([]FXRate, 0, len(asked)), map[fxDay]bool{}
	for i, given := range asked {
		at := "rates." + strconv.Itoa(i)
		rate := FXRate{Currency: given.Currency, Day: given.Day, Rate: given.Rate, Source: given.Source, CreatedAt: now, CreatedBy: actor}
		if err := b.checkFXRate(at, rate); err != nil {
			return nil, err
		}
		if named[rate.of()] {
			return nil, refuse(Invalid, at, "names %s on %s a second time", rate.Currency, rate.Day)
		}
		named[rate.of()] = true
		rates = append(rates, rate)
	}
	return rates, nil
}

func (b *Books) checkFXRate(at string, rate FXRate) error {
	if _, err := b.currencyOf(at+".currency", rate.Currency); err != nil {
		return err
	}
	tomorrow := ledger.DateOf(b.clock(), b.zone) + 1
	switch {
	case rate.Currency == "" || rate.Currency == b.book.Functional:
		return refuse(Invalid, at+".currency", "must be another than the book's %s", b.book.Functional)
	case rate.Day < ledger.DateOf(earliest, time.UTC) || rate.Day > tomorrow:
		return refuse(Invalid, at+".day", "must be of 1970 or later, and tomorrow (%s) at the latest, not %s", tomorrow, rate.Day)
	case !isFXRate(rate.Rate):
		return refuseFXRate(at+".rate", rate.Rate)
	}
	return checkText(at+".source", rate.Source, 1, maxTextLength)
}

// fxDay names a rate.
type fxDay struct {
	currency ledger.Currency
	day      ledger.Date
}

func (r FXRate) of() fxDay { return fxDay{r.Currency, r.Day} }

// newFXRates returns those of the rates that are not kept yet, in order of their key, and puts
// what is kept in the place of the others. Errors: ALREADY_EXISTS.
func newFXRates(ctx context.Context, tx Tx, rates []FXRate) ([]FXRate, error) {
	days := map[ledger.Currency][]ledger.Date{}
	for _, rate := range rates {
		days[rate.Currency] = append(days[rate.Currency], rate.Day)
	}
	kept := map[fxDay]FXRate{}
	for currency, of := range days {
		rows, err := tx.FXRatesOn(ctx, currency, of)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			kept[row.of()] = row
		}
	}
	var added []FXRate
	for i, rate := range rates {
		before, known := kept[rate.of()]
		switch {
		case !known:
			added = append(added, rate)
		case !before.Rate.Equal(rate.Rate):
			return nil, refuse(AlreadyExists, "rates."+strconv.Itoa(i)+".rate", "is %s for %s on %s, and does not become %s: there may be bookings by it. Give fxRate with the purchase or payment that is to have another",
				before.Rate, rate.Currency, rate.Day, rate.Rate)
		default:
			rates[i] = before
		}
	}
	slices.SortFunc(added, func(x, y FXRate) int {
		return cmp.Or(cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.Day, y.Day))
	})
	return added, nil
}

// fxRateOn returns the rate of a currency on a day: the day's own, or the latest of the
// fxRateDays before; nil where there is none.
func fxRateOn(ctx context.Context, tx Tx, currency ledger.Currency, day ledger.Date) (*decimal.Decimal, error) {
	rates, err := tx.FXRates(ctx, FXFilter{Currency: currency, From: day - fxRateDays, To: day}, Page{Limit: 1, Reverse: true})
	if err != nil || len(rates) == 0 {
		return nil, err
	}
	return &rates[0].Rate, nil
}

// isFXRate tells what can be a rate.
func isFXRate(rate decimal.Decimal) bool {
	return rate.Sign() > 0 && rate.Exponent() >= -maxFXPlaces && !rate.GreaterThan(decimal.New(1, 9))
}

func refuseFXRate(field string, rate decimal.Decimal) error {
	return refuse(Invalid, field, "must be more than 0, at most 1,000,000,000 and have at most %d decimals, not %s", maxFXPlaces, clip(rate.String()))
}

// FXFilter narrows a list of rates; the zero FXFilter keeps all.
type FXFilter struct {
	Currency ledger.Currency
	From, To ledger.Date // both included
}

// Key is the place of a rate in a list: its day and currency.
func (r FXRate) Key() string { return r.Day.String() + "/" + string(r.Currency) }

// FXKey reads a key. Errors: INVALID.
func FXKey(key string) (day ledger.Date, currency ledger.Currency, err error) {
	text, code, _ := strings.Cut(key, "/")
	if day, err = ledger.ParseDate(text); err != nil || len(code) != 3 {
		return 0, "", refuse(Invalid, "after", "must be a cursor of this list")
	}
	return day, ledger.Currency(code), nil
}
