package export

import (
	"io"
	"strings"

	"drawdown/ledger"
)

// beancountEncoder writes a file for bean-check. The entry number is a link, everything else is
// metadata; amounts in the book's own currency are metadata too, for beancount divides a total
// price, and what it divides no longer adds up to nothing.
type beancountEncoder struct {
	plainText
	// goesOn is that of a batch after the first of its target, which loads beside that one: beancount
	// opens an account once, and which currencies went before is not known here. It asks for no
	// directive of a currency.
	goesOn bool
}

func newBeancount(w io.Writer, s *scribe) *beancountEncoder {
	return &beancountEncoder{plainText: newPlainText(w, s)}
}

// beancountOpened is the day on which accounts and currencies are declared: before any entry.
const beancountOpened = "1900-01-01"

func (b *beancountEncoder) Begin(header Header) error {
	b.intro(header)
	b.printf("option \"title\" \"Prepaid credits\"\n")
	if header.Functional != "" {
		b.printf("option \"operating_currency\" \"%s\"\n", header.Functional)
	}
	// Without it, beancount forgives half a unit of the last decimal that it sees.
	b.printf("option \"inferred_tolerance_multiplier\" \"0\"\n")
	b.goesOn = header.FirstEntry > 1
	if b.goesOn {
		return nil
	}
	b.printf("\n")
	for _, account := range plainAccounts {
		b.printf("%s open %s\n  role: \"%s\"\n", beancountOpened, account.beancount, account.role)
	}
	b.declare(header.Functional)
	return nil
}

func (b *beancountEncoder) declare(currency ledger.Currency) {
	if !b.goesOn && b.isNew(currency) {
		b.printf("\n%s commodity %s\n", beancountOpened, currency)
	}
}

var beancountEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// quoted is a text as a beancount string, which reads back as it was.
func quoted(text string) string { return `"` + beancountEscape.Replace(text) + `"` }

func (b *beancountEncoder) meta(indent, name, value string) {
	if value = b.scribe.line(value); value != "" {
		b.printf("%s%s: %s\n", indent, name, quoted(value))
	}
}

func (b *beancountEncoder) Entry(entry Entry) error {
	for _, line := range entry.Lines {
		b.declare(line.Amount.Currency)
	}
	b.printf("\n%s * %s ^%s\n", entry.AccountingDate, quoted(b.scribe.line(entry.Description)), entry.Code)
	b.meta("  ", "kind", string(entry.Kind))
	if entry.OccurredOn != entry.AccountingDate {
		b.printf("  occurred: %s\n", entry.OccurredOn)
	}
	b.meta("  ", "reference", entry.Reference)
	customer, policy, pack := shared(entry, customerOf), shared(entry, policyOf), shared(entry, packOf)
	b.meta("  ", "customer", customer)
	b.meta("  ", "policy", policy)
	b.meta("  ", "pack", pack)
	for _, line := range entry.Lines {
		account, known := BeancountAccount(line.Role)
		if !known {
			return unknownAccount(entry, line)
		}
		b.printf("  %s  %s %s\n", account, line.Amount.Text(), line.Amount.Currency)
		if line.Functional.Currency != line.Amount.Currency {
			b.printf("    functional: %s %s\n", line.Functional.Text(), line.Functional.Currency)
		}
		b.differing("customer", customerOf(line), customer)
		b.differing("policy", policyOf(line), policy)
		b.differing("pack", packOf(line), pack)
	}
	b.add(entry)
	return nil
}

func (b *beancountEncoder) differing(name, value, ofEntry string) {
	if ofEntry == "" {
		b.meta("    ", name, value)
	}
}

// End asserts what every account stands at. beancount holds a balance at the beginning of its
// day, so the day is the one after the last entry.
func (b *beancountEncoder) End() error {
	b.printf("\n")
	b.eachClosing(func(account ledger.Role, closing ledger.Amount) {
		name, _ := BeancountAccount(account)
		b.printf("%s balance %s  %s %s\n", b.last+1, name, closing.Text(), closing.Currency)
	})
	return b.w.Flush()
}
