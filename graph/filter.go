package graph

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// What the API calls the natural orders of lists.
const (
	created    books.Order = "CREATED"
	byNumber   books.Order = "NUMBER"
	byCustomer books.Order = "CUSTOMER"
)

// filters turns the names by which a request narrows a list into the book's own ids.
// known is false where a name is nobody's: such a list has no rows.
type filters struct {
	request *request
	known   bool
	err     error
}

func newFilters(ctx context.Context) *filters { return &filters{request: requestOf(ctx), known: true} }

func (f *filters) customer(ctx context.Context, externalID *string) string {
	return filterID(ctx, f, f.request.customersBy, externalID, func(c books.Customer) string { return c.ID })
}

func (f *filters) policy(ctx context.Context, code *string) string {
	return filterID(ctx, f, f.request.policiesBy, code, func(p books.Policy) string { return p.ID })
}

func (f *filters) pack(ctx context.Context, code *string) string {
	return filterID(ctx, f, f.request.packsBy, code, func(p books.Pack) string { return p.ID })
}

func (f *filters) meter(ctx context.Context, code *string) string {
	return filterID(ctx, f, f.request.metersBy, code, func(m books.Meter) string { return m.ID })
}

func filterID[V any](ctx context.Context, f *filters, by *batch[string, V], name *string, id func(V) string) string {
	if name == nil || f.err != nil {
		return ""
	}
	row, exists, err := by.load(ctx, *name)
	if err != nil {
		f.err = err
	}
	f.known = f.known && exists
	return id(row)
}

// dimension is one by which a list is narrowed; the zero one where it is not.
func (f *filters) dimension(one *books.EventDimension) books.EventDimension {
	if one == nil || f.err != nil {
		return books.EventDimension{}
	}
	f.err = books.CheckDimensions([]books.EventDimension{*one})
	var refusal *books.Error
	if errors.As(f.err, &refusal) {
		refusal.Field = "withDimension" + strings.TrimPrefix(refusal.Field, "dimensions.0")
	}
	return *one
}

// refuse refuses an argument, where nothing is refused yet.
func (f *filters) refuse(wrong bool, field, message string) {
	if wrong && f.err == nil {
		f.err = &books.Error{Code: books.Invalid, Field: field, Message: message}
	}
}

// minor reads an amount of the functional currency.
func (f *filters) minor(field string, major *decimal.Decimal) *int64 {
	if major == nil || f.err != nil {
		return nil
	}
	amount, err := ledger.AmountOf(*major, f.request.books.Book().Functional)
	if err != nil {
		f.err = &books.Error{Code: books.Invalid, Field: field, Message: err.Error(), Cause: err}
	}
	return &amount.Minor
}

// once returns each of the values once: a list in a request may say one many times.
func once[V ~string](values []V) []V {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}
