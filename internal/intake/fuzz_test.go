package intake

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"drawdown/internal/books"
)

// check holds a reader to its promises for any file: it ends, lines go up, every row is
// an event with what an event needs or says why not, and a second reading is the same.
func check(t *testing.T, file []byte, o Options) {
	t.Helper()
	last, index := 0, 0
	for row, err := range Read(bytes.NewReader(file), o) {
		if err != nil {
			continue
		}
		e := row.Event
		switch {
		case row.Line < last:
			t.Fatalf("line %d after %d", row.Line, last)
		case row.Err != nil && row.Err.Message == "":
			t.Fatalf("line %d: refused without a word", row.Line)
		case row.Index < index:
			t.Fatalf("row %d after %d", row.Index, index)
		case row.Err == nil && (e.ID == "" || e.Customer == "" || e.OccurredAt.IsZero() && !o.TimeOptional || (e.Credits == nil) == (e.Quantity == nil)):
			t.Fatalf("line %d: half an event: %+v", row.Line, e)
		case row.Err == nil && e.Quantity != nil && e.Meter == "":
			t.Fatalf("line %d: a quantity of nothing", row.Line)
		}
		if row.Err == nil {
			checkForm(t, e.Dimensions)
		}
		last, index = row.Line, row.Index
	}
	if first, second := read(t, string(file), o), read(t, string(file), o); first != second {
		t.Fatalf("first\n%s\nthen\n%s", first, second)
	}
}

// checkForm holds the dimensions of an event that a reader took to their one form, which says
// the same when it is read again.
func checkForm(t *testing.T, given []books.EventDimension) {
	t.Helper()
	form, err := books.DimensionsOf(given)
	if err != nil {
		t.Fatalf("%v was taken: %v", given, err)
	}
	again, err := books.DimensionsOf(form.Pairs())
	if err != nil || again != form || len(form.Pairs()) != len(given) {
		t.Fatalf("%v became %s, then %s (%v)", given, form, again, err)
	}
	for _, one := range given {
		if form.Value(one.Key) != one.Value {
			t.Fatalf("%s is %q, not %q", one.Key, form.Value(one.Key), one.Value)
		}
	}
}

func FuzzCSV(f *testing.F) {
	f.Add("occurredAt,credits,meter\n2025-01-01,1,\"x\ny\"\n")
	f.Add("occurredAt,in,out\r\n2023-11-16 18:17:03.9799600,4808,10\r\n\"\"\"\n,,\n")
	f.Add("occurredAt,credits,dim:team,dim:x\n2025-01-01,1,research,\n2025-01-01,1,\"a\"\"b<>&\u2028\",ü\n")
	f.Add("\ufeffoccurredAt,quantity,meter,customer\n\"2025-01-01\"x,1,m,c\n")
	f.Fuzz(func(t *testing.T, file string) {
		o := Options{Format: CSV, Source: "s", Values: map[string]string{"customer": "acme"}}
		check(t, []byte(file), o)
		o.Columns = map[string]string{"meter:in": "in", "meter:out": "out"}
		check(t, []byte(file), o)
	})
}

func FuzzNDJSON(f *testing.F) {
	f.Add(`{"id":"1","customer":"acme","credits":2.50,"occurredAt":"2025-01-01T00:00:00Z"}` + "\n{}")
	f.Add(`{"id":"1","customer":"acme","credits":1,"occurredAt":"2025-01-01","dimensions":{"team":"r\u0026d","a.b_c-1":"<\"x\">"}}`)
	f.Add(`{"id":"1","customer":"acme","meter":"m","quantity":"1","occurredAt":"2025-01-01"}`)
	f.Fuzz(func(t *testing.T, file string) {
		check(t, []byte(file), Options{Format: NDJSON})
		check(t, []byte(file), Options{Format: NDJSON, Time: TimeUnix})
		check(t, []byte(file), Options{Format: NDJSON, TimeOptional: true})
		check(t, []byte(file), Options{Format: OneCloudEvent, TimeOptional: true})
	})
}

func FuzzCloudEvents(f *testing.F) {
	const head = `{"specversion":"1.0","type":"t","source":"s","subject":"acme","time":"2025-01-01T00:00:00Z","id":"a",`
	f.Add(head + `"data":{"credits":1}}`)
	f.Add(head + `"data":{"dimensions":{"team":"a","model":"large"},"usage":[{"meter":"m","quantity":1},{"meter":"n","quantity":1}]}}`)
	f.Add("[" + head + `"data":{"usage":[{"meter":"m","quantity":1}]}},` + "\n" + head + `"data":{"meter":"m","quantity":"2"}}]`)
	f.Fuzz(func(t *testing.T, file string) {
		check(t, []byte(file), Options{Format: CloudEvents})
		check(t, []byte(strings.ReplaceAll(file, " ", "\n")), Options{})
	})
}

// FuzzScan holds the quick reader of JSON to the slow one: what it takes for an object
// is one, with the same members.
func FuzzScan(f *testing.F) {
	f.Add(`{"id":"1","a":[1,-2.5e+3,{"b":null}],"c":"\\u00e9\\n","d":true}`)
	f.Add(` { "id" : 0.10 , "id2" : { } } `)
	f.Add(`{"a":01}`)
	f.Add("{\"a\":\"\x1f\"}")
	f.Fuzz(func(t *testing.T, text string) {
		end, ok := scanValue([]byte(text), 0, 0)
		if valid := json.Valid([]byte(text[:end])); ok && !valid {
			t.Fatalf("%q is no value", text[:end])
		}
		if ok = ok && end == len(text); !ok && json.Valid([]byte(text)) && strings.TrimSpace(text) == text && strings.Count(text, "[")+strings.Count(text, "{") < maxScanDepth {
			t.Fatal("it is a value")
		}
		quick, ok := scanObject([]byte(text))
		if !ok {
			return
		}
		slow, err := parseObjectSlowly("", []byte(text))
		if err != nil || !reflect.DeepEqual(quick, slow) {
			t.Fatalf("%v\nquick %s\nslow  %s", err, quick, slow)
		}
		for _, one := range quick {
			value, err := quick.text("", one.key)
			var want string
			if bad := json.Unmarshal(one.value, &want); (bad == nil) != (err == nil) || value != want {
				t.Fatalf("%s is %q, not %q", one.value, value, want)
			}
		}
	})
}
