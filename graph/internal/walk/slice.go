package walk

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// Slice resolves the elements of a list, one after the other. Like gqlgen's own it gives
// each a place in the path of errors, and what panics is null.
func Slice(ctx context.Context, length int, element func(context.Context, int) graphql.Marshaler) graphql.Array {
	elements := make(graphql.Array, length)
	places := make([]place, length)
	for i := range elements {
		if err := ctx.Err(); err != nil {
			places[i].index = i
			places[i].field.Index = &places[i].index
			graphql.AddError(graphql.WithFieldContext(ctx, &places[i].field), err)
			for ; i < length; i++ {
				elements[i] = graphql.Null
			}
			break
		}
		places[i].index = i
		places[i].field.Index = &places[i].index
		elements[i] = guarded(graphql.WithFieldContext(ctx, &places[i].field), i, element)
	}
	return elements
}

// place is where an element stands.
type place struct {
	field graphql.FieldContext
	index int
}

func guarded(ctx context.Context, i int, element func(context.Context, int) graphql.Marshaler) (resolved graphql.Marshaler) {
	defer func() {
		if panicked := recover(); panicked != nil {
			graphql.AddError(ctx, graphql.Recover(ctx, panicked))
			resolved = graphql.Null
		}
	}()
	return element(ctx, i)
}
