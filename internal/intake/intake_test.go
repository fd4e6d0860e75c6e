package intake

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
)

// read returns a line for each Row: what an accountant would see of it.
func read(t testing.TB, file string, o Options) string {
	t.Helper()
	var out strings.Builder
	for row, err := range Read(strings.NewReader(file), o) {
		switch {
		case err != nil:
			fmt.Fprintf(&out, "file: %v\n", err)
		case row.Err != nil:
			fmt.Fprintf(&out, "%d: %s %v\n", row.Line, row.Err.Code, row.Err)
		default:
			fmt.Fprintf(&out, "%d: %s\n", row.Line, show(row.Event))
		}
	}
	return out.String()
}

func show(e books.UsageInput) string {
	used := "?"
	switch {
	case e.Credits != nil:
		used = e.Credits.String() + " credits"
	case e.Quantity != nil:
		used = e.Quantity.String() + " " + e.Meter
	}
	told := ""
	for _, one := range e.Dimensions {
		told += " " + one.Key + "=" + one.Value
	}
	return fmt.Sprintf("%s %s %s used %s at %s%s", e.Source, e.ID, e.Customer, used, e.OccurredAt.Format(time.RFC3339Nano), told)
}

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

type example struct {
	name    string
	options Options
	file    string
	want    string
}

func (e example) run(t *testing.T) {
	t.Helper()
	t.Run(e.name, func(t *testing.T) {
		if got, want := read(t, e.file, e.options), strings.TrimLeft(e.want, "\n"); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

func TestCSV(t *testing.T) {
	trace := Options{
		Name:    "logs/trace.csv",
		Columns: map[string]string{"occurredAt": "TIMESTAMP", "meter:tokens_in": "ContextTokens", "meter:tokens_out": "GeneratedTokens"},
		Values:  map[string]string{"customer": "acme"},
	}
	calls := Options{
		Format: CSV, Source: "gateway", Zone: berlin(t),
		Columns: map[string]string{"id": "request", "customer": "tenant", "occurredAt": "when", "quantity": "calls"},
		Values:  map[string]string{"meter": "api_call"},
	}
	for _, e := range []example{
		{
			"a trace of two meters, named by its rows", trace,
			"TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:17:03.9799600,4808,10\r\n2023-11-16 18:17:04.0319600,0,8\r\n\r\n2023-11-16 18:17:05,,3", `
2: trace.csv 1:tokens_in acme used 4808 tokens_in at 2023-11-16T18:17:03.97996Z
2: trace.csv 1:tokens_out acme used 10 tokens_out at 2023-11-16T18:17:03.97996Z
3: trace.csv 2:tokens_out acme used 8 tokens_out at 2023-11-16T18:17:04.03196Z
5: trace.csv 3:tokens_out acme used 3 tokens_out at 2023-11-16T18:17:05Z
`,
		},
		{
			"bad rows keep their number", trace,
			"TIMESTAMP,ContextTokens,GeneratedTokens\nyesterday,1,1\n2023-11-16 18:17:04,0,\n2023-11-16 18:17:05,1e3,1\n2023-11-16 18:17:05,1\n2023-11-16 18:17:06,7,0\n", `
2: INVALID occurredAt: must be a time such as 2025-01-31T15:04:05Z, or 2025-01-31 15:04:05.25 in the book's zone, not "yesterday" in column "TIMESTAMP"
3: INVALID quantity: must be more than 0 in one of the columns "ContextTokens", "GeneratedTokens"
4: INVALID quantity: must be a plain decimal number such as 4808 or 0.5, not "1e3" in column "ContextTokens"
5: INVALID the row has 2 fields, the header has 3
6: trace.csv 5:tokens_in acme used 7 tokens_in at 2023-11-16T18:17:06Z
`,
		},
		{
			"one meter, own ids, times of the book's zone", calls,
			"\ufeffrequest, tenant ,when,calls,note\nr1,acme,2025-07-01 00:30:00,3,\"said \"\"hi\"\",\nthen left\"\nr2,zeta,2025-01-01T00:30:00,1.5,\n,zeta,2025-01-01,1,\n", `
2: gateway r1 acme used 3 api_call at 2025-06-30T22:30:00Z
4: gateway r2 zeta used 1.5 api_call at 2024-12-31T23:30:00Z
5: INVALID id: must name the event, so that it is counted once in column "request"
`,
		},
		{
			"columns named as our own fields need no mapping",
			Options{Name: "u.csv"},
			"source,id,customer,meter,quantity,credits,occurredAt\n,1,acme,,,2.5,2025-01-01T00:00:00Z\nx,2,acme,api_call,2,,2025-01-01 00:00:00Z\nx,3,acme,api_call,2,2,2025-01-01T00:00:00Z\nx,4,acme,api_call,,,2025-01-01T00:00:00Z\nx,5,,,,1,2025-01-01T00:00:00Z\nx,6,acme,,1,,2025-01-01T00:00:00Z\n", `
2: u.csv 1 acme used 2.5 credits at 2025-01-01T00:00:00Z
3: x 2 acme used 2 api_call at 2025-01-01T00:00:00Z
4: INVALID credits: must stand alone, without meter and quantity in column "credits"
5: INVALID quantity: must say how much of the meter was used in column "quantity"
6: INVALID customer: must name the customer in column "customer"
7: INVALID meter: must name the meter of the quantity, where credits are not given in column "meter"
`,
		},
		{
			"seconds since 1970, fields parted by semicolons",
			Options{Source: "s", Time: TimeUnix, Comma: ';', Values: map[string]string{"customer": "acme"}},
			"occurredAt;credits\n1735689600.25;1\n-1;1\n253402300800;1\n", `
2: s 1 acme used 1 credits at 2025-01-01T00:00:00.25Z
3: INVALID occurredAt: must be seconds since 1970 such as 1735689600.25, not "-1" in column "occurredAt"
4: INVALID occurredAt: must be seconds since 1970 such as 1735689600.25, not "253402300800" in column "occurredAt"
`,
		},
		{
			"milliseconds since 1970",
			Options{Source: "s", Time: TimeUnixMillis, Values: map[string]string{"customer": "acme"}},
			"occurredAt,credits\n1735689600250,1\n", `
2: s 1 acme used 1 credits at 2025-01-01T00:00:00.25Z
`,
		},
		{
			"a quote that nobody closes costs one row",
			Options{Source: "s", Values: map[string]string{"customer": "acme"}},
			"occurredAt,credits\n2025-01-01T00:00:00Z,\"1\n2025-01-01T00:00:00Z,2\n2025-01-01T00:00:00Z,3\n", `
2: INVALID the row opens a quote that is never closed
3: s 2 acme used 2 credits at 2025-01-01T00:00:00Z
4: s 3 acme used 3 credits at 2025-01-01T00:00:00Z
`,
		},
		{
			"a quote in the middle opens nothing",
			Options{Source: "s", Values: map[string]string{"customer": "acme"}},
			"occurredAt,credits\n2025-01-01T00:00:00Z,1\"\n2025-01-01T00:00:00Z,2\n", `
2: INVALID the row is not CSV: bare " in non-quoted-field
3: s 2 acme used 2 credits at 2025-01-01T00:00:00Z
`,
		},
		{"empty", Options{Name: "x.csv"}, "", "file: the file is empty; its first line must name the columns\n"},
		{
			"no customer",
			Options{Name: "x.csv"},
			"occurredAt,credits\n",
			"file: there is no customer: say --map customer=COLUMN or --set customer=VALUE; the columns are \"occurredAt\", \"credits\"\n",
		},
		{
			"no quantity", trace.with("meter:tokens_in", "", "meter:tokens_out", ""), "TIMESTAMP,a\n",
			"file: there is no quantity: say --map meter:CODE=COLUMN for each meter, --map quantity=COLUMN with --set meter=CODE, or --map credits=COLUMN; the columns are \"TIMESTAMP\", \"a\"\n",
		},
		{
			"no such column", trace.with("meter:tokens_in", "Tokens"), "TIMESTAMP,GeneratedTokens\n",
			"file: there is no column \"Tokens\" for meter:tokens_in; the columns are \"TIMESTAMP\", \"GeneratedTokens\"\n",
		},
		{
			"two such columns", trace.with("meter:tokens_in", "", "meter:tokens_out", ""), "TIMESTAMP,TIMESTAMP\n",
			"file: there are two columns \"TIMESTAMP\"; occurredAt cannot tell which\n",
		},
		{
			"said twice", trace.with("quantity", "TIMESTAMP"), "TIMESTAMP,ContextTokens,GeneratedTokens\n",
			"file: meter:CODE columns say what was used; quantity says it a second time\n",
		},
		{
			"one column for two meters", trace.with("meter:tokens_out", "ContextTokens", "meter:tokens_in", ""), "TIMESTAMP,ContextTokens\n2025-01-01,1\n",
			"2: trace.csv 1:tokens_out acme used 1 tokens_out at 2025-01-01T00:00:00Z\n",
		},
		{
			"no such field to map", trace.with("tokens", "TIMESTAMP"), "",
			"file: there is no field \"tokens\" to map; the fields are source, id, customer, meter, quantity, credits, occurredAt, meter:CODE and dim:KEY\n",
		},
		{
			"no such field to set",
			Options{Values: map[string]string{"who": "x"}},
			"",
			"file: there is no field \"who\" to set; the fields are source, id, customer, meter, quantity, credits, occurredAt\n",
		},
		{"an id for all", Options{Values: map[string]string{"id": "x"}}, "", "file: the id cannot be set, for it names each event apart from all others\n"},
		{"no such format", Options{Format: "xls"}, "", "file: \"xls\" is not a format of usage files; there are auto, csv, ndjson, cloudevents\n"},
		{"no such time", Options{Time: "epoch"}, "", "file: \"epoch\" is not a format of times; there are text, unix, unixms\n"},
		{"another encoding", Options{Name: "x.csv"}, "\xff\xfea\x00", "file: the file is UTF-16; save it as UTF-8\n"},
		{"not UTF-8", trace.with("meter:tokens_in", ""), "TIMESTAMP,GeneratedTokens,note\n2025-01-01,1,caf\xe9\n", "2: INVALID the row is not UTF-8\n"},
	} {
		e.run(t)
	}
}

// with returns the options with columns mapped anew; "" unmaps.
func (o Options) with(pairs ...string) Options {
	columns := map[string]string{}
	for field, column := range o.Columns {
		columns[field] = column
	}
	for i := 0; i < len(pairs); i += 2 {
		columns[pairs[i]] = pairs[i+1]
		if pairs[i+1] == "" {
			delete(columns, pairs[i])
		}
	}
	o.Columns = columns
	return o
}

func TestNDJSON(t *testing.T) {
	plain := Options{Name: "day.ndjson"}
	for _, e := range []example{
		{"events", plain, `{"id":"1","customer":"acme","credits":2.50,"occurredAt":"2025-01-01T00:00:00Z"}

{"source":"gw","id":"2","customer":"acme","meter":"api_call","quantity":"3","occurredAt":"2025-01-01 00:00:00"}
{"id":"3","customer":"acme","credits":123456789.123456,"occurredAt":"2025-01-01T01:00:00+02:00","meter":null}`, `
1: day.ndjson 1 acme used 2.5 credits at 2025-01-01T00:00:00Z
3: gw 2 acme used 3 api_call at 2025-01-01T00:00:00Z
4: day.ndjson 3 acme used 123456789.123456 credits at 2024-12-31T23:00:00Z
`},
		{"bad rows", plain, `{"id":"1"
{"id":"1"} {"id":"2"}
[1]
{"id":"1","id":"2"}
{"id":"1","user":"acme"}
{"id":7,"customer":"acme"}
{"id":"1","customer":"acme","credits":true,"occurredAt":"2025-01-01T00:00:00Z"}
{"id":"1","customer":"acme","credits":1e99,"occurredAt":"2025-01-01T00:00:00Z"}
{"id":"1","customer":"acme","credits":1}
{"customer":"acme","credits":1}
` + "{\"id\":\"\xff\"}\n", `
1: INVALID is not a whole JSON object: it breaks off
2: INVALID goes on after the JSON object's end
3: INVALID is not a JSON object
4: INVALID has the key "id" twice
5: INVALID user: is not a key of a usage event; the keys are source, id, customer, meter, quantity, credits, occurredAt, dimensions
6: INVALID id: must be a string, not 7
7: INVALID credits: must be a number or a string of digits, not true
8: INVALID credits: must be a plain decimal number such as 4808 or 0.5, not "1e99"
9: INVALID occurredAt: must say when it was used
10: INVALID id: must name the event, so that it is counted once
11: INVALID is not UTF-8
`},
		{
			"milliseconds as numbers",
			Options{Time: TimeUnixMillis, Source: "s"},
			`{"id":"1","customer":"acme","credits":1,"occurredAt":1735689600250}`, "1: s 1 acme used 1 credits at 2025-01-01T00:00:00.25Z\n",
		},
		{
			"values fill in",
			Options{Source: "s", Values: map[string]string{"customer": "acme", "meter": "api_call"}},
			`{"id":"1","quantity":1,"occurredAt":"2025-01-01T00:00:00Z"}`, "1: s 1 acme used 1 api_call at 2025-01-01T00:00:00Z\n",
		},
		{"nothing", plain, "\n \n", ""},
		{"a CloudEvent between", plain, `{"id":"1","customer":"acme","credits":1,"occurredAt":"2025-01-01T00:00:00Z"}
{"specversion":"1.0","type":"t","source":"/gw","subject":"acme","time":"2025-01-01T00:00:00Z","id":"a","data":{"credits":2}}
{"specversion":"0.3","id":"1","customer":"acme"}
`, `
1: day.ndjson 1 acme used 1 credits at 2025-01-01T00:00:00Z
2: /gw a acme used 2 credits at 2025-01-01T00:00:00Z
3: INVALID specversion: must be "1.0", not "0.3"
`},
		{"what was escaped", plain, `{"i\u0064":"\u0031","customer":"a\tb\\","credits":"\u0032","occurredAt":"2025-01-01T00:00:00Z"}`, "1: day.ndjson 1 a\tb\\ used 2 credits at 2025-01-01T00:00:00Z\n"},
		{"the time left out", Options{Source: "s", Format: NDJSON, TimeOptional: true}, `{"id":"1","customer":"acme","credits":1}
{"specversion":"1.0","type":"t","source":"/gw","subject":"acme","id":"a","data":{"credits":2}}`, `
1: s 1 acme used 1 credits at 0001-01-01T00:00:00Z
2: /gw a acme used 2 credits at 0001-01-01T00:00:00Z
`},
		{"one CloudEvent on several lines", Options{Format: OneCloudEvent}, `{"specversion":"1.0","type":"t","source":"/gw","subject":"acme",
 "time":"2025-01-01T00:00:00Z","id":"a",
 "data":{"usage":[{"meter":"in","quantity":1},{"meter":"out","quantity":2}]}}
`, `
1: /gw a:in acme used 1 in at 2025-01-01T00:00:00Z
1: /gw a:out acme used 2 out at 2025-01-01T00:00:00Z
`},
		{"two where one was announced", Options{Format: OneCloudEvent}, "{}\n{}", "1: INVALID goes on after the JSON object's end\n"},
	} {
		e.run(t)
	}
}

// Rows are counted where they hold something, whatever line they stand on.
func TestIndex(t *testing.T) {
	const one = `{"specversion":"1.0","type":"t","source":"s","subject":"acme","time":"2025-01-01T00:00:00Z","id":"a","data":{"usage":[{"meter":"in","quantity":1},{"meter":"out","quantity":1}]}}`
	for _, test := range []struct {
		name string
		file string
		want string // line/index of each row
	}{
		{"lines", "\n{}\n\n" + one + "\n" + strings.Repeat("x", MaxRow+1) + "\nx\n", "[2/0 4/1 4/1 5/2 6/3]"},
		{"batch", "[" + one + "," + one + "\n,5]", "[1/0 1/0 1/1 1/1 2/2]"},
	} {
		var got []string
		for row, err := range Read(strings.NewReader(test.file), Options{Format: CloudEvents}) {
			if err != nil {
				t.Error(err)
			}
			got = append(got, fmt.Sprint(row.Line, "/", row.Index))
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("%s: %v, want %s", test.name, got, test.want)
		}
	}
}

func TestCloudEvents(t *testing.T) {
	const head = `"specversion":"1.0","type":"llm.request","source":"/gw","subject":"acme","time":"2025-01-01T00:00:00Z"`
	one := Options{Name: "events.ndjson"}
	for _, e := range []example{
		{"lines", one, `{` + head + `,"id":"a","traceparent":"00","data":{"meter":"api_call","quantity":2,"model":"m"}}
{` + head + `,"id":"b","data":{"credits":"0.000001"}}
{` + head + `,"id":"c","data":{"usage":[{"meter":"tokens_in","quantity":4808},{"meter":"tokens_out","quantity":10}]}}
`, `
1: /gw a acme used 2 api_call at 2025-01-01T00:00:00Z
2: /gw b acme used 0.000001 credits at 2025-01-01T00:00:00Z
3: /gw c:tokens_in acme used 4808 tokens_in at 2025-01-01T00:00:00Z
3: /gw c:tokens_out acme used 10 tokens_out at 2025-01-01T00:00:00Z
`},
		{"a batch", Options{Name: "batch.json"}, `
[
  {` + head + `,"id":"a","data":{"credits":1}},
  {` + head + `,"id":"b",
   "data":{"credits":"x"}},

  {` + head + `,"id":"c","data":{"credits":1}}
]
`, `
3: /gw a acme used 1 credits at 2025-01-01T00:00:00Z
4: INVALID data.credits: must be a plain decimal number such as 4808 or 0.5, not "x"
7: /gw c acme used 1 credits at 2025-01-01T00:00:00Z
`},
		{"a batch that breaks off", Options{Name: "batch.json"}, "[{" + head + `,"id":"a","data":{"credits":1}},` + "\n{", `
1: /gw a acme used 1 credits at 2025-01-01T00:00:00Z
file: the batch cannot be read beyond line 1: unexpected EOF
`},
		{"an empty batch", Options{Name: "batch.json"}, "[]", ""},
		{"a batch without end", Options{Name: "batch.json"}, "[", "file: the batch has no end: EOF\n"},
		{"more than a batch", Options{Name: "batch.json"}, "[] []", "file: the file goes on after the batch's end\n"},
		{"what a CloudEvent must have", Options{Format: CloudEvents}, `{"id":"1"}
{"specversion":"0.3"}
{"specversion":"1.0","source":"x","type":"t"}
{"specversion":"1.0","id":"1","source":"x"}
{"specversion":"1.0","id":"1","source":"x","type":"t"}
{"specversion":"1.0","id":"1","source":"x","type":"t","subject":"acme","time":"2025-01-01 00:00"}
{` + head + `,"id":"1"}
{` + head + `,"id":"1","data_base64":"e30="}
{` + head + `,"id":"1","data":[]}
{` + head + `,"id":"1","data":{"usage":[]}}
{` + head + `,"id":"1","data":{"usage":[{"quantity":1}]}}
{` + head + `,"id":"1","data":{"usage":[{"meter":"m","quantity":1},{"meter":"m","quantity":1}]}}
{` + head + `,"id":"1","data":{"usage":[{"meter":"m","quantity":1}],"credits":1}}
{` + head + `,"id":"1","data":{"usage":[{"credits":1}]}}
`, `
1: INVALID specversion: must be "1.0", not ""
2: INVALID specversion: must be "1.0", not "0.3"
3: INVALID id: must not be empty in a CloudEvent
4: INVALID type: must not be empty in a CloudEvent
5: INVALID subject: must name the customer
6: INVALID time: must be a time such as 2025-01-31T15:04:05Z, not "2025-01-01 00:00"
7: INVALID data: must be a JSON object with meter and quantity, credits, or usage
8: INVALID data: must be a JSON object with meter and quantity, credits, or usage
9: INVALID data: is not a JSON object
10: INVALID data.usage: must be a list of 1 to 100 objects with meter and quantity
11: INVALID data.usage[0].meter: must name the meter of the quantity, where credits are not given
12: INVALID data.usage[1].meter: names "m" a second time
13: INVALID data.credits: must not stand beside usage
14: INVALID data.usage[0].meter: must name the meter
`},
	} {
		e.run(t)
	}
}

// A row beyond the limit is one bad row, whatever the format.
func TestLongRows(t *testing.T) {
	long := strings.Repeat("x", MaxRow+1)
	for name, file := range map[string]string{
		"x.csv":    "occurredAt,credits,customer\n" + long + "\n2025-01-01,1,acme\n",
		"x.ndjson": `{"x":"` + long + "\"}\n" + `{"id":"1","customer":"acme","credits":1,"occurredAt":"2025-01-01"}` + "\n",
	} {
		got := read(t, file, Options{Name: name})
		lines := strings.Split(strings.TrimSpace(got), "\n")
		if len(lines) != 2 || !strings.HasSuffix(lines[0], "TOO_LARGE the row is longer than 1 MiB") || !strings.Contains(lines[1], "acme used 1 credits") {
			t.Errorf("%s:\n%s", name, got)
		}
	}
	batch := `[{"x":"` + long + long + `"}]`
	if got := read(t, batch, Options{}); !strings.Contains(got, "an event is longer than 1 MiB") {
		t.Errorf("batch: %s", got)
	}
	// A row of exactly the limit is taken, with either end of line.
	for _, end := range []string{"\n", "\r\n", ""} {
		row := `{"id":"1","customer":"acme","credits":1,"occurredAt":"2025-01-01"}`
		row += strings.Repeat(" ", MaxRow-len(row)) + end
		if got := read(t, row+row, Options{Source: "s"}); end != "" && strings.Count(got, "acme used 1") != 2 {
			t.Errorf("end %q: %s", end, got)
		}
	}
}

// Line numbers stay right where quoted fields span lines and where rows are given back.
func TestLineNumbersAfterLookingAhead(t *testing.T) {
	var file strings.Builder
	file.WriteString("occurredAt,credits,note\n2025-01-01,1,\"open\n")
	for range 2 * maxRowLines {
		file.WriteString("2025-01-01,1,\n")
	}
	got := read(t, file.String(), Options{Source: "s", Values: map[string]string{"customer": "acme"}})
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if len(lines) != 2*maxRowLines+1 || !strings.HasPrefix(lines[0], "2: INVALID") {
		t.Fatalf("%d rows, the first %s", len(lines), lines[0])
	}
	for i, l := range lines[1:] {
		if want := fmt.Sprintf("%d: s %d acme", i+3, i+2); !strings.HasPrefix(l, want) {
			t.Fatalf("got %s, want %s", l, want)
		}
	}
}
