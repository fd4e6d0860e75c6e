package scalar

import (
	"context"
	"io"

	"github.com/99designs/gqlgen/graphql"
)

// prefixes are what the ids of rows begin with, by the type of the API: such a type's id is
// the row's own key behind it. The ids of other types are made by their resolvers. Written
// here rather than by a resolver for each type, an id costs no goroutine.
var prefixes = map[string]string{
	"Customer": "cus_", "Policy": "pol_", "Pack": "pack_", "Meter": "mtr_", "Purchase": "pur_", "Lot": "lot_", "Hold": "hold_", "Budget": "bud_",
	"UsageEvent": "evt_", "Recognition": "rec_", "Pool": "pool_", "JobRun": "run_",
}

// MarshalID writes an id, with the prefix of the type whose it is.
func MarshalID(key string) graphql.ContextMarshaler {
	return graphql.ContextWriterFunc(func(ctx context.Context, w io.Writer) error {
		if field := graphql.GetFieldContext(ctx); field != nil && field.Field.Field != nil {
			MarshalIDOf(field.Object, field.Field.Name, key).MarshalGQL(w)
			return nil
		}
		graphql.MarshalString(key).MarshalGQL(w)
		return nil
	})
}

// MarshalIDOf writes the id in a field of an object.
func MarshalIDOf(object, field, key string) graphql.Marshaler {
	if field == "id" {
		return escaped(prefixes[object] + key)
	}
	return escaped(key)
}

// UnmarshalID reads an id.
func UnmarshalID(_ context.Context, given any) (string, error) { return graphql.UnmarshalID(given) }
