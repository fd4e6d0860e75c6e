package reports

import (
	"context"

	"drawdown/internal/books"
)

// AuditTrail is the audit trail as a file. It is not among [All]: who reads it needs another
// role than for figures, and it is as long as the book is old, so it is streamed.
func AuditTrail() Report {
	kinds := []string{string(books.ByToken), string(books.ByOIDC), string(books.ByCommand), string(books.ByJob), string(books.ByNobody)}
	return Report{
		Name: "audit-trail", Title: "Audit trail", Page: "access.md",
		About: "Who changed what, when, from where and why, with what stood before and after.",
		Parameters: []Parameter{
			{Name: "from", Kind: InstantParameter, About: "keeps what was written at this instant or later"},
			{Name: "before", Kind: InstantParameter, About: "keeps what was written before this instant; now where it is not given"},
			{Name: "actor", Kind: TextParameter, About: "keeps acts of this actor, such as `token:ci`"},
			{Name: "action", Kind: TextParameter, About: "keeps acts of this kind, such as `policy.create`, or with `*` at its end all that begin so: `budget.*`"},
			{Name: "subject", Kind: TextParameter, About: "keeps acts on this: an id as the file has it"},
			{Name: "kind", Kind: WordParameter, Values: kinds, About: "keeps acts of actors who showed so who they are"},
			{Name: "requestId", Kind: TextParameter, About: "keeps acts of this request"},
			{Name: "order", Kind: WordParameter, Values: []string{"OLDEST_FIRST", "NEWEST_FIRST"}, Default: "OLDEST_FIRST", About: "in which order"},
		},
		Columns: []Column{
			{Name: "id", Kind: Text, About: "of the event: the API writes `aud_` before it"},
			{Name: "at", Kind: Instant, About: "when"},
			{Name: "actor", Kind: Text, About: "who, as a name that lasts"},
			{Name: "actor_name", Kind: Text, About: "what people call the actor"},
			{Name: "kind", Kind: Text, About: "how the actor showed who they are"},
			{Name: "address", Kind: Text, About: "from where"},
			{Name: "action", Kind: Text, About: "what was done"},
			{Name: "subject", Kind: Text, About: "to what: the id without the prefix of the API"},
			{Name: "reason", Kind: Text, About: "why, where it was said"},
			{Name: "before", Kind: Text, About: "what stood before, JSON; empty where it is new"},
			{Name: "after", Kind: Text, About: "what stands after, JSON; empty of acts that are records themselves"},
			{Name: "detail", Kind: Text, About: "the request as it was understood, without what was not given, JSON"},
			{Name: "request_id", Kind: Text, About: "the id of the request, as the logs have it"},
		},
		Write: writeAudit,
	}
}

// auditPage is how many events are read at once: what a file takes of memory.
const auditPage = 500

func writeAudit(ctx context.Context, _ *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	filter := books.AuditFilter{
		Actor: args.Text("actor"), Subject: args.Text("subject"), Kind: books.CallerKind(args.Text("kind")), RequestID: args.Text("requestId"),
		From: args.Instant("from"), Before: args.Instant("before"),
	}
	filter.ByAction(args.Text("action"))
	page := books.Page{Limit: auditPage, Reverse: args.Text("order") == "NEWEST_FIRST"}
	for {
		events, err := tx.Audit(ctx, filter, page)
		if err != nil {
			return err
		}
		for _, e := range events {
			err := yield(Row{
				e.ID, e.At, e.Actor, e.ActorName, string(e.Kind), e.Address, e.Action, e.Subject, e.Reason, e.Before, e.After, e.Detail, e.RequestID,
			})
			if err != nil {
				return err
			}
		}
		if len(events) < auditPage {
			return nil
		}
		page.After = events[len(events)-1].ID
	}
}
