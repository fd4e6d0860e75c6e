package intake

import "unicode/utf8"

// scanObject reads what nearly every line is, an object whose keys are plain and come
// once, in a tenth of the time that encoding/json takes for it. Where it is not sure, it
// says so and the slow way decides what to say of the line. The values share the text's
// memory.
func scanObject(text []byte) (object, bool) {
	if !utf8.Valid(text) {
		return nil, false
	}
	at := skipSpace(text, 0)
	if at == len(text) || text[at] != '{' {
		return nil, false
	}
	at = skipSpace(text, at+1)
	if at < len(text) && text[at] == '}' {
		return object{}, skipSpace(text, at+1) == len(text)
	}
	values := make(object, 0, usualMembers)
	for {
		one, end, ok := scanMember(text, at)
		if !ok || len(values) == maxScanMembers || values.has(one.key) {
			return nil, false
		}
		values = append(values, one)
		at = skipSpace(text, end)
		if at == len(text) {
			return nil, false
		}
		switch text[at] {
		case ',':
			at = skipSpace(text, at+1)
		case '}':
			return values, skipSpace(text, at+1) == len(text)
		default:
			return nil, false
		}
	}
}

const (
	// usualMembers is how many members most objects have at most.
	usualMembers = 10
	// maxScanMembers bounds the search for keys that come twice, which is quadratic.
	maxScanMembers = 50
	// maxScanDepth bounds the recursion; encoding/json has a bound of its own.
	maxScanDepth = 100
)

// scanMember reads a key and its value.
func scanMember(text []byte, at int) (one member, end int, ok bool) {
	if at == len(text) || text[at] != '"' {
		return one, at, false
	}
	end, plain := scanString(text, at)
	if !plain {
		return one, at, false
	}
	one.key = keyOf(text[at+1 : end-1])
	at = skipSpace(text, end)
	if at == len(text) || text[at] != ':' {
		return one, at, false
	}
	at = skipSpace(text, at+1)
	end, ok = scanValue(text, at, 0)
	if ok {
		one.value = text[at:end]
	}
	return one, end, ok
}

// knownKeys are those that need no memory of their own.
var knownKeys = func() map[string]string {
	known := map[string]string{}
	for _, key := range append(Fields(), "specversion", "type", "subject", "time", "datacontenttype", "data", "usage", keyDimensions) {
		known[key] = key
	}
	return known
}()

func keyOf(text []byte) string {
	if known, ok := knownKeys[string(text)]; ok {
		return known
	}
	return string(text)
}

func skipSpace(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r') {
		at++
	}
	return at
}

// scanString returns where the string that begins at a quote ends, behind its closing
// quote, and whether it is plain: whole, and without escapes.
func scanString(text []byte, at int) (end int, plain bool) {
	for at++; at < len(text); at++ {
		switch c := text[at]; {
		case c == '"':
			return at + 1, true
		case c == '\\' || c < ' ':
			return at, false
		}
	}
	return at, false
}

// scanValue returns where the JSON value that begins here ends.
func scanValue(text []byte, at, depth int) (end int, ok bool) {
	if at == len(text) || depth > maxScanDepth {
		return at, false
	}
	switch c := text[at]; {
	case c == '"':
		if end, ok = scanString(text, at); !ok {
			return scanEscaped(text, end)
		}
		return end, true
	case c == '-' || isDigit(c):
		return scanNumber(text, at)
	case c == '{':
		return scanList(text, at+1, '}', depth)
	case c == '[':
		return scanList(text, at+1, ']', depth)
	}
	for _, word := range []string{"null", "true", "false"} {
		if end = at + len(word); end <= len(text) && string(text[at:end]) == word {
			return end, true
		}
	}
	return at, false
}

// scanList goes through the elements of an array, or the members of an object.
func scanList(text []byte, at int, closing byte, depth int) (end int, ok bool) {
	at = skipSpace(text, at)
	if at < len(text) && text[at] == closing {
		return at + 1, true
	}
	for {
		if closing == '}' {
			if at == len(text) || text[at] != '"' {
				return at, false
			}
			if at, ok = scanValue(text, at, depth+1); !ok {
				return at, false
			}
			if at = skipSpace(text, at); at == len(text) || text[at] != ':' {
				return at, false
			}
			at = skipSpace(text, at+1)
		}
		if at, ok = scanValue(text, at, depth+1); !ok {
			return at, false
		}
		if at = skipSpace(text, at); at == len(text) {
			return at, false
		}
		switch text[at] {
		case ',':
			at = skipSpace(text, at+1)
		case closing:
			return at + 1, true
		default:
			return at, false
		}
	}
}

// scanEscaped goes on from where a string is not plain.
func scanEscaped(text []byte, at int) (end int, ok bool) {
	for ; at < len(text); at++ {
		switch c := text[at]; {
		case c == '"':
			return at + 1, true
		case c < ' ':
			return at, false
		case c == '\\':
			at++
			if at == len(text) {
				return at, false
			}
			switch text[at] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				for range 4 {
					at++
					if at == len(text) || !isHex(text[at]) {
						return at, false
					}
				}
			default:
				return at, false
			}
		}
	}
	return at, false
}

func scanNumber(text []byte, at int) (end int, ok bool) {
	if text[at] == '-' {
		at++
	}
	whole := at
	if at = skipDigits(text, at); at == whole || text[whole] == '0' && at > whole+1 {
		return at, false
	}
	if at < len(text) && text[at] == '.' {
		fraction := at + 1
		if at = skipDigits(text, fraction); at == fraction {
			return at, false
		}
	}
	if at < len(text) && (text[at] == 'e' || text[at] == 'E') {
		at++
		if at < len(text) && (text[at] == '+' || text[at] == '-') {
			at++
		}
		exponent := at
		if at = skipDigits(text, at); at == exponent {
			return at, false
		}
	}
	return at, true
}

func skipDigits(text []byte, at int) int {
	for at < len(text) && isDigit(text[at]) {
		at++
	}
	return at
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }
