package revrec_test

import (
	"encoding/hex"
	"reflect"
	"testing"

	"drawdown/ledger"
	"drawdown/revrec"
)

// TestFormOfARecognition writes the form out by hand, as docs/seals.md says it is.
func TestFormOfARecognition(t *testing.T) {
	r := revrec.Recognition{
		ID: "r", CustomerID: "c", LotID: "l", PolicyID: "p", Kind: "USAGE", Day: ledger.NewDate(2024, 1, 30), AccountingDate: ledger.NewDate(2024, 2, 1),
		Credits: 1_500_000, Amount: ledger.Money(-1, "EUR"), Functional: ledger.Money(2, "USD"), Unclaimed: ledger.Money(3, "EUR"), UnclaimedFunctional: ledger.Money(4, "USD"),
		Batch: "b", Inputs: []revrec.Input{{Name: "rate", Value: "ü"}, {Name: "n", Value: ""}},
	}
	want := "5201" +
		"00000001" + "72" + "00000001" + "63" + "00000001" + "6c" + "00000000" + "00000001" + "70" + "00000005" + "5553414745" +
		"0000000a" + "323032342d30312d3330" + "0000000a" + "323032342d30322d3031" + "000000000016e360" +
		"ffffffffffffffff" + "00000003" + "455552" + "0000000000000002" + "00000003" + "555344" +
		"0000000000000003" + "0000000000000004" + "00000001" + "62" +
		"00000002" + "00000004" + "72617465" + "00000002" + "c3bc" + "00000001" + "6e" + "00000000"
	form := r.AppendForm(nil)
	if got := hex.EncodeToString(form); got != want {
		t.Errorf("the form is\n%s, want\n%s", got, want)
	}
	if again, err := revrec.ReadRecognitionForm(form); err != nil || !reflect.DeepEqual(again, r) {
		t.Errorf("read again it is %+v (%v)", again, err)
	}
	for n := range form {
		if _, err := revrec.ReadRecognitionForm(form[:n]); err == nil {
			t.Errorf("the first %d bytes of it are read as a recognition", n)
		}
	}
	if _, err := revrec.ReadRecognitionForm(append(form, 0)); err == nil {
		t.Error("one byte more is read as a recognition")
	}
}
