package walk_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"drawdown/graph/internal/walk"
)

func answering(ctx context.Context) context.Context {
	return graphql.WithResponseContext(ctx, graphql.DefaultErrorPresenter, func(context.Context, any) error { return errors.New("a fault") })
}

func field(alias string) graphql.CollectedField {
	return graphql.CollectedField{Field: &ast.Field{Name: alias, Alias: alias}}
}

func written(m graphql.Marshaler) string {
	var b strings.Builder
	m.MarshalGQL(&b)
	return b.String()
}

// What two fragments ask for under one alias is written once.
func TestObject(t *testing.T) {
	out := walk.NewObject([]graphql.CollectedField{field("a"), field("b"), field("a"), field("c")})
	for i := range out.Values {
		out.Values[i] = graphql.MarshalInt(i)
	}
	if got := written(out); got != `{"a":0,"b":1,"c":3}` {
		t.Error(got)
	}
	if got := written(walk.NewObject(nil)); got != "{}" {
		t.Error(got)
	}
}

// An element that panics is null and says where it stood; the others are there.
func TestSlicePanics(t *testing.T) {
	ctx := answering(t.Context())
	got := walk.Slice(ctx, 3, func(ctx context.Context, i int) graphql.Marshaler {
		if i == 1 {
			panic("odd")
		}
		return graphql.MarshalString(graphql.GetPath(ctx).String())
	})
	if text := written(got); text != `["[0]",null,"[2]"]` {
		t.Error(text)
	}
	if errs := graphql.GetErrors(ctx); len(errs) != 1 || errs[0].Path.String() != "[1]" {
		t.Errorf("%v", errs)
	}
}

// What is left when the time is over is null, and that is said once.
func TestSliceEnds(t *testing.T) {
	ctx, end := context.WithCancel(answering(t.Context()))
	got := walk.Slice(ctx, 4, func(_ context.Context, i int) graphql.Marshaler {
		if i == 1 {
			end()
		}
		return graphql.MarshalInt(i)
	})
	if text := written(got); text != `[0,1,null,null]` {
		t.Error(text)
	}
	if errs := graphql.GetErrors(ctx); len(errs) != 1 || errs[0].Path.String() != "[2]" {
		t.Errorf("%v", errs)
	}
}
