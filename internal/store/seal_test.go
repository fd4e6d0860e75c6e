package store_test

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/ledger"
	"drawdown/revrec"
)

// sealSigner and otherSigner sign the seals of tests.
var (
	sealSigner  = books.KeySigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	otherSigner = books.KeySigner(ed25519.NewKeyFromSeed([]byte("another key of thirty-two bytes.")))
)

// playSealed plays a book of three months that are all closed, January twice, and signed by
// two keys.
func playSealed(s *store.Store) error {
	p := &player{ctx: books.WithCaller(context.Background(), books.Caller{Actor: "token:ann", Name: "Ann", Kind: books.ByToken})}
	p.at("2024-01-02")
	p.open(s)
	if p.fault != nil {
		return p.fault
	}
	year, share, rate := ledger.Duration{Months: 12}, decimal.RequireFromString, decimal.RequireFromString("1.0851")
	_, err := p.b.PolicyCreate(p.ctx, p.key(), books.NewPolicy{Code: "pooled", Policy: revrec.Policy{Expires: &year, Breakage: revrec.Breakage{Method: revrec.Proportional, Rate: share("0.1"), Escheat: share("0.2")}}})
	p.check(err)
	_, err = p.b.PackCreate(p.ctx, p.key(), books.NewPack{Code: "pack", Policy: "pooled", Tiers: []books.NewTier{{Credits: share("10"), Price: share("3")}}})
	p.check(err)
	for _, customer := range []string{"one", "two", "three"} {
		_, err := p.b.CustomerCreate(p.ctx, p.key(), books.NewCustomer{ExternalID: customer})
		p.check(err)
	}
	p.buy("one", "pooled", 100, func(r *books.NewPurchase) { r.Currency, r.FXRate, r.Tax = "EUR", &rate, share("19") })
	p.buy("two", "pooled", 50, nil)
	p.buy("three", "pooled", 40, nil)
	_, err = p.b.Purchase(p.ctx, p.key(), books.NewPurchase{Customer: "three", Pack: "pack", Credits: share("10")})
	p.check(err)
	use := func(day string) {
		p.at(day)
		for _, customer := range []string{"one", "two", "three"} {
			p.use(customer, customer+day, "7.25")
		}
	}
	use("2024-01-05")
	use("2024-01-30")
	january := ledger.NewDate(2024, 1, 1).Period()
	closes := func(day string, period ledger.Period) {
		p.at(day)
		p.run()
		_, err := p.b.PeriodClose(p.ctx, p.key(), books.ClosePeriod{Period: period})
		p.check(err)
	}
	_, err = p.b.GLAccountsSet(p.ctx, p.key(), books.SampleGLCodes())
	p.check(err)
	p.at("2024-01-31")
	p.withPapers("rent", "contract.txt", "letter.txt")
	closes("2024-02-02", january)
	proposed, err := p.b.PeriodReopenPropose(p.ctx, p.key(), books.ReopenPeriod{Period: january, Reason: "a late file"})
	p.check(err)
	_, err = p.b.PeriodReopenApprove(books.WithCaller(p.ctx, books.Caller{Actor: "token:bob", Kind: books.ByToken}), p.key(), books.DecideReopening{ID: proposed.ID})
	p.check(err)
	p.buy("two", "pooled", 7, func(r *books.NewPurchase) { r.PurchasedAt = p.now.AddDate(0, 0, -10) })
	closes("2024-02-02", january)
	use("2024-02-10")
	p.at("2024-03-02")
	if p.fault != nil {
		return p.fault
	}
	if p.b, err = books.Open(p.ctx, s, books.Options{Now: func() time.Time { return p.now }, Signer: otherSigner}); err != nil {
		return err
	}
	closes("2024-03-02", january+1)
	closes("2024-04-02", january+2)
	return p.fault
}

// withPapers writes an entry by hand with papers, whose text is their name.
func (p *player) withPapers(description string, papers ...string) {
	as := func(name string) context.Context {
		return books.WithCaller(p.ctx, books.Caller{Actor: "token:" + name, Kind: books.ByToken})
	}
	amount := decimal.New(1250, -2)
	m, err := p.b.ManualEntryPropose(as("ann"), p.key(), books.NewManualEntry{
		AccountingDate: ledger.DateOf(p.now, time.UTC), Reason: "a <contract> & more", Description: description,
		Lines: []books.NewManualLine{{Account: ledger.Refunds, Amount: amount, Currency: "USD"}, {Account: ledger.RefundLiability, Credit: true, Amount: amount, Currency: "USD"}},
	})
	p.check(err)
	for _, name := range papers {
		_, _, err := p.b.Attach(as("ann"), books.NewAttachment{FileOf: books.FileOf{ManualID: m.ID}, Name: name, MediaType: "text/plain", Content: []byte(name)})
		p.check(err)
	}
	if p.fault != nil {
		return
	}
	p.check(p.b.View(p.ctx, func(ctx context.Context, tx books.Tx) error {
		attached, err := tx.ManualAttachments(ctx, []string{m.ID})
		if err != nil {
			return err
		}
		m.Reason, err = m.SHA256(attached)
		return err
	}))
	_, err = p.b.ManualEntryApprove(as("bob"), p.key(), books.DecideManual{ID: m.ID, SHA256: m.Reason})
	p.check(err)
}

var sealedImage = sync.OnceValues(func() ([]byte, error) {
	s, err := store.OpenMemory(context.Background())
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := playSealed(s); err != nil {
		return nil, err
	}
	return s.Image(context.Background())
})

// sealedTables are the tables whose every column a seal covers, and how a row is named.
var sealedTables = map[string][]string{
	"entries": {"number"}, "lines": {"entry_number", "line"}, "recognitions": {"customer_id", "id"},
	"seals": {"number"}, "seal_keys": {"number"}, "seal_leaves": {"leaf_index"}, "seal_hashes": {"position"},
	"period_closings": {"id"}, "closing_balances": {"closing_id", "account", "currency"},
}

// tamper changes a part of one column of one row by chance.
type tamper struct{ table, column, row, was, statement string }

// querier is what rows are read from.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// texts reads rows whose columns are all texts.
func texts(t *testing.T, db querier, query string, columns int) [][]string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query) //nolint:rowserrcheck // it is looked at below
	if err != nil {
		t.Fatal(query, err)
	}
	defer func() { _ = rows.Close() }() // what went wrong, rows.Err says
	var all [][]string
	for rows.Next() {
		row, targets := make([]sql.NullString, columns), make([]any, columns)
		for i := range row {
			targets[i] = &row[i]
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(query, err)
		}
		line := make([]string, columns)
		for i := range row {
			line[i] = row[i].String
		}
		all = append(all, line)
	}
	return all
}

// columnsOf lists the columns of a table and their types.
func columnsOf(t *testing.T, db querier, postgres bool, table string) [][]string {
	t.Helper()
	if postgres {
		return texts(t, db, "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = '"+table+"' ORDER BY ordinal_position", 2)
	}
	return texts(t, db, "SELECT name, lower(type) FROM pragma_table_info('"+table+"')", 2)
}

// tamperWith makes a tamper of a column of a table, of a row of chance.
func tamperWith(t *testing.T, db querier, chance *rand.Rand, table string, column []string) tamper {
	t.Helper()
	name, kind := column[0], column[1]
	binary := kind == "blob" || kind == "bytea"
	shown := "CAST(" + name + " AS TEXT)"
	switch kind {
	case "blob":
		shown = "lower(hex(" + name + "))"
	case "bytea":
		shown = "encode(" + name + ", 'hex')"
	}
	var names []string
	for _, key := range sealedTables[table] {
		names = append(names, "CAST("+key+" AS TEXT)")
	}
	row := strings.Join(names, " || ' ' || ")
	all := texts(t, db, "SELECT "+row+", "+shown+" FROM "+table+" WHERE "+name+" IS NOT NULL ORDER BY 1", 2)
	if len(all) == 0 { // nothing anywhere: something is put there
		all = texts(t, db, "SELECT "+row+", '' FROM "+table+" ORDER BY 1", 2)
	}
	picked := all[chance.IntN(len(all))]
	was := picked[1]
	is := []byte(was)
	at := 0
	if len(is) > 0 {
		at = chance.IntN(len(is))
	}
	switch {
	case len(is) == 0:
		is = []byte("x")
		if kind == "uuid" {
			is = []byte("00000000-0000-7000-8000-00000000dead")
		}
		if kind == "integer" || kind == "bigint" {
			is = []byte("7")
		}
	case binary || kind == "uuid" || strings.HasSuffix(name, "_id") || name == "id": // a digit of base 16
		for is[at] == '-' {
			at = (at + 1) % len(is)
		}
		is[at] = "123456789abcdef0"[strings.IndexByte("0123456789abcdef", is[at])]
	case kind == "integer" || kind == "bigint":
		for is[at] == '-' {
			at = (at + 1) % len(is)
		}
		is[at] = "1234567891"[is[at]-'0'] // of a nine, not nothing in front
	default:
		for is[at] >= 0x80 || is[at] == '\'' || is[at] == ' ' {
			at = (at + 1) % len(is)
		}
		is[at]++
		if is[at] == '\'' || is[at] >= 0x7f || is[at] < ' ' {
			is[at] = '!'
		}
	}
	value := "'" + string(is) + "'"
	switch kind {
	case "integer", "bigint":
		value = string(is)
	case "blob":
		value = "x'" + string(is) + "'"
	case "bytea":
		value = `'\x` + string(is) + "'"
	}
	return tamper{table: table, column: name, row: picked[0], was: was, statement: "UPDATE " + table + " SET " + name + " = " + value + " WHERE " + row + " = '" + picked[0] + "'"}
}

// holdTampers has verify find a tamper of each column of the tables that are sealed, and a
// hundred by chance.
func holdTampers(t *testing.T, db querier, postgres bool, planted func(t *testing.T, statement string) ([]books.Finding, error)) {
	t.Helper()
	chance := rand.New(rand.NewPCG(1, 6962))
	var columns [][]string // table, column, type
	tables := []string{}
	for table := range sealedTables {
		tables = append(tables, table)
	}
	slices.Sort(tables)
	for _, table := range tables {
		for _, column := range columnsOf(t, db, postgres, table) {
			columns = append(columns, append([]string{table}, column...))
		}
	}
	if len(columns) < 80 {
		t.Fatalf("only %d columns: %v", len(columns), columns)
	}
	once := len(columns)
	for range 100 {
		columns = append(columns, columns[chance.IntN(once)])
	}
	for i, column := range columns {
		if testing.Short() && i%12 != 0 {
			continue
		}
		with := tamperWith(t, db, chance, column[0], column[1:])
		found, err := planted(t, with.statement)
		for tries := 0; err != nil; tries++ { // the key of another row
			if tries == 20 {
				t.Fatal(with.statement, err)
			}
			with = tamperWith(t, db, chance, column[0], column[1:])
			found, err = planted(t, with.statement)
		}
		about := ""
		for _, finding := range found {
			if strings.HasPrefix(finding.Check, "seal.") {
				about += fmt.Sprintf("%s: %s: kept %s, derived %s\n", finding.Check, finding.Subject, finding.Kept, finding.Derived)
				if finding.Kept == finding.Derived || finding.Subject == "" {
					t.Errorf("a finding that says nothing: %+v", finding)
				}
			}
		}
		if about == "" {
			t.Errorf("%d. nobody sees %s: %s.%s of %s was %s", i, with.statement, with.table, with.column, with.row, with.was)
		}
		number, _, _ := strings.Cut(with.row, " ")
		if (with.table == "entries" || with.table == "lines") && !strings.Contains(about, "entry "+number) {
			t.Errorf("%s: %s is not named in\n%s", with.statement, with.row, about)
		}
		_, id, _ := strings.Cut(with.row, " ")
		inKey := slices.Contains([]string{"id", "kind", "day", "accounting_date", "currency", "policy_id", "batch_id"}, with.column)
		if with.table == "recognitions" && !inKey && !strings.Contains(about, id) {
			t.Errorf("%s: %s is not named in\n%s", with.statement, id, about)
		}
	}
}

// sealedBook opens such a book.
func sealedBook(t *testing.T) *store.Store {
	t.Helper()
	image, err := sealedImage()
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.OpenImage(t.Context(), image)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// changedOnSQLite returns what verify finds after a statement.
func changedOnSQLite(t *testing.T, statement string) ([]books.Finding, error) {
	t.Helper()
	s := sealedBook(t)
	defer s.Close()
	disarm(t, s)
	if _, err := s.Writer().DB.ExecContext(t.Context(), statement); err != nil {
		return nil, err
	}
	return findingsOf(t, s), nil
}

func TestTampers(t *testing.T) {
	s := sealedBook(t)
	defer s.Close()
	if found := findingsOf(t, s); len(found) != 0 {
		t.Fatalf("findings before anything is changed: %v", found)
	}
	holdTampers(t, s.Writer().DB, false, changedOnSQLite)
}

// sealPlants are errors in what is sealed and the checks that see them.
var sealPlants = []struct{ plant, sees string }{
	{"UPDATE entries SET description = 'x' WHERE number = 2", "seal.entry"},
	{"DELETE FROM lines WHERE entry_number = 3; DELETE FROM entries WHERE number = 3", "seal.entry"},
	{"UPDATE lines SET amount_minor = amount_minor + 1 WHERE entry_number = 2 AND line = 1", "seal.line"},
	{"DELETE FROM lines WHERE entry_number = 1 AND line = 3", "seal.line"},
	{"UPDATE recognitions SET credits = credits + 1", "seal.recognition"},
	{"DELETE FROM recognitions WHERE CAST(id AS TEXT) = (SELECT max(CAST(id AS TEXT)) FROM recognitions)", "seal.recognition"},
	{"UPDATE seal_leaves SET version = 2 WHERE leaf_index = 1", "seal.leaf"},
	{"UPDATE seal_leaves SET recognitions = recognitions + 1 WHERE leaf_index = 1", "seal.leaf"},
	{"DELETE FROM seal_leaves WHERE leaf_index = 1", "seal.leaf seal.missing"},
	{"DELETE FROM seal_hashes WHERE position = (SELECT max(position) FROM seal_hashes)", "seal.hash"},
	{"UPDATE seal_hashes SET hash = (SELECT hash FROM seal_hashes WHERE position = 0) WHERE position = 2", "seal.hash"},
	{"UPDATE seals SET root = (SELECT hash FROM seal_hashes WHERE position = 0) WHERE number = 2", "seal.root seal.consistency seal.checkpoint"},
	{"UPDATE seals SET from_size = from_size + 1 WHERE number = 2", "seal.size seal.checkpoint"},
	{"DELETE FROM seals WHERE number = 1", "seal.number seal.size seal.closing"},
	{"DELETE FROM seals WHERE number = 4", "seal.closing"},
	{"DELETE FROM seal_keys WHERE number = 1", "seal.number seal.signature seal.acts"},
	{"UPDATE seals SET checkpoint = (SELECT checkpoint FROM seals WHERE number = 1) WHERE number = 2", "seal.checkpoint"},
	{"UPDATE seals SET key_number = 2 WHERE number = 1", "seal.signature seal.acts"},
	{"UPDATE period_closings SET reason = 'x' WHERE act = 'REOPENED'", "seal.acts"},
	{"UPDATE closing_balances SET opening_minor = opening_minor + 1", "seal.acts"},
	{"UPDATE period_closings SET actor = 'x' WHERE act = 'CLOSED'", "seal.acts"},
	{"DELETE FROM period_closings WHERE act = 'CLOSED'", "seal.acts seal.closing"},
}

// holdSealPlants has each check of seals find what is planted for it.
func holdSealPlants(t *testing.T, planted func(t *testing.T, statement string) ([]books.Finding, error)) {
	t.Helper()
	seen := map[string]bool{}
	for _, test := range sealPlants {
		found, err := planted(t, test.plant)
		if err != nil {
			t.Fatal(test.plant, err)
		}
		by := map[string]bool{}
		for _, finding := range found {
			by[finding.Check] = true
		}
		for check := range strings.FieldsSeq(test.sees) {
			if seen[check] = true; !by[check] {
				t.Errorf("%s: %s does not see it; found %v", test.plant, check, found)
			}
		}
	}
	for _, check := range []string{
		"entry", "line", "recognition", "leaf", "missing", "hash", "root", "size", "number", "consistency", "checkpoint", "acts", "signature", "closing",
	} {
		if !seen["seal."+check] {
			t.Errorf("no plant is seen by seal.%s", check)
		}
	}
}

func TestSealPlants(t *testing.T) { holdSealPlants(t, changedOnSQLite) }

// disarmed takes down, until a transaction ends, what keeps rows from being changed.
const disarmed = `SET LOCAL session_replication_role = replica; DO $$ DECLARE c record; BEGIN
	FOR c IN SELECT conrelid::regclass AS of, conname FROM pg_constraint WHERE contype = 'c' AND connamespace = current_schema()::regnamespace LOOP
		EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.of, c.conname);
	END LOOP; END $$`

// changedOnPostgres returns what verify finds after a statement, which it undoes.
func changedOnPostgres(s *store.Store) func(t *testing.T, statement string) ([]books.Finding, error) {
	return func(t *testing.T, statement string) (found []books.Finding, err error) {
		t.Helper()
		undone := errors.New("undone")
		err = s.Update(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
			if _, err := store.Act(ctx, tx, disarmed); err != nil {
				return err
			}
			if _, err = store.Act(ctx, tx, statement); err != nil {
				return err
			}
			if found, err = tx.Findings(ctx, 10); err != nil {
				return err
			}
			return undone
		})
		if errors.Is(err, undone) {
			err = nil
		}
		return found, err
	}
}

func TestSealsOnPostgres(t *testing.T) {
	pgtest.Superuser(t)
	s := openPostgres(t)
	defer s.Close()
	if err := playSealed(s); err != nil {
		t.Fatal(err)
	}
	if found := findingsOf(t, s); len(found) != 0 {
		t.Fatalf("findings before anything is changed: %v", found)
	}
	holdSealPlants(t, changedOnPostgres(s))
	holdTampers(t, s.Writer().DB, true, changedOnPostgres(s))
}

// Where the recognitions of a batch do not lie together, or have ids that are none of ours, its
// entries are read one by one: what is found of the others is nothing, as before.
func TestSealsReadOneByOne(t *testing.T) {
	const last = "(SELECT max(rowid) FROM recognitions)"
	for _, test := range []struct{ name, statement, found string }{
		{"a row far from the others", "UPDATE recognitions SET rowid = rowid + 1000000 WHERE rowid = " + last, ""},
		{"rows in another order", "UPDATE recognitions SET rowid = -rowid", ""},
		{"an id that is none", "UPDATE recognitions SET id = 'x' || substr(id, 2) WHERE rowid = " + last, "seal.recognition"},
		{"an id in capital letters", "UPDATE recognitions SET id = upper(id) WHERE rowid = " + last, "seal.recognition"},
		{"a part of the key with its mark", "UPDATE recognitions SET kind = kind || '|USD' WHERE rowid = " + last, "seal.recognition"},
		{"inputs in another form", "UPDATE recognitions SET inputs = inputs || ' ' WHERE rowid = " + last, "seal.entry"},
		{"the id of another", "UPDATE recognitions SET id = (SELECT o.id FROM recognitions AS o WHERE o.batch_id = recognitions.batch_id AND o.day = recognitions.day AND o.kind = recognitions.kind AND o.policy_id = recognitions.policy_id AND o.customer_id <> recognitions.customer_id) WHERE rowid = (SELECT min(x.rowid) FROM recognitions AS x JOIN recognitions AS o ON o.batch_id = x.batch_id AND o.day = x.day AND o.kind = x.kind AND o.currency = x.currency AND o.policy_id = x.policy_id AND o.customer_id <> x.customer_id)", "seal.recognition"},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, err := changedOnSQLite(t, test.statement)
			if err != nil {
				t.Fatal(err)
			}
			var seals []string
			for _, finding := range found {
				if strings.HasPrefix(finding.Check, "seal.") {
					seals = append(seals, finding.Check)
				}
			}
			if got := strings.Join(seals, " "); got != test.found {
				t.Errorf("of seals it finds %q, want %q; all: %v", got, test.found, found)
			}
		})
	}
}

// However SQLite reads the use of a month, it finds the same: 7.25 credits by each of three
// customers, twice in January and once in February; and an event without a draw.
func TestUsageIsReadAlike(t *testing.T) {
	s := sealedBook(t)
	defer s.Close()
	disarm(t, s)
	january, february, march := ledger.NewDate(2024, 1, 1), ledger.NewDate(2024, 2, 1), ledger.NewDate(2024, 3, 1)
	credits := func(text string) int64 {
		t.Helper()
		c, err := revrec.ParseCredits(text)
		if err != nil {
			t.Fatal(err)
		}
		return int64(c)
	}
	of := func(from, to ledger.Date, want books.UsageAccounted) {
		t.Helper()
		for name, statement := range store.UsageStatements {
			for _, since := range []string{"", "00000000-0000-7000-8000-000000000001"} {
				err := s.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
					got, err := store.UsageBy(ctx, tx, statement, from, to-1, from.Start(time.UTC), to.Start(time.UTC), since)
					if err == nil && got != want {
						t.Errorf("%s, from %s on: %+v, want %+v", name, from, got, want)
					}
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	both, once := credits("43.5"), credits("21.75")
	of(january, february, books.UsageAccounted{Events: 6, Draws: 6, OfEvents: both, OfDraws: both, OfLotDays: both, Booked: both})
	of(february, march, books.UsageAccounted{Events: 3, Draws: 3, OfEvents: once, OfDraws: once, OfLotDays: once, Booked: once})
	if _, err := s.Writer().DB.ExecContext(t.Context(), "DELETE FROM draws WHERE day LIKE '2024-02%' AND event_id = (SELECT max(event_id) FROM draws)"); err != nil {
		t.Fatal(err)
	}
	of(february, march, books.UsageAccounted{Events: 3, Undrawn: 1, Draws: 2, OfEvents: once, OfDraws: credits("14.5"), OfLotDays: once, Booked: once})
	for from, want := range map[ledger.Date]bool{january: true, ledger.NewDate(2024, 5, 1): false} {
		err := s.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
			wide, err := store.UsageIsWide(ctx, tx, from)
			if wide != want {
				t.Errorf("from %s on all rows are read: %t, want %t", from, wide, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
