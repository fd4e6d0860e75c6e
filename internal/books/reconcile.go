package books

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// ReconcileKind says what is held against what.
type ReconcileKind string

// What is compared, in its order.
const (
	SubledgerLedger     ReconcileKind = "SUBLEDGER_LEDGER"     // lots, pools and purchases against the journal
	PaymentsLots        ReconcileKind = "PAYMENTS_LOTS"        // payments against purchases, purchases against lots
	EventsDraws         ReconcileKind = "EVENTS_DRAWS"         // events against draws, draws against lot-days, these against recognitions
	RecognitionsEntries ReconcileKind = "RECOGNITIONS_ENTRIES" // recognitions against the entries that sum them
)

// ReconcileKinds lists the kinds in their order.
func ReconcileKinds() []ReconcileKind {
	return []ReconcileKind{SubledgerLedger, PaymentsLots, EventsDraws, RecognitionsEntries}
}

// ReconcileStream is a comparison that is made row by row.
type ReconcileStream string

// The streams.
const (
	LotsCarrying     ReconcileStream = "LOTS"             // what a lot carries against what is left of its price
	PurchasesJournal ReconcileStream = "PURCHASES"        // a purchase against the entries that name it
	RunningBalances  ReconcileStream = "RUNNING_BALANCES" // the lines of a month against its balances
	PaymentsReceived ReconcileStream = "PAYMENTS"         // payments against what a purchase has received
	PurchasesLots    ReconcileStream = "PURCHASE_LOTS"    // purchases against their lots
	EventsDrawn      ReconcileStream = "EVENTS"           // events against draws
	DrawsOfDays      ReconcileStream = "DRAWS"            // draws against lot-days
	DaysBooked       ReconcileStream = "BOOKED"           // lot-days against recognitions
	BatchesPosted    ReconcileStream = "RECOGNITIONS"     // recognitions against entries
)

// ReconcileSpan is the days that are reconciled, and of events, draws and lot-days which of them.
type ReconcileSpan struct {
	From, To   ledger.Date // both included
	Start, End time.Time   // the instants of them: from Start on, before End
	Keys       ReconcileKeys
}

// ReconcileSide is what one side of a comparison has under a key.
type ReconcileSide struct {
	Rows       int64 `json:"rows"` // how many rows are added up; 0 where there is none
	Minor      int64 `json:"minor"`
	Functional int64 `json:"functional"`
}

// ReconcileRow is what two sides have under one key.
type ReconcileRow struct {
	Measure  string          `json:"-"` // what of it, where a stream has more than one; Account tells them apart otherwise
	Account  ledger.Role     `json:"account,omitempty"`
	Currency ledger.Currency `json:"-"` // "" where credits are compared
	Kind     string          `json:"kind"`
	ID       string          `json:"id"`            // of the row, by Kind
	Day      ledger.Date     `json:"day,omitempty"` // of a lot-day
	Key      string          `json:"key"`           // what it is hashed under
	Left     ReconcileSide   `json:"left"`
	Right    ReconcileSide   `json:"right"`
}

// Differs reports whether the sides differ.
func (r ReconcileRow) Differs() bool {
	return r.Left.Minor != r.Right.Minor || r.Left.Functional != r.Right.Functional || r.presence() && (r.Left.Rows == 0) != (r.Right.Rows == 0)
}

// presence says whether it matters that a side has a row, whatever is in it.
func (r ReconcileRow) presence() bool { return r.Measure == string(PurchasesLots) }

// The kinds of row that a difference is in.
const (
	RowLot      = "LOT"
	RowLotDay   = "LOT_DAY" // a lot, on a day
	RowPurchase = "PURCHASE"
	RowEvent    = "USAGE_EVENT"
	RowEntry    = "ENTRY" // by number
	RowBatch    = "BATCH" // an entry that its batch lacks: the batch, the days, the kind, the policy, the currency
	RowAccount  = "ACCOUNT"
)

// PublicID is the id as the API gives it.
func (r ReconcileRow) PublicID() string {
	switch r.Kind {
	case RowLot, RowLotDay:
		return "lot_" + r.ID
	case RowPurchase:
		return "pur_" + r.ID
	case RowEvent:
		return "evt_" + r.ID
	case RowEntry:
		return "ent_" + r.ID
	}
	return r.ID
}

// AccountMoves is what the journal has on an account in one currency, debit positive, and what
// of it manual entries put there: now, through a day, and before another.
type AccountMoves struct {
	Account                                                               ledger.Role
	Currency                                                              ledger.Currency
	Now, Through, Before, Manual, ManualThrough, ManualBefore             int64
	OwnNow, OwnThrough, OwnBefore, OwnManual, OwnManualThrough, OwnManBef int64 // in the book's own currency
}

// SubledgerBalance is what lots, pools and purchases make of an account now, debit positive.
type SubledgerBalance struct {
	Account    ledger.Role
	Currency   ledger.Currency
	Rows       int64
	Minor      int64
	Functional int64
}

// Reconciled is one side of a line: how many keys it has, how many rows these add up, what they
// come to, and the SHA-256 over keys and amounts in the order of keys.
type Reconciled struct {
	Keys       int64  `json:"keys"`
	Rows       int64  `json:"rows"`
	Minor      int64  `json:"minor"`
	Functional int64  `json:"functional"`
	Hash       string `json:"sha256"`
}

// ReconcileStatus says how a line, or all of them, stand.
type ReconcileStatus string

// The statuses. A reconciliation as a whole is never explained: it matches with lines that are.
const (
	ReconcileMatched   ReconcileStatus = "MATCHED"
	ReconcileExplained ReconcileStatus = "EXPLAINED" // the sides differ by what manual entries put there, to the cent
	ReconcileDifferent ReconcileStatus = "DIFFERENT"
)

// MaxReconcileRows is how many rows of a line are named.
const MaxReconcileRows = 100

// ReconcileLine is one comparison, in one currency or in credits.
type ReconcileLine struct {
	Kind       ReconcileKind   `json:"kind"`
	Of         string          `json:"of"`
	Account    ledger.Role     `json:"account,omitempty"`
	Currency   ledger.Currency `json:"currency,omitempty"`   // "" where credits are compared
	Functional ledger.Currency `json:"functional,omitempty"` // "" where the book's own currency is not compared
	Left       Reconciled      `json:"left"`
	Right      Reconciled      `json:"right"`
	Manual     int64           `json:"manual"` // of Right
	OwnManual  int64           `json:"ownManual"`
	Rows       []ReconcileRow  `json:"rows"` // the first that differ, in the order of keys
	RowCount   int64           `json:"rowCount"`
}

// Difference is by how much the right side is above the left, what manual entries put there left
// out, in the currency (or in credits) and in the book's own currency.
func (l ReconcileLine) Difference() (minor, functional int64) {
	return l.Right.Minor - l.Left.Minor - l.Manual, l.Right.Functional - l.Left.Functional - l.OwnManual
}

// Status says how the line stands.
func (l ReconcileLine) Status() ReconcileStatus {
	minor, functional := l.Difference()
	switch {
	case minor != 0 || functional != 0 || l.RowCount != 0:
		return ReconcileDifferent
	case l.Manual != 0 || l.OwnManual != 0:
		return ReconcileExplained
	case l.Left.Hash != l.Right.Hash:
		return ReconcileDifferent
	}
	return ReconcileMatched
}

// Reconciliation is what came of comparing the sub-ledger with itself and with the ledger.
type Reconciliation struct {
	ID       string // "" where it is not kept
	At       time.Time
	RunID    string      // of the job; "" where it is not kept
	From, To ledger.Date // From is zero where it began with the book
	Lines    []ReconcileLine
	// Found is the SHA-256 over all that differs, and "" where nothing does: two that found the
	// same have the same.
	Found string
	Took  time.Duration
	Older *ReconcileOlder // of a job: how far it is through the days before From; nil where there are none
}

// Status says how it stands.
func (r *Reconciliation) Status() ReconcileStatus {
	if r.Differences() > 0 {
		return ReconcileDifferent
	}
	return ReconcileMatched
}

// Differences counts the lines that differ.
func (r *Reconciliation) Differences() (n int64) {
	for i := range r.Lines {
		if r.Lines[i].Status() == ReconcileDifferent {
			n++
		}
	}
	return n
}

// ReconcileRequest says what to reconcile: a month; or all from the beginning through a day;
// through today where both are zero.
type ReconcileRequest struct {
	Period  ledger.Period
	Through ledger.Date
}

// Reconciliation compares the sub-ledger with itself and with the journal, as they stand. It changes
// nothing. Errors: INVALID, FORBIDDEN.
func (b *Books) Reconciliation(ctx context.Context, tx Tx, request ReconcileRequest) (Reconciliation, error) {
	first, today := ledger.DateOf(earliest, b.zone), b.today()
	switch {
	case request.Period != 0 && request.Through != 0:
		return Reconciliation{}, refuse(Invalid, "through", "must be left out where a period is given, but is %s", request.Through)
	case request.Period != 0 && (request.Period < first.Period() || request.Period > today.Period()):
		return Reconciliation{}, refuse(Invalid, "period", "must be a month from 1970-01 through %s, but is %s", today.Period(), request.Period)
	case request.Through != 0 && (request.Through < first || request.Through > today):
		return Reconciliation{}, refuse(Invalid, "through", "must be a day from 1970-01-01 through %s, but is %s", today, request.Through)
	}
	from, to := ledger.Date(0), request.Through
	switch {
	case request.Period != 0:
		from, to = request.Period.First(), min(request.Period.Last(), today)
	case to == 0:
		to = today
	}
	return b.reconcileDays(ctx, tx, from, to)
}

func (b *Books) reconcileDays(ctx context.Context, tx Tx, from, to ledger.Date) (Reconciliation, error) {
	return b.reconcileOlder(ctx, tx, from, to, nil)
}

// reconcileOlder compares days, and parts of those before them.
func (b *Books) reconcileOlder(ctx context.Context, tx Tx, from, to ledger.Date, older *ReconcileOlder) (Reconciliation, error) {
	begun := time.Now()
	work := reconcileWork{Reconciliation: Reconciliation{At: b.clock(), From: from, To: to, Older: older}, books: b, tx: tx, span: b.spanOf(from, to)}
	if err := work.read(ctx); err != nil {
		return Reconciliation{}, err
	}
	work.Found = work.FoundHash()
	work.Took = time.Since(begun)
	return work.Reconciliation, nil
}

func (b *Books) spanOf(from, to ledger.Date) ReconcileSpan {
	from = max(from, ledger.DateOf(earliest, b.zone))
	return ReconcileSpan{From: from, To: to, Start: from.Start(b.zone), End: (to + 1).Start(b.zone)}
}

// streamKinds says to what a stream belongs.
var streamKinds = []struct {
	stream ReconcileStream
	kind   ReconcileKind
}{
	{LotsCarrying, SubledgerLedger},
	{PurchasesJournal, SubledgerLedger},
	{RunningBalances, SubledgerLedger},
	{PaymentsReceived, PaymentsLots},
	{PurchasesLots, PaymentsLots},
	{EventsDrawn, EventsDraws},
	{DrawsOfDays, EventsDraws},
	{DaysBooked, EventsDraws},
	{BatchesPosted, RecognitionsEntries},
}

// withoutOwn lists what is not compared in the book's own currency: nothing keeps it on the
// other side.
var withoutOwn = []string{string(PaymentsReceived), "PURCHASES_RECEIVABLE", "PURCHASES_CASH", "PURCHASES_CHARGEBACKS"}

type reconcileWork struct {
	Reconciliation
	books *Books
	tx    Tx
	span  ReconcileSpan
}

func (w *reconcileWork) read(ctx context.Context) error {
	var streamed []ReconcileLine
	for _, s := range streamKinds {
		lines, err := w.stream(ctx, s.kind, s.stream, w.span)
		if err != nil {
			return err
		}
		streamed = append(streamed, lines...)
	}
	accounts, err := w.accounts(ctx, streamed)
	if err != nil {
		return err
	}
	older, err := w.olderParts(ctx)
	if err != nil {
		return err
	}
	streamed = append(streamed, older...)
	if err := w.drill(ctx, accounts, streamed); err != nil {
		return err
	}
	w.Lines = slices.Concat(accounts, streamed)
	slices.SortStableFunc(w.Lines, func(x, y ReconcileLine) int {
		return cmp.Compare(slices.Index(ReconcileKinds(), x.Kind), slices.Index(ReconcileKinds(), y.Kind))
	})
	return nil
}

// stream compares row by row, and adds up by what of it and currency. It holds no more rows than
// it names.
func (w *reconcileWork) stream(ctx context.Context, kind ReconcileKind, stream ReconcileStream, span ReconcileSpan) ([]ReconcileLine, error) {
	sums := summings{}
	err := w.streamInto(ctx, sums, kind, stream, span, "")
	return sums.lines(), err
}

// streamInto goes on with sums, whose lines are called as what they compare with a suffix.
func (w *reconcileWork) streamInto(ctx context.Context, sums summings, kind ReconcileKind, stream ReconcileStream, span ReconcileSpan, suffix string) error {
	return w.tx.ReconcileStream(ctx, stream, span, func(row ReconcileRow) error {
		key := summingKey{row.Measure, row.Account, row.Currency}
		sum := sums[key]
		if sum == nil {
			sum = newSumming(ReconcileLine{Kind: kind, Of: row.Measure + suffix, Account: row.Account, Currency: row.Currency})
			if row.Currency != "" && !slices.Contains(withoutOwn, row.Measure) {
				sum.line.Functional = w.books.book.Functional
			}
			sums[key] = sum
		}
		if suffix != "" && sum.names(row) { // by a part that is compared again, of a round before
			return nil
		}
		return sum.add(row)
	})
}

type summingKey struct {
	measure  string
	account  ledger.Role
	currency ledger.Currency
}

// summings are the lines at work.
type summings map[summingKey]*summing

// differing counts the rows that differ.
func (s summings) differing() (n int64) {
	for _, sum := range s {
		n += sum.line.RowCount
	}
	return n
}

func (s summings) lines() []ReconcileLine {
	lines := make([]ReconcileLine, 0, len(s))
	for _, sum := range s {
		lines = append(lines, sum.done())
	}
	slices.SortFunc(lines, func(x, y ReconcileLine) int {
		return cmp.Or(cmp.Compare(x.Of, y.Of), cmp.Compare(x.Account, y.Account), cmp.Compare(x.Currency, y.Currency))
	})
	return lines
}

// summing adds up a line, row by row.
type summing struct {
	line        ReconcileLine
	left, right hash.Hash
	found       hash.Hash
}

func newSumming(line ReconcileLine) *summing {
	line.Rows = []ReconcileRow{}
	return &summing{line, sha256.New(), sha256.New(), sha256.New()}
}

// names reports whether a row that differs is named already.
func (s *summing) names(row ReconcileRow) bool {
	return row.Differs() && slices.ContainsFunc(s.line.Rows, func(named ReconcileRow) bool { return named.Key == row.Key })
}

var errSumTooLarge = errors.New("a sum does not fit into 64 bits")

func (s *summing) add(row ReconcileRow) error {
	for _, side := range []struct {
		of   ReconcileSide
		into *Reconciled
		hash hash.Hash
	}{{row.Left, &s.line.Left, s.left}, {row.Right, &s.line.Right, s.right}} {
		if side.of.Rows == 0 || side.of.Minor == 0 && side.of.Functional == 0 && !row.presence() {
			continue
		}
		minor, fits := sum64(side.into.Minor, side.of.Minor)
		functional, fitsToo := sum64(side.into.Functional, side.of.Functional)
		if !fits || !fitsToo {
			return errSumTooLarge
		}
		side.into.Keys, side.into.Rows, side.into.Minor, side.into.Functional = side.into.Keys+1, side.into.Rows+side.of.Rows, minor, functional
		_, _ = fmt.Fprintf(side.hash, "%s\t%d\t%d\n", row.Key, side.of.Minor, side.of.Functional)
	}
	if !row.Differs() {
		return nil
	}
	s.line.RowCount++
	if len(s.line.Rows) < MaxReconcileRows {
		s.line.Rows = append(s.line.Rows, row)
	}
	return nil
}

// sum64 adds, and says whether the sum fits.
func sum64(a, b int64) (sum int64, fits bool) {
	sum = a + b
	return sum, (sum > a) == (b > 0)
}

func (s *summing) done() ReconcileLine {
	s.line.Left.Hash, s.line.Right.Hash = hex.EncodeToString(s.left.Sum(nil)), hex.EncodeToString(s.right.Sum(nil))
	return s.line
}

// accounts holds every account that the book derives against the journal. Of an account of the
// balance sheet that is what it holds as the last day ends; of revenue and of the contract asset,
// what it moved by on the days.
func (w *reconcileWork) accounts(ctx context.Context, streamed []ReconcileLine) ([]ReconcileLine, error) {
	moves, err := w.tx.AccountMoves(ctx, w.span.From, w.span.To)
	if err != nil {
		return nil, err
	}
	subledger, err := w.subledger(ctx)
	if err != nil {
		return nil, err
	}
	voided, err := w.tx.VoidedUnbilled(ctx, w.span.From, w.span.To)
	if err != nil {
		return nil, err
	}
	var lines []ReconcileLine
	for _, account := range ledger.Accounts() {
		if !account.Control {
			continue
		}
		for _, currency := range currenciesOf(account.Role, moves, subledger, streamed) {
			of := accountIn{account.Role, currency}
			at := slices.IndexFunc(moves, func(m AccountMoves) bool { return m.Account == of.account && m.Currency == of.currency })
			m := AccountMoves{Account: of.account, Currency: of.currency}
			if at >= 0 {
				m = moves[at]
			}
			var line ReconcileLine
			if movesAlone(account.Role) {
				line = w.movedLine(m, streamed, voided)
			} else {
				line = w.balanceLine(m, subledger[of])
			}
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// movesAlone says of an account that it is compared by what it moved by: what it holds is the
// sum of all recognitions since the book began.
func movesAlone(role ledger.Role) bool {
	account, _ := ledger.AccountOf(role)
	return account.Class == ledger.Revenue || role == ledger.UnbilledReceivable
}

func currenciesOf(role ledger.Role, moves []AccountMoves, subledger map[accountIn]SubledgerBalance, streamed []ReconcileLine) []ledger.Currency {
	var all []ledger.Currency
	for _, m := range moves {
		if m.Account == role {
			all = append(all, m.Currency)
		}
	}
	for of := range subledger {
		if of.account == role {
			all = append(all, of.currency)
		}
	}
	for i := range streamed {
		if streamed[i].Kind == RecognitionsEntries && streamed[i].Account == role {
			all = append(all, streamed[i].Currency)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// subledger reads what lots, pools and purchases make of the accounts of the balance sheet now.
func (w *reconcileWork) subledger(ctx context.Context) (map[accountIn]SubledgerBalance, error) {
	deferred, err := w.tx.ReconcileDeferred(ctx)
	if err != nil {
		return nil, err
	}
	rest, err := w.tx.SubledgerBalances(ctx)
	if err != nil {
		return nil, err
	}
	all := map[accountIn]SubledgerBalance{}
	for _, d := range deferred {
		all[accountIn{ledger.DeferredRevenue, d.Currency}] = SubledgerBalance{ledger.DeferredRevenue, d.Currency, 1, -d.Lots, -d.FunctionalLots}
	}
	for _, s := range rest {
		all[accountIn{s.Account, s.Currency}] = s
	}
	return all, nil
}

// balanceLine holds what an account holds as the last day ends against lots, pools and purchases.
// These are known as they are now: what the journal booked later is taken off both.
func (w *reconcileWork) balanceLine(m AccountMoves, s SubledgerBalance) ReconcileLine {
	later, ownLater := m.Now-m.Through-(m.Manual-m.ManualThrough), m.OwnNow-m.OwnThrough-(m.OwnManual-m.OwnManualThrough)
	return w.accountLine(m,
		ReconcileSide{s.Rows, s.Minor - later, s.Functional - ownLater},
		ReconcileSide{1, m.Through, m.OwnThrough}, m.ManualThrough, m.OwnManualThrough)
}

// movedLine holds what an account moved by on the days against the recognitions posted under them.
func (w *reconcileWork) movedLine(m AccountMoves, streamed []ReconcileLine, voided []SubledgerBalance) ReconcileLine {
	var left ReconcileSide
	for i := range streamed {
		if l := &streamed[i]; l.Kind == RecognitionsEntries && l.Account == m.Account && l.Currency == m.Currency {
			sign := natural(m.Account)
			left = ReconcileSide{left.Rows + l.Left.Rows, left.Minor + sign*l.Left.Minor, left.Functional + sign*l.Left.Functional}
		}
	}
	for _, v := range voided {
		if v.Account == m.Account && v.Currency == m.Currency {
			left = ReconcileSide{left.Rows + v.Rows, left.Minor + v.Minor, left.Functional + v.Functional}
		}
	}
	return w.accountLine(m, left, ReconcileSide{1, m.Through - m.Before, m.OwnThrough - m.OwnBefore}, m.ManualThrough-m.ManualBefore, m.OwnManualThrough-m.OwnManBef)
}

// natural is −1 of an account that credits make larger.
func natural(role ledger.Role) int64 {
	if account, _ := ledger.AccountOf(role); !account.DebitNormal {
		return -1
	}
	return 1
}

// accountLine is the line of an account, whose amounts come debit positive and are shown with
// the account's own sign.
func (w *reconcileWork) accountLine(m AccountMoves, left, right ReconcileSide, manual, ownManual int64) ReconcileLine {
	sign, name := natural(m.Account), m.Account.APIName()
	row := ReconcileRow{
		Measure: name, Account: m.Account, Currency: m.Currency, Kind: RowAccount, ID: name, Key: name + " " + string(m.Currency),
		Left:  ReconcileSide{max(left.Rows, 1), sign * left.Minor, sign * left.Functional},
		Right: ReconcileSide{max(right.Rows, 1), sign * right.Minor, sign * right.Functional},
	}
	sum := newSumming(ReconcileLine{Kind: SubledgerLedger, Of: name, Account: m.Account, Currency: m.Currency, Functional: w.books.book.Functional, Manual: sign * manual, OwnManual: sign * ownManual})
	_ = sum.add(row) // one row does not overflow
	line := sum.done()
	line.Rows, line.RowCount = []ReconcileRow{}, 0 // that of the account itself says no more than the line
	return line
}

// drill names the rows of accounts that differ: those of what is compared row by row, which are
// looked for in all days where the days asked for have none.
func (w *reconcileWork) drill(ctx context.Context, accounts, streamed []ReconcileLine) error {
	whole := w.From == 0
	for i := range accounts {
		line := &accounts[i]
		if line.Status() != ReconcileDifferent {
			continue
		}
		line.take(streamed)
		if line.RowCount > 0 || whole {
			continue
		}
		streamed = nil
		for _, s := range streamKinds {
			if s.kind == EventsDraws {
				continue
			}
			lines, err := w.stream(ctx, s.kind, s.stream, w.books.spanOf(0, w.To))
			if err != nil {
				return err
			}
			streamed = append(streamed, lines...)
		}
		whole = true
		line.take(streamed)
	}
	return nil
}

// take names what differs in other lines of the same account and currency.
func (l *ReconcileLine) take(streamed []ReconcileLine) {
	for i := range streamed {
		if s := &streamed[i]; s.Account == l.Account && s.Currency == l.Currency && s.RowCount > 0 {
			l.RowCount += s.RowCount
			l.Rows = append(l.Rows, s.Rows[:min(len(s.Rows), MaxReconcileRows-len(l.Rows))]...)
		}
	}
}

// Explained counts the lines that manual entries explain.
func (r *Reconciliation) Explained() (n int64) {
	for i := range r.Lines {
		if r.Lines[i].Status() == ReconcileExplained {
			n++
		}
	}
	return n
}

// FoundHash hashes what differs; "" where nothing does. What each side comes to is left out, which
// moves from day to day.
func (r *Reconciliation) FoundHash() string {
	sum, differs := sha256.New(), false
	for i := range r.Lines {
		l := &r.Lines[i]
		if l.Status() != ReconcileDifferent {
			continue
		}
		differs = true
		minor, functional := l.Difference()
		_, _ = fmt.Fprintf(sum, "%s\t%s\t%s\t%s\t%d\t%d\t%d\n", l.Kind, l.Of, l.Account, l.Currency, minor, functional, l.RowCount)
		for _, row := range l.Rows {
			_, _ = fmt.Fprintf(sum, "%s\t%s\t%d\t%d\n", row.Kind, row.Key, row.Right.Minor-row.Left.Minor, row.Right.Functional-row.Left.Functional)
		}
	}
	if !differs {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Amounts returns two figures of a line, a sum in its currency and one in the book's own.
func (l ReconcileLine) Amounts(minor, functional int64) (amount, own *ledger.Amount) {
	if l.Currency == "" {
		return nil, nil
	}
	in := ledger.Money(minor, l.Currency)
	if l.Functional == "" { // the book's own is not compared
		return &in, nil
	}
	of := ledger.Money(functional, l.Functional)
	return &in, &of
}

// Credits returns a sum of a line that compares credits.
func (l ReconcileLine) Credits(minor int64) *revrec.Credits {
	if l.Currency != "" {
		return nil
	}
	credits := revrec.Credits(minor)
	return &credits
}

// ReconciliationByID returns one that was kept. Errors: NOT_FOUND, FORBIDDEN.
func ReconciliationByID(ctx context.Context, tx Tx, id string) (Reconciliation, error) {
	found, err := tx.Reconciliations(ctx, ReconciliationFilter{ID: id}, Page{Limit: 1})
	if err == nil && len(found) == 0 {
		err = refuse(NotFound, "id", "names no reconciliation that was kept")
	}
	if err != nil {
		return Reconciliation{}, err
	}
	return found[0], nil
}
