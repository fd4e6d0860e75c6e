package evidence

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/reports"
	"drawdown/ledger"
	"drawdown/ledger/export"
)

// list is a small table in CSV.
type list struct {
	out  *csv.Writer
	rows int64
}

// add writes a row: texts are made safe for spreadsheets, what is nothing is empty.
func (l *list) add(values ...any) error {
	row := make([]string, len(values))
	for i, value := range values {
		switch value := value.(type) {
		case string:
			row[i] = export.SafeCell(value)
		case time.Time:
			if !value.IsZero() {
				row[i] = value.UTC().Format(time.RFC3339Nano)
			}
		case ledger.Date:
			if value != 0 {
				row[i] = value.String()
			}
		case ledger.Period:
			if value != 0 {
				row[i] = value.String()
			}
		case int64:
			row[i] = strconv.FormatInt(value, 10)
		case bool:
			row[i] = strconv.FormatBool(value)
		default:
			return fmt.Errorf("a value of type %T has no form in a list", value)
		}
	}
	l.rows++
	return l.out.Write(row)
}

// list writes a file of a few rows.
func (p *pack) list(name, about string, heading []string, fill func(*list) error) error {
	file, err := p.create(name, about)
	if err != nil {
		return err
	}
	l := &list{out: csv.NewWriter(file)}
	if err = l.out.Write(heading); err == nil {
		err = fill(l)
	}
	if err == nil {
		l.out.Flush()
		err = l.out.Error()
	}
	if err != nil {
		return file.drop(err)
	}
	file.file.Rows = l.rows
	return file.Close()
}

// by reports whether something had happened by the closing.
func (p *pack) by(at time.Time) bool { return !at.IsZero() && !at.After(p.closed.Closing.At) }

// controls writes who could do what, who did what, and that nothing is missing.
func (p *pack) controls(ctx context.Context) error {
	for _, write := range []func(context.Context) error{
		p.closings, p.checklist, p.reopenings, p.tasks, p.keys, p.tokens, p.gaps, p.manual, p.codes, p.estimates, p.trail,
	} {
		if err := write(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *pack) closings(ctx context.Context) error {
	all, err := books.ClosingsBy(ctx, p.tx, p.closed.Closing.At)
	if err != nil {
		return err
	}
	return p.list("controls/closings.csv", "each period that was closed or reopened by then, by whom and why",
		[]string{"closing_id", "period", "act", "at", "actor", "actor_name", "entries", "last_entry", "reason", "reopening_id"}, func(l *list) error {
			for _, c := range all {
				if err := l.add(c.ID, c.Period, string(c.Act), c.At, c.Actor, c.ActorName, c.Entries, c.LastEntry, c.Reason, c.ReopenID); err != nil {
					return err
				}
			}
			return nil
		})
}

func (p *pack) checklist(context.Context) error {
	return p.list("controls/close_checks.csv", "what the checklist of this closing found",
		[]string{"closing_id", "code", "passed", "holds", "figures"}, func(l *list) error {
			for _, check := range p.closed.Closing.Checks {
				figures, err := json.Marshal(check.Figures)
				if err != nil {
					return err
				}
				if err := l.add(p.closed.Closing.ID, string(check.Code), check.Passed, check.Holds, string(figures)); err != nil {
					return err
				}
			}
			return nil
		})
}

func (p *pack) reopenings(ctx context.Context) error {
	known, err := p.tx.PeriodsClosed(ctx)
	if err != nil {
		return err
	}
	periods := make([]ledger.Period, len(known))
	for i, of := range known {
		periods[i] = of.Period
	}
	all, err := p.tx.Reopenings(ctx, periods)
	if err != nil {
		return err
	}
	return p.list("controls/reopenings.csv", "each proposal to reopen a period by then, and the other person who decided",
		[]string{"reopening_id", "period", "reason", "status", "proposed_by", "proposed_at", "decided_by", "decided_at", "decision"}, func(l *list) error {
			for _, r := range all {
				if !p.by(r.CreatedAt) {
					continue
				}
				if !p.by(r.DecidedAt) {
					r.Status, r.DecidedBy, r.DecidedAt, r.Decision = books.ReopeningProposed, "", time.Time{}, ""
				}
				if err := l.add(r.ID, r.Period, r.Reason, string(r.Status), r.ProposedBy(), r.CreatedAt, r.DecidedBy, r.DecidedAt, r.Decision); err != nil {
					return err
				}
			}
			return nil
		})
}

func (p *pack) tasks(ctx context.Context) error {
	tasks, err := p.tx.CloseTasks(ctx)
	if err != nil {
		return err
	}
	marks, err := p.tx.CloseTaskMarks(ctx, p.Period)
	if err != nil {
		return err
	}
	return p.list("controls/close_tasks.csv", "what people ticked before this closing, and required tasks",
		[]string{"task_id", "name", "required", "done_at", "done_by", "comment"}, func(l *list) error {
			for _, task := range tasks {
				if task.From > p.Period || !p.by(task.CreatedAt) {
					continue
				}
				ticked := false
				for _, mark := range marks {
					if mark.TaskID != task.ID || !p.by(mark.At) {
						continue
					}
					ticked = true
					if err := l.add(task.ID, task.Name, task.Required, mark.At, mark.Actor, mark.Comment); err != nil {
						return err
					}
				}
				// Whether a task was ended for the period is known as of now alone: one that was not ticked and did
				// not keep it from closing says nothing.
				if !ticked && task.Required && task.AppliesTo(p.Period) {
					if err := l.add(task.ID, task.Name, task.Required, time.Time{}, "", ""); err != nil {
						return err
					}
				}
			}
			return nil
		})
}

func (p *pack) keys(ctx context.Context) error {
	keys, err := p.tx.SealKeys(ctx)
	if err != nil {
		return err
	}
	return p.list("controls/seal_keys.csv", "each key that had signed a seal by then",
		[]string{"number", "public_key", "since", "actor", "actor_name"}, func(l *list) error {
			for _, key := range keys {
				if !p.by(key.Since) {
					continue
				}
				verifier, err := key.Verifier(p.closed.Seal.Origin)
				if err != nil {
					return err
				}
				if err := l.add(key.Number, verifier, key.Since, key.Actor, key.ActorName); err != nil {
					return err
				}
			}
			return nil
		})
}

func (p *pack) tokens(ctx context.Context) error {
	return p.list("controls/tokens.csv", "who had which roles by API tokens by then; never the secrets. Roles of people by OpenID Connect are in the settings with which servers started, in the audit trail",
		[]string{"token_id", "name", "roles", "owner", "customer_id", "makers", "created_by", "created_at", "expires_at", "revoked_at", "revoked_by"}, func(l *list) error {
			for page := (books.Page{Limit: rowsAtOnce}); ; {
				some, err := p.tx.Tokens(ctx, books.TokenFilter{}, page)
				if err != nil {
					return err
				}
				for _, token := range some {
					page.After = token.ID
					if !p.by(token.CreatedAt) {
						continue
					}
					if !p.by(token.RevokedAt) {
						token.RevokedAt, token.RevokedBy = time.Time{}, ""
					}
					roles := make([]string, len(token.Roles))
					for i, role := range token.Roles {
						roles[i] = string(role)
					}
					err := l.add(token.ID, token.Name, strings.Join(roles, " "), token.Owner, token.CustomerID, strings.Join(token.Makers, " "),
						token.CreatedBy, token.CreatedAt, token.ExpiresAt, token.RevokedAt, token.RevokedBy)
					if err != nil {
						return err
					}
				}
				if len(some) < rowsAtOnce {
					return nil
				}
			}
		})
}

// gaps looks at each number between the closing before and this one. The file has no row in a book
// in order.
func (p *pack) gaps(ctx context.Context) error {
	first, last := p.closed.FirstEntry, p.closed.Closing.LastEntry
	about := fmt.Sprintf("numbers of entries that are missing, of those posted since the closing before: %d to %d; there must be none", first, last)
	if last < first {
		about = "numbers of entries that are missing, of those posted since the closing before, which are none"
	}
	return p.list("controls/journal_number_gaps.csv", about, []string{"missing_from", "missing_to"}, func(l *list) error {
		looked := gapFinder{next: first, last: last}
		for page := (books.Page{Limit: entriesAtOnce, After: strconv.FormatInt(first-1, 10)}); looked.next <= last; page.After = strconv.FormatInt(looked.next-1, 10) {
			entries, err := p.tx.Entries(ctx, books.EntryFilter{}, page)
			if err != nil {
				return err
			}
			for _, entry := range entries {
				if from, to, missing := looked.meet(entry.Number); missing {
					if err := l.add(from, to); err != nil {
						return err
					}
				}
			}
			if len(entries) < entriesAtOnce {
				break
			}
		}
		if from, to, missing := looked.meet(last + 1); missing {
			return l.add(from, to)
		}
		return nil
	})
}

// gapFinder is told the numbers that are there, in order, and says which are not.
type gapFinder struct{ next, last int64 }

// meet returns which numbers are missing before this one.
func (g *gapFinder) meet(number int64) (from, to int64, missing bool) {
	from, to = g.next, min(number-1, g.last)
	g.next = number + 1
	return from, to, from <= to
}

func (p *pack) manual(ctx context.Context) error {
	filter := books.ManualFilter{From: p.Period.First(), To: p.Period.Last()}
	return p.list("controls/manual_entries.csv", "entries that people wrote, and those that they proposed, for days of the period, with who proposed and who decided",
		[]string{"manual_id", "kind", "accounting_date", "status", "entry", "description", "reason", "control_accounts", "proposed_by", "proposed_at", "decided_by", "decided_at", "decision", "reverse_on", "reverses", "lines"}, func(l *list) error {
			for page := (books.Page{Limit: rowsAtOnce}); ; {
				some, err := p.tx.ManualEntries(ctx, filter, page)
				if err != nil {
					return err
				}
				for _, m := range some {
					page.After = m.ID
					if !p.by(m.CreatedAt) {
						continue
					}
					if !p.by(m.DecidedAt) {
						m.Status, m.Number, m.DecidedBy, m.DecidedAt, m.Decision = books.ManualProposed, 0, "", time.Time{}, ""
					}
					var lines []string
					for _, line := range m.Lines {
						lines = append(lines, fmt.Sprintf("%s %s", line.Account, line.Amount))
					}
					err := l.add(m.ID, string(m.Kind), m.AccountingDate, string(m.Status), m.Number, m.Description, m.Reason, m.ControlAccounts,
						m.ProposedBy(), m.CreatedAt, m.DecidedBy, m.DecidedAt, m.Decision, m.ReverseOn, m.Reverses, strings.Join(lines, "; "))
					if err != nil {
						return err
					}
				}
				if len(some) < rowsAtOnce {
					return nil
				}
			}
		})
}

func (p *pack) codes(ctx context.Context) error {
	codes, err := p.tx.GLCodes(ctx)
	if err != nil {
		return err
	}
	return p.list("controls/gl_codes.csv", "what the accounts are called in the general ledger, from a day on",
		[]string{"account", "code", "name", "subtype", "parent", "from", "reason", "created_by", "created_at"}, func(l *list) error {
			for _, code := range codes {
				if !p.by(code.CreatedAt) {
					continue
				}
				if err := l.add(string(code.Account), code.Code, code.Name, code.Subtype, code.Parent, code.From, code.Reason, code.CreatedBy, code.CreatedAt); err != nil {
					return err
				}
			}
			return nil
		})
}

// estimates writes each estimate of breakage with who proposed and who decided.
func (p *pack) estimates(ctx context.Context) error {
	policies, err := p.policies(ctx)
	if err != nil {
		return err
	}
	return p.list("breakage/estimates.csv", "the estimates of breakage: the first of each policy, and those after it, with who proposed and who decided by then",
		[]string{"policy", "method", "estimate_id", "from", "rate", "status", "reason", "proposed_by", "created_at", "decided_by", "decided_at", "decision"}, func(l *list) error {
			for _, policy := range policies {
				method := string(policy.Breakage.Method)
				if err := l.add(policy.Code, method, "", ledger.Date(0), policy.Breakage.Rate.String(), string(books.EstimateApproved), "as the policy was made", "", policy.CreatedAt, "", policy.CreatedAt, ""); err != nil {
					return err
				}
				all, err := books.EstimatesOf(p.tx, ctx, []string{policy.ID})
				if err != nil {
					return err
				}
				for _, e := range all {
					if !p.by(e.CreatedAt) {
						continue
					}
					if e.Status == books.EstimateSuperseded {
						e.Status = books.EstimateApproved
					}
					if !p.by(e.DecidedAt) {
						e.Status, e.DecidedBy, e.DecidedAt, e.Decision = books.EstimateProposed, "", time.Time{}, ""
					}
					if err := l.add(policy.Code, method, e.ID, e.From, e.Rate.String(), string(e.Status), e.Reason, e.ProposedBy, e.CreatedAt, e.DecidedBy, e.DecidedAt, e.Decision); err != nil {
						return err
					}
				}
			}
			return nil
		})
}

// trail writes the audit trail from the first day of the period through the closing.
func (p *pack) trail(ctx context.Context) error {
	until := p.closed.Closing.At
	own, err := p.tx.Audit(ctx, books.AuditFilter{Action: "period.close", Subject: p.Period.String(), From: until}, books.Page{Limit: 1})
	if err != nil {
		return err
	}
	for _, event := range own {
		until = event.At
	}
	of := reports.AuditTrail()
	args, err := of.Parse(p.book, map[string]string{
		"from":   p.Period.First().Start(p.book.Zone()).UTC().Format(time.RFC3339Nano),
		"before": until.Add(time.Microsecond).UTC().Format(time.RFC3339Nano),
	})
	if err != nil {
		return err
	}
	file, err := p.create("controls/audit_trail.csv", "who changed what, from the first day of the period through the closing, with what stood before and after")
	if err != nil {
		return err
	}
	summary, err := of.File(ctx, p.book, p.tx, args, reports.CSV, file)
	if err != nil {
		return file.drop(err)
	}
	file.file.Rows = summary.Rows
	return file.Close()
}
