package export

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"drawdown/ledger"
)

// ParseProfile reads a profile in JSON over the defaults of its format and validates it. Unknown fields
// are refused. The error is a [ProfileErrors] with all that is wrong, in the order of the fields, but
// for a text that is no JSON and for an unknown format, which says what else there can be.
func ParseProfile(text []byte) (Profile, error) {
	if len(text) > maxProfile {
		return Profile{}, fmt.Errorf("the export profile has %d bytes, at most %d are read", len(text), maxProfile)
	}
	if !json.Valid(text) {
		var nothing any
		return Profile{}, fmt.Errorf("the export profile is no JSON: %w", json.Unmarshal(text, &nothing))
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var said any
	if err := decoder.Decode(&said); err != nil {
		return Profile{}, fmt.Errorf("the export profile is no JSON: %w", err)
	}
	fields, isObject := said.(map[string]any)
	if !isObject {
		return Profile{}, fmt.Errorf("the export profile is no JSON object of fields")
	}
	p, err := DefaultProfile(formatOf(fields))
	if err != nil {
		return Profile{}, err
	}
	r := &profileReading{}
	kept, err := json.Marshal(r.value("", fields, reflect.TypeFor[Profile]()))
	if err != nil {
		return Profile{}, fmt.Errorf("the export profile: %w", err)
	}
	if err := json.Unmarshal(kept, &p); err != nil {
		return Profile{}, fmt.Errorf("the export profile: %w", err)
	}
	return p, r.with(p.Validate())
}

// formatOf is what a profile in JSON says its format is.
func formatOf(fields map[string]any) Format {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if strings.EqualFold(name, "format") {
			return Format(shown(fields[name]))
		}
	}
	return ""
}

// profileReading holds JSON against the type that it is to be read into, and collects what does not fit.
type profileReading struct{ wrong ProfileErrors }

func (r *profileReading) refuse(field string, value any, message string) {
	r.wrong = append(r.wrong, FieldError{field, shown(value), message})
}

// shown is a value of JSON as an error repeats it.
func shown(value any) string {
	const longest = 100
	if text, ok := value.(string); ok {
		return text
	}
	text, err := json.Marshal(value)
	if err != nil || len(text) > longest {
		return "…"
	}
	return string(text)
}

// value returns what fits of a value, for the field of that type: nil, which leaves the default, where
// nothing does.
func (r *profileReading) value(field string, value any, of reflect.Type) any {
	if value == nil {
		return nil
	}
	switch {
	case of == reflect.TypeFor[ledger.Date]():
		text, ok := value.(string)
		if _, err := ledger.ParseDate(text); !ok || text != "" && err != nil {
			r.refuse(field, value, "is not a date such as 2024-03-31, nor empty")
			return nil
		}
		return value
	case of == reflect.TypeFor[AccountRules]() && value == strings.Trim(ofBook, `"`):
		return value
	}
	switch of.Kind() {
	case reflect.Struct:
		return r.object(field, value, of)
	case reflect.Slice:
		return r.list(field, value, of)
	case reflect.Map:
		return r.texts(field, value, of)
	case reflect.String:
		if _, ok := value.(string); ok {
			return value
		}
		r.refuse(field, value, "is not a text")
	case reflect.Bool:
		if _, ok := value.(bool); ok {
			return value
		}
		r.refuse(field, value, "is not true or false")
	default:
		if number, ok := value.(json.Number); ok {
			if _, err := strconv.ParseInt(string(number), 10, of.Bits()); err == nil {
				return value
			}
		}
		r.refuse(field, value, "is not a whole number")
	}
	return nil
}

func (r *profileReading) object(field string, value any, of reflect.Type) any {
	fields, ok := value.(map[string]any)
	if !ok {
		r.refuse(field, value, "is not an object of fields: "+strings.Join(fieldNames(of), ", "))
		return nil
	}
	names, kept := fieldNames(of), map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		at := slices.IndexFunc(names, func(known string) bool { return strings.EqualFold(known, name) })
		if at < 0 {
			r.refuse(below(field, name), fields[name], "is not a field; there are: "+strings.Join(names, ", "))
			continue
		}
		if fits := r.value(below(field, names[at]), fields[name], of.Field(at).Type); fits != nil {
			kept[name] = fits
		}
	}
	return kept
}

func (r *profileReading) list(field string, value any, of reflect.Type) any {
	list, ok := value.([]any)
	if !ok {
		message := "is not a list"
		if of == reflect.TypeFor[AccountRules]() {
			message = `is not a list of rules, or "BOOK" for the codes of the book`
		}
		r.refuse(field, value, message)
		return nil
	}
	kept := make([]any, len(list))
	for i, one := range list {
		kept[i] = r.value(fmt.Sprintf("%s[%d]", field, i), one, of.Elem())
	}
	return kept
}

func (r *profileReading) texts(field string, value any, of reflect.Type) any {
	texts, ok := value.(map[string]any)
	if !ok {
		r.refuse(field, value, "is not an object of texts")
		return nil
	}
	kept := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if fits := r.value(below(field, name), texts[name], of.Elem()); fits != nil {
			kept[name] = fits
		}
	}
	return kept
}

// below names a field of a field.
func below(field, name string) string {
	if field == "" {
		return name
	}
	return field + "." + name
}

// fieldNames are those of a type in JSON, in its order.
func fieldNames(of reflect.Type) []string {
	names := make([]string, of.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(of.Field(i).Tag.Get("json"), ",")
	}
	return names
}

// with adds what a validation found in what was kept, but for what only follows from what was not.
func (r *profileReading) with(err error) error {
	found, ok := err.(ProfileErrors) //nolint:errorlint // Validate returns no other
	if !ok && err != nil {
		return err
	}
	if len(r.wrong) == 0 {
		return err
	}
	all := slices.Clone(r.wrong)
	for _, one := range found {
		if !slices.ContainsFunc(r.wrong, one.follows) {
			all = append(all, one)
		}
	}
	order := fieldNames(reflect.TypeFor[Profile]())
	place := func(e FieldError) int {
		top, _, _ := strings.Cut(e.Field, ".")
		top, _, _ = strings.Cut(top, "[")
		if at := slices.Index(order, top); at >= 0 {
			return at
		}
		return len(order)
	}
	slices.SortStableFunc(all, func(a, b FieldError) int { return cmp.Compare(place(a), place(b)) })
	return all
}

// follows reports whether an error is about what could not be read: the same field, one below it, or days
// that overlap because one of them was not read.
func (e FieldError) follows(before FieldError) bool {
	if rest, same := strings.CutPrefix(e.Field, before.Field); same && (rest == "" || rest[0] == '.' || rest[0] == '[') {
		return true
	}
	list, _, _ := strings.Cut(e.Field, "[")
	return strings.HasPrefix(e.Message, overlaps) && strings.HasPrefix(before.Field, list+"[")
}
