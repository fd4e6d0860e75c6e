package books_test

import (
	"context"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// said is what the book answered while a history was played, without being asked as of an
// instant; as of that instant it has to answer the same, whatever happened since.
type said struct {
	question string
	at       time.Time
	ask      func(ctx context.Context, tx books.Tx, asOf time.Time) (any, error)
	answer   any
}

// listen keeps what the book says just before an act: nothing else happens at this instant.
func (p *playedBook) listen(t *rapid.T, act time.Time) {
	p.now = act.Add(-time.Second)
	first, today := ledger.DateOf(beginning, time.UTC)-60, p.Yesterday()+1
	var questions []said
	for _, customer := range p.customers(t) {
		for _, span := range []books.StatementRequest{
			{CustomerID: customer.ID, From: first, To: min(today+20, first+books.MaxStatementDays-1), Detail: books.ByDay},
			{CustomerID: customer.ID, From: today - 20, To: today, Detail: books.ByEvent},
			{CustomerID: customer.ID, From: today - 5, To: today - 1, Detail: books.ByDay},
		} {
			questions = append(questions, said{
				question: fmt.Sprintf("statement of %s, %s to %s by %s", customer.ExternalID, span.From, span.To, span.Detail),
				ask: func(ctx context.Context, tx books.Tx, asOf time.Time) (any, error) {
					span.AsOf = asOf
					return p.StatementOf(ctx, tx, span)
				},
			})
		}
	}
	for _, customer := range append(p.customers(t), books.Customer{ExternalID: "all"}) {
		questions = append(questions, p.whatExpires(customer)...)
	}
	for _, q := range questions {
		q.at, q.answer = p.now, p.answerAsOf(t, q, time.Time{})
		p.said = append(p.said, q)
	}
	p.now = act
}

// whatExpires are the questions about credits that come to their end: of one customer, or of all.
func (p *playedBook) whatExpires(customer books.Customer) []said {
	from, before := books.ExpiringDays(p.Yesterday()+1, p.Yesterday()+3000, time.UTC)
	questions := []said{{
		question: "expiring of " + customer.ExternalID,
		ask: func(ctx context.Context, tx books.Tx, asOf time.Time) (any, error) {
			filter := books.ExpiringFilter{CustomerID: customer.ID, ExpiresFrom: from, ExpiresBefore: before}
			if !asOf.IsZero() {
				filter.AsOf = asOf
				if err := p.ExpiringAsOf(ctx, tx, &filter); err != nil {
					return nil, err
				}
			}
			rows, err := tx.Expiring(ctx, filter, books.Page{})
			return rows, err
		},
	}}
	if customer.ID != "" {
		questions = append(questions, said{
			question: "run-out of " + customer.ExternalID,
			ask: func(ctx context.Context, tx books.Tx, asOf time.Time) (any, error) {
				return p.RunOut(ctx, tx, customer.ID, asOf)
			},
		})
	}
	return questions
}

func (p *playedBook) answerAsOf(t *rapid.T, q said, asOf time.Time) (answer any) {
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) (err error) {
		answer, err = q.ask(ctx, tx, asOf)
		return err
	}))
	return answer
}

// checkSaid asks again, as of then.
func (p *playedBook) checkSaid(t *rapid.T, h history) {
	for _, q := range p.said {
		if diff := cmp.Diff(q.answer, p.answerAsOf(t, q, q.at)); diff != "" {
			t.Fatalf("as of %s the %s is otherwise (+) than it was then (-):\n%s\n%s", q.at, q.question, diff, h)
		}
	}
}
