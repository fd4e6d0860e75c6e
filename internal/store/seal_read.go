package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/mod/sumdb/tlog"

	"drawdown/ledger"
	"drawdown/revrec"
)

// sealReader reads what is sealed as it is kept, row after row, and hashes it. What a row
// says that no row of ours could say is told as a fault, for it may be what somebody changed.
type sealReader struct {
	t        *tx
	policies map[string]string // ids by code

	form, room ledger.Form
	forms      recognitionForms
	days       map[string][2]ledger.Date // of the entries ahead, by their batch
	held       *hashedBatch              // what was hashed last
}

func (t *tx) newSealReader(ctx context.Context) (*sealReader, error) {
	rows, err := query[struct{ ID, Code string }](ctx, t, "reading policies", "SELECT id, code FROM policies")
	if err != nil {
		return nil, err
	}
	r := &sealReader{t: t, policies: make(map[string]string, len(rows)), forms: recognitionForms{noCustomer: t.noCustomer}}
	for _, row := range rows {
		r.policies[row.Code] = row.ID
	}
	return r, nil
}

// keptEntry is an entry as it is kept, with its leaf where it has one. Number is 0 where the
// leaf is of no entry.
type keptEntry struct {
	ledger.SealedEntry
	leaf  sealLeafRow
	fault string // "" where the rows are of the form in which they are written
}

func (e *keptEntry) wrong(format string, args ...any) {
	if e.fault == "" {
		e.fault = fmt.Sprintf(format, args...)
	}
}

// keptText is where a column is read to that holds a text or an id, or NULL; blank says that
// it is neither, but a text without letters.
type keptText struct {
	to    string
	blank bool
}

func (k *keptText) set(text string, valid bool) error {
	k.to, k.blank = text, valid && text == ""
	return nil
}

// ScanText reads the column.
func (k *keptText) ScanText(v pgtype.Text) error { return k.set(v.String, v.Valid) }

// ScanUUID reads the column.
func (k *keptText) ScanUUID(v pgtype.UUID) error {
	if !v.Valid {
		return k.set("", false)
	}
	return k.set(uuid.UUID(v.Bytes).String(), true)
}

// Scan reads the column from SQLite.
func (k *keptText) Scan(src any) error {
	text, valid := src.(string)
	if !valid && src != nil {
		return fmt.Errorf("text in a column of type %T", src)
	}
	return k.set(text, valid)
}

// keptNumber is where a column is read to that holds a number, or NULL.
type keptNumber struct {
	to  int64
	set bool
}

// ScanInt64 reads the column.
func (k *keptNumber) ScanInt64(v pgtype.Int8) error {
	k.to, k.set = v.Int64, v.Valid
	return nil
}

// Scan reads the column from SQLite.
func (k *keptNumber) Scan(src any) error {
	number, valid := src.(int64)
	if !valid && src != nil {
		return fmt.Errorf("a number in a column of type %T", src)
	}
	k.to, k.set = number, valid
	return nil
}

// keptColumns are those of an entry e and of one of its lines n.
const keptColumns = `e.number, e.kind, e.accounting_date, e.occurred_on, e.posted_at_us, e.batch_id, e.policy, e.currency, e.reference, e.reverses, e.description, e.approved_sha256,
	n.line, n.account, n.currency, n.amount_minor, n.functional_currency, n.functional_minor, n.customer, n.policy, n.pack`

// keptRow is what one row of keptColumns is read to.
type keptRow struct {
	number, posted, reverses                            keptNumber
	kind, accounting, occurred, batch, policy, currency keptText
	reference, description, approved                    keptText
	line, amount, functional                            keptNumber
	account, lineCurrency, functionalCurrency           keptText
	lineCustomer, linePolicy, linePack                  keptText
}

func (r *keptRow) targets() []any {
	return []any{
		&r.number, &r.kind, &r.accounting, &r.occurred, &r.posted, &r.batch, &r.policy, &r.currency, &r.reference, &r.reverses, &r.description, &r.approved,
		&r.line, &r.account, &r.lineCurrency, &r.amount, &r.functionalCurrency, &r.functional, &r.lineCustomer, &r.linePolicy, &r.linePack,
	}
}

// entry is the entry of the row, without lines.
func (r *keptRow) entry() *keptEntry {
	e := &keptEntry{}
	e.Number, e.Kind, e.Batch = r.number.to, ledger.EntryKind(r.kind.to), r.batch.to
	e.Policy, e.Currency, e.Reference, e.Reverses, e.Description = r.policy.to, ledger.Currency(r.currency.to), r.reference.to, r.reverses.to, r.description.to
	e.Approved = r.approved.to
	if r.posted.set {
		e.PostedAt = time.UnixMicro(r.posted.to).UTC()
	}
	e.AccountingDate, e.OccurredOn = e.day("accounting_date", r.accounting.to), e.day("occurred_on", r.occurred.to)
	if r.batch.blank || r.policy.blank || r.currency.blank || r.reference.blank || r.approved.blank {
		e.wrong("a column that holds nothing is '' instead of NULL")
	}
	return e
}

func (e *keptEntry) day(column, text string) ledger.Date {
	day, err := ledger.ParseDate(text)
	if err != nil {
		e.wrong("%s: %s", column, err)
	}
	return day
}

// addLine adds the line of the row.
func (r *keptRow) addLine(e *keptEntry) {
	if !r.line.set {
		return
	}
	if r.lineCustomer.blank || r.linePolicy.blank || r.linePack.blank {
		e.wrong("line %d: a column that holds nothing is '' instead of NULL", r.line.to)
	}
	e.LineNumbers = append(e.LineNumbers, r.line.to)
	e.Lines = append(e.Lines, ledger.Line{
		Account: ledger.Role(r.account.to), Amount: ledger.Money(r.amount.to, ledger.Currency(r.lineCurrency.to)),
		Functional: ledger.Money(r.functional.to, ledger.Currency(r.functionalCurrency.to)),
		Dimensions: ledger.Dimensions{Customer: r.lineCustomer.to, Policy: r.linePolicy.to, Pack: r.linePack.to},
	})
}

const unsealedEntries = `SELECT ` + keptColumns + ` FROM entries AS e LEFT JOIN lines AS n ON n.entry_number = e.number
	WHERE e.number >= $1 AND e.number <= $2 AND e.accounting_date >= $3 AND e.accounting_date <= $4
	AND NOT EXISTS (SELECT 1 FROM seal_leaves AS s WHERE s.entry_number = e.number) ORDER BY e.number, n.line`

// unsealed reads the entries of some numbers and days that have no leaf, in order.
func (r *sealReader) unsealed(ctx context.Context, first, last int64, from, to ledger.Date) (entries []*keptEntry, err error) {
	var row keptRow
	err = r.t.scan(ctx, "reading entries to seal", unsealedEntries, []any{first, last, fromDay(from), toDay(to)}, row.targets(), func() {
		if n := len(entries); n == 0 || entries[n-1].Number != row.number.to {
			entries = append(entries, row.entry())
		}
		row.addLine(entries[len(entries)-1])
	})
	return entries, err
}

const sealedEntries = `SELECT s.leaf_index, s.entry_number, s.version, s.recognitions, s.recognitions_root, CASE WHEN s.recognitions = 0 AND n.line IS NOT DISTINCT FROM 1 THEN s.marks END, ` + keptColumns + `
	FROM seal_leaves AS s LEFT JOIN entries AS e ON e.number = s.entry_number LEFT JOIN lines AS n ON n.entry_number = s.entry_number
	WHERE s.leaf_index >= $1 AND s.leaf_index < $2 ORDER BY s.leaf_index, n.line`

// sealed reads the leaves of some places and their entries, in order. The marks of those
// that sum recognitions are left to be read one by one: they may be long.
func (r *sealReader) sealed(ctx context.Context, first, end int64) (entries []*keptEntry, err error) {
	var row keptRow
	var leaf sealLeafRow
	targets := append([]any{&leaf.LeafIndex, &leaf.EntryNumber, &leaf.Version, &leaf.Recognitions, &leaf.RecognitionsRoot, &leaf.Marks}, row.targets()...)
	err = r.t.scan(ctx, "reading sealed entries", sealedEntries, []any{first, end}, targets, func() {
		n := len(entries)
		if n == 0 || entries[n-1].leaf.LeafIndex != leaf.LeafIndex {
			e := &keptEntry{}
			if row.number.set {
				e = row.entry()
			}
			e.leaf = leaf
			e.leaf.RecognitionsRoot = append([]byte(nil), leaf.RecognitionsRoot...)
			e.leaf.Marks = nil
			entries = append(entries, e)
		}
		e := entries[len(entries)-1]
		if leaf.Marks != nil {
			e.leaf.Marks = append([]byte(nil), leaf.Marks...)
		}
		row.addLine(e)
	})
	return entries, err
}

// marksOf reads the marks of a leaf.
func (r *sealReader) marksOf(ctx context.Context, leafIndex int64) (marks []byte, err error) {
	err = r.t.scan(ctx, "reading the marks of a leaf", "SELECT marks FROM seal_leaves WHERE leaf_index = $1", []any{leafIndex}, []any{&marks}, func() {})
	return marks, err
}

// ofEntry are the conditions by which recognitions are those of an entry: their batch, days,
// kind, currency and policy.
const ofEntry = "batch_id = $1 AND accounting_date = $2 AND day = $3 AND kind = $4 AND currency = $5 AND policy_id = $6"

const recognitionsOfEntry = "SELECT " + recognitionColumns + " FROM recognitions WHERE " + ofEntry + " ORDER BY id, customer_id"

// keyOf are the arguments of ofEntry; false where no recognition can be the entry's.
func (r *sealReader) keyOf(e *keptEntry) ([]any, bool) {
	policy, known := r.policies[e.Policy]
	if !known || e.Batch == "" || e.AccountingDate == 0 || e.OccurredOn == 0 {
		return nil, false
	}
	return []any{e.Batch, e.AccountingDate.String(), e.OccurredOn.String(), string(e.Kind), string(e.Currency), policy}, true
}

// recognitionProof is what is gathered of one recognition while those of its entry are hashed.
type recognitionProof struct {
	id        string
	path, at  int64 // how many there are, and which of them it is
	form      ledger.Form
	inclusion *ledger.InclusionPath
}

// place finds which of the entry's recognitions it is.
func (r *sealReader) place(ctx context.Context, e *keptEntry, one *recognitionProof) error {
	key, some := r.keyOf(e)
	if !some {
		return nil
	}
	err := r.t.scan(ctx, "finding the place of a recognition", "SELECT count(*) FROM recognitions WHERE "+ofEntry+" AND id < $7", append(key, one.id), []any{&one.at}, func() {})
	one.inclusion = ledger.NewInclusionPath(one.at, one.path)
	return err
}

// leafOf hashes an entry with what it sums, which it counts, and returns its marks. one, where
// not nil, gathers the proof of a recognition.
func (r *sealReader) leafOf(ctx context.Context, e *keptEntry, one *recognitionProof) (leaf tlog.Hash, marks []byte, err error) {
	marks, r.room = e.AppendMarks(make([]byte, 0, ledger.MarkSize*(len(e.Lines)+1)), r.room)
	marks, err = r.recognitions(ctx, e, one, marks)
	r.form = e.AppendForm(r.form[:0])
	return tlog.RecordHash(r.form), marks, err
}

// recognitionColumns are those of a recognition that its entry does not say.
const recognitionColumns = "id, customer_id, lot_id, pool_id, credits, amount_minor, functional_currency, functional_minor, unclaimed_minor, unclaimed_functional_minor, inputs"

// sealedRow is what one row of recognitionColumns is read to.
type sealedRow struct {
	id, customer, lot, pool, functionalCurrency, inputs         keptText
	credits, amount, functional, unclaimed, unclaimedFunctional int64
}

func (row *sealedRow) targets() []any {
	return []any{
		&row.id, &row.customer, &row.lot, &row.pool, &row.credits, &row.amount, &row.functionalCurrency, &row.functional, &row.unclaimed, &row.unclaimedFunctional, &row.inputs,
	}
}

// recognitionForms makes the forms of recognitions from their rows.
type recognitionForms struct {
	noCustomer string
	form       ledger.Form
	inputs     []revrec.Input
}

// of is the recognition without what its own row says: what its entry does.
func (r *sealReader) of(e *keptEntry) revrec.Recognition {
	k := revrec.Recognition{
		PolicyID: r.policies[e.Policy], Kind: revrec.Kind(e.Kind), Day: e.OccurredOn, AccountingDate: e.AccountingDate, Batch: e.Batch,
	}
	k.Amount.Currency, k.Unclaimed.Currency = e.Currency, e.Currency
	return k
}

// make makes the form, which is good until the next, and says what no row of ours could say.
func (f *recognitionForms) make(k *revrec.Recognition, row *sealedRow) (fault string) {
	k.ID, k.CustomerID, k.LotID, k.PoolID, k.Credits = row.id.to, row.customer.to, row.lot.to, row.pool.to, revrec.Credits(row.credits)
	if k.CustomerID == f.noCustomer {
		k.CustomerID = ""
	}
	k.Amount.Minor, k.Functional.Minor, k.Unclaimed.Minor, k.UnclaimedFunctional.Minor = row.amount, row.functional, row.unclaimed, row.unclaimedFunctional
	k.Functional.Currency = ledger.Currency(row.functionalCurrency.to)
	k.UnclaimedFunctional.Currency = k.Functional.Currency
	var read bool
	if f.inputs, read = inputsOf(row.inputs.to, f.inputs[:0]); !read {
		fault = fmt.Sprintf("recognition %s: its inputs are not in their form", k.ID)
	}
	if fault == "" && (row.lot.blank || row.pool.blank) {
		fault = fmt.Sprintf("recognition %s: a column that holds nothing is '' instead of NULL", k.ID)
	}
	k.Inputs = f.inputs
	f.form = k.AppendForm(f.form[:0])
	return fault
}

// recognitions hashes what an entry sums, and appends its marks.
func (r *sealReader) recognitions(ctx context.Context, e *keptEntry, one *recognitionProof, marks []byte) ([]byte, error) {
	tree := ledger.Tree{}
	defer func() { e.Recognitions, e.RecognitionsRoot = tree.Size(), tree.Root() }()
	key, some := r.keyOf(e)
	if !some {
		return marks, nil
	}
	completed := make([]tlog.Hash, 0, 64)
	add := func(leaf tlog.Hash) {
		marks = ledger.AppendMark(marks, leaf)
		completed = tree.Add(leaf, completed[:0])
	}
	if one == nil {
		hashed, known, err := r.hashedOf(ctx, e)
		if err != nil {
			return marks, err
		}
		if known {
			for i := range hashed.all {
				add(hashed.all[i].hash)
			}
			if hashed.fault != "" {
				e.wrong("%s", hashed.fault)
			}
			return marks, nil
		}
	}
	var row sealedRow
	k := r.of(e)
	err := r.t.scan(ctx, "reading sealed recognitions", recognitionsOfEntry, key, row.targets(), func() {
		if fault := r.forms.make(&k, &row); fault != "" {
			e.wrong("%s", fault)
		}
		leaf := tlog.RecordHash(r.forms.form)
		if one != nil && one.inclusion != nil {
			one.inclusion.Add(leaf)
			if k.ID == one.id {
				one.form = append(ledger.Form(nil), r.forms.form...)
			}
		}
		add(leaf)
	})
	return marks, err
}

// idOf reads which recognition is at a place among those of an entry; "" where there is none.
func (r *sealReader) idOf(ctx context.Context, e *keptEntry, at int64) (id string, err error) {
	key, some := r.keyOf(e)
	if !some {
		return "", nil
	}
	var text keptText
	err = r.t.scan(ctx, "finding a recognition", "SELECT id FROM recognitions WHERE "+ofEntry+" ORDER BY id, customer_id LIMIT 1 OFFSET $7", append(key, at), []any{&text}, func() { id = text.to })
	return id, err
}

// The text of inputs as they are written: a list of objects of two texts.
const (
	inputBegins = `{"name":"`
	inputGoesOn = `","value":"`
	inputEnds   = `"}`
)

// inputsOf reads the inputs of a recognition from their text, and says whether it is the one
// that is written for them. Almost all hold nothing that JSON escapes, and those are read
// without an allocation: they are parts of the text.
func inputsOf(text string, inputs []revrec.Input) ([]revrec.Input, bool) {
	if plain, read := plainInputs(text, inputs); read {
		return plain, true
	}
	var parsed []revrec.Input
	if json.Unmarshal([]byte(text), &parsed) != nil {
		return inputs, false
	}
	again, err := json.Marshal(parsed)
	return append(inputs, parsed...), err == nil && string(again) == text
}

func plainInputs(text string, inputs []revrec.Input) ([]revrec.Input, bool) {
	rest, begins := strings.CutPrefix(text, "[")
	for begins {
		var input revrec.Input
		if rest, begins = strings.CutPrefix(rest, inputBegins); !begins {
			break
		}
		if input.Name, rest, begins = plainText(rest, inputGoesOn); !begins {
			break
		}
		if input.Value, rest, begins = plainText(rest, inputEnds); !begins {
			break
		}
		inputs = append(inputs, input)
		if rest == "]" {
			return inputs, true
		}
		rest, begins = strings.CutPrefix(rest, ",")
	}
	return inputs, false
}

// plainText cuts off a text without escapes and what ends it.
func plainText(text, end string) (plain, rest string, ends bool) {
	at := strings.IndexByte(text, '"')
	if at < 0 {
		return "", "", false
	}
	for i := range at {
		switch c := text[i]; {
		case c < ' ', c >= 0x7f, c == '\\', c == '<', c == '>', c == '&': // which could be written otherwise
			return "", "", false
		}
	}
	rest, ends = strings.CutPrefix(text[at:], end)
	return text[:at], rest, ends
}

// firstDifference is the place of the first mark that differs; -1 where none does.
func firstDifference(kept, marks []byte) int {
	for at := 0; at < max(len(kept), len(marks)); at += ledger.MarkSize {
		one, other := kept[min(at, len(kept)):min(at+ledger.MarkSize, len(kept))], marks[min(at, len(marks)):min(at+ledger.MarkSize, len(marks))]
		if !bytes.Equal(one, other) {
			return at / ledger.MarkSize
		}
	}
	return -1
}
