package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// ReconcileStream reads two sides in the order of their keys and puts together what is under the
// same. Rows come as the database has them: nothing is held but the row at work, and the sums
// of one batch.
func (t *tx) ReconcileStream(ctx context.Context, stream books.ReconcileStream, span books.ReconcileSpan, keep func(books.ReconcileRow) error) error {
	switch stream {
	case books.BatchesPosted:
		return t.reconcileBatches(ctx, span, keep)
	case books.PurchasesJournal:
		return t.reconcilePurchases(ctx, span, keep)
	case books.RunningBalances:
		return t.reconcileBalances(ctx, span, keep)
	case books.LotsCarrying, books.PaymentsReceived, books.PurchasesLots, books.EventsDrawn, books.DrawsOfDays, books.DaysBooked:
	}
	sides, known := twoSides[stream]
	if !known {
		return fmt.Errorf("reconciling: there is no stream %q", stream)
	}
	var at, read books.ReconcileRow
	var first, second, third, currency string
	var side int
	var of books.ReconcileSide
	var fault error
	targets := []any{&first, &second, &third, &currency, &side, &of.Rows, &of.Minor, &of.Functional}
	args := append([]any{instantOf(span.Start), instantOf(span.End), date(span.From), date(span.To)}, keyArgs(span.Keys)...)
	err := t.each(ctx, "reconciling "+string(stream), t.withinKeys(sides.statement, span.Keys), args, targets, func() {
		if fault != nil {
			return
		}
		read = books.ReconcileRow{Measure: string(stream), Account: sides.account, Currency: ledger.Currency(currency), Kind: sides.kind, ID: second, Key: second}
		if third != "" {
			read.Key += " " + third
			read.Day, fault = ledger.ParseDate(third)
		}
		if read.Key != at.Key || read.Currency != at.Currency {
			if at.Key != "" && fault == nil {
				fault = keep(at)
			}
			at = read
		}
		into := &at.Left
		if side == 1 {
			into = &at.Right
		}
		into.Rows, into.Minor, into.Functional = into.Rows+of.Rows, into.Minor+of.Minor, into.Functional+of.Functional
	})
	if err == nil && fault == nil && at.Key != "" {
		fault = keep(at)
	}
	return cmp.Or(err, fault)
}

// namedKeys finds where a statement names the columns of its keys.
var namedKeys = regexp.MustCompile(`\{([^}]*)\}`)

// withinKeys bounds the keys of a statement where it names their columns in braces. Its arguments from
// ?4 on are those of keyArgs.
func (e *engine) withinKeys(statement string, keys books.ReconcileKeys) string {
	return namedKeys.ReplaceAllStringFunc(statement, func(named string) string {
		columns := strings.Split(strings.Trim(named, "{}"), ", ")
		bounds := ""
		for i, key := range []books.ReconcileKey{keys.After, keys.Until} {
			if key == (books.ReconcileKey{}) {
				continue
			}
			values := []string{"?4", "?5", "?6"}
			if i == 1 {
				values = []string{"?7", "?8", "?9"}
			}
			if e.boundsFirst {
				bounds += " AND " + columns[0] + " " + []string{">=", "<="}[i] + " " + values[0]
			}
			bounds += " AND (" + strings.Join(columns, ", ") + ") " + []string{">", "<="}[i] + " (" + strings.Join(values[:len(columns)], ", ") + ")"
		}
		return bounds
	})
}

func keyArgs(keys books.ReconcileKeys) []any {
	return []any{
		rowID(keys.After.Customer), rowID(keys.After.ID), date(keys.After.Day),
		rowID(keys.Until.Customer), rowID(keys.Until.ID), date(keys.Until.Day),
	}
}

// keysAhead are statements that read keys in order.
var keysAhead = map[books.ReconcileStream]string{
	books.EventsDrawn: "SELECT customer_id, id, '' FROM usage_events WHERE true{customer_id, id} ORDER BY customer_id, id LIMIT 1 OFFSET ?10",
	books.DrawsOfDays: "SELECT customer_id, lot_id, day FROM lot_days WHERE true{customer_id, lot_id, day} ORDER BY customer_id, lot_id, day LIMIT 1 OFFSET ?10",
}

func (t *tx) ReconcileAhead(ctx context.Context, stream books.ReconcileStream, after books.ReconcileKey, rows int64) (key books.ReconcileKey, ok bool, err error) {
	statement, known := keysAhead[stream]
	if !known {
		return key, false, fmt.Errorf("reconciling: the keys of %q are not read ahead", stream)
	}
	keys := books.ReconcileKeys{After: after}
	args := slices.Concat([]any{0, 0, 0, 0}, keyArgs(keys), []any{rows - 1})
	var day string
	var fault error
	err = t.each(ctx, "reading ahead", t.withinKeys(statement, keys), args, []any{&key.Customer, &key.ID, &day}, func() {
		ok = true
		key.Day, fault = dayOf(day)
	})
	return key, ok, cmp.Or(err, fault)
}

// dayOf reads a day; 0 where there is none.
func dayOf(text string) (ledger.Date, error) {
	if text == "" {
		return 0, nil
	}
	return ledger.ParseDate(text)
}

const reconcileSize = `SELECT (SELECT count(*) FROM usage_events), (SELECT count(*) FROM lot_days),
	(SELECT min(accounting_date) FROM entries), (SELECT min(period) FROM account_periods)`

func (t *tx) ReconcileSize(ctx context.Context) (size books.ReconcileSize, err error) {
	var entry, balance string
	err = t.each(ctx, "counting what there is to reconcile", reconcileSize, nil, []any{&size.Events, &size.LotDays, columnText{&entry}, columnText{&balance}}, func() {})
	if err != nil {
		return size, err
	}
	for _, text := range []string{entry, balance} {
		if len(text) < len("2006-01") {
			continue
		}
		period, err := monthOf(text[:len("2006-01")])
		if err != nil {
			return size, err
		}
		if size.First == 0 || period < size.First {
			size.First = period
		}
	}
	return size, nil
}

// usageKinds are the recognitions that book what was used.
const usageKinds = "('USAGE', 'USAGE_UNBILLED', 'OVERAGE')"

// twoSides are statements that read customer, key, day, currency, side (0 left, 1 right), rows,
// amount and functional amount, in order of key, day and currency. What is in braces are the columns
// of the key, for a range of keys.
var twoSides = map[books.ReconcileStream]struct {
	statement string
	kind      string
	account   ledger.Role
}{
	books.EventsDrawn: {kind: books.RowEvent, statement: `SELECT customer_id, id, '', '', 0, 1, credits, 0 FROM usage_events
			WHERE credits <> 0 AND occurred_at_us >= ?0 AND occurred_at_us < ?1{customer_id, id}
		UNION ALL SELECT customer_id, event_id, '', '', 1, 1, credits, 0 FROM draws WHERE day >= ?2 AND day <= ?3{customer_id, event_id}
		ORDER BY 1, 2`},
	books.DrawsOfDays: {kind: books.RowLotDay, statement: `SELECT customer_id, lot_id, day, '', 0, count(*), CAST(sum(credits) AS BIGINT), 0 FROM draws
			WHERE day >= ?2 AND day <= ?3{customer_id, lot_id, day} GROUP BY customer_id, lot_id, day
		UNION ALL SELECT customer_id, lot_id, day, '', 1, 1, drawn, 0 FROM lot_days WHERE day >= ?2 AND day <= ?3{customer_id, lot_id, day}
		ORDER BY 1, 2, 3`},
	// What comes before the first day that waits is booked, credit by credit.
	books.DaysBooked: {kind: books.RowLotDay, statement: `SELECT d.customer_id, d.lot_id, d.day, '', 0, 1, d.drawn, 0
			FROM lot_days AS d JOIN lots AS l ON l.customer_id = d.customer_id AND l.id = d.lot_id
			WHERE d.day >= ?2 AND d.day <= ?3 AND (l.pending_from IS NULL OR d.day < l.pending_from){d.customer_id, d.lot_id, d.day}
		UNION ALL SELECT r.customer_id, r.lot_id, r.day, '', 1, count(*), CAST(sum(r.credits) AS BIGINT), 0
			FROM recognitions AS r JOIN lots AS l ON l.customer_id = r.customer_id AND l.id = r.lot_id
			WHERE r.kind IN ` + usageKinds + ` AND r.day >= ?2 AND r.day <= ?3 AND (l.pending_from IS NULL OR r.day < l.pending_from){r.customer_id, r.lot_id, r.day}
			GROUP BY r.customer_id, r.lot_id, r.day
		ORDER BY 1, 2, 3`},
	books.PaymentsReceived: {kind: books.RowPurchase, statement: `SELECT m.customer_id, m.purchase_id, '', m.currency, 0, count(*), CAST(sum(m.amount_minor) AS BIGINT), 0
			FROM payments AS m LEFT JOIN purchases AS p ON p.customer_id = m.customer_id AND p.id = m.purchase_id
			WHERE p.id IS NULL OR p.purchased_at_us >= ?0 AND p.purchased_at_us < ?1 GROUP BY m.customer_id, m.purchase_id, m.currency
		UNION ALL SELECT customer_id, id, '', currency, 1, 1, received_minor, 0 FROM purchases
			WHERE received_minor <> 0 AND purchased_at_us >= ?0 AND purchased_at_us < ?1
		ORDER BY 1, 2, 4`},
	books.PurchasesLots: {kind: books.RowPurchase, account: ledger.DeferredRevenue, statement: `SELECT customer_id, id, '', currency, 0, 1, price_minor, functional_minor FROM purchases
			WHERE purchased_at_us >= ?0 AND purchased_at_us < ?1
		UNION ALL SELECT l.customer_id, l.purchase_id, '', l.currency, 1, count(*), CAST(sum(l.price_minor) AS BIGINT), CAST(sum(l.functional_minor) AS BIGINT)
			FROM lots AS l LEFT JOIN purchases AS p ON p.customer_id = l.customer_id AND p.id = l.purchase_id
			WHERE l.origin_lot_id IS NULL AND l.purchase_id IS NOT NULL
				AND (p.purchased_at_us >= ?0 AND p.purchased_at_us < ?1 OR p.id IS NULL AND l.purchased_on >= ?2 AND l.purchased_on <= ?3)
			GROUP BY l.customer_id, l.purchase_id, l.currency
		ORDER BY 1, 2, 4`},
	books.LotsCarrying: {kind: books.RowLot, account: ledger.DeferredRevenue, statement: lotsCarrying},
}

// lotsCarrying reads every lot twice: what it carries, and what the columns beside say that it
// must. Where its use waits, or its liability has appeared in part or not at all, these do not say
// it: then its recognitions do.
var lotsCarrying = `SELECT customer_id, id, '', currency, 0, 1, carrying_minor, carrying_functional_minor FROM lots WHERE kind <> 'OVERAGE'
	UNION ALL SELECT l.customer_id, l.id, '', l.currency, 1, 1,
		CASE WHEN ` + carriesByItself + ` THEN l.price_minor - l.refunded_minor - l.removed_minor - l.recognised_minor - l.released_minor
			ELSE ` + lotLiability + ` - ` + takenOf("amount_minor") + ` END,
		CASE WHEN ` + carriesByItself + ` THEN l.functional_minor - l.refunded_functional_minor - l.removed_functional_minor - l.recognised_functional_minor - l.released_functional_minor
			ELSE ` + lotLiabilityOwn + ` - ` + takenOf("functional_minor") + ` END
		FROM lots AS l LEFT JOIN purchases AS p ON p.customer_id = l.customer_id AND p.id = l.purchase_id
		WHERE l.kind <> 'OVERAGE'
	ORDER BY 1, 2`

const carriesByItself = "(l.liability_on IS NOT NULL AND l.liability_steps IS NULL AND l.pending_from IS NULL AND (p.id IS NULL OR " + bookedPurchase + "))"

// takenOf adds up what the recognitions of a lot l took out of deferred revenue.
func takenOf(column string) string {
	return "coalesce((SELECT CAST(sum(" + fmt.Sprintf(outOfDeferred, "r."+column) + ") AS BIGINT) FROM recognitions AS r WHERE r.customer_id = l.customer_id AND r.lot_id = l.id), 0)"
}

// purchaseMeasures are what of a purchase is held against its entries: pairs of the comparison
// purchaseEntries of verify, in the currency of the purchase and in the book's own.
var purchaseMeasures = []struct {
	measure, amount, own string
	account              ledger.Role
}{
	{"PURCHASES_DEFERRED", "purchase.deferred", "purchase.deferredFunctional", ledger.DeferredRevenue},
	{"PURCHASES_REFUNDED", "purchase.refund", "purchase.refundFunctional", ledger.DeferredRevenue},
	{"PURCHASES_REMOVED", "purchase.removed", "purchase.removedFunctional", ledger.DeferredRevenue},
	{"PURCHASES_TAX", "purchase.tax", "purchase.taxFunctional", ledger.TaxPayable},
	{"PURCHASES_RECEIVABLE", "purchase.receivable", "", ledger.AccountsReceivable},
	{"PURCHASES_CASH", "purchase.cash", "", ledger.Cash},
	{"PURCHASES_CHARGEBACKS", "purchase.lost", "", ledger.Disputes},
	{"PURCHASES_VOID", "purchase.void", "purchase.voidFunctional", ledger.Refunds},
	{"PURCHASES_UNBILLED", "purchase.unbilled", "purchase.unbilledFunctional", ledger.UnbilledReceivable},
}

var purchasesJournal = func() string {
	columns := []string{"p.id AS id", "p.currency AS currency"}
	for _, m := range purchaseMeasures {
		for _, check := range []string{m.amount, m.own} {
			kept, derived := "0", "0"
			if check != "" {
				at := slices.IndexFunc(purchaseEntries.pairs, func(p pair) bool { return p.check == check })
				kept, derived = purchaseEntries.pairs[at].kept, purchaseEntries.pairs[at].derived
			}
			columns = append(columns, "CAST("+derived+" AS BIGINT)", "CAST("+kept+" AS BIGINT)")
		}
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + purchaseEntries.from + `
		WHERE p.purchased_at_us >= ?0 AND p.purchased_at_us < ?1
			OR CAST(p.id AS TEXT) IN (SELECT reference FROM entries WHERE reference IS NOT NULL AND accounting_date >= ?2 AND accounting_date <= ?3)
		ORDER BY p.customer_id, p.id`
}()

// reconcilePurchases holds what purchases say must be in the journal under their ids against what
// is: of those bought on the days, and those with an entry under one of them.
func (t *tx) reconcilePurchases(ctx context.Context, span books.ReconcileSpan, keep func(books.ReconcileRow) error) error {
	var id, currency string
	figures := make([]int64, 4*len(purchaseMeasures))
	targets := []any{&id, &currency}
	for i := range figures {
		targets = append(targets, columnNumber{&figures[i]})
	}
	var fault error
	err := t.each(ctx, "reconciling purchases with the journal", purchasesJournal, []any{instantOf(span.Start), instantOf(span.End), date(span.From), date(span.To)}, targets, func() {
		for i, m := range purchaseMeasures {
			of := figures[4*i:]
			row := books.ReconcileRow{
				Measure: m.measure, Account: m.account, Currency: ledger.Currency(currency), Kind: books.RowPurchase, ID: id, Key: id,
				Left: books.ReconcileSide{Rows: 1, Minor: of[0], Functional: of[2]}, Right: books.ReconcileSide{Rows: 1, Minor: of[1], Functional: of[3]},
			}
			if fault == nil && (row.Left != books.ReconcileSide{Rows: 1} || row.Differs()) {
				fault = keep(row)
			}
		}
	})
	return cmp.Or(err, fault)
}

// reconcileBalances holds the lines of each month against its running balances.
func (t *tx) reconcileBalances(ctx context.Context, span books.ReconcileSpan, keep func(books.ReconcileRow) error) error {
	months, err := query[struct{ Period string }](ctx, t, "reading which months have balances",
		"SELECT DISTINCT period FROM account_periods WHERE period >= ? AND period <= ? ORDER BY period", month(span.From.Period()), month(span.To.Period()))
	if err != nil {
		return err
	}
	for _, of := range months {
		period, err := monthOf(of.Period)
		if err != nil {
			return err
		}
		rows, err := t.PeriodLines(ctx, period)
		if err != nil {
			return err
		}
		for _, row := range rows {
			for _, side := range []struct {
				name                        string
				lines, kept, own, keptInOwn int64
			}{
				{"credits", row.Credits, row.KeptCredits, row.FunctionalCredits, row.KeptFunctionalCredits},
				{"debits", row.Debits, row.KeptDebits, row.FunctionalDebits, row.KeptFunctionalDebits},
			} {
				name := row.Account.APIName()
				err := keep(books.ReconcileRow{
					Measure: string(books.RunningBalances), Currency: row.Currency, Kind: books.RowAccount,
					ID: fmt.Sprintf("%s %s %s", name, of.Period, side.name), Key: fmt.Sprintf("%s %s %s", of.Period, name, side.name),
					Left: books.ReconcileSide{Rows: 1, Minor: side.lines, Functional: side.own}, Right: books.ReconcileSide{Rows: 1, Minor: side.kept, Functional: side.keptInOwn},
				})
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// batchesWithin finds the batches of which something is booked under the days, or is to be.
const batchesWithin = `SELECT b.id AS id FROM batches AS b WHERE b.posted_at_us IS NOT NULL
		AND EXISTS (SELECT 1 FROM recognitions AS r WHERE r.batch_id = b.id AND r.accounting_date >= ?0 AND r.accounting_date <= ?1)
	UNION SELECT e.batch_id FROM entries AS e WHERE e.batch_id IS NOT NULL AND e.accounting_date >= ?0 AND e.accounting_date <= ?1
	ORDER BY 1`

// reconcileBatches holds what the recognitions of each batch come to, account by account, against
// the lines of its entries.
func (t *tx) reconcileBatches(ctx context.Context, span books.ReconcileSpan, keep func(books.ReconcileRow) error) error {
	policies, err := t.Policies(ctx, books.CatalogFilter{}, books.Page{})
	if err != nil {
		return err
	}
	codes := map[string]string{}
	for _, policy := range policies {
		codes[policy.ID] = policy.Code
	}
	batches, err := query[struct{ ID string }](ctx, t, "reading batches", batchesWithin, date(span.From), date(span.To))
	if err != nil {
		return err
	}
	for _, batch := range batches {
		rows, err := t.reconcileBatch(ctx, batch.ID, codes, span)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if err := keep(row); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tx) reconcileBatch(ctx context.Context, id string, codes map[string]string, span books.ReconcileSpan) ([]books.ReconcileRow, error) {
	sums, err := t.SumBatch(ctx, id)
	if err != nil {
		return nil, err
	}
	entryRows, err := query[entryRow](ctx, t, "reading the entries of a batch", "SELECT * FROM entries WHERE batch_id = ? ORDER BY number", id)
	if err != nil {
		return nil, err
	}
	entries, err := t.withLines(ctx, entryRows)
	if err != nil {
		return nil, err
	}
	found := map[string]*books.ReconcileRow{}
	at := func(key entryKey, account ledger.Role, currency ledger.Currency) *books.ReconcileRow {
		text := id + " " + key.String() + " " + account.APIName()
		row := found[text]
		if row == nil {
			row = &books.ReconcileRow{Measure: string(books.BatchesPosted), Account: account, Currency: currency, Kind: books.RowBatch, ID: id + " " + key.String(), Key: text}
			found[text] = row
		}
		return row
	}
	for _, sum := range sums {
		if sum.AccountingDate < span.From || sum.AccountingDate > span.To {
			continue
		}
		key := entryKey{sum.AccountingDate, sum.Day, revrec.EntryKindOf(sum.Kind), codes[sum.PolicyID], sum.Currency}
		lines := revrec.LinesOf(sum.Kind, ledger.Money(sum.Minor, ""), ledger.Money(sum.Functional, ""),
			ledger.Money(sum.Unclaimed, ""), ledger.Money(sum.UnclaimedFunctional, ""), ledger.Dimensions{})
		for _, line := range lines {
			row := at(key, line.Account, sum.Currency)
			sign := naturalSign(line.Account)
			row.Left = books.ReconcileSide{Rows: row.Left.Rows + sum.Count, Minor: row.Left.Minor + sign*line.Amount.Minor, Functional: row.Left.Functional + sign*line.Functional.Minor}
		}
	}
	for i, e := range entries {
		if e.AccountingDate < span.From || e.AccountingDate > span.To {
			continue
		}
		key := entryKey{e.AccountingDate, e.OccurredOn, e.Kind, entryRows[i].Policy, ledger.Currency(entryRows[i].Currency)}
		for _, line := range e.Lines {
			row := at(key, line.Account, line.Amount.Currency)
			sign := naturalSign(line.Account)
			row.Kind, row.ID = books.RowEntry, strconv.FormatInt(e.Number, 10)
			row.Right = books.ReconcileSide{Rows: row.Right.Rows + 1, Minor: row.Right.Minor + sign*line.Amount.Minor, Functional: row.Right.Functional + sign*line.Functional.Minor}
		}
		for _, row := range found { // an account that the entry lacks is of the entry too
			if strings.HasPrefix(row.Key, id+" "+key.String()+" ") {
				row.Kind, row.ID = books.RowEntry, strconv.FormatInt(e.Number, 10)
			}
		}
	}
	rows := make([]books.ReconcileRow, 0, len(found))
	for _, row := range found {
		rows = append(rows, *row)
	}
	slices.SortFunc(rows, func(x, y books.ReconcileRow) int { return cmp.Compare(x.Key, y.Key) })
	return rows, nil
}

// naturalSign is −1 of an account that credits make larger.
func naturalSign(role ledger.Role) int64 {
	if account, _ := ledger.AccountOf(role); !account.DebitNormal {
		return -1
	}
	return 1
}

// accountMoves adds up running balances; the days of the months in which a span begins and ends
// are read line by line, where these are not whole.
const accountMoves = `SELECT account, currency,
		CAST(sum(now) AS BIGINT), CAST(sum(through) AS BIGINT), CAST(sum(before) AS BIGINT), CAST(sum(manual) AS BIGINT), CAST(sum(manual_through) AS BIGINT), CAST(sum(manual_before) AS BIGINT),
		CAST(sum(own_now) AS BIGINT), CAST(sum(own_through) AS BIGINT), CAST(sum(own_before) AS BIGINT), CAST(sum(own_manual) AS BIGINT), CAST(sum(own_manual_through) AS BIGINT), CAST(sum(own_manual_before) AS BIGINT)
	FROM (SELECT account, currency, debit_minor - credit_minor AS now,
			CASE WHEN period <= ?3 THEN debit_minor - credit_minor ELSE 0 END AS through,
			CASE WHEN period < ?2 THEN debit_minor - credit_minor ELSE 0 END AS before, 0 AS manual, 0 AS manual_through, 0 AS manual_before,
			functional_debit_minor - functional_credit_minor AS own_now,
			CASE WHEN period <= ?3 THEN functional_debit_minor - functional_credit_minor ELSE 0 END AS own_through,
			CASE WHEN period < ?2 THEN functional_debit_minor - functional_credit_minor ELSE 0 END AS own_before, 0 AS own_manual, 0 AS own_manual_through, 0 AS own_manual_before
			FROM account_periods
		UNION ALL SELECT l.account, l.currency, 0, -l.amount_minor, 0, 0, 0, 0, 0, -l.functional_minor, 0, 0, 0, 0 FROM entries AS e CROSS JOIN lines AS l
			WHERE e.accounting_date > ?1 AND e.accounting_date <= ?5 AND l.entry_number = e.number
		UNION ALL SELECT l.account, l.currency, 0, 0, l.amount_minor, 0, 0, 0, 0, 0, l.functional_minor, 0, 0, 0 FROM entries AS e CROSS JOIN lines AS l
			WHERE e.accounting_date >= ?4 AND e.accounting_date < ?0 AND l.entry_number = e.number
		UNION ALL SELECT l.account, l.currency, 0, 0, 0, l.amount_minor, CASE WHEN m.accounting_date <= ?1 THEN l.amount_minor ELSE 0 END, CASE WHEN m.accounting_date < ?0 THEN l.amount_minor ELSE 0 END,
			0, 0, 0, l.functional_minor, CASE WHEN m.accounting_date <= ?1 THEN l.functional_minor ELSE 0 END, CASE WHEN m.accounting_date < ?0 THEN l.functional_minor ELSE 0 END
			FROM ` + manualLines + `
	) AS moved GROUP BY account, currency ORDER BY account, currency`

func (t *tx) AccountMoves(ctx context.Context, from, to ledger.Date) (all []books.AccountMoves, err error) {
	var m books.AccountMoves
	targets := []any{
		&m.Account, &m.Currency, &m.Now, &m.Through, &m.Before, &m.Manual, &m.ManualThrough, &m.ManualBefore,
		&m.OwnNow, &m.OwnThrough, &m.OwnBefore, &m.OwnManual, &m.OwnManualThrough, &m.OwnManBef,
	}
	args := []any{date(from), date(to), month(from.Period()), month(to.Period()), date(from.Period().First()), date(to.Period().Last())}
	err = t.each(ctx, "adding up what accounts moved by", accountMoves, args, targets, func() { all = append(all, m) })
	return all, err
}

// subledgerBalances derives what is on accounts from purchases, payments and the law's share of
// what lapsed; deferred revenue is ReconcileDeferred. The formulas of purchases are those of the
// comparison purchaseEntries of verify.
const subledgerBalances = `SELECT account, currency, count(*), CAST(sum(minor) AS BIGINT), CAST(sum(functional) AS BIGINT) FROM (
		SELECT 'accounts_receivable' AS account, p.currency, p.price_minor + p.tax_minor - p.received_minor AS minor,
			p.functional_minor + p.functional_tax_minor - coalesce(m.settled, 0) AS functional
			FROM purchases AS p LEFT JOIN (SELECT customer_id, purchase_id, sum(settled_functional_minor) AS settled FROM payments GROUP BY customer_id, purchase_id) AS m
				ON m.customer_id = p.customer_id AND m.purchase_id = p.id
			WHERE p.status = 'INVOICED' AND p.due_booked
		UNION ALL SELECT 'tax_payable', p.currency, -p.tax_minor, -p.functional_tax_minor FROM purchases AS p WHERE ` + bookedPurchase + ` AND p.voided_at_us IS NULL AND p.tax_minor <> 0
		UNION ALL SELECT 'tax_payable', p.currency, s.stepped - p.received_minor, s.stepped_functional - coalesce(m.settled, 0)
			FROM purchases AS p JOIN (SELECT customer_id, purchase_id, sum(stepped_minor) AS stepped, sum(stepped_functional_minor) AS stepped_functional
					FROM lots WHERE purchase_id IS NOT NULL GROUP BY customer_id, purchase_id) AS s ON s.customer_id = p.customer_id AND s.purchase_id = p.id
				LEFT JOIN (SELECT customer_id, purchase_id, sum(settled_functional_minor) AS settled FROM payments WHERE ahead GROUP BY customer_id, purchase_id) AS m
				ON m.customer_id = p.customer_id AND m.purchase_id = p.id
			WHERE p.status = 'INVOICED' AND NOT p.due_booked AND p.received_minor <> 0
		UNION ALL SELECT 'opening_balances', currency, price_minor, functional_minor FROM purchases WHERE opening_on IS NOT NULL
		UNION ALL SELECT 'unclaimed_property', moved.currency, -moved.derived, -moved.derived_functional FROM (` + unclaimedDerived + `) AS moved
	) AS derived GROUP BY account, currency ORDER BY account, currency`

func (t *tx) SubledgerBalances(ctx context.Context) (all []books.SubledgerBalance, err error) {
	var s books.SubledgerBalance
	err = t.each(ctx, "adding up what purchases and lots make of accounts", subledgerBalances, nil,
		[]any{&s.Account, &s.Currency, &s.Rows, &s.Minor, &s.Functional}, func() { all = append(all, s) })
	return all, err
}

// voidedUnbilled is what voids took out of the contract asset; what it must be is held purchase
// by purchase.
const voidedUnbilled = `SELECT l.account, l.currency, count(*), CAST(sum(l.amount_minor) AS BIGINT), CAST(sum(l.functional_minor) AS BIGINT)
	FROM entries AS e CROSS JOIN lines AS l
	WHERE e.accounting_date >= ?0 AND e.accounting_date <= ?1 AND e.kind = 'VOID' AND l.entry_number = e.number AND l.account = 'unbilled_receivable'
	GROUP BY l.account, l.currency ORDER BY l.currency`

func (t *tx) VoidedUnbilled(ctx context.Context, from, to ledger.Date) (all []books.SubledgerBalance, err error) {
	var s books.SubledgerBalance
	err = t.each(ctx, "adding up what voids took out of the contract asset", voidedUnbilled, []any{date(from), date(to)},
		[]any{&s.Account, &s.Currency, &s.Rows, &s.Minor, &s.Functional}, func() { all = append(all, s) })
	return all, err
}

type reconciliationRow struct {
	bun.BaseModel `bun:"table:reconciliations,alias:reconciliations"`

	ID        string
	At        instant `bun:"at_us,type:bigint"`
	RunID     string
	FromDay   date `bun:",type:text"`
	ToDay     date `bun:",type:text"`
	Status    string
	Differing int64
	Found     string `bun:",nullzero"`
	TookUs    int64
	Body      string // a JSON list of lines
	Older     string `bun:",nullzero"` // JSON
}

func (row reconciliationRow) reconciliation() (books.Reconciliation, error) {
	r := books.Reconciliation{
		ID: row.ID, At: row.At.time(), RunID: row.RunID, From: ledger.Date(row.FromDay), To: ledger.Date(row.ToDay), Found: row.Found,
		Took: time.Duration(row.TookUs) * time.Microsecond,
	}
	if err := json.Unmarshal([]byte(row.Body), &r.Lines); err != nil {
		return r, fmt.Errorf("the lines of reconciliation %s: %w", row.ID, err)
	}
	var err error
	if r.Older, err = olderOf(row.Older); err != nil {
		return r, fmt.Errorf("the older days of reconciliation %s: %w", row.ID, err)
	}
	return r, nil
}

// olderOf reads how far older days are gone through; nil where nothing is kept of it.
func olderOf(text string) (*books.ReconcileOlder, error) {
	if text == "" {
		return nil, nil
	}
	var older books.ReconcileOlder
	err := json.Unmarshal([]byte(text), &older)
	return &older, err
}

func reconciliations(rows []reconciliationRow, err error) ([]books.Reconciliation, error) {
	if err != nil {
		return nil, err
	}
	all := make([]books.Reconciliation, len(rows))
	for i, row := range rows {
		if all[i], err = row.reconciliation(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (t *tx) InsertReconciliation(ctx context.Context, r books.Reconciliation) error {
	body, err := json.Marshal(r.Lines)
	if err != nil {
		return err
	}
	older := ""
	if r.Older != nil {
		text, err := json.Marshal(r.Older)
		if err != nil {
			return err
		}
		older = string(text)
	}
	return insert(ctx, t, "keeping a reconciliation", []reconciliationRow{{
		ID: r.ID, At: instantOf(r.At), RunID: r.RunID, FromDay: date(r.From), ToDay: date(r.To), Status: string(r.Status()), Differing: r.Differences(), Found: r.Found,
		TookUs: r.Took.Microseconds(), Body: string(body), Older: older,
	}})
}

func (t *tx) Reconciliations(ctx context.Context, filter books.ReconciliationFilter, page books.Page) ([]books.Reconciliation, error) {
	return reconciliations(list[reconciliationRow](ctx, t, "listing reconciliations", func(q *bun.SelectQuery) *bun.SelectQuery {
		return byID(page).on(ofReconciliations(q, filter))
	}))
}

func (t *tx) CountReconciliations(ctx context.Context, filter books.ReconciliationFilter) (int64, error) {
	return count[reconciliationRow](ctx, t, "counting reconciliations", func(q *bun.SelectQuery) *bun.SelectQuery { return ofReconciliations(q, filter) })
}

func ofReconciliations(q *bun.SelectQuery, filter books.ReconciliationFilter) *bun.SelectQuery {
	if !filter.By.IsZero() {
		q = q.Where("at_us <= ?", instantOf(filter.By))
	}
	return whereEqual(whereID(q, "id", filter.ID), "status", string(filter.Status))
}

func (t *tx) LatestReconciliation(ctx context.Context) (latest books.LatestReconciliation, err error) {
	var to date
	var at instant
	var older string
	err = t.each(ctx, "reading the latest reconciliation", "SELECT at_us, to_day, differing, found, older FROM reconciliations ORDER BY id DESC LIMIT 1", nil,
		[]any{&at, &to, &latest.Differing, columnText{&latest.Found}, columnText{&older}}, func() { latest.At, latest.To = at.time(), ledger.Date(to) })
	if err != nil {
		return latest, err
	}
	latest.Older, err = olderOf(older)
	return latest, err
}
