package export

import (
	"io"

	"drawdown/ledger"
)

// hledgerEncoder writes a journal for `hledger check --strict`.
type hledgerEncoder struct{ plainText }

func newHledger(w io.Writer, s *scribe) *hledgerEncoder { return &hledgerEncoder{newPlainText(w, s)} }

func (h *hledgerEncoder) Begin(header Header) error {
	h.intro(header)
	for _, account := range plainAccounts {
		h.printf("account %s  ; type: %s\n", account.name, account.kind)
	}
	h.declare(header.Functional)
	return nil
}

// declare writes the commodity directive that --strict asks for. hledger compares sums
// at the precision declared, so six decimals catch a fraction of a cent that two would
// forgive; the decimal point must be there even for a currency without decimals.
func (h *hledgerEncoder) declare(currency ledger.Currency) {
	if h.isNew(currency) {
		h.printf("\ncommodity %s 1000.000000\n", currency)
	}
}

func (h *hledgerEncoder) Entry(entry Entry) error {
	for _, line := range entry.Lines {
		h.declare(line.Amount.Currency)
	}
	return h.transaction(entry)
}

func (h *hledgerEncoder) End() error {
	h.assertions()
	return h.w.Flush()
}
