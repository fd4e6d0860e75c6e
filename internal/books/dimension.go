package books

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Limits of what an event may be told apart by, each with its reason.
const (
	// MaxEventDimensions is how many an event may have: a team, a feature, a model and what
	// else a report asks for; a payload it is not.
	MaxEventDimensions   = 10
	maxDimensionKey      = 40  // typed by people, as a name of a field
	maxDimensionValue    = 100 // shown in a legend
	dimensionKeyLetters  = "abcdefghijklmnopqrstuvwxyz"
	dimensionKeyElements = dimensionKeyLetters + "0123456789_.-"
)

// EventDimension is one thing by which reports tell use apart: team "research".
type EventDimension struct {
	Key   string `json:"key"`   // [a-z][a-z0-9_.-]{0,39}
	Value string `json:"value"` // 1 to 100 characters
}

// EventDimensions are those of an event in their one form, which is kept and compared: a
// JSON object without spaces, keys in order. "" where it has none.
type EventDimensions string

// CheckDimensions refuses dimensions that no event may have. Errors: INVALID, TOO_LARGE.
func CheckDimensions(given []EventDimension) error {
	if len(given) > MaxEventDimensions {
		return refuse(TooLarge, "dimensions", "must be at most %d, not %d", MaxEventDimensions, len(given))
	}
	for i, one := range given {
		at := "dimensions." + strconv.Itoa(i)
		if err := CheckDimensionKey(at+".key", one.Key); err != nil {
			return err
		}
		if err := checkText(at+".value", one.Value, 1, maxDimensionValue); err != nil {
			return err
		}
		if slices.ContainsFunc(given[:i], func(earlier EventDimension) bool { return earlier.Key == one.Key }) {
			return refuse(Invalid, at+".key", "names %q a second time", one.Key)
		}
	}
	return nil
}

// CheckDimensionKey refuses what is no key of a dimension. Errors: INVALID.
func CheckDimensionKey(field, key string) error {
	if key == "" || len(key) > maxDimensionKey || !strings.Contains(dimensionKeyLetters, key[:1]) || strings.Trim(key, dimensionKeyElements) != "" {
		return refuse(Invalid, field, "must have 1 to %d of the characters a-z 0-9 _ . -, the first a letter, not %q", maxDimensionKey, clip(key))
	}
	return nil
}

// DimensionsOf returns dimensions in their one form. Errors: INVALID, TOO_LARGE.
func DimensionsOf(given []EventDimension) (EventDimensions, error) {
	if len(given) == 0 {
		return "", nil
	}
	if err := CheckDimensions(given); err != nil {
		return "", err
	}
	inOrder := slices.SortedFunc(slices.Values(given), func(x, y EventDimension) int { return cmp.Compare(x.Key, y.Key) })
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	for i, one := range inOrder {
		text.WriteByte("{,"[min(i, 1)])
		text.WriteString(`"` + one.Key + `":`)
		if err := encoder.Encode(one.Value); err != nil {
			return "", err
		}
		text.Truncate(text.Len() - 1) // the line's end
	}
	text.WriteByte('}')
	return EventDimensions(text.String()), nil
}

// Pairs returns the dimensions in order of key. What is in another form has none: verify
// finds it.
func (d EventDimensions) Pairs() []EventDimension {
	if d == "" {
		return nil
	}
	values := map[string]string{}
	if err := json.Unmarshal([]byte(d), &values); err != nil {
		return nil
	}
	pairs := make([]EventDimension, 0, len(values))
	for key, value := range values {
		pairs = append(pairs, EventDimension{key, value})
	}
	slices.SortFunc(pairs, func(x, y EventDimension) int { return cmp.Compare(x.Key, y.Key) })
	return pairs
}

// Value returns the value of a key, "" where there is none.
func (d EventDimensions) Value(key string) string {
	for _, one := range d.Pairs() {
		if one.Key == key {
			return one.Value
		}
	}
	return ""
}
