package export

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"drawdown/ledger"
)

// Writer writes entries in one format. Begin comes first and End last, once each, also
// where there are no entries. Entries come in the order of their numbers, each balanced.
// After an error what was written is of no use.
type Writer interface {
	Begin(header Header) error
	Entry(entry Entry) error
	End() error
}

// Header is what an export says of itself before its entries.
type Header struct {
	From, To   ledger.Date // accounting dates, both included; zero is open
	Functional ledger.Currency
	Batch      int64  // number of the export batch; 0 where it has none
	FirstEntry int64  // of a batch: the number of its first entry; 0 where it has none
	Book       string // name of the book, for targets that ask for one
	// Opening is what the accounts stood at before From, a line for each role and currency. The
	// formats that write balances need it, unless nothing was booked before.
	Opening []Line
	// OpeningOn is the accounting date whose accounts the opening has in the target; From where
	// it is zero.
	OpeningOn ledger.Date
}

// Format names a file format.
type Format string

// The formats that need no profile.
const (
	CSV       Format = "csv"         // one row per line of the journal, RFC 4180
	JSONL     Format = "jsonl"       // one JSON object per entry, with its lines
	JSONLines Format = "jsonl-lines" // one JSON object per line of the journal
	Hledger   Format = "hledger"     // a journal that `hledger check --strict` accepts
	Ledger    Format = "ledger"      // a journal that `ledger --strict --pedantic` accepts
	Beancount Format = "beancount"   // a file that bean-check accepts
	Parquet   Format = "parquet"     // one row per line of the journal, amounts as decimals
	XLSX      Format = "xlsx"        // one row per line of the journal, a workbook
)

// Formats lists the formats that need no profile, in the order in which they are documented.
func Formats() []Format {
	formats := make([]Format, len(journalFormats))
	for i, one := range journalFormats {
		formats[i] = one.format
	}
	return formats
}

// New returns a writer of a format that needs no profile; it writes to w alone. An unknown
// format is an error that lists those there are.
func New(format Format, w io.Writer) (Writer, error) {
	names := make([]string, 0, len(journalFormats))
	for _, one := range journalFormats {
		if one.format == format {
			p, err := DefaultProfile(format)
			if err != nil {
				return nil, err
			}
			return one.writer(w, newScribe(p)), nil
		}
		names = append(names, string(one.format))
	}
	return nil, fmt.Errorf("%q is not an export format; there are %s", format, strings.Join(names, ", "))
}

// EntryCode is the number of an entry as accountants see it: JE-000001.
func EntryCode(number int64) string {
	const digits, prefix = 6, "JE-"
	if number < 0 {
		return fmt.Sprintf("JE-%06d", number)
	}
	b := make([]byte, 0, len(prefix)+2*digits)
	b = append(b, prefix...)
	for least := int64(100_000); number < least && least > 1; least /= 10 {
		b = append(b, '0')
	}
	return string(strconv.AppendInt(b, number, 10))
}

// Export writes a journal under a profile into files: it maps accounts and dimensions, sums
// where the profile says so, cuts files and keeps what the manifest says. It is a [Writer].
type Export struct {
	profile Profile
	spec    spec
	files   Files
	scribe  *scribe
	mapping mapping

	header   Header
	out      *Output
	writer   Writer
	summary  *summary
	manifest Manifest
	earliest ledger.Date // of the accounting dates
	latest   ledger.Date
	totals   sums
	inBook   sums
	accounts map[accountKey]*accountSums
	journals []SummaryJournal
}

// SummaryJournal is what a journal of a summary debits, by currency as it was written, and in the functional
// currency.
type SummaryJournal struct {
	Code   string // as the target has it
	Debits []ledger.Amount
	InBook ledger.Amount
}

type accountKey struct {
	account  Account
	role     ledger.Role
	currency ledger.Currency
}

type accountSums struct{ amount, functional sides }

// Open returns an export under the profile into the files. Errors: [ProfileErrors].
func Open(p Profile, files Files) (*Export, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	spec, err := specOf(p.Format)
	if err != nil {
		return nil, err
	}
	hash, err := p.Hash()
	if err != nil {
		return nil, err
	}
	return &Export{
		profile: p, spec: spec, files: files, scribe: newScribe(p), mapping: newMapping(p, spec),
		totals: sums{}, inBook: sums{}, accounts: map[accountKey]*accountSums{},
		manifest: Manifest{
			Version: ManifestVersion, Format: p.Format, Mode: p.Mode,
			Profile: ProfileRef{Name: p.Name, Version: p.Version, SHA256: hash},
		},
	}, nil
}

// Begin opens the first file.
func (x *Export) Begin(header Header) error {
	if header.Functional == "" {
		return fmt.Errorf("an export needs the functional currency of its book")
	}
	opening, err := x.mapping.opening(header)
	if err != nil {
		return err
	}
	header.Opening = opening
	x.header = header
	x.manifest.Batch, x.manifest.From, x.manifest.To = header.Batch, header.From, header.To
	x.manifest.Book = header.Functional
	stem := string(x.profile.Format)
	if header.Batch != 0 {
		stem += fmt.Sprintf("-%06d", header.Batch)
	}
	x.out = newOutput(x.files, stem)
	if err := x.open(); err != nil {
		return err
	}
	if x.profile.Mode == Summed {
		x.summary = newSummary(x.profile, header)
		return x.summary.begin(x.out, stem+"-join.csv")
	}
	return x.stopped(x.writer.Begin(header))
}

func (x *Export) open() (err error) {
	if x.spec.layout != nil {
		x.writer = newTextFiles(x.profile, x.scribe, x.out, x.spec.extension, x.spec.layout(x.profile, x.scribe))
		return nil
	}
	x.writer, err = x.spec.open(x.profile, x.scribe, x.out)
	return err
}

// Entry writes an entry, or adds it to the summary. Errors: [RefusalError], [RefusedError], and those
// of the files.
func (x *Export) Entry(entry Entry) error {
	if err := x.inTurn(entry); err != nil {
		return x.stopped(err)
	}
	if err := balanced(entry); err != nil {
		return x.stopped(err)
	}
	mapped, err := x.mapping.apply(entry)
	if err != nil {
		return x.stopped(err)
	}
	return x.stopped(x.accept(mapped))
}

// inTurn refuses an entry that does not come after the one before.
func (x *Export) inTurn(entry Entry) error {
	if entry.Number > x.manifest.Last {
		return nil
	}
	return fmt.Errorf("%s comes after %s: an entry is exported once, in the order of numbers", entry.Code, EntryCode(x.manifest.Last))
}

// accept takes an entry that is mapped.
func (x *Export) accept(mapped Entry) error {
	x.count(mapped)
	if x.summary != nil {
		return x.summary.add(mapped)
	}
	return x.write(mapped)
}

// End writes what is left and closes the last file.
func (x *Export) End() error {
	return x.stopped(x.finish(func(err error) error { return err }))
}

// finish writes the summary, if there is one, and ends. What an entry of the summary is
// refused for goes through refused, which may go on.
func (x *Export) finish(refused func(error) error) error {
	if x.summary != nil {
		if err := x.summary.end(); err != nil {
			return err
		}
		if err := x.writer.Begin(x.header); err != nil {
			return err
		}
		for entry := range x.summary.entries() {
			if err := refused(x.write(entry)); err != nil {
				return err
			}
		}
	}
	return x.writer.End()
}

// stopped closes the open file where there was an error.
func (x *Export) stopped(err error) error {
	if err == nil {
		return nil
	}
	return x.out.abandon(err)
}

// write hands an entry to the target, in the currency that the target is told.
func (x *Export) write(entry Entry) error {
	if x.spec.journal {
		x.manifest.Written.Entries++
		x.manifest.Written.Lines += int64(len(entry.Lines))
		x.keepJournal(x.profile.Prefix+entry.Code, entry)
		return x.writer.Entry(entry)
	}
	told, refused := x.told(entry)
	if refused != nil {
		return refused
	}
	x.manifest.Written.ZeroLines += int64(len(entry.Lines) - len(told.Lines))
	if len(told.Lines) == 0 {
		x.manifest.Written.ZeroEntries++
		return nil
	}
	told.Code = x.profile.Prefix + told.Code
	if err := x.writer.Entry(told); err != nil {
		return err
	}
	x.manifest.Written.Entries++
	x.manifest.Written.Lines += int64(len(told.Lines))
	x.keepJournal(told.Code, told)
	return nil
}

// keepJournal keeps what a journal of a summary debits, as the target is told it.
func (x *Export) keepJournal(code string, told Entry) {
	if x.summary == nil {
		return
	}
	debits := sums{}
	journal := SummaryJournal{Code: code, InBook: ledger.Money(0, x.header.Functional)}
	for _, line := range told.Lines {
		debits.add(line.Amount)
		if line.Functional.Minor > 0 {
			journal.InBook = journal.InBook.Add(line.Functional)
		}
	}
	for _, currency := range slices.Sorted(maps.Keys(debits)) {
		journal.Debits = append(journal.Debits, ledger.Money(debits[currency].debit.Minor, currency))
	}
	x.journals = append(x.journals, journal)
}

// Journals returns the journals of a summary that were written. They are whole after End.
func (x *Export) Journals() []SummaryJournal { return x.journals }

// count adds an entry of the journal to what the manifest says.
func (x *Export) count(entry Entry) {
	m := &x.manifest
	m.Entries++
	m.Lines += int64(len(entry.Lines))
	if m.First == 0 {
		m.First = entry.Number
	}
	m.Last = entry.Number
	if x.earliest == 0 || entry.AccountingDate < x.earliest {
		x.earliest = entry.AccountingDate
	}
	x.latest = max(x.latest, entry.AccountingDate)
	for _, line := range entry.Lines {
		x.totals.add(line.Amount)
		x.inBook.add(line.Functional)
		key := accountKey{line.Account, line.Role, line.Amount.Currency}
		both, known := x.accounts[key]
		if !known {
			both = &accountSums{}
			x.accounts[key] = both
		}
		both.amount = both.amount.plus(line.Amount)
		both.functional = both.functional.plus(line.Functional)
	}
}

// Manifest returns what was written. It is whole after End.
func (x *Export) Manifest() Manifest {
	m := x.manifest
	if m.Batch != 0 { // which is of numbers, and says the days that it came to have
		m.From, m.To = cmp.Or(m.From, x.earliest), cmp.Or(m.To, x.latest)
	}
	m.Totals, m.InBook = x.totals.totals(), x.inBook.totals()
	m.Files, m.Cleaned = x.out.list(), x.scribe.counts
	m.Accounts = make([]AccountTotal, 0, len(x.accounts))
	keys := slices.SortedFunc(maps.Keys(x.accounts), func(a, b accountKey) int {
		return strings.Compare(a.sort(), b.sort())
	})
	for _, key := range keys {
		both := x.accounts[key]
		m.Accounts = append(m.Accounts, AccountTotal{
			Code: key.account.Code, Name: key.account.Name, Role: key.role,
			Total: both.amount.total(key.currency), Functional: both.functional.total(x.header.Functional),
		})
	}
	return m
}

func (k accountKey) sort() string {
	return strings.Join([]string{k.account.Code, k.account.Name, string(k.role), string(k.currency)}, "\x00")
}

// balanced holds an entry against the one rule that every target has too.
func balanced(entry Entry) error {
	var first, functionals int64 // the sum in the currency of the first line, which mostly is that of all
	var others map[ledger.Currency]int64
	for _, line := range entry.Lines {
		functionals += line.Functional.Minor
		switch {
		case line.Amount.Currency == entry.Lines[0].Amount.Currency:
			first += line.Amount.Minor
		case others == nil:
			others = map[ledger.Currency]int64{line.Amount.Currency: line.Amount.Minor}
		default:
			others[line.Amount.Currency] += line.Amount.Minor
		}
	}
	if first != 0 {
		return outOfBalance(entry, ledger.Money(first, entry.Lines[0].Amount.Currency))
	}
	for currency, sum := range others {
		if sum != 0 {
			return outOfBalance(entry, ledger.Money(sum, currency))
		}
	}
	if functionals != 0 {
		return fmt.Errorf("%s is out of balance in the functional currency by %d minor units", entry.Code, functionals)
	}
	return nil
}

func outOfBalance(entry Entry, by ledger.Amount) error {
	return fmt.Errorf("%s is out of balance by %s", entry.Code, by)
}
