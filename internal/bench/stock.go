package bench

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// What is prepared is made by the product once and then copied by the database, row for
// row with other ids: a hundred thousand purchases through the API would take longer
// than everything that is measured. That it is as if it had been made one by one, the
// book's own verification shows.

// rowsOf is a common table expression of numbers from 0 to n-1, in SQL of both engines.
func rowsOf(n int) string {
	return "WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < " + strconv.Itoa(n-1) + ")"
}

// padded is an expression as text of so many digits.
func padded(expression string, digits int) string {
	return fmt.Sprintf("substr(CAST(%d + (%s) AS TEXT), 2)", pow10(digits), expression)
}

func pow10(digits int) int64 {
	n := int64(1)
	for range digits {
		n *= 10
	}
	return n
}

// idOf has the form of a UUIDv7 of the time before the product's own.
func (b *book) idOf(kind int, expression string) string {
	return b.id(fmt.Sprintf("'01980000-0000-7000-800%d-' || %s", kind, padded(expression, 12)))
}

const (
	customerIDs = iota + 1
	purchaseIDs
	lotIDs
	recognitionIDs
	paymentIDs
)

// customerNameOf is customerName in SQL.
func customerNameOf(n string) string { return "'customer-' || " + padded(n, 6) }

// clone copies the rows of a table that where selects, n times. by gives the columns that
// differ as expressions over s.n; the rest are as they are.
func (b *book) clone(ctx context.Context, table, where string, n int, by map[string]string) error {
	names, err := b.columns(ctx, table)
	if err != nil {
		return err
	}
	values := make([]string, len(names))
	for i, name := range names {
		values[i] = "t." + name
		if expression, differs := by[name]; differs {
			values[i] = expression
		}
	}
	return b.exec(ctx, fmt.Sprintf("INSERT INTO %s (%s) %s SELECT %s FROM s CROSS JOIN %s AS t WHERE %s ORDER BY s.n",
		table, strings.Join(names, ", "), rowsOf(n), strings.Join(values, ", "), table, where))
}

// customers makes n customers, each with the lots that a customer has: two purchases and
// a grant, so large that all use finds credits.
func (b *book) customers(ctx context.Context, n int) error {
	const plenty = 100_000_000
	for range 2 {
		if err := b.sell(ctx, n, sale{credits: plenty, priority: 100}); err != nil {
			return err
		}
	}
	granted, err := b.Grant(ctx, "grant", books.NewGrant{Customer: modelName, Credits: decimal.NewFromInt(plenty), Reason: books.Promo})
	if err != nil {
		return err
	}
	return b.cloneLot(ctx, granted.ID, n, b.sold)
}

// sale is what a customer buys.
type sale struct {
	credits  int64
	priority int
	pack     string    // packCode where ""
	at       time.Time // soldBefore the epoch where zero
}

// sell has each of n customers, which are made where there are none, buy a lot.
func (b *book) sell(ctx context.Context, n int, of sale) error {
	key := fmt.Sprint("model buys ", b.sold)
	price := decimal.NewFromInt(of.credits).Shift(-1)
	if of.at.IsZero() {
		of.at = epoch.Add(-soldBefore)
	}
	model, err := b.Purchase(ctx, key, books.NewPurchase{
		Customer: modelName, Pack: cmp.Or(of.pack, packCode), Credits: decimal.NewFromInt(of.credits), Tax: price.Shift(-1),
		PurchasedAt: of.at, Priority: &of.priority,
	})
	if err != nil {
		return err
	}
	return b.copySale(ctx, model, n)
}

// invoiceLines are the lines of what invoice books of one purchase.
const invoiceLines = 5

// invoice has each of n customers buy a lot on an invoice that fell due and was paid
// later: two entries, five lines.
func (b *book) invoice(ctx context.Context, n int) error {
	soldAt := epoch.Add(-soldBefore)
	due := ledger.DateOf(soldAt, b.Zone()) + 7
	key := fmt.Sprint("model orders ", b.sold)
	model, err := b.Purchase(ctx, key, books.NewPurchase{
		Customer: modelName, Pack: packCode, Credits: decimal.NewFromInt(10_000), Tax: decimal.NewFromInt(190),
		PurchasedAt: soldAt, Invoiced: true, DueOn: due, Reference: "INV-2026-000001",
	})
	if err != nil {
		return err
	}
	paid, err := b.Pay(ctx, key+" and pays", books.Payment{PurchaseID: model.Purchase.ID, PaidAt: soldAt.Add(21 * 24 * time.Hour)})
	if err != nil {
		return err
	}
	return b.copySale(ctx, paid, n)
}

// copySale copies a purchase of the model, its lot and its entries for n customers.
func (b *book) copySale(ctx context.Context, model books.Purchased, n int) error {
	if err := b.copyCustomers(ctx, n); err != nil {
		return err
	}
	first := b.sold
	b.sold += n
	number := fmt.Sprintf("%d + s.n", first)
	purchaseID, lotID := b.idOf(purchaseIDs, number), b.idOf(lotIDs, number)
	err := b.clone(ctx, "purchases", "t.id = '"+model.Purchase.ID+"'", n, map[string]string{
		"customer_id": b.idOf(customerIDs, "s.n"), "id": purchaseID, "lot_id": lotID,
	})
	if err != nil {
		return err
	}
	err = b.clone(ctx, "payments", "t.purchase_id = '"+model.Purchase.ID+"'", n, map[string]string{
		"customer_id": b.idOf(customerIDs, "s.n"), "id": b.idOf(paymentIDs, number), "purchase_id": purchaseID,
	})
	if err != nil {
		return err
	}
	if err := b.cloneLot(ctx, model.Lot.ID, n, first); err != nil {
		return err
	}
	return b.copyEntries(ctx, model.Purchase.ID, n, purchaseID)
}

func (b *book) copyCustomers(ctx context.Context, n int) error {
	have, err := b.number(ctx, "SELECT count(*) FROM customers")
	if err != nil || have > 1 { // the model is one
		return err
	}
	return b.clone(ctx, "customers", "t.external_id = '"+modelName+"'", n, map[string]string{
		"id": b.idOf(customerIDs, "s.n"), "external_id": customerNameOf("s.n"), "name": customerNameOf("s.n"),
	})
}

// cloneLot copies a lot for n customers, numbered from first.
func (b *book) cloneLot(ctx context.Context, id string, n, first int) error {
	counted, err := b.number(ctx, "SELECT value FROM counters WHERE name = 'lot'")
	if err != nil {
		return err
	}
	number := fmt.Sprintf("%d + s.n", first)
	by := map[string]string{
		"customer_id": b.idOf(customerIDs, "s.n"), "id": b.idOf(lotIDs, number), "purchase_id": b.idOf(purchaseIDs, number),
		"burn_order": fmt.Sprintf("%d + s.n", counted+1),
	}
	var bought int64
	if bought, err = b.number(ctx, "SELECT count(*) FROM lots WHERE id = '"+id+"' AND purchase_id IS NOT NULL"); err != nil {
		return err
	}
	if bought == 0 {
		delete(by, "purchase_id")
	}
	b.sold = max(b.sold, first+n) // a grant takes numbers too
	if err := b.clone(ctx, "lots", "t.id = '"+id+"'", n, by); err != nil {
		return err
	}
	sold := fmt.Sprintf("UPDATE cohorts SET sold = sold + %d * (SELECT l.granted FROM lots AS l WHERE l.id = '%s') WHERE id = (SELECT l.cohort_id FROM lots AS l WHERE l.id = '%[2]s')", n, id)
	moved := fmt.Sprintf(`INSERT INTO cohort_moves (cohort_id, at_us, month, sold, used, lapsed, refunded, other)
		SELECT c.id, (SELECT max(m.at_us) FROM cohort_moves AS m), c.month, %d * l.granted, 0, 0, 0, 0 FROM lots AS l JOIN cohorts AS c ON c.id = l.cohort_id WHERE l.id = '%s'`, n, id)
	counter := fmt.Sprintf("UPDATE counters SET value = value + %d WHERE name = 'lot'", n)
	for _, statement := range []string{sold, moved, counter} {
		if err := b.exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// copyEntries copies the entries of a purchase and adds them to the running balances.
func (b *book) copyEntries(ctx context.Context, purchase string, n int, purchaseID string) error {
	numbers, err := b.texts(ctx, "SELECT number FROM entries WHERE reference = '"+purchase+"' ORDER BY number")
	if err != nil {
		return err
	}
	posted, err := b.number(ctx, "SELECT value FROM counters WHERE name = 'entry'")
	if err != nil {
		return err
	}
	for i, number := range numbers {
		copied := fmt.Sprintf("%d + s.n * %d", posted+1+int64(i), len(numbers))
		if err := b.clone(ctx, "entries", "t.number = "+number, n, map[string]string{"number": copied, "reference": purchaseID}); err != nil {
			return err
		}
		err := b.clone(ctx, "lines", "t.entry_number = "+number, n, map[string]string{"entry_number": copied, "customer": customerNameOf("s.n")})
		if err != nil {
			return err
		}
		if err := b.exec(ctx, addToPeriods(number, n)); err != nil {
			return err
		}
	}
	return b.exec(ctx, fmt.Sprintf("UPDATE counters SET value = value + %d WHERE name = 'entry'", n*len(numbers)))
}

// addToPeriods adds the lines of an entry, n times, to the running balances.
func addToPeriods(number string, n int) string {
	sum := func(column, sign string) string {
		return fmt.Sprintf(`%d * (SELECT coalesce(sum(CASE WHEN %[2]s * l.%[3]s > 0 THEN %[2]s * l.%[3]s ELSE 0 END), 0) FROM lines AS l
			WHERE l.entry_number = %[4]s AND l.account = account_periods.account AND l.currency = account_periods.currency)`, n, sign, column, number)
	}
	return `UPDATE account_periods SET
		debit_minor = debit_minor + ` + sum("amount_minor", "1") + `,
		credit_minor = credit_minor + ` + sum("amount_minor", "-1") + `,
		functional_debit_minor = functional_debit_minor + ` + sum("functional_minor", "1") + `,
		functional_credit_minor = functional_credit_minor + ` + sum("functional_minor", "-1") + `
		WHERE period = (SELECT substr(e.accounting_date, 1, 7) FROM entries AS e WHERE e.number = ` + number + `)`
}
