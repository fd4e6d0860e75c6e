package export

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"drawdown/ledger"
)

// oneLine makes a text safe for a file of lines: what is not UTF-8 is replaced, line
// breaks and tabs become spaces, other control characters and marks that turn the
// direction of writing are dropped. Those marks let a text look like another one.
func oneLine(text string) string {
	if isPlain(text) {
		return text
	}
	return strings.TrimSpace(strings.Map(onLine, validText(text)))
}

// onLine is what a character is in a file of lines; below zero is nothing.
func onLine(r rune) rune {
	switch {
	case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029' || r == '\u0085':
		return ' '
	case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\ufeff':
		return -1
	}
	return r
}

// isBlank reports whether a character is a blank as it stands.
func isBlank(r rune) bool { return unicode.IsSpace(r) && onLine(r) == r }

// validText is a text as it is, but for bytes that are no UTF-8, over which readers stop.
func validText(text string) string { return strings.ToValidUTF8(text, "\ufffd") }

// formulaStarts begin what a spreadsheet would compute instead of show; the full-width
// ones do so under East Asian settings. OWASP ASVS 1.2.10, CWE-1236.
const formulaStarts = "=+-@＝＋－＠"

// startsFormula reports whether a text on one line would be computed.
func startsFormula(text string) bool {
	first, size := utf8.DecodeRuneInString(text)
	return size > 0 && strings.ContainsRune(formulaStarts, first)
}

// isPlain reports whether oneLine would leave a text as it is, which is so for most.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return text == "" || text[0] != ' ' && text[len(text)-1] != ' '
}

// isClean reports whether a text is safe anywhere as it is, which is so for most.
func isClean(text string) bool {
	return isPlain(text) && (text == "" || strings.IndexByte(formulaStarts, text[0]) < 0)
}

// appendQuoted appends a cell of RFC 4180, in quotes where it needs them: where it holds
// the delimiter, a quote, or is what PostgreSQL takes for the end.
func appendQuoted(b []byte, text string, delimiter byte) []byte {
	const endOfData = `\.`
	if strings.IndexByte(text, delimiter) < 0 && strings.IndexByte(text, '"') < 0 && text != endOfData {
		return append(b, text...)
	}
	b = append(b, '"')
	for i := range len(text) {
		if text[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, text[i])
	}
	return append(b, '"')
}

// scribe writes texts, amounts and dates in the form of a profile, and counts what it had
// to change. Every text of the journal that a format writes goes through one of its methods, once
// for each place where it is written: what changes a text without them is not counted.
type scribe struct {
	file    FileForm
	formula Formula
	xml     bool // the format is in XML, which has no U+FFFE and U+FFFF
	counts  Sanitised
}

func newScribe(p Profile) *scribe {
	return &scribe{file: p.File, formula: p.Formula, xml: p.Format == SAFT || p.Format == XLSX}
}

// counted returns what a text became, and counts it under the reason where that is another text.
func counted(text, became string, reason *int64) string {
	if became != text {
		*reason++
	}
	return became
}

// valid returns a text as it is, but for bytes that are no UTF-8.
func (s *scribe) valid(text string) string {
	return counted(text, validText(text), &s.counts.Characters)
}

// line returns a text on one line, as [oneLine] has it.
func (s *scribe) line(text string) string {
	if isPlain(text) {
		return text
	}
	valid := validText(text)
	line := counted(valid, strings.Map(onLine, valid), &s.counts.Controls)
	if strings.TrimFunc(valid, isBlank) != valid {
		s.counts.Blanks++
	}
	line = strings.TrimSpace(line)
	encodable := s.encodable(line)
	if valid != text || encodable != line {
		s.counts.Characters++
	}
	return encodable
}

// instead returns a text with others for the characters that mean something in the format.
func (s *scribe) instead(text string, of *strings.Replacer) string {
	return counted(text, of.Replace(text), &s.counts.Separators)
}

// first returns the first of the texts of which something is left, as free has it.
func (s *scribe) first(longest int, separators string, texts ...string) string {
	for _, text := range texts {
		if text = s.free(text, longest, separators); text != "" {
			return text
		}
	}
	return ""
}

// free returns a text for people as the target can hold it: without what is in separators
// (which becomes spaces), neutralised, in the file's encoding, cut to so many characters.
// 0 is no limit.
func (s *scribe) free(text string, longest int, separators string) string {
	text = s.line(text)
	if separators != "" && strings.ContainsAny(text, separators) {
		text = counted(text, strings.TrimSpace(strings.Map(func(r rune) rune {
			if strings.ContainsRune(separators, r) {
				return ' '
			}
			return r
		}, text)), &s.counts.Separators)
	}
	text = s.neutralised(text) // last, for what came before can bring such a character to the front
	if longest > 0 && len(text) > longest && utf8.RuneCountInString(text) > longest {
		text = counted(text, string([]rune(text)[:longest-1])+"…", &s.counts.Cut)
	}
	return text
}

func (s *scribe) neutralised(text string) string {
	if s.formula == KeepFormula || !startsFormula(text) {
		return text
	}
	became := "'" + text
	if s.formula != QuoteFormula {
		became = strings.TrimLeft(text, formulaStarts+" ")
	}
	return counted(text, became, &s.counts.Formulas)
}

// encodable returns a text with other characters for those that the file cannot hold.
func (s *scribe) encodable(text string) string {
	if s.lacks(text) == "" {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case s.holds(r):
			return r
		case s.xml:
			return '\ufffd'
		}
		return '?'
	}, text)
}

// holds reports whether the file can hold a character.
func (s *scribe) holds(r rune) bool {
	if s.xml && (r == '\ufffe' || r == '\uffff') {
		return false
	}
	if s.file.Encoding != Windows1252 {
		return true
	}
	_, ok := charmap.Windows1252.EncodeRune(r)
	return ok
}

// lacks says what does not have a character of the text, or "".
func (s *scribe) lacks(text string) string {
	for _, r := range text {
		if r < utf8.RuneSelf || s.holds(r) {
			continue
		}
		if s.xml {
			return "XML"
		}
		return "Windows-1252"
	}
	return ""
}

// exact says what keeps a text from being written as it is, or "": a number, an account or
// a dimension names something in the target and would name something else when changed.
func (s *scribe) exact(text string, longest int, separators string) (code, message string) {
	if isClean(text) && (longest <= 0 || len(text) <= longest) && (separators == "" || !strings.ContainsAny(text, separators)) {
		return "", "" // ASCII is one byte a character, and in every encoding
	}
	switch {
	case longest > 0 && utf8.RuneCountInString(text) > longest:
		return TooLong, "has more than " + strconv.Itoa(longest) + " characters and may not be cut"
	case oneLine(text) != text:
		return BadText, "holds blanks at an end, line breaks or control characters; map it to another value"
	case s.formula != KeepFormula && startsFormula(text):
		return BadText, "begins like a formula; map it to another value"
	case separators != "" && strings.ContainsAny(text, separators):
		return BadText, "holds a character that parts fields in this format; map it to another value"
	}
	if encoding := s.lacks(text); encoding != "" {
		return BadText, "holds characters that " + encoding + " does not have; map it to another value"
	}
	return "", ""
}

// encoded returns a UTF-8 text in the encoding of the file.
func (s *scribe) encoded(b []byte) []byte {
	if s.file.Encoding != Windows1252 {
		return b
	}
	out := make([]byte, 0, len(b))
	for _, r := range string(b) {
		c, _ := charmap.Windows1252.EncodeRune(r) // free and exact let nothing else through
		out = append(out, c)
	}
	return out
}

// amount appends an amount with so many decimals, or with those of its currency where
// places is negative. It reports whether that takes no rounding.
func (s *scribe) amount(b []byte, amount ledger.Amount, places int) ([]byte, bool) {
	own := int(amount.Currency.Exponent())
	if places < 0 {
		places = own
	}
	start := len(b)
	b = amount.Append(b)
	if own == 0 && places > 0 {
		b = append(b, '.')
	}
	for ; own < places; own++ {
		b = append(b, '0')
	}
	for ; own > places; own-- {
		if b[len(b)-1] != '0' {
			return b[:start], false
		}
		b = b[:len(b)-1]
	}
	if places == 0 {
		b = trimPoint(b)
	}
	if s.file.Decimal == Comma {
		for i := start; i < len(b); i++ {
			if b[i] == '.' {
				b[i] = ','
			}
		}
	}
	return b, true
}

func trimPoint(b []byte) []byte {
	if len(b) > 0 && b[len(b)-1] == '.' {
		return b[:len(b)-1]
	}
	return b
}

// date appends a day in the profile's form.
func (s *scribe) date(b []byte, day ledger.Date) []byte { return appendDate(b, day, s.file.Dates) }

var monthNames = [...]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}

func appendDate(b []byte, day ledger.Date, form DateForm) []byte {
	if day == 0 || form == ISODate {
		return day.Append(b)
	}
	iso := day.String()
	y, m, d := iso[:4], iso[5:7], iso[8:]
	for i := 0; i < len(form); {
		rest := string(form[i:])
		switch {
		case strings.HasPrefix(rest, "YYYY"):
			b, i = append(b, y...), i+4
		case strings.HasPrefix(rest, "YY"):
			b, i = append(b, y[2:]...), i+2
		case strings.HasPrefix(rest, "MMM"):
			b, i = append(b, monthNames[10*(m[0]-'0')+m[1]-'0'-1]...), i+3
		case strings.HasPrefix(rest, "MM"):
			b, i = append(b, m...), i+2
		case strings.HasPrefix(rest, "DD"):
			b, i = append(b, d...), i+2
		default:
			b, i = append(b, form[i]), i+1
		}
	}
	return b
}
