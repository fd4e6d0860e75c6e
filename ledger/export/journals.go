package export

import "io"

// journalFormats are the formats that write the journal line by line, by role, into one file
// and need no profile. They are in the order in which they are documented.
var journalFormats = []struct {
	format Format
	about  string
	writer func(io.Writer, *scribe) Writer
}{
	{CSV, "a row for each line, for spreadsheets", func(w io.Writer, s *scribe) Writer { return newCSV(w, s) }},
	{JSONL, "an object for each entry, for warehouses", func(w io.Writer, s *scribe) Writer { return newJSONL(w, s) }},
	{JSONLines, "an object for each line, for warehouses", func(w io.Writer, s *scribe) Writer { return newJSONLines(w, s) }},
	{Hledger, "a journal that hledger check --strict accepts", func(w io.Writer, s *scribe) Writer { return newHledger(w, s) }},
	{Ledger, "a journal that ledger --strict --pedantic accepts", func(w io.Writer, s *scribe) Writer { return newLedger(w, s) }},
	{Beancount, "a file that bean-check accepts", func(w io.Writer, s *scribe) Writer { return newBeancount(w, s) }},
	{Parquet, "a row for each line, typed, for warehouses", func(w io.Writer, s *scribe) Writer { return newParquet(w, s) }},
	{XLSX, "a row for each line, a workbook", func(w io.Writer, s *scribe) Writer { return newXLSX(w, s) }},
}

// journalSpecs are the same as formats of profiles.
func journalSpecs() []spec {
	all := make([]spec, 0, len(journalFormats))
	for _, one := range journalFormats {
		all = append(all, spec{
			format: one.format, about: one.about, journal: true, noBOM: true,
			profile: Profile{File: FileForm{ISODate, Point, CommaDelimiter, LF, false, UTF8}, Formula: QuoteFormula},
			open: func(_ Profile, s *scribe, out *Output) (Writer, error) {
				return &wholeFile{out: out, extension: extensionOf(one.format), writer: one.writer(out, s)}, nil
			},
		})
	}
	return all
}

// extensionOf is the ending by which programs know a format.
func extensionOf(format Format) string {
	if format == JSONLines {
		return string(JSONL)
	}
	return string(format)
}

// wholeFile writes everything into one file of an export.
type wholeFile struct {
	out       *Output
	extension string
	writer    Writer
}

func (f *wholeFile) Begin(header Header) error {
	if err := f.out.Next(f.extension); err != nil {
		return err
	}
	return f.writer.Begin(header)
}

func (f *wholeFile) Entry(e Entry) error {
	if err := f.writer.Entry(e); err != nil {
		return err
	}
	f.out.Count(e, int64(len(e.Lines)))
	return nil
}

func (f *wholeFile) End() error {
	if err := f.writer.End(); err != nil {
		return err
	}
	return f.out.Close()
}
