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
type object map[string]json.RawMessage

// parseObject reads one JSON object and nothing after it. A key that comes twice is
// refused: readers differ in which of the two they believe.
func parseObject(field string, text []byte) (object, *books.Error) {
	if !utf8.Valid(text) {
		return nil, refuse(field, "is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, notObject(field, err)
	}
	values := object{}
	for decoder.More() {
		token, err := decoder.Token()
		key, isKey := token.(string)
		if err != nil || !isKey {
			return nil, notObject(field, err)
		}
		if _, twice := values[key]; twice {
			return nil, refuse(field, "has the key %q twice", shown(key))
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, notObject(field, err)
		}
		values[key] = value
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
	value, there := o[key]
	return there && string(value) != "null"
}

// text returns a string value, "" where there is none.
func (o object) text(path, key string) (string, *books.Error) {
	if !o.present(key) {
		return "", nil
	}
	var text string
	if err := json.Unmarshal(o[key], &text); err != nil {
		return "", refuse(path+key, "must be a string, not %s", shown(string(o[key])))
	}
	return text, nil
}

// digits returns a number as it is written, be it a JSON number or a string.
func (o object) digits(path, key string) (string, *books.Error) {
	if !o.present(key) {
		return "", nil
	}
	raw := o[key]
	if raw[0] == '"' {
		return o.text(path, key)
	}
	if raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9' {
		return string(raw), nil // as written: a float has never seen it
	}
	return "", refuse(path+key, "must be a number or a string of digits, not %s", shown(string(raw)))
}
