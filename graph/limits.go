package graph

import (
	"cmp"
	"context"
	"math"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"drawdown/internal/books"
)

// Limits bound what a caller may ask. Zero fields take their defaults. A page's bound is in
// paging.go (maxFirst), a usage batch's is books.MaxUsageBatch; streams of usage have bounds
// of their own (IntakeOptions).
type Limits struct {
	// Body bounds the bytes of a request; 1 MiB, a full batch of ten thousand usage events
	// of a hundred bytes.
	Body int64
	// Tokens bounds a document; 10,000. The longest that people or code generators write
	// has some two thousand.
	Tokens int
	// Depth bounds the fields above each other; 20. From a trial balance down to the meter
	// of an event, with every edges and node on the way, is 17.
	Depth int
	// Complexity bounds the fields of an answer, as far as the request tells them; 50,000
	// are a few megabytes and about a second.
	Complexity int
	// RootFields bounds the fields of Query or Mutation, each under every alias; 50. Each is
	// a look-up of its own, or a transaction: more than a screen has figures.
	RootFields int
	// Parallel bounds the root fields of one query that are at work at the same time; 64. They
	// share one snapshot and read it one after the other, so more only wait.
	Parallel int
	// Text bounds the bytes of a string among the arguments; 16 KiB. Names and references
	// have at most 200 characters.
	Text int
	// List bounds the elements of a list among the arguments; 20,000, so that a batch that is
	// too large is told so by its own rule.
	List int
	// Values bounds the values in variables, those within others too; 200,000. A full batch
	// of usage has some hundred thousand.
	Values int
	// Time bounds a request; 30 s, what a person waits for a page of a report.
	Time time.Duration
	// Requests bounds those that are at work at the same time; 64. A database answers fewer
	// at a time; others wait without holding anything but their body.
	Requests int
	// Queries bounds those of one caller that are at work at the same time; 4, half of the
	// connections that read from the database.
	Queries int
	// Wait bounds how long a request waits for a place; 1 s. It stands in the queue of a
	// burst, not of an overload.
	Wait time.Duration
	// Rate bounds the fields that one caller asks for in a second, over time, each request
	// counting ten more; 100,000, two requests of the largest kind. Below 0 there is no bound.
	Rate int
	// Burst is what a caller that was silent may ask at once; 1,000,000, a dashboard that
	// opens all its pages.
	Burst int
}

// The defaults of Limits.
const (
	DefaultBody       = 1 << 20
	DefaultTokens     = 10_000
	DefaultDepth      = 20
	DefaultComplexity = 50_000
	DefaultRootFields = 50
	DefaultParallel   = 64
	DefaultText       = 16 << 10
	DefaultList       = 20_000
	DefaultValues     = 200_000
	DefaultTime       = 30 * time.Second
	DefaultRequests   = 64
	DefaultQueries    = 4
	DefaultWait       = time.Second
	DefaultRate       = 100_000
	DefaultBurst      = 1_000_000
)

func (l Limits) withDefaults() Limits {
	return Limits{
		Body:       cmp.Or(l.Body, DefaultBody),
		Tokens:     cmp.Or(l.Tokens, DefaultTokens),
		Depth:      cmp.Or(l.Depth, DefaultDepth),
		Complexity: cmp.Or(l.Complexity, DefaultComplexity),
		RootFields: cmp.Or(l.RootFields, DefaultRootFields),
		Parallel:   cmp.Or(l.Parallel, DefaultParallel),
		Text:       cmp.Or(l.Text, DefaultText),
		List:       cmp.Or(l.List, DefaultList),
		Values:     cmp.Or(l.Values, DefaultValues),
		Time:       cmp.Or(l.Time, DefaultTime),
		Requests:   cmp.Or(l.Requests, DefaultRequests),
		Queries:    cmp.Or(l.Queries, DefaultQueries),
		Wait:       cmp.Or(l.Wait, DefaultWait),
		Rate:       cmp.Or(l.Rate, DefaultRate),
		Burst:      cmp.Or(l.Burst, DefaultBurst),
	}
}

// What nobody needs to set.
const (
	// countCost is what totalCount counts: it looks at all rows of a list.
	countCost = 100
	// seriesCost is what the series of a chart count: ten groups and their others.
	seriesCost = 11
	// openLotsCost is what the lots of a balance count: a customer has some that are open.
	openLotsCost = 10
	// estimateCost is what computing an estimate counts, which may take a core some seconds:
	// four a request, by default.
	estimateCost = 12_000
	// daysCost is what a lot's days count, and each list of values of a chart: credits are
	// used on some days of a year.
	daysCost = 100
	// maxWord bounds a name or a number in a document, and a number in variables: the
	// schema's longest name has some thirty characters, and what is unknown is compared with
	// every name that is known.
	maxWord = 200
	// maxNesting bounds values within values: inputs of the schema go five deep.
	maxNesting = 50
	// maxPairs bounds the pairs of fields that validation compares, to see whether those of
	// one name agree: a field stands in one place a few times, through fragments, not 600
	// times. A hundred thousand take about five milliseconds.
	maxPairs = 400_000
	// fragmentPair is what comparing two fragments costs, in pairs of fields.
	fragmentPair = 25
	// maxErrors bounds what is said of one request: who mends those asks again.
	maxErrors = 20
	// bodyTime is how long a caller may take to send a body: a megabyte over the slowest line.
	bodyTime = 30 * time.Second
	// readTime and slowestReader (bytes a second) are how long a caller may take to read an
	// answer: a page at once, a long one as fast as the slowest line.
	readTime      = 30 * time.Second
	slowestReader = 32 << 10
	// jobWait is how long jobRun waits for the run to end, well within Limits.Time.
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

// tooMuch refuses what is beyond a limit, by the name of the limit, what it allows and what
// was asked for.
func tooMuch(limit string, allowed, asked int64, format string, args ...any) *gqlerror.Error {
	err := refuseRequest(books.TooLarge, format, args...)
	err.Extensions["limit"] = map[string]any{"name": limit, "allowed": allowed, "asked": asked}
	return err
}

// limits refuses an operation that is too deep or asks for too much, before it runs.
type limits struct {
	Limits
	parsed queryCache // documents that were looked at already
	schema *ast.Schema
}

var (
	_ graphql.OperationParameterMutator = limits{}
	_ graphql.OperationContextMutator   = limits{}
)

func (limits) ExtensionName() string                   { return "Limits" }
func (limits) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses a document that it would take long to validate. Errors:
// TOO_LARGE.
func (l limits) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) *gqlerror.Error {
	if _, known := l.parsed.Get(ctx, params.Query); known {
		return nil
	}
	return l.document(params.Query)
}

// MutateOperationContext refuses what is too complex. Errors: TOO_LARGE.
func (l limits) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	m := measure{variables: op.Variables, fragments: map[spread]int{}, schema: l.schema, defers: new(bool)}
	got := m.of(op.Operation.SelectionSet, 1)
	if *m.defers {
		return refuseRequest(books.Invalid, "@defer is not served: ask for all in one answer, or for the rest in a request of its own")
	}
	op.Stats.SetExtension(costKey, got)
	if got > l.Complexity {
		return tooMuch("max-complexity", int64(l.Complexity), int64(got), "the query asks for about %d fields, counting first: at most %d are answered; ask for smaller pages or fewer fields", got, l.Complexity)
	}
	return nil
}

// measure adds up the fields that a selection asks for. A fragment is measured once for
// each length of list that it is spread in: a short document of fragments within fragments
// can stand for millions of fields.
type measure struct {
	variables map[string]any
	fragments map[spread]int
	schema    *ast.Schema
	defers    *bool // whether anything is to come later
}

type spread struct {
	fragment string
	rows     int
}

// of measures what is selected of an object, or of a page of so many rows.
func (m measure) of(selection ast.SelectionSet, rows int) int {
	total := 0
	for _, selected := range selection {
		switch selected := selected.(type) {
		case *ast.Field:
			total = addUpTo(total, m.field(selected, rows))
		case *ast.InlineFragment:
			*m.defers = *m.defers || selected.Directives.ForName("defer") != nil
			total = addUpTo(total, m.of(selected.SelectionSet, rows))
		case *ast.FragmentSpread:
			*m.defers = *m.defers || selected.Directives.ForName("defer") != nil
			total = addUpTo(total, m.fragment(selected.Definition, rows))
		}
	}
	return total
}

func (m measure) fragment(definition *ast.FragmentDefinition, rows int) int {
	if definition == nil {
		return 0
	}
	known, measured := m.fragments[spread{definition.Name, rows}]
	if !measured {
		known = m.of(definition.SelectionSet, rows)
		m.fragments[spread{definition.Name, rows}] = known
	}
	return known
}

// field counts itself and, as often as it has rows, what is selected below it.
func (m measure) field(field *ast.Field, rows int) int {
	times := 1
	switch field.Name {
	case "__schema", "__type":
		return addUpTo(1, m.introspection(field))
	case "totalCount":
		return countCost
	case "reproduction", "estimateRun":
		return addUpTo(estimateCost, m.of(field.SelectionSet, 1))
	case "evidence":
		times = daysCost
	case "nodes", "edges":
		times = rows
	case "days", "buckets", "amounts", "functionalAmounts", "debits", "credits", "closing", "functionalClosing":
		times = daysCost
	case "series":
		times = seriesCost
	case "parts", "budgets":
		times = openLotsCost
	case "lots":
		if isList(field) { // of a balance, not a connection
			times = openLotsCost
		}
	}
	return addUpTo(1, timesUpTo(times, m.of(field.SelectionSet, m.pageOf(field))))
}

// isList tells a list from a connection of the same name.
func isList(field *ast.Field) bool {
	return field.Definition != nil && field.Definition.Type != nil && field.Definition.Type.Elem != nil
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

// costKey is where an operation keeps how many fields it asks for.
const costKey = "cost"

// costOf is how many fields an operation asks for, as it was measured.
func costOf(op *graphql.OperationContext) int {
	cost, _ := op.Stats.GetExtension(costKey).(int)
	return cost
}
