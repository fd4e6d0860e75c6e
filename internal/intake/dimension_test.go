package intake

import (
	"strings"
	"testing"
)

// TestDimensions reads what tells use apart, out of every format.
func TestDimensions(t *testing.T) {
	eleven := `{"a":"1","b":"1","c":"1","d":"1","e":"1","f":"1","g":"1","h":"1","i":"1","j":"1","k":"1"}`
	line := func(dimensions string) string {
		return `{"source":"s","id":"1","customer":"acme","credits":1,"occurredAt":"2025-01-01","dimensions":` + dimensions + "}\n"
	}
	const head = `{"specversion":"1.0","type":"t","source":"s","subject":"acme","time":"2025-01-01T00:00:00Z","id":"1","data":`
	columns := Options{Format: CSV, Source: "s", Columns: map[string]string{"dim:team": "Team", "meter:in": "in", "meter:out": "out"}, Values: map[string]string{"customer": "acme"}}
	for _, e := range []example{
		{
			"objects",
			Options{Format: NDJSON},
			line(`{"team":"r\u0026d","model":"large"}`) + line(`null`) + line(`{}`) + line(`["team"]`) + line(`{"team":1}`) + line(`{"Team":"a"}`) +
				line(`{"team":"a","team":"b"}`) + line(`{"team":""}`) + line(eleven) + line(`{"model":"a","team":"x\ny"}`), `
1: s 1 acme used 1 credits at 2025-01-01T00:00:00Z team=r&d model=large
2: s 1 acme used 1 credits at 2025-01-01T00:00:00Z
3: s 1 acme used 1 credits at 2025-01-01T00:00:00Z
4: INVALID dimensions: is not a JSON object
5: INVALID dimensions.team: must be a string, not 1
6: INVALID dimensions.Team: must have 1 to 40 of the characters a-z 0-9 _ . -, the first a letter, not "Team"
7: INVALID dimensions: has the key "team" twice
8: INVALID dimensions.team: must have 1 to 100 characters, not 0
9: TOO_LARGE dimensions.k: must be at most 10, not 11
10: INVALID dimensions.team: must be text without control characters, not "x\ny"
`,
		},
		{
			"CloudEvents",
			Options{Format: CloudEvents},
			head + `{"credits":1,"dimensions":{"team":"a"}}}` + "\n" + head + `{"usage":[{"meter":"in","quantity":1},{"meter":"out","quantity":2}],"dimensions":{"team":"a"}}}` + "\n" +
				head + `{"credits":1,"dimensions":{"1":"a"}}}`, `
1: s 1 acme used 1 credits at 2025-01-01T00:00:00Z team=a
2: s 1:in acme used 1 in at 2025-01-01T00:00:00Z team=a
2: s 1:out acme used 2 out at 2025-01-01T00:00:00Z team=a
3: INVALID data.dimensions.1: must have 1 to 40 of the characters a-z 0-9 _ . -, the first a letter, not "1"
`,
		},
		{
			"columns", columns,
			"occurredAt,in,out,Team,dim:model\n2025-01-01,1,2,research,large\n2025-01-01,1,,, \n2025-01-01,1,," + strings.Repeat("x", 101) + ",\n", `
2: s 1:in acme used 1 in at 2025-01-01T00:00:00Z team=research model=large
2: s 1:out acme used 2 out at 2025-01-01T00:00:00Z team=research model=large
3: s 2:in acme used 1 in at 2025-01-01T00:00:00Z
4: INVALID dimensions.team: must have 1 to 100 characters, not 101
`,
		},
	} {
		e.run(t)
	}
	for header, want := range map[string]string{
		"occurredAt,credits,customer,dim:Team":                                                          `column "dim:Team" names no dimension`,
		"occurredAt,credits,customer,dim:a,dim:a":                                                       `there are two columns "dim:a"`,
		"occurredAt,credits,customer,dim:a,dim:b,dim:c,dim:d,dim:e,dim:f,dim:g,dim:h,dim:i,dim:j,dim:k": "an event can have 10 dimensions",
	} {
		if got := read(t, header+"\n", Options{Format: CSV, Source: "s"}); !strings.Contains(got, want) {
			t.Errorf("%s: %s", header, got)
		}
	}
	if err := (Options{Columns: map[string]string{"dim:": "x"}}).Check(); err == nil || !strings.Contains(err.Error(), "names no dimension") {
		t.Error(err)
	}
}
