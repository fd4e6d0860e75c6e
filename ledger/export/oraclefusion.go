package export

import (
	"archive/zip"
	"compress/flate"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"drawdown/ledger"
)

// OracleFusion is GlInterface.csv of Oracle Fusion's file-based data import, in a zip archive.
const OracleFusion Format = "oracle-fusion"

// Places of columns in GlInterface.csv, from 1. There is no header row: the place is the name.
const (
	fbdiDebit        = 39 // entered debit and credit, then the converted ones
	fbdiEntry        = 46 // REFERENCE4, then the description of the entry and its reference
	fbdiLineText     = 52 // REFERENCE10, then reference column 1
	fbdiRateType     = 64 // then date and rate of the conversion
	fbdiGroup        = 67 // the interface group
	fbdiAttribute1   = 69 // to 88
	fbdiLedgerName   = 92
	fbdiColumns      = 95
	fbdiSegments     = 30
	fbdiAttributes   = 20
	fbdiInner        = "GlInterface.csv"
	fbdiName         = 100 // characters of a name, of a batch and an entry
	fbdiText         = 240 // of a description
	fbdiAttribute    = 150
	fbdiSegment      = 25
	fbdiDigits       = 18
	fbdiSourceLength = 25
)

// fbdiSeparators may stand in no text: the file has no quotes.
const fbdiSeparators = ",\""

// fbdiDimensions are the columns to which dimensions can go: Segment1, ATTRIBUTE1 and so on.
var fbdiDimensions = func() (names []string) {
	for i := range fbdiSegments {
		names = append(names, "Segment"+strconv.Itoa(i+1))
	}
	for i := range fbdiAttributes {
		names = append(names, "ATTRIBUTE"+strconv.Itoa(i+1))
	}
	return names
}()

// fbdiAccount stands for the account in the option segments.
const fbdiAccount = "{account}"

var oracleFusionSpec = spec{
	format: OracleFusion,
	about:  "GlInterface.csv, zipped, for Oracle Fusion's file-based data import",
	profile: Profile{
		File:    FileForm{SlashDate, Point, CommaDelimiter, CRLF, false, UTF8},
		Formula: StripFormula,
		Limits:  Limits{Bytes: 250_000_000},
	},
	options: []Option{
		{Name: "ledger_id", About: "the number of the ledger", Required: true, Longest: 18},
		{Name: "ledger_name", About: "the name of the ledger", Longest: 30},
		{Name: "source", About: "the journal source, as set up there", Default: "Drawdown", Required: true, Longest: fbdiSourceLength},
		{Name: "category", About: "the journal category, as set up there", Default: "Revenue", Required: true, Longest: fbdiSourceLength},
		{Name: "segments", About: "the segments of the chart of accounts, parted by points, with " + fbdiAccount + " where the account goes: 01." + fbdiAccount + ".000", Default: fbdiAccount, Required: true},
		{Name: "conversion_type", About: "the conversion type of foreign currency, such as User, with a rate and its date; empty where the converted amounts say all", Longest: 30},
	},
	columns:    fbdiDimensions,
	separators: fbdiSeparators, unquoted: true, noBOM: true,
	rate: rateCarried, accountCode: fbdiSegment,
	extension: "zip",
	layout: func(p Profile, s *scribe) layout {
		return &oracleFusion{profile: p, rows: rows{scribe: s, separators: fbdiSeparators, unquoted: true}, segments: strings.Split(p.Options["segments"], ".")}
	},
	check: func(p Profile) (wrong []FieldError) {
		segments := strings.Split(p.Options["segments"], ".")
		if n := count(segments, fbdiAccount); n != 1 || len(segments) > fbdiSegments {
			wrong = append(wrong, FieldError{"options.segments", p.Options["segments"], fmt.Sprintf("is not up to %d segments of which one is %s", fbdiSegments, fbdiAccount)})
		}
		if at := slices.Index(segments, fbdiAccount); at >= 0 && at < fbdiSegments && p.uses(fbdiDimensions[at]) {
			wrong = append(wrong, FieldError{"options.segments", p.Options["segments"], "has the account where a dimension goes too"})
		}
		if strings.Trim(p.Options["ledger_id"], "0123456789") != "" {
			wrong = append(wrong, FieldError{"options.ledger_id", p.Options["ledger_id"], "is not a number"})
		}
		return wrong
	},
}

func count(list []string, text string) (n int) {
	for _, one := range list {
		if one == text {
			n++
		}
	}
	return n
}

// oracleFusion writes a row a line, with amounts as entered and as converted. The number of
// the export batch is the interface group, so that one load stands alone.
type oracleFusion struct {
	profile  Profile
	rows     rows
	segments []string
	header   Header
	batch    string // its name there
}

// pack puts the file into a zip archive. It is stored in blocks of deflate without
// compression: its bytes then do not depend on how a later version compresses, and readers
// that take a stream accept it, which they do not for the method “stored”.
func (o *oracleFusion) pack(w io.Writer) (io.WriteCloser, error) {
	archive := zip.NewWriter(w)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.NoCompression)
	})
	inner, err := archive.CreateHeader(&zip.FileHeader{Name: fbdiInner, Method: zip.Deflate})
	return packedFile{inner, archive}, err
}

// packedFile is the one file of an archive, closed with it.
type packedFile struct {
	io.Writer
	archive *zip.Writer
}

func (p packedFile) Close() error { return p.archive.Close() }

func (o *oracleFusion) begin(b []byte, header Header) ([]byte, error) {
	o.header, o.batch = header, fmt.Sprintf("Drawdown %06d", header.Batch)
	return b, nil
}

func (o *oracleFusion) entry(b []byte, e Entry) ([]byte, int64, error) {
	r, options := &o.rows, o.profile.Options
	r.start(b, e)
	for _, line := range e.Lines {
		r.cells("NEW", options["ledger_id"])
		r.date(e.AccountingDate)
		r.cells(options["source"], options["category"], string(line.Amount.Currency))
		r.date(createdOn(e))
		r.cell("A")
		o.segmentCells(line)
		r.to(fbdiDebit)
		r.sides(line, line.Amount, -1, fbdiDigits)
		r.sides(line, line.Functional, -1, fbdiDigits)
		r.cell(o.batch)
		r.free(o.header.Book, fbdiText)
		r.to(fbdiEntry)
		r.exact(0, "number", e.Code, fbdiName)
		r.free(e.Description, fbdiText)
		r.free(e.Reference, fbdiName)
		r.to(fbdiLineText)
		r.described(line, fbdiText)
		r.cell(LineID(e.Code, line.Number))
		if line.Amount.Currency != line.Functional.Currency && options["conversion_type"] != "" {
			r.to(fbdiRateType)
			r.cell(options["conversion_type"])
			r.date(e.AccountingDate)
			r.cell(line.Rate(rateDecimals))
		}
		if o.header.Batch != 0 {
			r.to(fbdiGroup)
			r.cell(strconv.FormatInt(o.header.Batch, 10))
		}
		for n := range fbdiAttributes {
			name := fbdiDimensions[fbdiSegments+n]
			r.to(fbdiAttribute1 + n)
			r.exact(line.Number, name, line.Column(name), fbdiAttribute)
		}
		r.to(fbdiLedgerName)
		r.cell(options["ledger_name"])
		r.to(fbdiColumns + 1)
		r.end()
	}
	return r.done(len(e.Lines))
}

func (o *oracleFusion) end(b []byte) ([]byte, error) { return b, nil }

// segmentCells writes the account, what dimensions say, and else the constants of the
// profile into the segments.
func (o *oracleFusion) segmentCells(line Line) {
	for n := range fbdiSegments {
		name, value := fbdiDimensions[n], ""
		if n < len(o.segments) {
			value = o.segments[n]
		}
		if own := line.Column(name); value == fbdiAccount {
			value = line.Account.Code
		} else if own != "" {
			value = own
		}
		o.rows.exact(line.Number, name, value, fbdiSegment)
	}
}

// createdOn is the day on which the entry was written, by UTC; a summary has none of its own.
func createdOn(e Entry) ledger.Date {
	if e.PostedAt.IsZero() {
		return e.AccountingDate
	}
	return ledger.DateOf(e.PostedAt, time.UTC)
}
