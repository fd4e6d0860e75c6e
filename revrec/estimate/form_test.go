package estimate_test

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"testing"

	"drawdown/revrec"
	"drawdown/revrec/estimate"
)

// What is kept of a history is what its hash is of, and is read again as it was; anything else
// is no history.
func TestHistoryIsReadAgain(t *testing.T) {
	h := estimate.History{Through: 2024 * 12, ExpiryAge: 12, Records: []estimate.Record{
		{Customer: "a", Cohort: 2023 * 12, Sold: 100, Used: []revrec.Credits{1, -1, 5}, Refunded: []revrec.Credits{0, 7}},
		{Customer: "ü", Cohort: 2023*12 + 1, Sold: 9},
	}}
	form := h.Canonical()
	if sum := sha256.Sum256(form); hex.EncodeToString(sum[:]) != h.Hash() {
		t.Error("the hash is of something else")
	}
	if got, err := estimate.ReadHistory(form); err != nil || !reflect.DeepEqual(got, h) {
		t.Errorf("read as %+v, %v", got, err)
	}
	for cut := range form {
		if _, err := estimate.ReadHistory(form[:cut]); err == nil {
			t.Errorf("%d bytes of %d are read", cut, len(form))
		}
	}
	if _, err := estimate.ReadHistory(append(form, 0)); err == nil {
		t.Error("more than all is read")
	}
}
