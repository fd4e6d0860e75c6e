package graph

import (
	"encoding/json"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// variables bounds the values of a request before they are read into memory, where each
// takes some twenty times its text. They are JSON already. Errors: TOO_LARGE.
func (l Limits) variables(given json.RawMessage) *gqlerror.Error {
	s := valueScan{}
	s.read(given)
	switch {
	case s.depth > maxNesting:
		return tooMuch("nesting", maxNesting, int64(s.depth), "the variables are nested %d deep: at most %d are read", s.depth, maxNesting)
	case s.values > l.Values:
		return tooMuch("max-values", int64(l.Values), int64(s.values), "the variables hold %d values: at most %d are read; send several requests", s.values, l.Values)
	case s.list > l.List:
		return tooMuch("max-list", int64(l.List), int64(s.list), "the variables hold a list of %d elements: at most %d are read; send several requests", s.list, l.List)
	case s.text > l.Text:
		return tooLong(l.Text, s.text)
	case s.word > maxWord:
		return tooLong(maxWord, s.word)
	}
	return nil
}

// valueScan measures JSON that is well-formed, without a copy of any of it.
type valueScan struct {
	values, depth    int // all values; how deep the deepest lies
	list, text, word int // the longest list, string and number
	open             []int
	inList           []bool
}

func (s *valueScan) read(given []byte) {
	for i := 0; i < len(given); i++ {
		switch c := given[i]; c {
		case '{', '[':
			s.element()
			s.open, s.inList = append(s.open, 0), append(s.inList, c == '[')
			s.depth = max(s.depth, len(s.open))
		case '}', ']':
			if last := len(s.open) - 1; last >= 0 {
				if s.inList[last] {
					s.list = max(s.list, s.open[last])
				}
				s.open, s.inList = s.open[:last], s.inList[:last]
			}
		case '"':
			end := endOfString(given, i+1)
			s.element()
			s.text = max(s.text, end-i-1)
			i = end
		case ',', ':', ' ', '\t', '\r', '\n':
		default:
			end := i
			for end < len(given) && !isDelimiter(given[end]) {
				end++
			}
			s.element()
			s.word = max(s.word, end-i)
			i = end - 1
		}
	}
}

// element counts a value; a key of an object too, for it is kept beside its value.
func (s *valueScan) element() {
	s.values++
	if last := len(s.open) - 1; last >= 0 {
		s.open[last]++
	}
}

// endOfString returns where the quote is that ends a string.
func endOfString(given []byte, from int) int {
	for i := from; i < len(given); i++ {
		switch given[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(given)
}

func isDelimiter(c byte) bool {
	switch c {
	case ',', ':', '}', ']', ' ', '\t', '\r', '\n':
		return true
	}
	return false
}
