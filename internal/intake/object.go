package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"

	"drawdown/internal/books"
)

// object is a JSON object with its values unread.
type object []member

type member struct {
	key   string
	value json.RawMessage
}

// of returns the value of a key, nil where it is not there.
func (o object) of(key string) json.RawMessage {
	for _, one := range o {
		if one.key == key {
			return one.value
		}
	}
	return nil
}

func (o object) has(key string) bool { return o.of(key) != nil }

// parseObject reads one JSON object and nothing after it. A key that comes twice is
// refused: readers differ in which of the two they believe. The values may share the
// text's memory.
func parseObject(field string, text []byte) (object, *books.Error) {
	if values, ok := scanObject(text); ok {
		return values, nil
	}
	return parseObjectSlowly(field, text)
}

// parseObjectSlowly reads any object that there may be, and says what is wrong with what
// is none.
func parseObjectSlowly(field string, text []byte) (object, *books.Error) {
	if !utf8.Valid(text) {
		return nil, refuse(field, "is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, notObject(field, err)
	}
	values, seen := object{}, map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		key, isKey := token.(string)
		if err != nil || !isKey {
			return nil, notObject(field, err)
		}
		if seen[key] {
			return nil, refuse(field, "has the key %q twice", shown(key))
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, notObject(field, err)
		}
		seen[key] = true
		values = append(values, member{key, value})
	}
	if _, err := decoder.Token(); err != nil {
		return nil, notObject(field, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, refuse(field, "goes on after the JSON object's end")
	}
	return values, nil
}

func notObject(field string, err error) *books.Error {
	switch {
	case err == nil:
		return refuse(field, "is not a JSON object")
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return refuse(field, "is not a whole JSON object: it breaks off")
	}
	return refuse(field, "is not a JSON object: %s", shown(err.Error()))
}

// present reports whether the key has a value other than null.
func (o object) present(key string) bool {
	value := o.of(key)
	return value != nil && string(value) != "null"
}

// text returns a string value, "" where there is none.
func (o object) text(path, key string) (string, *books.Error) {
	raw := o.of(key)
	if raw == nil || string(raw) == "null" {
		return "", nil
	}
	if raw[0] == '"' && bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil // as written, for nothing is escaped
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", refuse(path+key, "must be a string, not %s", shown(string(raw)))
	}
	return text, nil
}

// digits returns a number as it is written, be it a JSON number or a string.
func (o object) digits(path, key string) (string, *books.Error) {
	raw := o.of(key)
	if raw == nil || string(raw) == "null" {
		return "", nil
	}
	if raw[0] == '"' {
		return o.text(path, key)
	}
	if raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' {
		return string(raw), nil // as written: a float has never seen it
	}
	return "", refuse(path+key, "must be a number or a string of digits, not %s", shown(string(raw)))
}
