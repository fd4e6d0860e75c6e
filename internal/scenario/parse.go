package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// Problem is one thing that keeps a file from being a scenario.
type Problem struct {
	File string `json:"file"`
	Line int    `json:"line"`
	Key  string `json:"key"` // such as "step 3: usage.credits"; "" for the whole file
	Text string `json:"text"`
}

// String returns the problem as a line: file, line, key and what is right.
func (p Problem) String() string {
	if p.Key == "" {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
	}
	return fmt.Sprintf("%s:%d: %s %s", p.File, p.Line, p.Key, p.Text)
}

// ParseErrors are what keeps a file from being a scenario, in order of line.
type ParseErrors []Problem

func (p ParseErrors) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

type parser struct {
	file     *File
	problems ParseErrors
	named    map[string]named           // purchases and grants by their name in the file
	packs    map[string]ledger.Currency // of each pack, by its code
	topUps   map[string]ledger.Currency // of the latest rule of a customer, by name
	clock    time.Time
}

// Parse reads a scenario file; name is its path, for messages. The error is ParseErrors:
// everything that is wrong with the file, each with its line and what is right.
func Parse(name string, src []byte) (*File, error) {
	id := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	p := &parser{file: &File{Name: name, ID: id, Zone: time.UTC, Currency: "USD"}, named: map[string]named{}, packs: map[string]ledger.Currency{}, topUps: map[string]ledger.Currency{}}
	if root := p.document(src); root != nil {
		p.readFile(root)
	}
	if len(p.problems) > 0 {
		slices.SortStableFunc(p.problems, func(a, b Problem) int { return a.Line - b.Line })
		return nil, p.problems
	}
	return p.file, nil
}

func (p *parser) problem(line int, key, format string, args ...any) {
	p.problems = append(p.problems, Problem{p.file.Name, line, clip(strings.TrimSuffix(key, ": ")), fmt.Sprintf(format, args...)})
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

// document returns the top of the one document in the source.
func (p *parser) document(src []byte) *yaml.Node {
	if len(src) > maxFileBytes {
		p.problem(1, "", "the file is larger than %d bytes", maxFileBytes)
		return nil
	}
	var document, second yaml.Node
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	if err := decoder.Decode(&document); err != nil {
		p.notYAML(err)
		return nil
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			p.notYAML(err)
		} else {
			p.problem(max(second.Line, 1), "", "a file holds one scenario, here a second document begins")
		}
		return nil
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		p.problem(1, "", "the file is empty; a scenario has at least steps")
		return nil
	}
	return document.Content[0]
}

func (p *parser) notYAML(err error) {
	if errors.Is(err, io.EOF) {
		p.problem(1, "", "the file is empty; a scenario has at least steps")
		return
	}
	line, text := 1, err.Error()
	if match := yamlLine.FindStringSubmatch(text); match != nil {
		line, _ = strconv.Atoi(match[1])
		text = text[len(match[0]):]
	}
	p.problem(line, "", "is not YAML: %s", strings.TrimPrefix(text, "yaml: "))
}

func (p *parser) readFile(root *yaml.Node) {
	m := p.mapping("", root, "id", "title", "source", "note", "book", "policies", "meters", "steps")
	if m.has("id") {
		p.file.ID = m.name("id")
	}
	p.file.Title, p.file.Source, p.file.Note = m.text("title"), m.text("source"), m.text("note")
	if m.has("book") {
		p.readBook(m.values["book"])
	}
	if m.has("policies") {
		p.readPolicies(m.values["policies"])
	}
	if m.has("meters") {
		p.file.Meters = p.readRates("meters", m.values["meters"])
	}
	m.need("steps")
	if m.has("steps") {
		p.readSteps(m.values["steps"])
	}
}

func (p *parser) readBook(node *yaml.Node) {
	m := p.mapping("book", node, "currency", "timezone")
	p.file.Currency = m.currency("USD")
	name, ok := m.scalar("timezone", "a time zone such as UTC or Europe/Berlin", tagText)
	if !ok {
		return
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		m.problem("timezone", "%s is not an IANA time zone such as UTC or Europe/Berlin", quote(name))
		return
	}
	p.file.Zone = zone
}

func (p *parser) readSteps(node *yaml.Node) {
	if node.Kind != yaml.SequenceNode {
		p.problem(node.Line, "steps", "must be a list of steps, not %s", kindOf(node))
		return
	}
	if len(node.Content) == 0 || len(node.Content) > maxSteps {
		p.problem(node.Line, "steps", "must be at least one and at most %d, not %d", maxSteps, len(node.Content))
		return
	}
	p.clock = p.firstAt(node)
	for i, item := range node.Content {
		p.readStep(i+1, item)
	}
	if p.clock.IsZero() && len(p.problems) == 0 {
		p.problem(node.Line, "steps", "say nowhere when they happen; give the first one an at")
	}
}

// firstAt returns where the clock stands at the beginning: at the first `at` of the
// file, zero where there is none that can be read.
func (p *parser) firstAt(steps *yaml.Node) time.Time {
	for _, step := range steps.Content {
		for i := 0; step.Kind == yaml.MappingNode && i+1 < len(step.Content); i += 2 {
			if step.Content[i].Value == "at" {
				at, _ := parseInstant(step.Content[i+1].Value, p.file.Zone)
				return at
			}
		}
	}
	return time.Time{}
}

var codeForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,60}$`)

func (p *parser) readStep(number int, node *yaml.Node) {
	path := fmt.Sprintf("step %d: ", number)
	m := p.mapping(path, node, append([]string{"at", "fails", "reason"}, verbNames()...)...)
	step := Step{Number: number, Line: node.Line}
	for _, name := range m.names {
		if _, isVerb := verbs[name]; isVerb && step.Verb != "" {
			m.problem(name, "is a second verb beside %s; a step has exactly one", step.Verb)
			return
		} else if isVerb {
			step.Verb = name
		}
	}
	if step.Verb == "" {
		if node.Kind == yaml.MappingNode {
			p.problem(node.Line, strings.TrimSuffix(path, ": "), "has no verb; it takes exactly one of %s", strings.Join(verbNames(), ", "))
		}
		return
	}
	if m.has("reason") && step.Verb != "reopen" {
		m.problem("reason", "is not a key here; beside a verb it goes with reopen alone")
	}
	p.readWhen(m, &step)
	if text, ok := m.scalar("fails", "an error code such as NOT_FOUND", tagText); ok {
		step.Fails = books.Code(text)
		if !codeForm.MatchString(text) {
			m.problem("fails", "must be an error code such as NOT_FOUND, not %s", quote(text))
		}
	}
	step.act = verbs[step.Verb](p, join(path, step.Verb), m, step)
	p.file.Steps = append(p.file.Steps, step)
}

// readWhen reads the step's at and holds it against the clock.
func (p *parser) readWhen(m mapping, step *Step) {
	if step.Verb == "expect" {
		if m.has("at") {
			m.problem("at", "does not go with expect, which looks at the book as it stands; put it on the step before")
		}
		if m.has("fails") {
			m.problem("fails", "does not go with expect")
		}
		return
	}
	step.At = m.instant("at")
	switch {
	case step.At.IsZero():
	case step.At.Before(p.clock):
		m.problem("at", "goes back from %s to %s; steps are in order of time",
			p.clock.In(p.file.Zone).Format(time.RFC3339Nano), step.At.Format(time.RFC3339Nano))
	default:
		p.clock = step.At
	}
}
