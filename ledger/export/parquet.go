package export

import (
	"encoding/binary"
	"io"
	"math/bits"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"drawdown/ledger"
)

// parquetRow is one line of the journal. Amounts stand twice: as a decimal, to be added up within
// a currency, and as whole minor units with the number of their decimals. They are signed, debit
// positive.
type parquetRow struct {
	Entry          int64  `parquet:"entry,delta"`
	Line           int32  `parquet:"line"`
	AccountingDate int32  `parquet:"accounting_date,date"`
	OccurredOn     int32  `parquet:"occurred_on,date"`
	PostedAt       int64  `parquet:"posted_at,timestamp(microsecond)"`
	Kind           string `parquet:"kind,dict"`
	Account        string `parquet:"account,dict"`

	Amount   parquetDecimal `parquet:"amount,decimal(6:38)"`
	Minor    int64          `parquet:"amount_minor"`
	Exponent int32          `parquet:"exponent,int(8)"`
	Currency string         `parquet:"currency,dict"`

	Functional         parquetDecimal `parquet:"functional_amount,decimal(6:38)"`
	FunctionalMinor    int64          `parquet:"functional_amount_minor"`
	FunctionalExponent int32          `parquet:"functional_exponent,int(8)"`
	FunctionalCurrency string         `parquet:"functional_currency,dict"`

	Customer    string `parquet:"customer,dict"`
	Policy      string `parquet:"policy,dict"`
	Pack        string `parquet:"pack,dict"`
	Batch       string `parquet:"batch,dict"`
	Reference   string `parquet:"reference"`
	Description string `parquet:"description"`
}

// parquetDecimal is DECIMAL(38,6): big-endian, two's complement. One scale serves every currency,
// for none has more than four decimals.
type parquetDecimal [16]byte

const parquetScale = 6

func parquetAmount(amount ledger.Amount) (d parquetDecimal) {
	magnitude := uint64(amount.Minor)
	if amount.Minor < 0 {
		magnitude = -magnitude
	}
	power := uint64(1)
	for range parquetScale - amount.Currency.Exponent() {
		power *= 10
	}
	high, low := bits.Mul64(magnitude, power)
	if amount.Minor < 0 {
		var borrow uint64
		low, borrow = bits.Sub64(0, low, 0)
		high, _ = bits.Sub64(0, high, borrow)
	}
	binary.BigEndian.PutUint64(d[:8], high)
	binary.BigEndian.PutUint64(d[8:], low)
	return d
}

// parquetSchemaVersion goes up when a column changes its meaning or goes.
const parquetSchemaVersion = "1"

// parquetGroup is how many rows are held back until they are written as a group: enough for
// columns to compress, few enough for memory.
const parquetGroup = 50_000

type parquetEncoder struct {
	out    io.Writer
	scribe *scribe
	w      *parquet.GenericWriter[parquetRow]
	row    []parquetRow
}

func newParquet(w io.Writer, s *scribe) *parquetEncoder { return &parquetEncoder{out: w, scribe: s} }

func (p *parquetEncoder) Begin(header Header) error {
	batch := "" // of an export that is none
	if header.Batch != 0 {
		batch = strconv.FormatInt(header.Batch, 10)
	}
	// No root hash stands here: that of a month is made when the month closes, over entries that may be in
	// several files or in none yet, and a file is not changed once it is written.
	p.w = parquet.NewGenericWriter[parquetRow](p.out,
		parquet.Compression(&parquet.Snappy),
		parquet.MaxRowsPerRowGroup(parquetGroup),
		// The library's own version would change the bytes of a file with every upgrade.
		parquet.CreatedBy("drawdown", parquetSchemaVersion, ""),
		// It would take the bounds of decimals as those of unsigned bytes, so that none below zero
		// is in them, and readers skip by bounds.
		parquet.SkipPageBounds("amount"), parquet.SkipPageBounds("functional_amount"),
		parquet.KeyValueMetadata("schema_version", parquetSchemaVersion),
		parquet.KeyValueMetadata("export_batch", batch),
		parquet.KeyValueMetadata("from", orOpen(header.From)),
		parquet.KeyValueMetadata("to", orOpen(header.To)),
		parquet.KeyValueMetadata("functional_currency", string(header.Functional)),
	)
	return nil
}

func (p *parquetEncoder) Entry(entry Entry) error {
	p.row = p.row[:0]
	for _, line := range entry.Lines {
		p.row = append(p.row, parquetRow{
			Entry: entry.Number, Line: int32(line.Number),
			AccountingDate: epochDays(entry.AccountingDate), OccurredOn: epochDays(entry.OccurredOn),
			PostedAt: entry.PostedAt.UnixMicro(),
			Kind:     string(entry.Kind), Account: string(line.Role),
			Amount: parquetAmount(line.Amount), Minor: line.Amount.Minor,
			Exponent: line.Amount.Currency.Exponent(), Currency: string(line.Amount.Currency),
			Functional: parquetAmount(line.Functional), FunctionalMinor: line.Functional.Minor,
			FunctionalExponent: line.Functional.Currency.Exponent(), FunctionalCurrency: string(line.Functional.Currency),
			Customer: p.scribe.valid(line.Dimensions.Customer), Policy: p.scribe.valid(line.Dimensions.Policy), Pack: p.scribe.valid(line.Dimensions.Pack),
			Batch: entry.Batch, Reference: p.scribe.valid(entry.Reference), Description: p.scribe.valid(entry.Description),
		})
	}
	_, err := p.w.Write(p.row)
	return err
}

func (p *parquetEncoder) End() error { return p.w.Close() }

// epochDays is the day as days since 1970-01-01.
func epochDays(day ledger.Date) int32 { return int32(day - ledger.NewDate(1970, 1, 1)) }
