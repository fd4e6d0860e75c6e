package export

import (
	"io"

	"drawdown/ledger"
)

// ledgerEncoder writes a journal for `ledger --strict --pedantic --explicit`.
type ledgerEncoder struct{ plainText }

func newLedger(w io.Writer, s *scribe) *ledgerEncoder { return &ledgerEncoder{newPlainText(w, s)} }

// ledgerTags are the tags that --pedantic wants declared.
var ledgerTags = [...]string{"kind", "occurred", "reference", "customer", "policy", "pack", "functional"}

func (l *ledgerEncoder) Begin(header Header) error {
	l.intro(header)
	for _, account := range plainAccounts {
		l.printf("account %s\n", account.name)
	}
	l.printf("\n")
	for _, tag := range ledgerTags {
		l.printf("tag %s\n", tag)
	}
	l.declare(header.Functional)
	return nil
}

// declare writes the commodity directive that --strict asks for. It has no format: with one,
// ledger would round a sum to the decimals of that before it holds it against zero.
func (l *ledgerEncoder) declare(currency ledger.Currency) {
	if l.isNew(currency) {
		l.printf("\ncommodity %s\n", currency)
	}
}

func (l *ledgerEncoder) Entry(entry Entry) error {
	for _, line := range entry.Lines {
		l.declare(line.Amount.Currency)
	}
	return l.transaction(entry)
}

func (l *ledgerEncoder) End() error {
	l.assertions()
	return l.w.Flush()
}
