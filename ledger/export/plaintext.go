package export

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"drawdown/ledger"
)

// plainAccounts names each role in plain-text accounting: as hledger and ledger write it, with
// hledger's letter for the type of account (cash, asset, liability, revenue, expense), and as
// beancount does.
var plainAccounts = []struct {
	role      ledger.Role
	name      string
	kind      string
	beancount string
}{
	{ledger.Cash, "assets:cash", "C", "Assets:Cash"},
	{ledger.AccountsReceivable, "assets:accounts receivable", "A", "Assets:AccountsReceivable"},
	{ledger.UnbilledReceivable, "assets:unbilled receivable", "A", "Assets:UnbilledReceivable"},
	{ledger.DeferredRevenue, "liabilities:deferred revenue", "L", "Liabilities:DeferredRevenue"},
	{ledger.TaxPayable, "liabilities:tax payable", "L", "Liabilities:TaxPayable"},
	{ledger.UnclaimedProperty, "liabilities:unclaimed property", "L", "Liabilities:UnclaimedProperty"},
	{ledger.RefundLiability, "liabilities:refund liability", "L", "Liabilities:RefundLiability"},
	{ledger.OpeningBalances, "liabilities:opening balances", "L", "Liabilities:OpeningBalances"},
	{ledger.UsageRevenue, "revenue:usage", "R", "Income:Usage"},
	{ledger.BreakageRevenue, "revenue:breakage", "R", "Income:Breakage"},
	{ledger.OverageRevenue, "revenue:overage", "R", "Income:Overage"},
	{ledger.Refunds, "revenue:refunds", "R", "Income:Refunds"},
	{ledger.Disputes, "revenue:disputes", "R", "Income:Disputes"},
	{ledger.FXGainLoss, "expenses:foreign exchange", "X", "Expenses:ForeignExchange"},
}

// HledgerAccount returns the name of the role in an hledger or ledger journal, and whether the
// role is known.
func HledgerAccount(role ledger.Role) (string, bool) {
	for _, account := range plainAccounts {
		if account.role == role {
			return account.name, true
		}
	}
	return "", false
}

// BeancountAccount returns the name of the role in a beancount file, and whether the role is
// known.
func BeancountAccount(role ledger.Role) (string, bool) {
	for _, account := range plainAccounts {
		if account.role == role {
			return account.beancount, true
		}
	}
	return "", false
}

// plainText is what the writers of plain-text accounting share: a buffer that keeps the first
// error until it is flushed, the currencies declared, and what the accounts stand at.
type plainText struct {
	w        *bufio.Writer
	scribe   *scribe
	declared map[ledger.Currency]bool
	closing  map[accountCurrency]int64
	last     ledger.Date // the latest accounting date so far
	whole    bool        // from the beginning, so that what the accounts stand at is known
}

// accountCurrency is what a closing balance is of.
type accountCurrency struct {
	account  ledger.Role
	currency ledger.Currency
}

func newPlainText(w io.Writer, s *scribe) plainText {
	return plainText{scribe: s, w: bufio.NewWriterSize(w, flushAt), declared: map[ledger.Currency]bool{}, closing: map[accountCurrency]int64{}}
}

func (p *plainText) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(p.w, format, args...)
}

// intro writes what the file is, as comments.
func (p *plainText) intro(header Header) {
	// A batch asserts nothing, were it the first: what is late goes with a later one, under an earlier day,
	// and hledger and beancount hold an assertion by days over all that is loaded.
	p.whole = header.From == 0 && header.Batch == 0
	p.printf("; Journal of prepaid credits. Codes are entry numbers; debits are positive.\n")
	if header.From != 0 || header.To != 0 {
		p.printf("; Accounting dates %s to %s.\n", orOpen(header.From), orOpen(header.To))
	}
	p.printf("\n")
}

func orOpen(day ledger.Date) string {
	if day == 0 {
		return "open"
	}
	return day.String()
}

// isNew reports whether the currency is to be declared, and takes it as declared from then on.
func (p *plainText) isNew(currency ledger.Currency) bool {
	if currency == "" || p.declared[currency] {
		return false
	}
	p.declared[currency] = true
	return true
}

// add adds the entry to what the accounts stand at.
func (p *plainText) add(entry Entry) {
	p.last = max(p.last, entry.AccountingDate)
	for _, line := range entry.Lines {
		of := accountCurrency{line.Role, line.Amount.Currency}
		p.closing[of] = ledger.Money(p.closing[of], "").Add(ledger.Money(line.Amount.Minor, "")).Minor
	}
}

// eachClosing calls do with what each account stands at in each currency in which it moved, in
// the order of the chart of accounts. Where the file does not begin at the beginning, that is
// not known.
func (p *plainText) eachClosing(do func(account ledger.Role, closing ledger.Amount)) {
	if !p.whole {
		return
	}
	for _, account := range plainAccounts {
		var currencies []ledger.Currency
		for of := range p.closing {
			if of.account == account.role {
				currencies = append(currencies, of.currency)
			}
		}
		slices.Sort(currencies)
		for _, currency := range currencies {
			do(account.role, ledger.Money(p.closing[accountCurrency{account.role, currency}], currency))
		}
	}
}

// tagValue keeps a text from meaning something in a comment: hledger ends a tag's value
// at a comma and takes a word with a colon for another tag; both read brackets as a date.
var tagValue = strings.NewReplacer(",", ";", "[", "(", "]", ")")

// tag writes a tag on a comment line of its own: its value then runs to the line's end.
func (p *plainText) tag(indent, name, value string) {
	if value = p.scribe.instead(p.scribe.line(value), tagValue); value != "" {
		p.printf("%s; %s: %s\n", indent, name, value)
	}
}

// transaction writes the entry as hledger and ledger both read it. Each transaction is in the
// currency of the contract; where the book reports in another, every posting carries that amount
// as the tag "functional". It is no price: with one, both programs would hold the entry to
// balance in the other currency alone, and an exchange difference has no price at all.
func (p *plainText) transaction(entry Entry) error {
	p.printf("\n%s * (%s) %s\n", entry.AccountingDate, entry.Code, p.description(entry))
	p.tag("    ", "kind", string(entry.Kind))
	if entry.OccurredOn != entry.AccountingDate {
		p.tag("    ", "occurred", entry.OccurredOn.String())
	}
	p.tag("    ", "reference", entry.Reference)
	customer, policy, pack := shared(entry, customerOf), shared(entry, policyOf), shared(entry, packOf)
	p.tag("    ", "customer", customer)
	p.tag("    ", "policy", policy)
	p.tag("    ", "pack", pack)
	for _, line := range entry.Lines {
		account, known := HledgerAccount(line.Role)
		if !known {
			return unknownAccount(entry, line)
		}
		p.printf("    %s  %s\n", account, line.Amount)
		if line.Functional.Currency != line.Amount.Currency {
			p.tag("        ", "functional", line.Functional.String())
		}
		p.differing("customer", customerOf(line), customer)
		p.differing("policy", policyOf(line), policy)
		p.differing("pack", packOf(line), pack)
	}
	p.add(entry)
	return nil
}

func unknownAccount(entry Entry, line Line) error {
	return fmt.Errorf("entry %d names the unknown account %q", entry.Number, line.Role)
}

// differing writes the line's tag where the entry as a whole does not say it.
func (p *plainText) differing(name, value, ofEntry string) {
	if ofEntry == "" {
		p.tag("        ", name, value)
	}
}

// assertions writes a transaction that moves nothing and asserts, on the last day, what every
// account stands at. Both programs refuse the journal where it says otherwise.
func (p *plainText) assertions() {
	if len(p.closing) == 0 || !p.whole {
		return
	}
	p.printf("\n%s * Balances after the last entry\n", p.last)
	p.eachClosing(func(account ledger.Role, closing ledger.Amount) {
		name, _ := HledgerAccount(account)
		p.printf("    %s  %s = %s\n", name, ledger.Money(0, closing.Currency), closing)
	})
}

// customerOf, policyOf and packOf return a dimension of a line.
func customerOf(l Line) string { return l.Dimensions.Customer }
func policyOf(l Line) string   { return l.Dimensions.Policy }
func packOf(l Line) string     { return l.Dimensions.Pack }

// shared returns what all lines of the entry have in common, or "" where they differ.
func shared(entry Entry, of func(Line) string) string {
	if len(entry.Lines) == 0 {
		return ""
	}
	first := of(entry.Lines[0])
	if slices.ContainsFunc(entry.Lines, func(l Line) bool { return of(l) != first }) {
		return ""
	}
	return first
}

var plainDescription = strings.NewReplacer(";", ",", "|", "/")

// description returns the entry's description as a transaction can hold it: a semicolon
// would begin a comment, and a bar would split off hledger's payee.
func (p *plainText) description(entry Entry) string {
	text := p.scribe.instead(p.scribe.line(entry.Description), plainDescription)
	if text == "" {
		return string(entry.Kind)
	}
	return text
}
