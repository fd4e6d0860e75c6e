package export

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"drawdown/ledger"
)

// SummaryEntry is the kind of an entry that sums entries of several kinds.
const SummaryEntry ledger.EntryKind = "SUMMARY"

// summary sums a journal: one entry for a month and the currencies of its entries (and their
// kind, where the profile says so), one line for an account, the chosen dimensions and a
// side. It holds the sums alone, in the order in which they were first met, which numbers
// them; which lines a sum is of goes to the join file as the lines come.
type summary struct {
	by     Summary
	prefix string // of numbers in the target, by which the join file names its entries
	header Header
	groups map[groupKey]*group
	order  []*group
	out    *Output
	join   []byte
}

type groupKey struct {
	period     ledger.Period
	currencies string
	kind       ledger.EntryKind
}

type group struct {
	entry Entry
	at    map[lineKey]int // index of the line
}

// lineKey is what lines of one sum have in common. All of it is text, so that it compares.
type lineKey struct {
	account    Account
	role       ledger.Role
	currency   ledger.Currency
	dimensions ledger.Dimensions
	columns    string
	credit     bool
}

func newSummary(p Profile, header Header) *summary {
	return &summary{by: p.Summary, prefix: p.Prefix, header: header, groups: map[groupKey]*group{}}
}

func (s *summary) begin(out *Output, name string) error {
	s.out = out
	s.join = append(s.join, "summary_id,entry,line\n"...)
	return out.Create(JoinFile, name)
}

// add adds an entry to its sums and writes its lines to the join file.
func (s *summary) add(entry Entry) error {
	g := s.group(entry)
	for _, line := range entry.Lines {
		number := line.Number
		line = s.reduced(line)
		key := s.key(line)
		at, known := g.at[key]
		if !known {
			at = len(g.entry.Lines)
			g.at[key] = at
			line.Number = at + 1
			g.entry.Lines = append(g.entry.Lines, line)
		} else {
			sum := &g.entry.Lines[at]
			sum.Amount, sum.Functional = sum.Amount.Add(line.Amount), sum.Functional.Add(line.Functional)
		}
		s.join = append(append(s.join, LineID(s.prefix+g.entry.Code, at+1)...), ',')
		s.join = append(append(s.join, entry.Code...), ',')
		s.join = append(strconv.AppendInt(s.join, int64(number), 10), '\n')
	}
	s.out.CountRows(int64(len(entry.Lines)))
	if len(s.join) < flushAt {
		return nil
	}
	return s.flush()
}

// group returns the summary entry to which the entry belongs.
func (s *summary) group(entry Entry) *group {
	key := groupKey{period: entry.Period(), currencies: currencies(entry), kind: SummaryEntry}
	if s.by.Kind {
		key.kind = entry.Kind
	}
	if g, known := s.groups[key]; known {
		return g
	}
	day := key.period.Last()
	if s.header.To != 0 && s.header.To < day {
		day = s.header.To // a month that is not over
	}
	number := int64(len(s.order) + 1)
	text := key.period.String() + " " + key.currencies
	if s.by.Kind {
		text += " " + string(key.kind)
	}
	g := &group{at: map[lineKey]int{}, entry: Entry{
		Number: number, Code: fmt.Sprintf("SJ%d-%d", s.header.Batch, number), Kind: key.kind,
		AccountingDate: day, OccurredOn: day, Description: "Summary " + text,
	}}
	s.groups[key] = g
	s.order = append(s.order, g)
	return g
}

// currencies names those of the entry, by code: most have one.
func currencies(entry Entry) string {
	var codes []string
	for _, line := range entry.Lines {
		if code := string(line.Amount.Currency); !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return strings.Join(codes, "+")
}

// reduced returns the line with the dimensions by which the summary is kept apart.
func (s *summary) reduced(line Line) Line {
	all := line.Dimensions
	line.Dimensions, line.Memo = ledger.Dimensions{}, ""
	for _, key := range s.by.Dimensions {
		switch key {
		case "customer":
			line.Dimensions.Customer = all.Customer
		case "policy":
			line.Dimensions.Policy = all.Policy
		case "pack":
			line.Dimensions.Pack = all.Pack
		}
	}
	columns := make([]Cell, 0, len(line.Columns))
	for _, cell := range line.Columns {
		if !slices.Contains(s.by.Dimensions, cell.Key) {
			cell.Value = ""
		}
		columns = append(columns, cell)
	}
	line.Columns = columns
	return line
}

func (s *summary) key(line Line) lineKey {
	key := lineKey{account: line.Account, role: line.Role, currency: line.Amount.Currency, dimensions: line.Dimensions}
	for _, cell := range line.Columns {
		key.columns += cell.Value + "\x00"
	}
	if !s.by.Net {
		key.credit = line.isCredit()
	}
	return key
}

// end closes the join file.
func (s *summary) end() error {
	if err := s.flush(); err != nil {
		return err
	}
	return s.out.Close()
}

func (s *summary) flush() error {
	_, err := s.out.Write(s.join)
	s.join = s.join[:0]
	return err
}

// entries yields the sums in the order of their numbers.
func (s *summary) entries() iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for _, g := range s.order {
			if !yield(g.entry) {
				return
			}
		}
	}
}
