package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"go.yaml.in/yaml/v3"

	"drawdown/ledger"
	"drawdown/revrec"
)

// mapping reads the keys of one YAML mapping, each by its type. What is wrong is
// noted in the parser with its line; the reading goes on, so that one try shows all.
type mapping struct {
	p      *parser
	path   string
	line   int
	names  []string // in order of the file
	values map[string]*yaml.Node
}

// mapping holds the node against the keys it may have.
func (p *parser) mapping(path string, node *yaml.Node, allowed ...string) mapping {
	m := p.anyMapping(path, node)
	for _, name := range m.names {
		if !slices.Contains(allowed, name) {
			p.problem(m.values[name].Line, join(path, name), "is not a key here; the keys are %s", strings.Join(allowed, ", "))
		}
	}
	return m
}

// anyMapping takes any keys, each once.
func (p *parser) anyMapping(path string, node *yaml.Node) mapping {
	m := mapping{p: p, path: path, line: node.Line, values: map[string]*yaml.Node{}}
	if node.Kind != yaml.MappingNode {
		p.problem(node.Line, path, "must be a mapping of keys to values, not %s", kindOf(node))
		return m
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Value == "" || len(key.Value) > maxTextBytes {
			p.problem(key.Line, path, "has a key that is not a word")
			continue
		}
		if _, twice := m.values[key.Value]; twice {
			p.problem(key.Line, join(path, key.Value), "is there twice; give it once")
			continue
		}
		m.names = append(m.names, key.Value)
		m.values[key.Value] = value
	}
	return m
}

func (m mapping) has(key string) bool { return m.values[key] != nil }

// need notes each of the keys that is missing.
func (m mapping) need(keys ...string) {
	for _, key := range keys {
		if !m.has(key) {
			m.p.problem(m.line, join(m.path, key), "is missing")
		}
	}
}

func (m mapping) problem(key, format string, args ...any) {
	line := m.line
	if node := m.values[key]; node != nil {
		line = node.Line
	}
	m.p.problem(line, join(m.path, key), format, args...)
}

// scalar returns the text of the key's value where it is of one of the YAML tags.
func (m mapping) scalar(key, right string, tags ...string) (string, bool) {
	node := m.values[key]
	if node == nil {
		return "", false
	}
	switch {
	case node.Kind != yaml.ScalarNode || !slices.Contains(tags, node.ShortTag()):
		m.problem(key, "must be %s, not %s", right, kindOf(node))
	case len(node.Value) > maxTextBytes:
		m.problem(key, "is longer than %d bytes", maxTextBytes)
	default:
		return node.Value, true
	}
	return "", false
}

const (
	tagText  = "!!str"
	tagWhole = "!!int"
	tagFloat = "!!float"
	tagTime  = "!!timestamp"
	tagBool  = "!!bool"
)

// text reads a name or free text; a number or date stands for its own characters.
func (m mapping) text(key string) string {
	text, _ := m.scalar(key, "text", tagText, tagWhole, tagFloat, tagTime)
	return text
}

// name reads text that must not be empty.
func (m mapping) name(key string) string {
	text := m.text(key)
	if text == "" && m.has(key) && m.values[key].Kind == yaml.ScalarNode && m.values[key].ShortTag() == tagText {
		m.problem(key, "must not be empty")
	}
	return text
}

// oneOf reads one of the words; "" where the key is missing or wrong.
func (m mapping) oneOf(key string, words ...string) string {
	text, ok := m.scalar(key, "one of "+strings.Join(words, ", "), tagText)
	if ok && !slices.Contains(words, text) {
		m.problem(key, "must be one of %s, not %s", strings.Join(words, ", "), quote(text))
		return ""
	}
	return text
}

func (m mapping) boolean(key string, otherwise bool) bool {
	text, ok := m.scalar(key, "true or false", tagBool)
	if !ok {
		return otherwise
	}
	return strings.EqualFold(text, "true")
}

func (m mapping) whole(key string) *int {
	text, ok := m.scalar(key, "a whole number", tagWhole)
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < -1_000_000 || n > 1_000_000 {
		m.problem(key, "must be a whole number between -1000000 and 1000000, not %s", quote(text))
		return nil
	}
	return &n
}

// credits reads a number or a string with at most six decimals, exactly as written.
func (m mapping) credits(key string) revrec.Credits {
	const right = `credits: a number or a string with at most six decimals, such as 100 or "2.5"`
	text, ok := m.scalar(key, right, tagText, tagWhole, tagFloat)
	if !ok {
		return 0
	}
	credits, err := revrec.ParseCredits(text)
	if err != nil {
		m.problem(key, "%s %s; it must be %s", quote(text), err, right)
	}
	return credits
}

// number reads a rate, a share or a quantity, exactly as written.
func (m mapping) number(key string) decimal.Decimal {
	const right = `a decimal number such as "0.10"`
	text, ok := m.scalar(key, right, tagText, tagWhole, tagFloat)
	if !ok {
		return decimal.Zero
	}
	number, err := ledger.ParseDecimal(text)
	if err != nil {
		m.problem(key, "%s %s", quote(text), err)
	}
	return number
}

// money reads an amount: a string with all decimals of the currency, no fewer, so
// that 1.5 is never taken for 1.05 or 150.
func (m mapping) money(key string, currency ledger.Currency) ledger.Amount {
	example := ledger.Money(1999, currency).Text()
	text, ok := m.scalar(key, `money: a string with the decimals of `+string(currency)+`, such as "`+example+`"`, tagText)
	if !ok {
		return ledger.Amount{Currency: currency}
	}
	amount, err := ledger.ParseAmount(text, currency)
	if err != nil {
		m.problem(key, "%s %s (%s): write it like %q", quote(text), err, currency, example)
		return ledger.Amount{Currency: currency}
	}
	if amount.Text() != text && "-0"+strings.TrimPrefix(amount.Text(), "0") != text {
		m.problem(key, "%s must have exactly the decimals of %s: %q", quote(text), currency, amount.Text())
	}
	return amount
}

func (m mapping) currency(otherwise ledger.Currency) ledger.Currency {
	text, ok := m.scalar("currency", "a currency code such as USD", tagText)
	if !ok {
		return otherwise
	}
	currency, err := ledger.ParseCurrency(text)
	if err != nil {
		m.problem("currency", "%s", err)
		return otherwise
	}
	return currency
}

func (m mapping) date(key string) ledger.Date {
	text, ok := m.scalar(key, "a date such as 2024-03-31", tagText, tagTime)
	if !ok {
		return 0
	}
	date, err := ledger.ParseDate(clip(text))
	if err != nil {
		m.problem(key, "%s", err)
	}
	return date
}

func (m mapping) period(key string) ledger.Period {
	text, ok := m.scalar(key, "a period such as 2024-03", tagText, tagTime)
	if !ok {
		return 0
	}
	period, err := ledger.ParsePeriod(clip(text))
	if err != nil {
		m.problem(key, "%s", err)
	}
	return period
}

func (m mapping) duration(key string) ledger.Duration {
	text, ok := m.scalar(key, "a duration such as P12M or P90D", tagText)
	if !ok {
		return ledger.Duration{}
	}
	duration, err := ledger.ParseDuration(clip(text))
	if err != nil {
		m.problem(key, "%s", err)
	}
	return duration
}

// span reads a length of time by the clock; nil where none is given.
func (m mapping) span(key string) *ledger.Span {
	if !m.has(key) {
		return nil
	}
	text, ok := m.scalar(key, "a length of time such as PT1H or P2D", tagText)
	if !ok {
		return nil
	}
	span, err := ledger.ParseSpan(clip(text))
	if err != nil {
		m.problem(key, "%s", err)
	}
	return &span
}

func (m mapping) instant(key string) time.Time {
	text, ok := m.scalar(key, "a date or an instant such as 2024-03-31T12:00:00", tagText, tagTime)
	if !ok {
		return time.Time{}
	}
	instant, err := parseInstant(text, m.p.file.Zone)
	if err != nil {
		m.problem(key, "%s", err)
	}
	return instant
}

func join(path, key string) string {
	if path == "" || strings.HasSuffix(path, ": ") {
		return path + key
	}
	return path + "." + key
}

// quote shows a value in a message, not more of it than a line holds.
func quote(text string) string { return strconv.Quote(clip(text)) }

func clip(text string) string {
	const longest = 60
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}

// kindOf names what a node is, for a message.
func kindOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias (*" + clip(node.Value) + "), which scenarios do not use"
	case yaml.DocumentNode, yaml.ScalarNode:
	}
	switch node.ShortTag() {
	case "!!null":
		return "nothing"
	case tagText:
		return "the text " + quote(node.Value)
	case tagWhole, tagFloat:
		return "the bare number " + clip(node.Value)
	case tagTime:
		return "the bare date " + clip(node.Value)
	}
	return fmt.Sprintf("%s %s", strings.TrimLeft(node.ShortTag(), "!"), clip(node.Value))
}
