package evidence

import (
	"context"
	"io"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/ledger/export"
)

// journalLine is a line of the journal: the population that samples are drawn from.
type journalLine struct {
	LineID             string            `parquet:"line_id"` // JE-000001.1
	Entry              int64             `parquet:"entry,delta"`
	Line               int32             `parquet:"line"`
	AccountingDate     export.Day        `parquet:"accounting_date,optional,date"`
	OccurredOn         export.Day        `parquet:"occurred_on,optional,date"`
	PostedAt           export.Instant    `parquet:"posted_at,optional,timestamp(microsecond)"`
	Kind               string            `parquet:"kind,dict"`
	Account            string            `parquet:"account,dict"`
	Amount             export.MajorUnits `parquet:"amount,decimal(6:38)" minor:"Minor" currency:"Currency"`
	Minor              int64             `parquet:"amount_minor"`
	Currency           string            `parquet:"currency,dict"`
	Functional         export.MajorUnits `parquet:"functional_amount,decimal(6:38)" minor:"FunctionalMinor" currency:"FunctionalCurrency"`
	FunctionalMinor    int64             `parquet:"functional_minor"`
	FunctionalCurrency string            `parquet:"functional_currency,dict"`
	Customer           string            `parquet:"customer,dict"`
	Policy             string            `parquet:"policy,dict"`
	Pack               string            `parquet:"pack,dict"`
	Batch              string            `parquet:"batch,dict"`
	Reference          string            `parquet:"reference"`
	Reverses           int64             `parquet:"reverses"`    // number of the entry that it takes back; 0 for none
	ReversedBy         int64             `parquet:"reversed_by"` // by the closing
	EnteredBy          string            `parquet:"entered_by,dict"`
	ApprovedBy         string            `parquet:"approved_by,dict"`
	Description        string            `parquet:"description"`
}

// entries returns what streams the entries of the period as they stood at the closing.
func (p *pack) entries(ctx context.Context) (func(func(export.Entry) error) error, error) {
	first, last := p.Period.First(), p.Period.Last()
	authors, err := books.AuthorsOf(ctx, p.tx, first, last)
	return func(do func(export.Entry) error) error {
		return p.tx.EachEntry(ctx, first, last, func(entry ledger.Entry) error {
			return do(authors.EntryThrough(entry, p.closed.Closing.LastEntry))
		})
	}, err
}

// journal writes the general ledger of the period: the Audit Data Standards, and each line as CSV and
// Parquet.
func (p *pack) journal(ctx context.Context) error {
	each, err := p.entries(ctx)
	if err != nil {
		return err
	}
	if err := p.ads(ctx, each); err != nil {
		return err
	}
	return fillSheet(p.folder, journalLinesName, "the lines of the journal of the period", func(s *sheet[journalLine]) error {
		return each(func(entry export.Entry) error {
			for _, line := range entry.Lines {
				s.totals.add("amount", line.Amount)
				s.totals.add("functional_amount", line.Functional)
				if err := s.Write(lineOf(entry, line)); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

func lineOf(entry export.Entry, line export.Line) journalLine {
	return journalLine{
		LineID: export.LineID(entry.Code, line.Number), Entry: entry.Number, Line: int32(line.Number),
		AccountingDate: export.DayOf(entry.AccountingDate), OccurredOn: export.DayOf(entry.OccurredOn), PostedAt: export.InstantOf(entry.PostedAt),
		Kind: string(entry.Kind), Account: string(line.Role),
		Amount: export.MajorUnitsOf(line.Amount), Minor: line.Amount.Minor, Currency: string(line.Amount.Currency),
		Functional: export.MajorUnitsOf(line.Functional), FunctionalMinor: line.Functional.Minor, FunctionalCurrency: string(line.Functional.Currency),
		Customer: line.Dimensions.Customer, Policy: line.Dimensions.Policy, Pack: line.Dimensions.Pack,
		Batch: entry.Batch, Reference: entry.Reference, Reverses: entry.Reverses, ReversedBy: entry.ReversedBy,
		EnteredBy: entry.EnteredBy, ApprovedBy: entry.ApprovedBy, Description: entry.Description,
	}
}

// ads writes the files of the Audit Data Standards, as drawdown export period does.
func (p *pack) ads(ctx context.Context, each func(func(export.Entry) error) error) error {
	profile, err := export.DefaultProfile(export.ADS)
	if err != nil {
		return err
	}
	header := export.Header{From: p.Period.First(), To: p.Period.Last(), Functional: p.book.Book().Functional}
	if header.Opening, err = books.StandingBefore(ctx, p.tx, header.From); err != nil {
		return err
	}
	survey, err := export.NewSurvey(profile)
	if err != nil {
		return err
	}
	if err := survey.Run(header, each); err != nil {
		return err
	}
	files, err := export.Open(profile, below{p.folder, "gl/ads/"})
	if err != nil {
		return err
	}
	if err := files.Run(header, each); err != nil {
		return err
	}
	m := files.Manifest()
	p.manifest.Entries, p.manifest.Lines, p.manifest.Totals, p.manifest.InBook = m.Entries, m.Lines, m.Totals, m.InBook
	for _, written := range m.Files {
		for i := range p.files {
			if p.files[i].Name == "gl/ads/"+written.Name {
				p.files[i].Rows = written.Rows
			}
		}
	}
	return nil
}

// below makes the files of an export in a directory of the pack.
type below struct {
	folder *folder
	dir    string
}

func (b below) Create(name string) (io.WriteCloser, error) {
	return b.folder.create(b.dir+name, "the period by the Audit Data Standards of the AICPA")
}
