package graph

import (
	"context"
	"math"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"drawdown/internal/books"
)

// The limits of a request, together. A page's is in paging.go (maxFirst), a usage
// batch's is books.MaxUsageBatch.
const (
	// maxBody holds a full batch of ten thousand usage events of a hundred bytes.
	maxBody = 1 << 20
	// maxTokens bounds what is parsed and validated: the longest document that people or
	// code generators write has some two thousand.
	maxTokens = 10_000
	// maxDepth: from a trial balance down to the meter of an event, with every edges
	// and node on the way, is 17.
	maxDepth = 20
	// maxComplexity bounds the fields of an answer, as far as the request tells them:
	// fifty thousand are a few megabytes and about a second.
	maxComplexity = 50_000
	// countCost is what totalCount counts: it looks at all rows of a list.
	countCost = 100
	// daysCost is what a lot's days count: credits are used on some days of a year.
	daysCost = 100
	// requestTimeout is what a person waits for a page of a report.
	requestTimeout = 30 * time.Second
	// jobWait is how long jobRun waits for the run to end, well within requestTimeout.
	jobWait = 10 * time.Second
	// jobTimeout ends a run that was started by hand and hangs. It books in small steps,
	// so the next run goes on where it stopped.
	jobTimeout = time.Hour
	// maxCachedQuery and cachedQueries bound the memory of parsed documents: a document
	// takes about ten times its text.
	maxCachedQuery = 8 << 10
	cachedQueries  = 500
	// maxRequestID: a trace id or a UUID with a prefix fits.
	maxRequestID = 100
	// readyTimeout is less than a prober waits.
	readyTimeout = 2 * time.Second
)

// limits refuses an operation that is too deep or asks for too much, before it runs.
type limits struct{}

var _ graphql.OperationContextMutator = limits{}

func (limits) ExtensionName() string                   { return "Limits" }
func (limits) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses what is too deep or too complex. Errors: TOO_LARGE.
func (limits) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	m := measure{variables: op.Variables, fragments: map[spread]size{}}
	got := m.of(op.Operation.SelectionSet, 1)
	switch {
	case got.depth > maxDepth:
		return refuseRequest(books.TooLarge, "the query is %d fields deep: at most %d are answered", got.depth, maxDepth)
	case got.cost > maxComplexity:
		return refuseRequest(books.TooLarge, "the query asks for about %d fields, counting first: at most %d are answered; ask for smaller pages or fewer fields", got.cost, maxComplexity)
	}
	return nil
}

// size is how much a selection asks for.
type size struct{ depth, cost int }

// measure adds up a selection. A fragment is measured once for each length of list that
// it is spread in: a short document of fragments within fragments can stand for millions
// of fields.
type measure struct {
	variables map[string]any
	fragments map[spread]size
}

type spread struct {
	fragment string
	rows     int
}

// of measures what is selected of an object, or of a page of so many rows.
func (m measure) of(selection ast.SelectionSet, rows int) size {
	var total size
	for _, selected := range selection {
		var part size
		switch selected := selected.(type) {
		case *ast.Field:
			part = m.field(selected, rows)
		case *ast.InlineFragment:
			part = m.of(selected.SelectionSet, rows)
		case *ast.FragmentSpread:
			part = m.fragment(selected.Definition, rows)
		}
		total.depth = max(total.depth, part.depth)
		total.cost = addUpTo(total.cost, part.cost)
	}
	return total
}

func (m measure) fragment(definition *ast.FragmentDefinition, rows int) size {
	if definition == nil {
		return size{}
	}
	known, measured := m.fragments[spread{definition.Name, rows}]
	if !measured {
		known = m.of(definition.SelectionSet, rows)
		m.fragments[spread{definition.Name, rows}] = known
	}
	return known
}

// field counts itself and, as often as it has rows, what is selected below it. The
// schema describes itself at any depth.
func (m measure) field(field *ast.Field, rows int) size {
	switch field.Name {
	case "__schema", "__type":
		return size{depth: 1, cost: m.of(field.SelectionSet, 1).cost}
	case "totalCount":
		return size{depth: 1, cost: countCost}
	}
	below, times := m.of(field.SelectionSet, m.pageOf(field)), 1
	switch field.Name {
	case "nodes", "edges":
		times = rows
	case "days":
		times = daysCost
	}
	return size{depth: below.depth + 1, cost: addUpTo(1, timesUpTo(times, below.cost))}
}

// pageOf is how many rows the page of a connection may have. Lists without first hold a
// handful; those of a mutation are as long as what the caller sent, and count once.
func (m measure) pageOf(field *ast.Field) int {
	if field.Definition == nil || field.Definition.Arguments.ForName("first") == nil {
		return 1
	}
	return firstOf(field.ArgumentMap(m.variables)["first"])
}

// firstOf reads first as a literal or a variable gave it; what is no page counts as the
// largest.
func firstOf(given any) int {
	first, err := graphql.UnmarshalInt(given)
	if err != nil || first < 1 || first > maxFirst {
		return maxFirst
	}
	return first
}

// The counts stop where they are refused anyway, so that they never overflow.
func addUpTo(a, b int) int { return min(a+b, math.MaxInt32) }

func timesUpTo(a, b int) int {
	if a != 0 && b > math.MaxInt32/a {
		return math.MaxInt32
	}
	return a * b
}
