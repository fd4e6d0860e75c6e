package books

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// manualLines makes the lines of an entry that is asked for, and holds them against the rules
// of double entry: no line is changed so that they balance.
func (b *Books) manualLines(ctx context.Context, tx Tx, request NewManualEntry) ([]ledger.Line, error) {
	if n := len(request.Lines); n < 2 || n > maxManualLines {
		return nil, refuse(Invalid, "lines", "must be 2 to %d lines, not %d", maxManualLines, n)
	}
	if err := checkManualDimensions(ctx, tx, request.Lines); err != nil {
		return nil, err
	}
	rates := map[ledger.Currency]*decimal.Decimal{}
	lines := make([]ledger.Line, len(request.Lines))
	for i, asked := range request.Lines {
		at := "lines." + strconv.Itoa(i)
		if _, known := ledger.AccountOf(asked.Account); !known {
			return nil, refuse(Invalid, at+".account", "there is no account %q", clip(string(asked.Account)))
		}
		amount, functional, err := b.manualAmounts(ctx, tx, at, asked, request.AccountingDate, rates)
		if err != nil {
			return nil, err
		}
		dimensions := ledger.Dimensions{Customer: asked.Customer, Policy: asked.Policy, Pack: asked.Pack}
		if lines[i] = ledger.Debit(asked.Account, amount, functional, dimensions); asked.Credit {
			lines[i] = ledger.Credit(asked.Account, amount, functional, dimensions)
		}
	}
	return lines, b.checkBalance(lines)
}

// manualAmounts returns what a line moves, in its currency and in the book's own.
func (b *Books) manualAmounts(ctx context.Context, tx Tx, at string, line NewManualLine, on ledger.Date, rates map[ledger.Currency]*decimal.Decimal) (amount, functional ledger.Amount, err error) {
	currency, err := b.currencyOf(at+".currency", line.Currency)
	if err != nil {
		return amount, functional, err
	}
	if amount, err = amountOf(at+".amount", line.Amount, currency); err != nil {
		return amount, functional, err
	}
	if amount.IsZero() {
		return amount, functional, refuse(Invalid, at+".amount", "must be more than 0: leave out a line that moves nothing")
	}
	if line.Functional != nil {
		functional, err = amountOf(at+".functionalAmount", *line.Functional, b.book.Functional)
		if err == nil && currency == b.book.Functional && functional != amount {
			err = refuse(Invalid, at+".functionalAmount", "must be the amount, %s, where that is in the book's own currency, not %s", amount, functional)
		}
		return amount, functional, err
	}
	if currency == b.book.Functional {
		return amount, amount, nil
	}
	rate, known := rates[currency]
	if !known {
		if rate, err = fxRateOn(ctx, tx, currency, on); err != nil {
			return amount, functional, err
		}
		rates[currency] = rate
	}
	if rate == nil {
		return amount, functional, refuse(Invalid, at+".functionalAmount", "is needed: what %s is in %s. Give it, or set the rate of %s by fxRateSet", amount, b.book.Functional, on)
	}
	functional, err = b.functional(amount, *rate)
	return amount, functional, err
}

// checkBalance refuses lines that do not sum to nothing, and says by how much. Errors: INVALID.
func (b *Books) checkBalance(lines []ledger.Line) error {
	sums, functional := map[ledger.Currency]int64{}, int64(0)
	var currencies []ledger.Currency
	for _, line := range lines {
		if !slices.Contains(currencies, line.Amount.Currency) {
			currencies = append(currencies, line.Amount.Currency)
		}
		sums[line.Amount.Currency] += line.Amount.Minor // at most 100 lines of 10^13
		functional += line.Functional.Minor
	}
	slices.Sort(currencies)
	for _, currency := range currencies {
		if sums[currency] != 0 {
			return refuse(Invalid, "lines", "do not balance: %s", outBy(sums[currency], currency))
		}
	}
	if functional != 0 {
		return refuse(Invalid, "lines", "do not balance in the book's own currency: %s, by the rates of the day after rounding. Give functionalAmount, or a line for the difference",
			outBy(functional, b.book.Functional))
	}
	return nil
}

// outBy says which side is too much.
func outBy(minor int64, currency ledger.Currency) string {
	if minor < 0 {
		return fmt.Sprintf("credits are %s more than debits", ledger.Money(-minor, currency))
	}
	return fmt.Sprintf("debits are %s more than credits", ledger.Money(minor, currency))
}

// checkManualDimensions refuses lines that are about what does not exist. Errors: NOT_FOUND.
func checkManualDimensions(ctx context.Context, tx Tx, lines []NewManualLine) error {
	for _, dimension := range []struct {
		name string
		of   func(NewManualLine) string
		know func(names []string) (map[string]bool, error)
	}{
		{"customer", func(l NewManualLine) string { return l.Customer }, func(names []string) (map[string]bool, error) {
			found, err := tx.CustomersByExternalID(ctx, names)
			return namesOf(found, func(c Customer) string { return c.ExternalID }), err
		}},
		{"policy", func(l NewManualLine) string { return l.Policy }, func(names []string) (map[string]bool, error) {
			found, err := tx.PoliciesByCode(ctx, names)
			return namesOf(found, func(p Policy) string { return p.Code }), err
		}},
		{"pack", func(l NewManualLine) string { return l.Pack }, func(names []string) (map[string]bool, error) {
			found, err := tx.PacksByCode(ctx, names)
			return namesOf(found, func(p Pack) string { return p.Code }), err
		}},
	} {
		var names []string
		for _, line := range lines {
			if name := dimension.of(line); name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			continue
		}
		known, err := dimension.know(names)
		if err != nil {
			return err
		}
		for i, line := range lines {
			if name := dimension.of(line); name != "" && !known[name] {
				return refuse(NotFound, "lines."+strconv.Itoa(i)+"."+dimension.name, "there is no %s %q", dimension.name, clip(name))
			}
		}
	}
	return nil
}

func namesOf[T any](rows []T, name func(T) string) map[string]bool {
	names := make(map[string]bool, len(rows))
	for _, row := range rows {
		names[name(row)] = true
	}
	return names
}
