package graph

import (
	"strings"
	"testing"

	"drawdown/internal/books"
)

// What a refusal gives as an example is taken: the same noun reads it.
func TestExamplesOfIDs(t *testing.T) {
	for _, n := range []noun{
		customerNoun, estimateNoun, purchaseNoun, lotNoun, eventNoun, recognitionNoun, holdNoun, budgetNoun, entryNoun, manualNoun, jobRunNoun, tokenNoun, webhookNoun, deliveryNoun,
		reopeningNoun, closeTaskNoun, reconciliationNoun, exportTargetNoun, exportBatchNoun, alertRuleNoun, topUpRuleNoun, topUpNoun,
	} {
		for _, wrong := range []string{"7", "", string(n) + "_", "cusp_1", string(n) + "_a b"} {
			_, err := n.key("id", wrong)
			if books.CodeOf(err) != books.Invalid || !strings.Contains(err.Error(), "such as "+n.example()+", not ") {
				t.Errorf("%s of %q: %v", n, wrong, err)
			}
		}
		if key, err := n.key("id", n.example()); err != nil || n.id(key) != n.example() {
			t.Errorf("%s: its example is refused: %v", n, err)
		}
	}
}
