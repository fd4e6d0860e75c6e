package books_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// checkRollForward adds up the lines of the account here, entry by entry, and holds what
// the report says against it: in any span, as of any instant, by policy and without.
func (p *playedBook) checkRollForward(t *rapid.T, h history) {
	first, today := ledger.DateOf(beginning, time.UTC)-60, p.Yesterday()+1
	from := first + ledger.Date(rapid.IntRange(0, int(today-first)).Draw(t, "from"))
	to := from + ledger.Date(rapid.IntRange(0, int(today-from)).Draw(t, "through"))
	for _, asOf := range []time.Time{p.now, beginning.Add(p.now.Sub(beginning) / 2)} {
		whole := p.rollForward(t, books.RollForwardRequest{From: from, To: to, AsOf: asOf})
		byPolicy := p.rollForward(t, books.RollForwardRequest{From: from, To: to, AsOf: asOf, By: books.ByPolicy})
		p.checkEarly(t, h, from, to, asOf)
		for _, report := range []books.RollForward{whole, byPolicy} {
			if diff := cmp.Diff(p.addedUp(t, report), figuresOf(report)); diff != "" {
				t.Fatalf("the roll-forward of %s to %s as of %s differs from its entries (-): %s\n%s", from, to, asOf, diff, h)
			}
			for _, check := range report.Checks {
				if check.Difference().Minor != 0 || check.FunctionalDifference().Minor != 0 {
					t.Fatalf("the roll-forward of %s to %s as of %s does not foot: %+v\n%s", from, to, asOf, check, h)
				}
			}
		}
	}
}

func (p *playedBook) rollForward(t *rapid.T, request books.RollForwardRequest) (report books.RollForward) {
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
		report, err = p.RollForward(ctx, tx, request)
		return err
	}))
	return report
}

// figuresOf is the opening, each kind of movement and the closing of each row, by name.
func figuresOf(report books.RollForward) map[string]int64 {
	figures := map[string]int64{}
	for _, group := range report.Groups {
		name := group.Policy + " " + string(group.Currency)
		figures[name+" opening"], figures[name+" closing"] = group.Opening.Minor, group.Closing.Minor
		figures[name+" functional opening"], figures[name+" functional closing"] = group.FunctionalOpening.Minor, group.FunctionalClosing.Minor
		for _, m := range group.Movements {
			figures[name+" "+string(m.Column)] += m.Amount.Minor
			figures[name+" functional "+string(m.Column)] += m.Functional.Minor
		}
	}
	return withoutZero(figures)
}

func (p *playedBook) addedUp(t *rapid.T, report books.RollForward) map[string]int64 {
	figures := map[string]int64{}
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		return tx.EachEntry(ctx, 0, report.To, func(e ledger.Entry) error {
			if e.PostedAt.After(report.AsOf) {
				return nil
			}
			for _, line := range e.Lines {
				policy := ""
				if report.By == books.ByPolicy {
					policy = line.Dimensions.Policy
				}
				name := policy + " " + string(line.Amount.Currency)
				add := func(column string, sign int64) {
					figures[name+" "+column] += sign * line.Amount.Minor
					figures[name+" functional "+column] += sign * line.Functional.Minor
				}
				within := e.AccountingDate >= report.From
				switch {
				case line.Account == ledger.DeferredRevenue && !within:
					add("opening", -1)
					add("closing", -1)
				case line.Account == ledger.DeferredRevenue:
					add("closing", -1)
					add(nameOfColumn(t, e.Kind), -1)
				case line.Account == ledger.UnclaimedProperty && within && strings.HasPrefix(string(e.Kind), "BREAKAGE"):
					add("ESCHEAT", 1)
					add(nameOfColumn(t, e.Kind), -1)
				}
			}
			return nil
		})
	}))
	return withoutZero(figures)
}

func nameOfColumn(t *rapid.T, kind ledger.EntryKind) string {
	name, known := map[ledger.EntryKind]string{
		"PURCHASE": "PURCHASES_PAID", "PAYMENT": "PURCHASES_PAID", "DUE": "PURCHASES_DUE", "USAGE": "USED", "CLEARING": "USED",
		"BREAKAGE_EARLY": "BREAKAGE_EARLY", "BREAKAGE_CATCH_UP": "CATCH_UP", "BREAKAGE_EXPIRY": "BREAKAGE_EXPIRY", "BREAKAGE_REMOTE": "BREAKAGE_REMOTE",
		"REFUND": "REFUNDS", "DISPUTE": "CHARGEBACKS", "VOID": "VOIDS", "OPENING": "OPENING_BALANCES", "MANUAL": "MANUAL", "MANUAL_REVERSAL": "MANUAL",
	}[kind]
	if !known {
		t.Fatal(fmt.Sprintf("in which column do entries of the kind %s stand?", kind))
	}
	return name
}
