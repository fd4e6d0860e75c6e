package export

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"drawdown/ledger"
)

// hledgerAccounts names each role in the hierarchy of plain-text accounting, with
// hledger's letter for the type of account: cash, asset, liability, revenue, expense.
var hledgerAccounts = []struct {
	role ledger.Role
	name string
	kind string
}{
	{ledger.Cash, "assets:cash", "C"},
	{ledger.AccountsReceivable, "assets:accounts receivable", "A"},
	{ledger.UnbilledReceivable, "assets:unbilled receivable", "A"},
	{ledger.DeferredRevenue, "liabilities:deferred revenue", "L"},
	{ledger.TaxPayable, "liabilities:tax payable", "L"},
	{ledger.UnclaimedProperty, "liabilities:unclaimed property", "L"},
	{ledger.RefundLiability, "liabilities:refund liability", "L"},
	{ledger.OpeningBalances, "liabilities:opening balances", "L"},
	{ledger.UsageRevenue, "revenue:usage", "R"},
	{ledger.BreakageRevenue, "revenue:breakage", "R"},
	{ledger.OverageRevenue, "revenue:overage", "R"},
	{ledger.Refunds, "revenue:refunds", "R"},
	{ledger.Disputes, "revenue:disputes", "R"},
	{ledger.FXGainLoss, "expenses:foreign exchange", "X"},
}

// HledgerAccount returns the name of the role in an hledger journal, and whether the
// role is known.
func HledgerAccount(role ledger.Role) (string, bool) {
	for _, account := range hledgerAccounts {
		if account.role == role {
			return account.name, true
		}
	}
	return "", false
}

// hledgerEncoder writes a journal for `hledger check --strict`. Each transaction is in
// the currency of the contract; where the book reports in another, every posting
// carries that amount as the tag "functional".
type hledgerEncoder struct {
	w        *bufio.Writer
	declared map[ledger.Currency]bool
}

func newHledger(w io.Writer) *hledgerEncoder {
	return &hledgerEncoder{w: bufio.NewWriter(w), declared: map[ledger.Currency]bool{}}
}

func (h *hledgerEncoder) Begin(header Header) error {
	h.printf("; Journal of prepaid credits. Codes are entry numbers; debits are positive.\n")
	if header.From != 0 || header.To != 0 {
		h.printf("; Accounting dates %s to %s.\n", orOpen(header.From), orOpen(header.To))
	}
	h.printf("\n")
	for _, account := range hledgerAccounts {
		h.printf("account %s  ; type: %s\n", account.name, account.kind)
	}
	if header.Functional != "" {
		h.declare(header.Functional)
	}
	return nil
}

func orOpen(day ledger.Date) string {
	if day == 0 {
		return "open"
	}
	return day.String()
}

// declare writes the commodity directive that --strict asks for. hledger compares sums
// at the precision declared, so six decimals catch a fraction of a cent that two would
// forgive; the decimal point must be there even for a currency without decimals.
func (h *hledgerEncoder) declare(currency ledger.Currency) {
	if !h.declared[currency] {
		h.declared[currency] = true
		h.printf("\ncommodity %s 1000.000000\n", currency)
	}
}

func (h *hledgerEncoder) Entry(entry ledger.Entry) error {
	for _, line := range entry.Lines {
		h.declare(line.Amount.Currency)
	}
	h.printf("\n%s * (%s) %s\n", entry.AccountingDate, EntryCode(entry.Number), description(entry))
	h.tag("    ", "kind", string(entry.Kind))
	if entry.OccurredOn != entry.AccountingDate {
		h.tag("    ", "occurred", entry.OccurredOn.String())
	}
	h.tag("    ", "reference", entry.Reference)
	customer, policy, pack := shared(entry, customerOf), shared(entry, policyOf), shared(entry, packOf)
	h.tag("    ", "customer", customer)
	h.tag("    ", "policy", policy)
	h.tag("    ", "pack", pack)
	for _, line := range entry.Lines {
		account, known := HledgerAccount(line.Account)
		if !known {
			return fmt.Errorf("entry %d names the unknown account %q", entry.Number, line.Account)
		}
		h.printf("    %s  %s\n", account, line.Amount)
		if line.Functional.Currency != line.Amount.Currency {
			h.tag("        ", "functional", line.Functional.String())
		}
		h.differing("customer", customerOf(line), customer)
		h.differing("policy", policyOf(line), policy)
		h.differing("pack", packOf(line), pack)
	}
	return nil
}

func (h *hledgerEncoder) End() error { return h.w.Flush() }

// printf writes to the buffer, which keeps the first error until End.
func (h *hledgerEncoder) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(h.w, format, args...)
}

// tagValue keeps a text from meaning something in a comment: hledger ends a tag's value
// at a comma, takes a word with a colon for another tag, and brackets for a date.
var tagValue = strings.NewReplacer(",", ";", "[", "(", "]", ")")

// tag writes a tag on a comment line of its own: its value then runs to the line's end.
func (h *hledgerEncoder) tag(indent, name, value string) {
	if value = tagValue.Replace(oneLine(value)); value != "" {
		h.printf("%s; %s: %s\n", indent, name, value)
	}
}

// differing writes the line's tag where the entry as a whole does not say it.
func (h *hledgerEncoder) differing(name, value, ofEntry string) {
	if ofEntry == "" {
		h.tag("        ", name, value)
	}
}

// description returns the entry's description as hledger can hold it: a semicolon
// would begin a comment, and a bar would split off a payee.
func description(entry ledger.Entry) string {
	text := strings.NewReplacer(";", ",", "|", "/").Replace(oneLine(entry.Description))
	if text == "" {
		return string(entry.Kind)
	}
	return text
}
