package apidocs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// lineWidth is what an object or a list may take to stand on one line.
const lineWidth = 96

// value is JSON with its order kept.
type value struct {
	text  string // of a scalar
	open  byte   // { or [ of what holds others
	names []string
	parts []value
}

// pretty writes JSON for people: in the order given, with what fits on a line on one line.
func pretty(raw []byte) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	read, err := readValue(decoder)
	if err != nil {
		return "", err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return "", errors.New("more than one JSON value")
	}
	var out strings.Builder
	read.write(&out, 0, 0)
	return out.String(), nil
}

func readValue(decoder *json.Decoder) (value, error) {
	token, err := decoder.Token()
	if err != nil {
		return value{}, err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		err := encoder.Encode(token)
		return value{text: strings.TrimSpace(text.String())}, err
	}
	v := value{open: byte(delim)}
	for decoder.More() {
		if delim == '{' {
			name, err := decoder.Token()
			if err != nil {
				return v, err
			}
			v.names = append(v.names, fmt.Sprint(name))
		}
		part, err := readValue(decoder)
		if err != nil {
			return v, err
		}
		v.parts = append(v.parts, part)
	}
	_, err = decoder.Token() // the end
	return v, err
}

func (v value) flat() string {
	if v.open == 0 {
		return v.text
	}
	parts := make([]string, len(v.parts))
	for i, part := range v.parts {
		parts[i] = part.flat()
		if v.names != nil {
			parts[i] = fmt.Sprintf("%q: %s", v.names[i], parts[i])
		}
	}
	return string(v.open) + strings.Join(parts, ", ") + string(v.open+2) // ] is [ + 2, } is { + 2
}

// write writes the value at the depth, behind so many characters of its line.
func (v value) write(out *strings.Builder, depth, before int) {
	flat := v.flat()
	if v.open == 0 || len(v.parts) == 0 || 2*depth+before+len(flat) <= lineWidth {
		out.WriteString(flat)
		return
	}
	out.WriteByte(v.open)
	for i, part := range v.parts {
		out.WriteString("\n" + strings.Repeat("  ", depth+1))
		name := ""
		if v.names != nil {
			name = fmt.Sprintf("%q: ", v.names[i])
		}
		out.WriteString(name)
		part.write(out, depth+1, len(name))
		if i < len(v.parts)-1 {
			out.WriteByte(',')
		}
	}
	out.WriteString("\n" + strings.Repeat("  ", depth))
	out.WriteByte(v.open + 2)
}

// oneLine makes a description fit for a cell of a table.
func oneLine(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

// sentence returns the first sentence of a description.
func sentence(text string) string {
	text = oneLine(text)
	if i := strings.Index(text, ". "); i > 0 {
		return text[:i+1]
	}
	return text
}
