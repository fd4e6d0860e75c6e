package books

import (
	"crypto/sha256"
	"testing"
	"time"

	"drawdown/ledger"
)

// TestManualEntrySHA256 holds a figure that another program reckoned, from the form that
// docs/finance/manual-entries.md writes down.
func TestManualEntrySHA256(t *testing.T) {
	abc, none := sha256.Sum256([]byte("abc")), sha256.Sum256(nil)
	m := ManualEntry{
		ID: "019bb138-1000-722f-b22c-42d74222dc4e", Kind: ledger.ManualEntry, AccountingDate: ledger.NewDate(2024, 1, 31), ReverseOn: ledger.NewDate(2024, 2, 1),
		Description: "Refund accrual", Reason: `Outage of <mail> & "web"`, Status: ManualApproved, DecidedBy: "token:bob", DecidedAt: time.Now(), Number: 7, // what becomes of it is not in it
		Lines: []ledger.Line{
			ledger.Debit(ledger.Refunds, ledger.Money(1234, "EUR"), ledger.Money(1337, "USD"), ledger.Dimensions{Customer: "acme", Policy: "default"}),
			ledger.Credit(ledger.RefundLiability, ledger.Money(1234, "EUR"), ledger.Money(1337, "USD"), ledger.Dimensions{}),
		},
	}
	papers := []Attachment{{Name: "memo.pdf", MediaType: "application/pdf", Hash: none[:]}, {Name: "a.txt", MediaType: "text/plain", Hash: abc[:]}}
	const want = "18bf8ebd613de929d5391a4e35273b5a589e307916df29d9c37e583048a7f5d9"
	if got, err := m.SHA256(papers); err != nil || got != want {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
