package books

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// trailText writes a value for the audit trail: an object with its fields in their order, by
// the names that they have in JSON, or as the API would write them (customerId). Money is
// {"amount": "10.00", "currency": "USD"}, credits are a decimal, dates and instants that are
// not known are null. What JSON leaves out stays out: secrets and hashes of them.
func trailText(v any) (string, error) {
	var out trailWriter
	if err := out.value(reflect.ValueOf(v)); err != nil {
		return "", err
	}
	return out.String(), nil
}

// askedText writes a request for the audit trail, as trailText does, without what was not given:
// a field that has nothing in it. A yes or no is always there, and so is what has the tag
// trail:"always", whose "" says none.
func askedText(request any) (string, error) {
	out := trailWriter{givenAlone: true}
	if err := out.value(reflect.ValueOf(request)); err != nil {
		return "", err
	}
	return out.String(), nil
}

// trailWriter writes a value for the audit trail.
type trailWriter struct {
	bytes.Buffer

	givenAlone bool // fields with nothing in them are left out
}

func (out *trailWriter) value(v reflect.Value) error {
	if !v.IsValid() {
		out.WriteString("null")
		return nil
	}
	switch value := v.Interface().(type) {
	case revrec.Credits:
		return out.plain(value.String())
	case ledger.Amount:
		if value.Currency == "" {
			out.WriteString("null")
			return nil
		}
		return out.plain(struct {
			Amount   string          `json:"amount"`
			Currency ledger.Currency `json:"currency"`
		}{value.Text(), value.Currency})
	case ledger.Period:
		if value == 0 {
			out.WriteString("null")
			return nil
		}
		return out.plain(value.String())
	case decimal.Decimal:
		return out.plain(value)
	case *EstimateRequest: // by its fields, not as its hash has it
		type byFields EstimateRequest
		return out.value(reflect.ValueOf((*byFields)(value)))
	case encoding.TextMarshaler:
		if v.IsZero() {
			out.WriteString("null")
			return nil
		}
		return out.plain(value)
	case json.Marshaler:
		return out.plain(value)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return out.value(v.Elem())
	case reflect.Struct:
		out.WriteByte('{')
		first := true
		err := out.fields(v, &first)
		out.WriteByte('}')
		return err
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			return out.list(v)
		}
	default: // what JSON writes as it is
	}
	return out.plain(v.Interface())
}

func (out *trailWriter) list(v reflect.Value) error {
	out.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := out.value(v.Index(i)); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	return nil
}

// trailFields writes the fields of a struct; those of one that is embedded stand among them.
func (out *trailWriter) fields(v reflect.Value, first *bool) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case !field.IsExported() || name == "-":
			continue
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct:
			if err := out.fields(v.Field(i), first); err != nil {
				return err
			}
			continue
		case out.givenAlone && !given(field, v.Field(i)):
			continue
		case name == "":
			name = trailName(field.Name)
		}
		if !*first {
			out.WriteByte(',')
		}
		*first = false
		out.WriteString(`"` + name + `":`)
		if err := out.value(v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

// given says whether a field of a request has something in it. A decimal that was given as 0 has.
func given(field reflect.StructField, v reflect.Value) bool {
	if field.Tag.Get("trail") == "always" || v.Kind() == reflect.Bool && !strings.Contains(field.Tag.Get("json"), "omitempty") {
		return true
	}
	if at, is := v.Interface().(time.Time); is {
		return !at.IsZero()
	}
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Map {
		return v.Len() > 0
	}
	return !v.IsZero()
}

// trailName writes the name of a field as the API does: CustomerID is customerId, URL is url,
// FXRate is fxRate.
func trailName(name string) string {
	if strings.HasSuffix(name, "ID") {
		name = strings.TrimSuffix(name, "ID") + "Id"
	}
	letters := []rune(name)
	for i, letter := range letters {
		if !unicode.IsUpper(letter) || i > 0 && i+1 < len(letters) && unicode.IsLower(letters[i+1]) {
			break
		}
		letters[i] = unicode.ToLower(letter)
	}
	return string(letters)
}

func (out *trailWriter) plain(v any) error {
	text, err := json.Marshal(v)
	out.Write(text)
	return err
}
