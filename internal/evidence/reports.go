package evidence

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/reports"
	"drawdown/revrec"
)

// shelves are where reports go that are not among the others, by how their names begin.
var shelves = []struct{ begins, dir string }{
	{"breakage", "breakage"},
	{"early-breakage", "breakage"},
	{"estimate", "breakage"},
	{"redemption", "breakage"},
	{"unclaimed", "breakage"},
	{"reconcil", "reconciliation"},
	{"exception", "controls"},
	{"reject", "controls"},
	{"duplicate", "controls"},
	{"intake", "controls"},
}

func shelfOf(name string) string {
	for _, shelf := range shelves {
		if strings.HasPrefix(name, shelf.begins) {
			return shelf.dir + "/" + name
		}
	}
	return "reports/" + name
}

// reports writes every report there is: of the period, as of the closing. One that is added later
// comes in by itself, where it asks for nothing that a period does not say.
func (p *pack) reports(ctx context.Context) error {
	policies, err := p.policies(ctx)
	if err != nil {
		return err
	}
	lastAct, err := p.lastAct(ctx)
	if err != nil {
		return err
	}
	for _, of := range reports.All() {
		if of.OfCustomer {
			why := of.Now
			if why == "" {
				why = "it is about one customer"
			}
			p.leaveOut(of.Name, why)
			continue
		}
		for _, q := range p.questions(of, policies) {
			if err := p.report(ctx, of, q, lastAct); err != nil {
				return err
			}
		}
	}
	return nil
}

// question is a report asked for the period.
type question struct {
	name  string
	given map[string]string
}

// questions are what is asked of a report: for each of the values of what it needs besides days.
func (p *pack) questions(of reports.Report, policies []books.Policy) []question {
	base := question{shelfOf(of.Name), map[string]string{}}
	all := []question{base}
	for _, param := range of.Parameters {
		if value := p.valueOf(of, param); value != "" {
			for i := range all {
				all[i].given[param.Name] = value
			}
			continue
		}
		var values []string
		switch {
		case param.Name == "by" || param.Kind == reports.WordParameter && param.Required:
			values = param.Values
		case param.Name == "policy" && param.Required:
			for _, policy := range policies {
				if policy.Breakage.Method == revrec.Proportional {
					values = append(values, policy.Code)
				}
			}
		case param.Required:
			p.leaveOut(of.Name, "it asks for "+param.Name+", which a period does not say")
			return nil
		default:
			continue
		}
		var more []question
		for _, q := range all {
			for _, value := range values {
				given := maps.Clone(q.given)
				given[param.Name] = value
				name := q.name
				if value != param.Default {
					name += "_" + fileWord(value)
				}
				more = append(more, question{name, given})
			}
		}
		all = more
	}
	return all
}

// valueOf is what the period says of a parameter; "" where it says nothing.
func (p *pack) valueOf(of reports.Report, param reports.Parameter) string {
	switch {
	case of.Now != "" && param.Name == reports.AsOf.Name,
		param.OfPurchases:
		return ""
	case param.Name == reports.AsOf.Name:
		return p.closed.Closing.At.Format(time.RFC3339Nano)
	case param.Kind == reports.MonthParameter && slices.Contains([]string{"from", "to", "through", "period", "month"}, param.Name):
		return p.Period.String()
	case param.Kind == reports.DayParameter && param.Name == "from":
		return p.Period.First().String()
	case param.Kind == reports.DayParameter && (param.Name == "to" || param.Name == "on"):
		return p.Period.Last().String()
	}
	return ""
}

// fileWord is a value as a name of a file has it.
func fileWord(value string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '-'
	}, strings.ToLower(value))
}

// report writes one report. One that is of now alone may have nothing to say of the period, and is left out then.
func (p *pack) report(ctx context.Context, of reports.Report, q question, lastAct time.Time) error {
	args, err := of.ParseStanding(p.book, q.given, lastAct)
	if err != nil {
		return err
	}
	file, err := p.create(q.name+".csv", of.About)
	if err != nil {
		return err
	}
	summary, err := of.File(ctx, p.book, p.tx, args, reports.CSV, file)
	if err != nil {
		err = file.drop(err)
		var refusal *books.Error
		if of.Now != "" && errors.As(err, &refusal) && refusal.Code != books.Internal && refusal.Code != books.Unavailable {
			p.leaveOut(q.name+".csv", refusal.Error())
			return os.Remove(filepath.Join(p.dir, filepath.FromSlash(q.name+".csv")))
		}
		return err
	}
	file.file.Rows, file.file.OfNow = summary.Rows, of.Now != ""
	for _, total := range summary.Totals {
		file.file.Totals = append(file.file.Totals, Total(total))
	}
	return file.Close()
}

// policyPage is how many policies are read at once.
const policyPage = 500

func (p *pack) policies(ctx context.Context) (all []books.Policy, err error) {
	for page := (books.Page{Limit: policyPage}); ; page.After = all[len(all)-1].ID {
		some, err := p.tx.Policies(ctx, books.CatalogFilter{}, page)
		if err != nil {
			return nil, err
		}
		for _, policy := range some {
			if !policy.CreatedAt.After(p.closed.Closing.At) {
				all = append(all, policy)
			}
		}
		if len(some) < policyPage {
			return all, nil
		}
	}
}

// lastAct is when the book last changed in what reports that are of now alone are about: by an act, or
// by something booked.
func (p *pack) lastAct(ctx context.Context) (at time.Time, err error) {
	at = p.closed.Closing.At
	last := books.Page{Limit: 1, Reverse: true}
	events, err := p.tx.Audit(ctx, books.AuditFilter{}, last)
	if err != nil {
		return at, err
	}
	entries, err := p.tx.Entries(ctx, books.EntryFilter{}, last)
	for _, e := range events {
		at = later(at, e.At)
	}
	for _, e := range entries {
		at = later(at, e.PostedAt)
	}
	return at, err
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
