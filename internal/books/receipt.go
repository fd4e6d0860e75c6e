package books

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// Receipt is money that came in for an invoiced purchase: all of it, or a part.
type Receipt struct {
	CustomerID, PurchaseID string
	ID                     string
	PaidAt                 time.Time
	Amount                 ledger.Amount // price and tax, in the currency of the purchase
	// Functional is what it was worth on its day, Settled what the part of the receivable
	// that it cleared was booked at. ASC 830-20-35-1.
	Functional, Settled ledger.Amount
	FXRate              decimal.Decimal // functional currency per unit on its day
	CreatedAt           time.Time
	// Ahead payments came in before the purchase fell due: they brought the contract liability, or
	// a part of it. The others settled the receivable.
	Ahead bool
}

// ExchangeGain is what the rate made of the receipt since the purchase was booked; a loss is
// negative.
func (r Receipt) ExchangeGain() ledger.Amount { return r.Functional.Sub(r.Settled) }

// paidOn is the day on which a receipt was paid.
func (b *Books) paidOn(r Receipt) ledger.Date { return ledger.DateOf(r.PaidAt, b.zone) }

// maxReceipts bounds the parts in which one purchase is paid.
const maxReceipts = 200

// Gross is what the customer owes in all: price and tax.
func (p Purchase) Gross() ledger.Amount { return p.Price.Add(p.Tax) }

func (p Purchase) grossFunctional() ledger.Amount { return p.Functional.Add(p.FunctionalTax) }

// Received is what came in for the purchase; all of it once it is paid.
func (p Purchase) Received() ledger.Amount {
	if p.Status == PurchasePaid || p.Status == PurchaseRefunded {
		return p.Gross()
	}
	return ledger.Money(p.InParts.Minor, p.Price.Currency)
}

// Outstanding is what is still to come in.
func (p Purchase) Outstanding() ledger.Amount {
	if p.Status != PurchaseInvoiced {
		return ledger.Money(0, p.Price.Currency)
	}
	return ledger.Money(p.Gross().Minor-p.InParts.Minor, p.Price.Currency)
}

// receiptOf checks what is said to have been paid of an invoiced purchase.
// Errors: INVALID, TOO_LARGE, AMOUNT_EXCEEDS_PRICE.
func (b *Books) receiptOf(ctx context.Context, tx Tx, request Payment, p Purchase) (Receipt, error) {
	r := Receipt{CustomerID: p.CustomerID, PurchaseID: p.ID, ID: b.newID(), CreatedAt: b.clock(), Amount: p.Outstanding()}
	var err error
	if r.PaidAt, err = b.instantOf("paidAt", request.PaidAt); err != nil {
		return r, err
	}
	if r.PaidAt.Before(p.PurchasedAt) {
		return r, refuse(Invalid, "paidAt", "must not be before the purchase (%s)", p.PurchasedAt.Format(time.RFC3339))
	}
	if request.Amount != nil {
		if r.Amount, err = amountOf("amount", *request.Amount, p.Price.Currency); err != nil {
			return r, err
		}
		switch most := p.Outstanding(); {
		case r.Amount.IsZero():
			return r, refuse(Invalid, "amount", "must be more than 0")
		case r.Amount.Minor > most.Minor:
			return r, refuse(AmountExceedsPrice, "amount", "must be at most what is outstanding, %s, not %s", most, r.Amount)
		}
	}
	if r.FXRate, err = b.rateOf(ctx, tx, request.FXRate, p, b.paidOn(r)); err != nil {
		return r, err
	}
	r.Settled = p.settledBy(r.Amount)
	if r.FXRate.Equal(p.FXRate) { // the same rounding as of the receivable
		r.Functional = r.Settled
		return r, nil
	}
	r.Functional, err = b.functional(r.Amount, r.FXRate)
	return r, err
}

// settledBy returns what an amount takes off the receivable in the functional currency:
// cumulative over all parts and rounded once, so that nothing is left of it at the end.
//
//	EUR 3.00 booked at USD 3.25: the first 1.00 takes 1.08 off, the second 1.09, the third 1.08
func (p Purchase) settledBy(amount ledger.Amount) ledger.Amount {
	gross, booked := p.Gross().Minor, p.grossFunctional()
	if gross == 0 {
		return booked
	}
	upTo := func(received int64) int64 { return ledger.MulDiv(booked.Minor, received, gross) }
	return ledger.Money(upTo(p.InParts.Minor+amount.Minor)-upTo(p.InParts.Minor), booked.Currency)
}

// rateOf returns the rate at which money of a purchase moves on a day: the one given, else
// that of the table, else the purchase's own.
func (b *Books) rateOf(ctx context.Context, tx Tx, given *decimal.Decimal, p Purchase, on ledger.Date) (decimal.Decimal, error) {
	switch {
	case given != nil:
		return *given, b.checkRate(*given, p.Price.Currency)
	case p.Price.Currency == b.book.Functional:
		return p.FXRate, nil
	}
	rate, err := fxRateOn(ctx, tx, p.Price.Currency, on)
	if err != nil || rate == nil {
		return p.FXRate, err
	}
	return *rate, nil
}

// checkRate refuses what is no rate from a currency into the book's.
func (b *Books) checkRate(rate decimal.Decimal, currency ledger.Currency) error {
	switch {
	case currency == b.book.Functional && !rate.Equal(decimal.NewFromInt(1)):
		return refuse(Invalid, "fxRate", "goes with another currency than the book's %s", b.book.Functional)
	case !isFXRate(rate):
		return refuseFXRate("fxRate", rate)
	}
	return nil
}
