package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"drawdown/internal/books"
)

// Findings derives what is kept again from the rows below it and returns what differs, at
// most limit of each check. A book in order has none. What is covered, by the rows that
// are held against others:
//
//	events        each is drawn whole; none stands twice; a void reverses one use, once;
//	              metered ones are rated by the version that they name, which began by then;
//	              dimensions are in their one form
//	draws         each is of an event; their sums are those of lot-days and lots
//	lot-days      sums of draws; before the first that waits, sums of recognitions
//	lots          credits: granted = remaining + drawn + lapsed + refunded + removed, none
//	              negative; recognised, released, booked: sums of recognitions; removed: sums
//	              of changes; carrying: the liability of the purchase less what recognitions,
//	              a refund and changes took out;
//	              one purchase each, or one change of the lot that they came out of, with
//	              its credits and amounts; numbered without repeats; the first day that waits; the day on
//	              which they lapse is the last before they expire
//	rollovers     the share of the policy of what was unused at expiry, once, in a lot that
//	              begins then and shares the pool; what is to roll over has not yet
//	holds         each keeps what its parts add up to, of lots that are there; what was captured
//	              has its event; what was held of a lot when something last happened is within
//	              what is unused of it, and the lot says until when
//	budgets       what each has spent is the sum of its draws; each draw has its event's credits, and
//	              each use that a budget was about drew on it, in the period of its day; a void
//	              gave that back
//	cohorts       sold, used, lapsed, refunded and other of each month are what lots, recognitions
//	              and changes add up to, and what is open is what lots have left; each lot is in the
//	              cohort of its policy, pack, currency and month, or of the lot that it came out of
//	recognitions  those of lots and pools are what the rules of revrec make of the days,
//	              nothing missing and nothing too much; each is in a batch, under the
//	              policy and currency of its lot
//	pool days     what lots bring into their pool and take out again
//	steps         what of the contract liability of a lot appeared on which day follows from what was
//	              paid of its purchase ahead of its due day
//	purchases     price, credits and refund are those of their lot; their entries book
//	              them once, to the cent: liability, tax, receivable, cash, refund, void and chargeback;
//	              the price of a pack is that of the version that it names; the lots of a purchase
//	              share its price as its terms say; where a chargeback stands is what was booked of it last
//	openings      the entries of a cut-over book what the purchases taken over then carried
//	estimates     in force are those that were proposed and approved, where they were proposed;
//	              data, evidence and attachments have their hashes
//	entries       balance in each currency; two lines or more; numbered 1 to n; those of a
//	              batch are the sums of its recognitions, account by account; the others
//	              are of a purchase, a cut-over, or a manual entry
//	manual        entries that were approved are in the journal, line by line, each once, and no
//	              other is there by hand; a reversal names the entry that it takes back, with its
//	              lines the other way round, and what is to reverse itself waits or has; attachments
//	              have their hashes
//	accounts      the running balances are the sums of lines; deferred revenue is the
//	              carrying amount of lots less early breakage of pools, plus what is
//	              recognised and not posted yet, plus what manual entries put there, per currency
//	periods       stand as their last closing left them; what is closed has the balances and
//	              the number of entries with which it was closed
//	seals         every sealed entry, its lines and its recognitions hash to its leaf; the hashes of
//	              the log are those of its leaves; each seal has the root of the log of its size,
//	              goes on from the one before, and is signed by its key, as are the closings
//	              that it is about; what is closed is sealed
//	exports       the batches of a target cover the entries from the first one on, each once, and are
//	              numbered without gaps; a voided one and its replacement name each other; entries,
//	              lines and totals in the manifest of a sealed one are those of its range, its
//	              files have the bytes and hashes of the manifest, and it is acknowledged
//	              when each of its journals, and nothing else, is answered for
//	manual        what an entry by hand was approved as is the hash of its words, its lines and its papers
//	reconciliations  what is kept of each follows from its lines
//	database      its own check of pages, indexes and constraints; the guards of the
//	              append-only tables and of closed periods are in place; what cannot be read, or
//	              nothing follows from, is named, and does not keep the rest from being looked at
//
// Not derivable from anything, and so not covered: the catalogue, customers, the segments of
// cohorts, lots that are not filed yet, the day and reference of purchases and the rates that they name,
// who decided about what was proposed, GL codes, job runs, the
// tasks of closings, the audit trail and idempotency keys.
func (t *tx) Findings(ctx context.Context, limit int) ([]books.Finding, error) {
	f := &findings{tx: t, limit: limit, found: map[string]int{}}
	err := f.look(ctx, append(f.seals(), f.derive()...)...)
	return f.rows, err
}

func (t *tx) SealFindings(ctx context.Context, limit int) ([]books.Finding, error) {
	f := &findings{tx: t, limit: limit, found: map[string]int{}}
	err := f.look(ctx, f.seals()...)
	return f.rows, err
}

// findings gathers what differs.
type findings struct {
	tx    *tx
	limit int // of each check
	found map[string]int
	rows  []books.Finding
	// poolDays is what derivedLots finds that lots bring into pools, for derivedPools.
	poolDays poolTotals
	laws     map[string][]books.EscheatRule // by jurisdiction
}

// derive makes what is kept again, step by step.
func (f *findings) derive() []func(context.Context) error {
	var steps []func(context.Context) error
	for _, check := range comparisons {
		steps = append(steps, func(ctx context.Context) error { return f.compare(ctx, check) })
	}
	return append(steps, f.database, f.postedBatches, f.derivedLots, f.derivedPools, f.budgetDraws, f.derivedPurchases, f.derivedSteps, f.ratedByCard,
		f.toldApart, f.estimateFiles, f.manualAttachments, f.exports, f.reconciliations)
}

func (f *findings) add(check, subject, kept, derived string) {
	if f.found[check] < f.limit {
		f.found[check]++
		f.rows = append(f.rows, books.Finding{Check: check, Subject: subject, Kept: kept, Derived: derived})
	}
}

// comparison is one query that puts what is kept beside what it derives from. Subject,
// kept and derived are expressions over from, which may end in a WHERE.
type comparison struct {
	subject string
	from    string
	pairs   []pair
}

type pair struct{ check, kept, derived string }

// sql selects the rows in which a pair differs, with all pairs as text. apart keeps the
// planner from going by the limit: as if many rows differed, it would look for a plan that finds
// the first of them soon, by a nested loop, and in a book in order none comes.
func (c comparison) sql(apart string) string {
	columns, differ := []string{c.subject + " AS subject"}, make([]string, len(c.pairs))
	for i, p := range c.pairs {
		columns = append(columns, fmt.Sprintf("CAST(%s AS TEXT) AS kept%d, CAST(%s AS TEXT) AS derived%d", p.kept, i, p.derived, i))
		differ[i] = fmt.Sprintf("kept%d IS DISTINCT FROM derived%d", i, i)
	}
	return "WITH differing AS " + apart + " (SELECT * FROM (SELECT " + strings.Join(columns, ", ") + " FROM " + c.from + ") AS compared WHERE " + strings.Join(differ, " OR ") + ") SELECT * FROM differing LIMIT ?"
}

func (f *findings) compare(ctx context.Context, c comparison) error {
	doing := "verifying " + c.pairs[0].check
	rows, err := f.tx.db.QueryContext(ctx, c.sql(f.tx.apart), f.limit*len(c.pairs))
	if err != nil {
		return f.tx.refused(doing, err)
	}
	defer func() { _ = rows.Close() }() // what went wrong, rows.Err says
	texts := make([]sql.NullString, 1+2*len(c.pairs))
	targets := make([]any, len(texts))
	for i := range texts {
		targets[i] = &texts[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return f.tx.refused(doing, err)
		}
		for i, p := range c.pairs {
			if kept, derived := texts[1+2*i], texts[2+2*i]; kept != derived {
				f.add(p.check, texts[0].String, orNone(kept), orNone(derived))
			}
		}
	}
	return f.tx.refused(doing, rows.Err())
}

func orNone(text sql.NullString) string {
	if !text.Valid {
		return "none"
	}
	return text.String
}

// bookedPurchase says of a purchase p whether its contract liability is in the journal: it was
// paid, or fell due and that was booked. A void takes it out again by an entry of its own.
const bookedPurchase = "(p.due_booked OR p.status <> 'INVOICED' AND p.voided_at_us IS NULL)"

// receivedPurchase says so of one that an entry of its own books: not of one taken over.
const receivedPurchase = "(p.opening_on IS NULL AND " + bookedPurchase + ")"

// outOfDeferred is revrec.Recognition.OutOfDeferred in the rows r.
const outOfDeferred = "CASE WHEN r.kind IN ('USAGE_UNBILLED', 'OVERAGE') THEN 0 ELSE %s END"

// lotLiability is what of the contract liability of a lot l, of the purchase p, has appeared and did
// not go by refunds and changes; lotLiabilityOwn in the book's own currency.
const (
	lotLiability    = "CASE WHEN p.id IS NULL OR " + bookedPurchase + " THEN l.price_minor - l.refunded_minor - l.removed_minor ELSE l.stepped_minor END"
	lotLiabilityOwn = "CASE WHEN p.id IS NULL OR " + bookedPurchase + " THEN l.functional_minor - l.refunded_functional_minor - l.removed_functional_minor ELSE l.stepped_functional_minor END"
)

var comparisons = []comparison{
	{
		subject: "e.id", from: "usage_events AS e",
		pairs: []pair{{
			"event.credits", "e.credits",
			"(SELECT coalesce(sum(d.credits), 0) FROM draws AS d WHERE d.customer_id = e.customer_id AND d.event_id = e.id)",
		}},
	},
	{
		subject: "customer_id || ' ' || source || ' ' || event_id",
		from:    "usage_events GROUP BY customer_id, source, event_id",
		pairs:   []pair{{"event.once", "count(*)", "1"}},
	},
	{
		subject: "v.id",
		from:    "usage_events AS v LEFT JOIN usage_events AS e ON e.customer_id = v.customer_id AND e.id = v.void_of AND e.void_of IS NULL WHERE v.void_of IS NOT NULL",
		pairs:   []pair{{"event.void", "v.credits", "-e.credits"}},
	},
	{
		subject: "e.id",
		from:    "usage_events AS e LEFT JOIN rate_cards AS c ON c.number = e.rate_card AND c.effective_from_us <= e.occurred_at_us WHERE e.rate_card IS NOT NULL",
		pairs:   []pair{{"event.rateCard", "e.rate_card", "c.number"}},
	},
	{
		subject: "void_of", from: "usage_events WHERE void_of IS NOT NULL GROUP BY customer_id, void_of",
		pairs: []pair{{"event.voidedOnce", "count(*)", "1"}},
	},
	{
		subject: "d.event_id",
		from:    "draws AS d LEFT JOIN usage_events AS e ON e.customer_id = d.customer_id AND e.id = d.event_id",
		pairs:   []pair{{"draw.event", "d.event_id", "e.id"}},
	},
	{
		// One sorted pass: SQLite finds no index for a full join, which would be quadratic.
		subject: "lot_id || ' ' || day",
		from: `(SELECT customer_id, lot_id, day, drawn, NULL AS credits FROM lot_days
			UNION ALL SELECT customer_id, lot_id, day, NULL, credits FROM draws) AS d
			GROUP BY customer_id, lot_id, day`,
		pairs: []pair{{"lotDay.drawn", "sum(drawn)", "coalesce(sum(credits), 0)"}},
	},
	{
		// What comes before the first day that waits is booked, credit by credit.
		subject: "d.lot_id || ' ' || d.day",
		from: `(SELECT customer_id, lot_id, day, drawn, 0 AS booked FROM lot_days
			UNION ALL SELECT customer_id, lot_id, day, 0, credits FROM recognitions WHERE kind IN ('USAGE', 'USAGE_UNBILLED', 'OVERAGE')) AS d
			JOIN lots AS l ON l.customer_id = d.customer_id AND l.id = d.lot_id
			WHERE l.pending_from IS NULL OR d.day < l.pending_from
			GROUP BY d.customer_id, d.lot_id, d.day`,
		pairs: []pair{{"lotDay.recognised", "sum(d.booked)", "sum(d.drawn)"}},
	},
	{
		subject: "l.id",
		from: `lots AS l LEFT JOIN lot_days AS d ON d.customer_id = l.customer_id AND d.lot_id = l.id AND d.day = l.pending_from
			WHERE l.pending_from IS NOT NULL`,
		pairs: []pair{{"lot.pendingFrom", "l.pending_from", "d.day"}},
	},
	lotCredits, lotSums, lotChanges, lotOrder, holdsOfLots, holdParts, partsOfHold, spentOfBudgets, eventsOfBudgetDraws, voidsOfBudgetDraws,
	{
		subject: "c.id",
		from:    "lot_changes AS c LEFT JOIN lots AS l ON l.customer_id = c.customer_id AND l.id = c.lot_id",
		pairs: []pair{
			{"change.lot", "c.lot_id", "l.id"},
			// An extension comes before the last day is over, and later ends alone are given, be it within that day.
			{"change.wasLapsesOn", "c.was_lapses_on", "CASE WHEN c.kind = 'EXTENDED' AND c.was_lapses_on >= c.day AND (l.lapses_on IS NULL OR l.lapses_on >= c.was_lapses_on) THEN c.was_lapses_on END"},
			{"change.wasExpiresAt", "c.was_expires_at_us", "CASE WHEN c.kind = 'EXTENDED' AND c.was_expires_at_us > c.at_us AND (l.expires_at_us IS NULL OR l.expires_at_us > c.was_expires_at_us) THEN c.was_expires_at_us END"},
			// What rolled over is written when somebody holds the lot, all else as it happens.
			{"change.writtenAt", "c.written_at_us", "CASE WHEN c.written_at_us = c.at_us OR c.written_at_us > c.at_us AND c.kind = 'ROLLED_OVER' THEN c.written_at_us END"},
		},
	},
	{
		subject: "c.id",
		from:    "lot_changes AS c LEFT JOIN lots AS l ON l.id = c.to_lot_id WHERE c.to_lot_id IS NOT NULL",
		pairs: []pair{
			{"change.to", "c.lot_id", "l.origin_lot_id"},
			{"change.created", "c.written_at_us", "l.created_at_us"},
			{"change.credits", "c.credits", "l.granted"},
			{"change.amount", "c.amount_minor", "l.price_minor"},
			{"change.functional", "c.functional_minor", "l.functional_minor"},
		},
	},
	{
		subject: "l.id",
		from: "lots AS l LEFT JOIN (SELECT to_lot_id, count(*) AS changes FROM lot_changes WHERE to_lot_id IS NOT NULL GROUP BY to_lot_id) AS c ON c.to_lot_id = l.id " +
			"WHERE l.origin_lot_id IS NOT NULL",
		pairs: []pair{{"lot.origin", "1", "c.changes"}},
	},
	{
		subject: "l.id",
		from: `lots AS l LEFT JOIN purchases AS p ON p.customer_id = l.customer_id AND p.id = l.purchase_id AND (l.id IN (p.lot_id, p.bonus_lot_id) OR l.origin_lot_id IS NOT NULL)
			WHERE l.kind = 'PURCHASE' AND l.origin_lot_id IS NULL OR l.purchase_id IS NOT NULL`,
		pairs: []pair{
			{"lot.purchase", "l.purchase_id", "p.id"},
			{"lot.created", "CASE WHEN l.origin_lot_id IS NULL THEN l.created_at_us END", "CASE WHEN l.origin_lot_id IS NULL AND l.created_at_us IS NOT NULL THEN p.created_at_us END"},
		},
	},
	purchaseLot, purchaseEntries, openingEntries, approvedProposals,
	{
		subject: "r.id", from: "recognitions AS r LEFT JOIN batches AS b ON b.id = r.batch_id",
		pairs: []pair{{"recognition.batch", "r.batch_id", "b.id"}},
	},
	{
		subject: "r.id",
		from:    "recognitions AS r LEFT JOIN lots AS l ON l.customer_id = r.customer_id AND l.id = r.lot_id WHERE r.lot_id IS NOT NULL",
		pairs: []pair{
			{"recognition.lot", "r.lot_id", "l.id"},
			{"recognition.policy", "r.policy_id", "l.policy_id"},
			{"recognition.currency", "r.currency || ' ' || r.functional_currency", "l.currency || ' ' || l.functional_currency"},
		},
	},
	{
		subject: "r.id", from: "recognitions AS r LEFT JOIN pools AS p ON p.id = r.pool_id WHERE r.pool_id IS NOT NULL",
		pairs: []pair{{"recognition.pool", "r.pool_id || ' ' || r.policy_id || ' ' || r.currency", "p.id || ' ' || p.policy_id || ' ' || p.currency"}},
	},
	{
		subject: "'batches'", from: "batches WHERE posted_at_us IS NULL",
		pairs: []pair{{"batch.open", "CASE WHEN count(*) > 1 THEN count(*) ELSE 1 END", "1"}},
	},
	{
		subject: "e.number", from: "entries AS e LEFT JOIN batches AS b ON b.id = e.batch_id AND b.posted_at_us IS NOT NULL WHERE e.batch_id IS NOT NULL",
		pairs: []pair{{"entry.batch", "e.batch_id", "b.id"}},
	},
	{
		subject: "e.number", from: "entries AS e LEFT JOIN (SELECT DISTINCT CAST(id AS TEXT) AS id FROM purchases) AS p ON p.id = e.reference WHERE e.batch_id IS NULL AND e.kind NOT IN ('OPENING', 'ESCHEAT', 'MANUAL', 'MANUAL_REVERSAL')",
		pairs: []pair{{"entry.reference", "coalesce(e.reference, 'no reference')", "p.id"}},
	},
	{
		subject: "entry_number || ' ' || currency", from: "lines GROUP BY entry_number, currency",
		pairs: []pair{{"entry.balance", "sum(amount_minor)", "0"}},
	},
	{
		subject: "entry_number || ' ' || functional_currency", from: "lines GROUP BY entry_number, functional_currency",
		pairs: []pair{{"entry.functionalBalance", "sum(functional_minor)", "0"}},
	},
	{
		subject: "e.number", from: "entries AS e LEFT JOIN lines AS l ON l.entry_number = e.number GROUP BY e.number",
		pairs: []pair{{"entry.lines", "count(l.line)", "CASE WHEN count(l.line) < 2 THEN 2 ELSE count(l.line) END"}},
	},
	{
		subject: "l.entry_number", from: "lines AS l LEFT JOIN entries AS e ON e.number = l.entry_number",
		pairs: []pair{{"line.entry", "l.entry_number", "e.number"}},
	},
	{
		subject: "number", from: "(SELECT number, lag(number, 1, 0) OVER (ORDER BY number) AS before FROM entries) AS numbered",
		pairs: []pair{{"entry.number", "number", "before + 1"}},
	},
	{
		subject: "'entry'", from: "(SELECT coalesce(max(number), 0) AS last FROM entries) AS numbered",
		pairs: []pair{{"entry.last", "last", "coalesce((SELECT value FROM counters WHERE name = 'entry'), 0)"}},
	},
	{
		// Whatever came out of a lot, and the second lot of its purchase, is under the same law.
		subject: "l.id",
		from: `lots AS l LEFT JOIN purchases AS p ON p.customer_id = l.customer_id AND p.bonus_lot_id = l.id
			JOIN lots AS o ON o.id = coalesce(l.origin_lot_id, p.lot_id)`,
		pairs: []pair{{"lot.jurisdiction", "l.jurisdiction", "o.jurisdiction"}},
	},
	{
		subject: "id", from: "pools",
		pairs: []pair{{
			"pool.jurisdiction", "CASE WHEN jurisdiction IS NULL AND pool_key NOT LIKE '%/%' OR pool_key LIKE '%/' || jurisdiction THEN pool_key ELSE coalesce(jurisdiction, 'none') END",
			"pool_key",
		}},
	},
	accountPeriods, deferredRevenue, escheatEntries, escheatParts, unclaimedProperty, rolledLots, lotsToRoll,
	disputesBooked, cohortsSold, cohortMonths, cohortsMoved, poolsMoved, lotsInCohorts, lotsOutOfLots, reviewed,
	manualEntries, manualLinesPosted, manualDecided, manualReversals, closedThrough, periodStatus, closedBalances, closedAccounts, closedEntries,
}

var lotCredits = comparison{
	subject: "id", from: "lots WHERE kind <> 'OVERAGE'",
	pairs: []pair{
		{
			"lot.remaining", "granted - drawn - lapsed - refunded",
			"CASE WHEN granted - drawn - lapsed - refunded < 0 THEN 0 ELSE granted - drawn - lapsed - refunded END",
		},
		// What lapsed is all that was left, once the lapse was looked at.
		{
			"lot.lapsed", "lapsed",
			"CASE WHEN lapses_on IS NULL THEN 0 WHEN lapse_due IS NULL THEN granted - drawn - refunded WHEN lapsed < 0 THEN 0 ELSE lapsed END",
		},
	},
}

var lotSums = comparison{
	subject: "l.id",
	from: `lots AS l
		LEFT JOIN purchases AS p ON p.customer_id = l.customer_id AND p.id = l.purchase_id
		LEFT JOIN (SELECT customer_id, lot_id, sum(credits) AS credits FROM draws GROUP BY customer_id, lot_id) AS d
			ON d.customer_id = l.customer_id AND d.lot_id = l.id
		LEFT JOIN (SELECT customer_id, lot_id, sum(drawn) AS drawn, max(day) AS last FROM lot_days GROUP BY customer_id, lot_id) AS n
			ON n.customer_id = l.customer_id AND n.lot_id = l.id
		LEFT JOIN (SELECT r.customer_id, r.lot_id,
				sum(CASE WHEN r.kind IN ('USAGE', 'USAGE_UNBILLED', 'OVERAGE') THEN r.credits ELSE 0 END) AS booked,
				sum(CASE WHEN r.kind IN ('USAGE', 'USAGE_UNBILLED', 'OVERAGE') THEN r.amount_minor ELSE 0 END) AS recognised,
				sum(CASE WHEN r.kind IN ('USAGE', 'USAGE_UNBILLED', 'OVERAGE') THEN r.functional_minor ELSE 0 END) AS recognised_functional,
				sum(CASE WHEN r.kind IN ('BREAKAGE_EXPIRY', 'BREAKAGE_REMOTE') THEN r.amount_minor ELSE 0 END) AS released,
				sum(CASE WHEN r.kind IN ('BREAKAGE_EXPIRY', 'BREAKAGE_REMOTE') THEN r.functional_minor ELSE 0 END) AS released_functional,
				sum(` + fmt.Sprintf(outOfDeferred, "r.amount_minor") + `) AS taken,
				sum(` + fmt.Sprintf(outOfDeferred, "r.functional_minor") + `) AS taken_functional
				FROM recognitions AS r WHERE r.lot_id IS NOT NULL GROUP BY r.customer_id, r.lot_id) AS r
			ON r.customer_id = l.customer_id AND r.lot_id = l.id`,
	pairs: []pair{
		{"lot.drawn", "l.drawn", "coalesce(d.credits, 0)"},
		{"lot.days", "l.drawn", "coalesce(n.drawn, 0)"},
		{"lot.bookedThrough", "l.booked_through", "CASE WHEN l.pending_from IS NOT NULL THEN l.booked_through ELSE n.last END"},
		{"lot.bookedCredits", "l.booked_credits", "coalesce(r.booked, 0)"},
		{"lot.recognised", "l.recognised_minor", "coalesce(r.recognised, 0)"},
		{"lot.recognisedFunctional", "l.recognised_functional_minor", "coalesce(r.recognised_functional, 0)"},
		{"lot.released", "l.released_minor", "coalesce(r.released, 0)"},
		{"lot.releasedFunctional", "l.released_functional_minor", "coalesce(r.released_functional, 0)"},
		{
			"lot.carrying", "l.carrying_minor",
			lotLiability + " - coalesce(r.taken, 0)",
		},
		{
			"lot.carryingFunctional", "l.carrying_functional_minor",
			lotLiabilityOwn + " - coalesce(r.taken_functional, 0)",
		},
	},
}

var lotChanges = comparison{
	subject: "l.id",
	from: `lots AS l
		LEFT JOIN (SELECT customer_id, lot_id, sum(credits) AS credits, sum(amount_minor) AS amount, sum(functional_minor) AS functional
				FROM lot_changes GROUP BY customer_id, lot_id) AS c
			ON c.customer_id = l.customer_id AND c.lot_id = l.id`,
	pairs: []pair{
		{"lot.removed", "l.removed", "coalesce(c.credits, 0)"},
		{"lot.removedAmount", "l.removed_minor", "coalesce(c.amount, 0)"},
		{"lot.removedFunctional", "l.removed_functional_minor", "coalesce(c.functional, 0)"},
	},
}

var lotOrder = comparison{
	subject: "'order ' || burn_order", from: "lots GROUP BY burn_order",
	pairs: []pair{
		{"lot.order", "count(*)", "1"},
		{"lot.counted", "burn_order", "CASE WHEN burn_order <= (SELECT value FROM counters WHERE name = 'lot') THEN burn_order END"},
	},
}

// disputesBooked holds where a chargeback stands against what was booked of it, one after the other: it was opened with the
// last that follows none that is open.
var disputesBooked = comparison{
	subject: "p.id",
	from: `purchases AS p LEFT JOIN disputes AS d ON d.number = (SELECT max(l.number) FROM disputes AS l WHERE l.purchase_id = p.id)
		WHERE p.dispute_status IS NOT NULL OR d.number IS NOT NULL`,
	pairs: []pair{
		{"purchase.disputes", "p.customer_id || ' ' || p.dispute_status || ' ' || p.dispute_minor", "d.customer_id || ' ' || d.status || ' ' || d.amount_minor"},
		{
			"purchase.disputedAt", "p.disputed_at_us",
			`(SELECT o.at_us FROM disputes AS o WHERE o.purchase_id = p.id AND coalesce((SELECT b.status FROM disputes AS b WHERE b.purchase_id = o.purchase_id AND b.number < o.number
				ORDER BY b.number DESC LIMIT 1), '') <> 'OPEN' ORDER BY o.number DESC LIMIT 1)`,
		},
	},
}

var purchaseLot = comparison{
	subject: "p.id",
	from: `purchases AS p LEFT JOIN lots AS l ON l.customer_id = p.customer_id AND l.id = p.lot_id
		LEFT JOIN lots AS o ON o.customer_id = p.customer_id AND o.id = p.bonus_lot_id`,
	pairs: []pair{
		{"purchase.lot", "p.id", "l.purchase_id"},
		{"purchase.price", "p.currency || ' ' || p.price_minor", "l.currency || ' ' || (l.price_minor + coalesce(o.price_minor, 0))"},
		{"purchase.functional", "p.functional_currency || ' ' || p.functional_minor", "l.functional_currency || ' ' || (l.functional_minor + coalesce(o.functional_minor, 0))"},
		{"purchase.credits", "p.credits + CASE WHEN p.bonus_lot_id IS NULL THEN p.bonus ELSE 0 END", "l.granted"},
		{
			"purchase.bonus", "CASE WHEN p.bonus_lot_id IS NOT NULL THEN p.id || ' ' || p.currency || ' ' || p.functional_currency || ' ' || p.bonus END",
			"CASE WHEN p.bonus_lot_id IS NOT NULL THEN o.purchase_id || ' ' || o.currency || ' ' || o.functional_currency || ' ' || o.granted END",
		},
		{"purchase.policy", "p.policy_id", "l.policy_id"},
		{
			"purchase.refunded", "CASE WHEN p.status = 'REFUNDED' AND p.voided_at_us IS NULL THEN 'refunded' ELSE 'not refunded' END",
			"CASE WHEN l.refunded_on IS NOT NULL THEN 'refunded' ELSE 'not refunded' END",
		},
		{
			"purchase.dispute", "CASE WHEN p.dispute_status = 'OPEN' THEN 'open' ELSE 'not open' END",
			"CASE WHEN l.blocked AND NOT coalesce(o.blocked, l.blocked) OR o.blocked AND NOT l.blocked THEN 'open of one lot' WHEN l.blocked THEN 'open' ELSE 'not open' END",
		},
		{
			"purchase.liability", "CASE WHEN " + bookedPurchase + " THEN 'liability' ELSE l.liability_on END",
			"CASE WHEN " + bookedPurchase + " AND l.liability_on IS NOT NULL AND (o.id IS NULL OR o.liability_on = l.liability_on OR coalesce(l.liability_steps, o.liability_steps) IS NOT NULL) THEN 'liability' ELSE l.liability_on END",
		},
	},
}

// usedOfVoid is what a purchase's lots earned where it is void and no use waits to be
// booked; while some does, it is the figure itself, for nothing else says what it must be.
func usedOfVoid(earned, figure string) string {
	return "CASE WHEN p.voided_at_us IS NULL THEN 0 WHEN s.waiting = 0 THEN s." + earned + " ELSE coalesce(" + figure + ", 0) END"
}

// purchaseEntries holds what is in the journal under the id of a purchase against what
// its state says must be there.
var purchaseEntries = comparison{
	subject: "p.id",
	from: `purchases AS p
		LEFT JOIN (SELECT customer_id, purchase_id, sum(refunded_minor) AS refunded, sum(refunded_functional_minor) AS refunded_functional,
				sum(recognised_minor) AS recognised, sum(recognised_functional_minor) AS recognised_functional, count(pending_from) AS waiting,
				sum(stepped_minor) AS stepped, sum(stepped_functional_minor) AS stepped_functional
				FROM lots WHERE purchase_id IS NOT NULL GROUP BY customer_id, purchase_id) AS s
			ON s.customer_id = p.customer_id AND s.purchase_id = p.id
		LEFT JOIN (SELECT c.customer_id, s.purchase_id, sum(CASE WHEN c.kind = 'REFUNDED_IN_PART' THEN 0 ELSE c.amount_minor END) AS amount,
				sum(CASE WHEN c.kind = 'REFUNDED_IN_PART' THEN 0 ELSE c.functional_minor END) AS functional,
				sum(CASE WHEN c.kind = 'CHARGED_BACK' THEN c.amount_minor ELSE 0 END) AS charged_back,
				sum(CASE WHEN c.kind = 'REFUNDED_IN_PART' THEN c.amount_minor ELSE 0 END) AS refunded,
				sum(CASE WHEN c.kind = 'REFUNDED_IN_PART' THEN c.functional_minor ELSE 0 END) AS refunded_functional
				FROM lot_changes AS c JOIN lots AS s ON s.customer_id = c.customer_id AND s.id = c.lot_id
				WHERE c.kind IN ('VOIDED', 'CHARGED_BACK', 'REFUNDED_IN_PART') GROUP BY c.customer_id, s.purchase_id) AS c
			ON c.customer_id = p.customer_id AND c.purchase_id = p.id
		LEFT JOIN (SELECT customer_id, purchase_id, sum(amount_minor) AS received, sum(settled_functional_minor - functional_minor) AS exchange,
				sum(CASE WHEN ahead THEN 1 ELSE 0 END) AS ahead, sum(CASE WHEN ahead THEN settled_functional_minor ELSE 0 END) AS settled_ahead
				FROM payments GROUP BY customer_id, purchase_id) AS m
			ON m.customer_id = p.customer_id AND m.purchase_id = p.id
		LEFT JOIN (SELECT e.reference,
				` + receipts + ` AS receipts,
				` + fmt.Sprintf(ofDeferred, "amount_minor") + ` AS deferred,
				` + fmt.Sprintf(ofDeferred, "functional_minor") + ` AS deferred_functional,
				-sum(CASE WHEN n.account = 'tax_payable' THEN n.amount_minor ELSE 0 END) AS tax,
				-sum(CASE WHEN n.account = 'tax_payable' THEN n.functional_minor ELSE 0 END) AS tax_functional,
				sum(CASE WHEN n.account = 'accounts_receivable' THEN n.amount_minor ELSE 0 END) AS receivable,
				sum(CASE WHEN n.account = 'cash' THEN n.amount_minor ELSE 0 END) AS cash,
				sum(CASE WHEN n.account = 'fx_gain_loss' AND e.kind = 'PAYMENT' THEN n.functional_minor ELSE 0 END) AS exchange,
				sum(CASE WHEN n.account = 'deferred_revenue' AND e.kind = 'REFUND' THEN n.amount_minor ELSE 0 END) AS refunded,
				sum(CASE WHEN n.account = 'deferred_revenue' AND e.kind = 'REFUND' THEN n.functional_minor ELSE 0 END) AS refunded_functional,
				sum(CASE WHEN n.account = 'deferred_revenue' AND e.kind IN ('VOID', 'DISPUTE') THEN n.amount_minor ELSE 0 END) AS removed,
				sum(CASE WHEN n.account = 'deferred_revenue' AND e.kind IN ('VOID', 'DISPUTE') THEN n.functional_minor ELSE 0 END) AS removed_functional,
				-sum(CASE WHEN n.account = 'unbilled_receivable' THEN n.amount_minor ELSE 0 END) AS unbilled,
				-sum(CASE WHEN n.account = 'unbilled_receivable' THEN n.functional_minor ELSE 0 END) AS unbilled_functional,
				sum(CASE WHEN n.account = 'disputes' THEN n.amount_minor ELSE 0 END) AS disputes,
				sum(CASE WHEN n.account = 'refunds' AND e.kind = 'VOID' THEN n.amount_minor ELSE 0 END) AS used,
				sum(CASE WHEN n.account = 'refunds' AND e.kind = 'VOID' THEN n.functional_minor ELSE 0 END) AS used_functional
				FROM entries AS e JOIN lines AS n ON n.entry_number = e.number
				WHERE e.reference IS NOT NULL GROUP BY e.reference) AS j
			ON j.reference = CAST(p.id AS TEXT)`,
	pairs: []pair{
		{"purchase.entries", "coalesce(j.receipts, 0)", "CASE WHEN " + receivedPurchase + " AND p.price_minor + p.tax_minor > 0 THEN 1 + " + furtherReceipts + " ELSE coalesce(m.ahead, 0) END"},
		{"purchase.deferred", "coalesce(j.deferred, 0)", "CASE WHEN " + receivedPurchase + " THEN p.price_minor WHEN p.status = 'INVOICED' THEN coalesce(s.stepped, 0) ELSE 0 END"},
		{"purchase.deferredFunctional", "coalesce(j.deferred_functional, 0)", "CASE WHEN " + receivedPurchase + " THEN p.functional_minor WHEN p.status = 'INVOICED' THEN coalesce(s.stepped_functional, 0) ELSE 0 END"},
		{"purchase.tax", "coalesce(j.tax, 0)", "CASE WHEN " + bookedPurchase + " AND p.voided_at_us IS NULL THEN p.tax_minor WHEN p.status = 'INVOICED' THEN p.received_minor - coalesce(s.stepped, 0) ELSE 0 END"},
		{"purchase.taxFunctional", "coalesce(j.tax_functional, 0)", "CASE WHEN " + bookedPurchase + " AND p.voided_at_us IS NULL THEN p.functional_tax_minor WHEN p.status = 'INVOICED' THEN coalesce(m.settled_ahead, 0) - coalesce(s.stepped_functional, 0) ELSE 0 END"},
		{"purchase.receivable", "coalesce(j.receivable, 0)", "CASE WHEN p.status = 'INVOICED' AND p.due_booked THEN p.price_minor + p.tax_minor - p.received_minor ELSE 0 END"},
		{
			"purchase.outstanding", "CASE WHEN p.status = 'INVOICED' AND p.received_minor > 0 AND p.received_minor >= p.price_minor + p.tax_minor THEN 'none, and not paid' ELSE 'as it says' END",
			"'as it says'",
		},
		{"purchase.received", "p.received_minor", "coalesce(m.received, 0)"},
		{"purchase.exchange", "coalesce(j.exchange, 0)", "coalesce(m.exchange, 0)"},
		{"purchase.cash", "coalesce(j.cash, 0)", "CASE WHEN p.status = 'INVOICED' OR p.voided_at_us IS NOT NULL THEN p.received_minor WHEN p.opening_on IS NOT NULL THEN 0 ELSE p.price_minor + p.tax_minor END - p.refund_minor - p.lost_minor"},
		{"purchase.refund", "coalesce(j.refunded, 0)", "coalesce(s.refunded, 0) + coalesce(c.refunded, 0)"},
		{"purchase.refundFunctional", "coalesce(j.refunded_functional, 0)", "coalesce(s.refunded_functional, 0) + coalesce(c.refunded_functional, 0)"},
		{"purchase.removed", "coalesce(j.removed, 0)", "coalesce(c.amount, 0)"},
		{"purchase.removedFunctional", "coalesce(j.removed_functional, 0)", "coalesce(c.functional, 0)"},
		{"purchase.lost", "coalesce(j.disputes, 0)", "p.lost_minor - coalesce(c.charged_back, 0)"},
		// What was used of a void purchase stands against refunds, to the cent, once it is booked;
		// what had no liability, against the contract asset.
		{"purchase.void", "coalesce(j.used, 0)", usedOfVoid("recognised", "j.used")},
		{"purchase.voidFunctional", "coalesce(j.used_functional, 0)", usedOfVoid("recognised_functional", "j.used_functional")},
		{"purchase.unbilled", "coalesce(j.unbilled, 0)", "CASE WHEN p.voided_at_us IS NOT NULL AND NOT p.due_booked THEN coalesce(j.used, 0) ELSE 0 END"},
		{"purchase.unbilledFunctional", "coalesce(j.unbilled_functional, 0)", "CASE WHEN p.voided_at_us IS NOT NULL AND NOT p.due_booked THEN coalesce(j.used_functional, 0) ELSE 0 END"},
	},
}

// openingEntries holds what was taken over at a cut-over against the purchases that it
// was taken over with: one entry of a currency sums those of a file.
var openingEntries = comparison{
	subject: "day || ' ' || currency",
	from: `(SELECT opening_on AS day, currency, 0 AS deferred, 0 AS deferred_functional, 0 AS against, price_minor AS price, functional_minor AS functional
				FROM purchases WHERE opening_on IS NOT NULL
			UNION ALL SELECT e.occurred_on, n.currency,
				CASE WHEN n.account = 'deferred_revenue' THEN -n.amount_minor ELSE 0 END, CASE WHEN n.account = 'deferred_revenue' THEN -n.functional_minor ELSE 0 END,
				CASE WHEN n.account = 'opening_balances' THEN n.amount_minor ELSE 0 END, 0, 0
				FROM entries AS e JOIN lines AS n ON n.entry_number = e.number WHERE e.kind = 'OPENING'
		) AS opening GROUP BY day, currency`,
	pairs: []pair{
		{"opening.deferred", "sum(deferred)", "sum(price)"},
		{"opening.deferredFunctional", "sum(deferred_functional)", "sum(functional)"},
		{"opening.against", "sum(against)", "sum(price)"},
	},
}

var accountPeriods = comparison{
	subject: "coalesce(a.account || ' ' || a.currency || ' ' || a.period, s.account || ' ' || s.currency || ' ' || s.period)",
	from: `account_periods AS a FULL JOIN (SELECT n.account, n.currency, substr(e.accounting_date, 1, 7) AS period,
			sum(CASE WHEN n.amount_minor > 0 THEN n.amount_minor ELSE 0 END) AS debit,
			sum(CASE WHEN n.amount_minor < 0 THEN -n.amount_minor ELSE 0 END) AS credit,
			sum(CASE WHEN n.functional_minor > 0 THEN n.functional_minor ELSE 0 END) AS functional_debit,
			sum(CASE WHEN n.functional_minor < 0 THEN -n.functional_minor ELSE 0 END) AS functional_credit
			FROM lines AS n JOIN entries AS e ON e.number = n.entry_number
			GROUP BY n.account, n.currency, substr(e.accounting_date, 1, 7)) AS s
		ON s.account = a.account AND s.currency = a.currency AND s.period = a.period`,
	pairs: []pair{
		{"account.debit", "a.debit_minor", "coalesce(s.debit, 0)"},
		{"account.credit", "a.credit_minor", "coalesce(s.credit, 0)"},
		{"account.functionalDebit", "a.functional_debit_minor", "coalesce(s.functional_debit, 0)"},
		{"account.functionalCredit", "a.functional_credit_minor", "coalesce(s.functional_credit, 0)"},
	},
}

// deferredRevenue holds the ledger's account against lots, pools and manual entries. What waits in the
// open batch has left the lots and not the ledger.
var deferredRevenue = comparison{
	subject: "currency",
	from: `(SELECT currency, -amount_minor AS kept, 0 AS derived, -functional_minor AS functional, 0 AS derived_functional
				FROM lines WHERE account = 'deferred_revenue'
			UNION ALL SELECT currency, 0, carrying_minor, 0, carrying_functional_minor FROM lots
			UNION ALL SELECT currency, 0, -amount_minor, 0, -functional_minor FROM recognitions WHERE pool_id IS NOT NULL
			UNION ALL SELECT r.currency, 0, ` + fmt.Sprintf(outOfDeferred, "r.amount_minor") + `, 0, ` + fmt.Sprintf(outOfDeferred, "r.functional_minor") + `
				FROM recognitions AS r JOIN batches AS b ON b.id = r.batch_id WHERE b.posted_at_us IS NULL
			UNION ALL SELECT l.currency, 0, -l.amount_minor, 0, -l.functional_minor FROM ` + manualLines + ` AND l.account = 'deferred_revenue'
		) AS moved GROUP BY currency`,
	pairs: []pair{
		{"deferredRevenue", "sum(kept)", "sum(derived)"},
		{"deferredRevenue.functional", "sum(functional)", "sum(derived_functional)"},
	},
}
