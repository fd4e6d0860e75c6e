package graph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"drawdown/internal/books"
)

// watching tells the watch of each operation that is executed, and of its root fields.
type watching struct {
	watch   Watch
	trusted bool
}

var (
	_ graphql.OperationInterceptor = watching{}
	_ graphql.ResponseInterceptor  = watching{}
	_ graphql.RootFieldInterceptor = watching{}
)

func (watching) ExtensionName() string                   { return "Watching" }
func (watching) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptOperation notes what is asked.
func (o watching) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	notedOf(ctx).operation = o.operation(ctx)
	return next(ctx)
}

func (o watching) operation(ctx context.Context) Operation {
	executed := graphql.GetOperationContext(ctx).Operation
	return Operation{Kind: string(executed.Operation), Name: executed.Name, Trusted: o.trusted}
}

// InterceptResponse tells of a query or a mutation, and of each event of a subscription.
func (o watching) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	if !graphql.HasOperationContext(ctx) || graphql.GetOperationContext(ctx).Operation == nil {
		return next(ctx)
	}
	operation := o.operation(ctx)
	if operation.Kind == string(ast.Subscription) { // next waits for an event, which is not what it took
		got := next(ctx)
		if got != nil {
			o.watch.OperationEnded(ctx, operation, codesOf(got.Errors), 0)
		}
		return got
	}
	began := time.Now()
	ctx = o.watch.OperationBegun(ctx, operation)
	var got *graphql.Response
	defer func() { // a panic goes on, to where it is made an error
		codes := []books.Code{books.Internal}
		if got != nil {
			codes = codesOf(got.Errors)
		}
		o.watch.OperationEnded(ctx, operation, codes, time.Since(began))
	}()
	got = next(ctx)
	return got
}

// InterceptRootField tells which field of the schema is asked for.
func (o watching) InterceptRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if field := graphql.GetRootFieldContext(ctx); field != nil && field.Field.ObjectDefinition != nil {
		o.watch.RootField(field.Field.ObjectDefinition.Name, field.Field.Name)
	}
	return next(ctx)
}

func codesOf(errs gqlerror.List) []books.Code {
	codes := make([]books.Code, 0, len(errs))
	for _, err := range errs {
		codes = append(codes, codeOfRequest(err))
	}
	return codes
}
