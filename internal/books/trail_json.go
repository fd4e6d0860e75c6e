package books

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
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
	var out bytes.Buffer
	if err := trailValue(&out, reflect.ValueOf(v)); err != nil {
		return "", err
	}
	return out.String(), nil
}

func trailValue(out *bytes.Buffer, v reflect.Value) error {
	if !v.IsValid() {
		out.WriteString("null")
		return nil
	}
	switch value := v.Interface().(type) {
	case revrec.Credits:
		return plainJSON(out, value.String())
	case ledger.Amount:
		if value.Currency == "" {
			out.WriteString("null")
			return nil
		}
		return plainJSON(out, struct {
			Amount   string          `json:"amount"`
			Currency ledger.Currency `json:"currency"`
		}{value.Text(), value.Currency})
	case ledger.Period:
		if value == 0 {
			out.WriteString("null")
			return nil
		}
		return plainJSON(out, value.String())
	case decimal.Decimal:
		return plainJSON(out, value)
	case encoding.TextMarshaler:
		if v.IsZero() {
			out.WriteString("null")
			return nil
		}
		return plainJSON(out, value)
	case json.Marshaler:
		return plainJSON(out, value)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return trailValue(out, v.Elem())
	case reflect.Struct:
		out.WriteByte('{')
		first := true
		err := trailFields(out, v, &first)
		out.WriteByte('}')
		return err
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() != reflect.Uint8 {
			return trailList(out, v)
		}
	default: // what JSON writes as it is
	}
	return plainJSON(out, v.Interface())
}

func trailList(out *bytes.Buffer, v reflect.Value) error {
	out.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := trailValue(out, v.Index(i)); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	return nil
}

// trailFields writes the fields of a struct; those of one that is embedded stand among them.
func trailFields(out *bytes.Buffer, v reflect.Value, first *bool) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case !field.IsExported() || name == "-":
			continue
		case field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct:
			if err := trailFields(out, v.Field(i), first); err != nil {
				return err
			}
			continue
		case name == "":
			name = trailName(field.Name)
		}
		if !*first {
			out.WriteByte(',')
		}
		*first = false
		out.WriteString(`"` + name + `":`)
		if err := trailValue(out, v.Field(i)); err != nil {
			return err
		}
	}
	return nil
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

func plainJSON(out *bytes.Buffer, v any) error {
	text, err := json.Marshal(v)
	out.Write(text)
	return err
}
