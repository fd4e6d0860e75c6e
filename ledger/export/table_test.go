package export

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"drawdown/ledger"
)

type tableRow struct {
	Name     string     `parquet:"name,dict"`
	Count    int64      `parquet:"count"`
	Few      int32      `parquet:"few"`
	Day      Day        `parquet:"day,optional,date"`
	At       Instant    `parquet:"at,optional,timestamp(microsecond)"`
	Credits  Millionths `parquet:"credits,decimal(6:18)"`
	Amount   MajorUnits `parquet:"amount,decimal(6:38)" minor:"Minor" currency:"Currency"`
	Minor    int64      `parquet:"amount_minor"`
	Currency string     `parquet:"currency,dict"`
}

func tableRowOf(name string, day ledger.Date, at time.Time, credits int64, amount ledger.Amount) tableRow {
	return tableRow{name, 7, -3, DayOf(day), InstantOf(at), Millionths(credits), MajorUnitsOf(amount), amount.Minor, string(amount.Currency)}
}

// tables writes rows, as often as it is said.
func tables(t *testing.T, times int) (text, parquet bytes.Buffer) {
	t.Helper()
	table, err := NewTable[tableRow](&text, &parquet)
	if err != nil {
		t.Fatal(err)
	}
	for range times {
		for _, row := range []tableRow{
			tableRowOf("=1+1, \"x\"", ledger.NewDate(2025, 2, 28), time.Date(2025, 3, 1, 6, 1, 0, 5000, time.UTC), 12_500_000, ledger.Money(-123456, "USD")),
			tableRowOf("bad \xff", 0, time.Time{}, -1, ledger.Money(123456, "JPY")),
			tableRowOf("", ledger.NewDate(1969, 12, 31), time.UnixMicro(-1), -7_000_000, ledger.Money(1, "KWD")),
		} {
			if err := table.Write(row); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	if table.Rows() != int64(3*times) {
		t.Errorf("%d rows", table.Rows())
	}
	return text, parquet
}

func TestTable(t *testing.T) {
	text, parquet := tables(t, 1)
	want := "name,count,few,day,at,credits,amount,amount_minor,currency\n" +
		"\"'=1+1, \"\"x\"\"\",7,-3,2025-02-28,2025-03-01T06:01:00.000005Z,12.5,-1234.56,-123456,USD\n" +
		"bad \ufffd,7,-3,,,-0.000001,123456,123456,JPY\n" +
		",7,-3,1969-12-31,1969-12-31T23:59:59.999999Z,-7,0.001,1,KWD\n"
	if text.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &text, want)
	}
	_, again := tables(t, 1)
	if !bytes.Equal(parquet.Bytes(), again.Bytes()) {
		t.Error("the same rows make another file")
	}
}

// DuckDB reads both files as the same, over more than one group of rows.
func TestDuckDBReadsTables(t *testing.T) {
	const times = parquetGroup/3 + 10
	text, parquet := tables(t, times)
	a, b := written(t, "table.csv", text.String()), written(t, "table.parquet", parquet.String())
	columns := `count, few, day::DATE AS day, "at"::TIMESTAMPTZ AS moment, credits::DECIMAL(18,6) AS credits, amount::DECIMAL(38,6) AS amount, amount_minor, currency`
	asked := `SELECT count(*) AS n, count(day) AS days, count(moment) AS ats, sum(count)::BIGINT AS counts, sum(few)::BIGINT AS few, min(day)::VARCHAR AS first, epoch_us(max(moment)) AS last, sum(credits) AS credits, sum(amount) AS amount, sum(amount_minor)::BIGINT AS minor FROM (SELECT ` + columns + ` FROM %s) GROUP BY currency ORDER BY currency`
	results := duckDB(t, fmt.Sprintf(asked, "read_csv('"+a+"', header = true)"), fmt.Sprintf(asked, "'"+b+"'"), "DESCRIBE SELECT * FROM '"+b+"'")
	if len(results[0]) != 3 || fmt.Sprint(results[0]) != fmt.Sprint(results[1]) {
		t.Errorf("CSV says\n%v\nParquet\n%v", results[0], results[1])
	}
	usd := results[1][2]
	if fmt.Sprint(usd["n"]) != fmt.Sprint(times) || !strings.HasPrefix(fmt.Sprint(usd["amount"]), fmt.Sprintf("-%d.", times*123456/100)) || fmt.Sprint(usd["first"]) != "2025-02-28" {
		t.Errorf("of USD it says %v", usd)
	}
	types := ""
	for _, row := range results[2] {
		types += fmt.Sprint(row["column_type"], " ")
	}
	if want := "VARCHAR BIGINT INTEGER DATE TIMESTAMP WITH TIME ZONE DECIMAL(18,6) DECIMAL(38,6) BIGINT VARCHAR "; types != want {
		t.Errorf("the types are %s, want %s", types, want)
	}
}

func TestTableRefusesTypes(t *testing.T) {
	if _, err := NewTable[struct {
		X float64 `parquet:"x"`
	}](&bytes.Buffer{}, &bytes.Buffer{}); err == nil {
		t.Error("a float has a form")
	}
	if _, err := NewTable[struct {
		Amount MajorUnits `parquet:"amount,decimal(6:38)"`
	}](&bytes.Buffer{}, &bytes.Buffer{}); err == nil {
		t.Error("an amount has no currency")
	}
}
