package walk

import (
	"bytes"
	"io"
	"slices"

	"github.com/99designs/gqlgen/graphql"
)

// Object is one object of an answer: its fields, each with its value.
type Object struct {
	Values   []graphql.Marshaler
	Invalids uint32 // required fields that are null

	fields []graphql.CollectedField
}

// NewObject returns an object whose values are to be set.
func NewObject(fields []graphql.CollectedField) *Object {
	return &Object{Values: make([]graphql.Marshaler, len(fields)), fields: fields}
}

// MarshalGQL writes the object as JSON. An alias is a name, which needs no escapes.
func (o *Object) MarshalGQL(w io.Writer) {
	out, ok := w.(*bytes.Buffer)
	if !ok {
		var buffer bytes.Buffer
		o.MarshalGQL(&buffer)
		_, _ = w.Write(buffer.Bytes())
		return
	}
	out.WriteByte('{')
	for i := range o.fields {
		if o.written(i) {
			continue
		}
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteByte('"')
		out.WriteString(o.fields[i].Alias)
		out.WriteString(`":`)
		o.Values[i].MarshalGQL(out)
	}
	out.WriteByte('}')
}

// written says whether a field before this one bears its alias: fragments on an interface
// and on the type both ask for it then. Fields are few: limits.go counts them.
func (o *Object) written(i int) bool {
	alias := o.fields[i].Alias
	return slices.ContainsFunc(o.fields[:i], func(field graphql.CollectedField) bool { return field.Alias == alias })
}
