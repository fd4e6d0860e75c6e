package graph_test

import (
	"fmt"
	"strings"
	"testing"
)

// A batch of a list has the files and the answers that it has by its id, and files are read where somebody
// asks for them alone.
func TestBatchesOfAListAreWhole(t *testing.T) {
	a := newAPI(t)
	a.must(`mutation {
		policyCreate(input: {code: "p"}, idempotencyKey: "p") { userErrors { message } }
		customerCreate(input: {externalId: "acme"}, idempotencyKey: "c") { userErrors { message } }
	}`)
	target := a.must(`mutation { exportTargetCreate(input: {code: "warehouse", profile: "{\"format\": \"jsonl\"}"}, idempotencyKey: "t") { target { id } userErrors { message } } }`).text("exportTargetCreate.target.id")
	var batch string
	for i := range 2 {
		a.must(`mutation($key: String!) { purchaseCreate(input: {customer: "acme", policy: "p", credits: "10", price: "10"}, idempotencyKey: $key) { userErrors { message } } }`, map[string]any{"key": fmt.Sprint("sale ", i)})
		batch = a.must(`mutation($target: ID!, $key: String!) { exportBatchCreate(targetId: $target, input: {}, idempotencyKey: $key) { batch { id } userErrors { message } } }`,
			map[string]any{"target": target, "key": fmt.Sprint("batch ", i)}).text("exportBatchCreate.batch.id")
		if _, written, err := a.books.ExportWrite(t.Context(), ""); err != nil || !written {
			t.Fatal(written, err)
		}
	}
	a.must(`mutation($batch: ID!) { exportBatchAcknowledge(batchId: $batch, input: {journals: [{journal: "JE-000002", externalId: "gl-2"}]}, idempotencyKey: "a") { batch { answered } userErrors { message } } }`, map[string]any{"batch": batch})
	var statements []string
	a.kept.OnStatement(func(statement string) { statements = append(statements, statement) })
	for _, test := range []struct {
		fields string
		files  bool
		want   string
	}{
		{"number status answered", false, "[map[answered:0 number:1 status:SEALED] map[answered:1 number:2 status:ACKNOWLEDGED]]"},
		{"files { name }", true, "[map[files:[map[name:jsonl-000001-001.jsonl]]] map[files:[map[name:jsonl-000002-001.jsonl]]]]"},
	} {
		statements = nil
		if got := fmt.Sprint(a.must("{ exportBatches(target: \"warehouse\", first: 5) { nodes { " + test.fields + " } } }").at("exportBatches.nodes")); got != test.want {
			t.Errorf("%s: %s, want %s", test.fields, got, test.want)
		}
		if read := strings.Contains(strings.Join(statements, "\n"), "export_files"); read != test.files {
			t.Errorf("%s: files are read: %v", test.fields, read)
		}
	}
}

// The last entry of a batch is a number from 1; only where none is given it is the last of the book.
func TestThroughIsNotNothing(t *testing.T) {
	a := newAPI(t)
	target := a.must(`mutation { exportTargetCreate(input: {code: "warehouse", profile: "{\"format\": \"jsonl\"}"}, idempotencyKey: "t") { target { id } userErrors { message } } }`).text("exportTargetCreate.target.id")
	for _, through := range []int{0, -5} {
		got := fmt.Sprint(a.ask(`mutation($target: ID!, $through: Int!, $key: String!) { exportBatchCreate(targetId: $target, input: {through: $through}, idempotencyKey: $key) { batch { id } userErrors { code field message } } }`,
			map[string]any{"target": target, "through": through, "key": fmt.Sprint(through)}).at("exportBatchCreate"))
		if want := fmt.Sprintf("map[batch:<nil> userErrors:[map[code:INVALID field:[input through] message:must be the number of an entry, 1 or more, not %d: leave it out for the last of the book]]]", through); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
