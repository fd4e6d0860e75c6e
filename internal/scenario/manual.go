package scenario

import (
	"context"
	"maps"
	"slices"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// manual is an entry that one person proposes and another approves.
type manual struct {
	as, control   string
	date, reverse ledger.Date
	currency      ledger.Currency
	debits        []expected
	credits       []expected
}

func readManual(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "as", "date", "debit", "credit", "currency", "control", "reverse")
	m.need("date", "debit", "credit")
	a := manual{as: m.name("as"), date: m.date("date"), reverse: m.date("reverse"), control: m.text("control"), currency: m.currency(p.file.Currency)}
	side := func(key string) (lines []expected) {
		if m.has(key) {
			lines = p.anyMapping(join(m.path, key), m.values[key]).accounts("", a.currency)
		}
		return lines
	}
	a.debits, a.credits = side("debit"), side("credit")
	m.declare(a.as, named{manual: true})
	return a
}

func (a manual) play(ctx context.Context, p *player, step Step) error {
	entry := books.NewManualEntry{
		AccountingDate: a.date, ReverseOn: a.reverse, ControlAccounts: a.control, Reason: "scenario", Description: "scenario",
	}
	for i, line := range slices.Concat(a.debits, a.credits) {
		entry.Lines = append(entry.Lines, books.NewManualLine{Account: line.account, Credit: i >= len(a.debits), Amount: line.amount.Decimal(), Currency: a.currency})
	}
	proposed, err := p.books.ManualEntryPropose(books.WithCaller(ctx, person("proposer")), p.key(step), entry)
	if err != nil {
		return err
	}
	return p.approveManual(ctx, a.as, step, proposed)
}

func (p *player) approveManual(ctx context.Context, as string, step Step, proposed books.ManualEntry) error {
	decided, err := p.books.ManualEntryApprove(books.WithCaller(ctx, person("approver")), p.key(step)+":approve", books.DecideManual{ID: proposed.ID, Reason: "scenario"})
	if err == nil && as != "" {
		p.manual[as] = decided.Entry.ID
	}
	return err
}

// manualReverse takes one back, by two persons too.
type manualReverse struct {
	manual string
	date   ledger.Date
}

func readManualReverse(p *parser, path string, step mapping, s Step) act {
	m := body(p, path, step, s, "manual", "date")
	m.need("manual", "date")
	a := manualReverse{m.name("manual"), m.date("date")}
	if !p.named[a.manual].manual && a.manual != "" {
		var names []string
		for _, name := range slices.Sorted(maps.Keys(p.named)) {
			if p.named[name].manual {
				names = append(names, name)
			}
		}
		m.problem("manual", "must be the name (as) of a manual entry of an earlier step, of %v", names)
	}
	return a
}

func (a manualReverse) play(ctx context.Context, p *player, step Step) error {
	id, exists := p.manual[a.manual]
	if !exists {
		return notFound("manual", "no manual entry called %q was made before this step", a.manual)
	}
	proposed, err := p.books.ManualEntryReverse(books.WithCaller(ctx, person("proposer")), p.key(step), books.ReverseManual{ID: id, AccountingDate: a.date, Reason: "scenario"})
	if err != nil {
		return err
	}
	return p.approveManual(ctx, "", step, proposed)
}

// person is somebody of two.
func person(name string) books.Caller {
	return books.Caller{Actor: "scenario:" + name, Name: name, Kind: books.ByCommand, Persons: []string{name}}
}
