package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// configFile is what --config names: YAML, whose keys are the names of flags, those of a
// command in a section of its name.
type configFile struct {
	name    string
	values  map[string]fileValue // by setting.key
	faults  []error
	warning string
}

type fileValue struct {
	line   int
	values []string
}

// maxConfig bounds the file: all settings, each with a page of comments.
const maxConfig = 1 << 20

// at is a place in the file, as editors take it.
func (f *configFile) at(line int) string { return fmt.Sprintf("%s:%d", f.name, line) }

// openConfig reads the file that --config or DRAWDOWN_CONFIG names; none is an empty one.
func (p *program) openConfig(root *cobra.Command) (*configFile, error) {
	file := &configFile{values: map[string]fileValue{}}
	where := "--config"
	if file.name = p.config; file.name == "" {
		where = variableOf("config")
		file.name = p.env(where)
	}
	if file.name == "" {
		return file, nil
	}
	text, about, err := readConfig(file.name)
	if err != nil {
		return file, fmt.Errorf("%s: %w", where, err)
	}
	file.warning = exposed(file.name, about)
	decoder := yaml.NewDecoder(strings.NewReader(text))
	var document, second yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return file, nil // nothing but comments
	case err != nil:
		return file, fmt.Errorf("%s: is not YAML: %s", file.name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return file, fmt.Errorf("%s: must hold one document, without a second after ---", file.name)
	}
	file.section(root, document.Content[0])
	return file, nil
}

func readConfig(name string) (text string, about os.FileInfo, err error) {
	file, err := os.Open(name)
	if err != nil {
		return "", nil, unreadable(name, err)
	}
	defer func() { _ = file.Close() }()
	if about, err = file.Stat(); err != nil {
		return "", nil, unreadable(name, err)
	}
	if about.IsDir() {
		return "", nil, fmt.Errorf("%q is a directory, not a file", name)
	}
	all, err := io.ReadAll(io.LimitReader(file, maxConfig+1))
	if err != nil {
		return "", nil, unreadable(name, err)
	}
	if len(all) > maxConfig {
		return "", nil, fmt.Errorf("%q is longer than %d bytes", name, maxConfig)
	}
	return string(all), about, nil
}

func (f *configFile) fault(node *yaml.Node, format string, args ...any) {
	f.faults = append(f.faults, fmt.Errorf("%s: "+format, append([]any{f.at(node.Line)}, args...)...))
}

// section reads the keys of a command, and of the commands below it.
func (f *configFile) section(c *cobra.Command, node *yaml.Node) {
	node = resolveAlias(node)
	if isNull(node) {
		return
	}
	if node.Kind != yaml.MappingNode {
		f.fault(node, "%s must be keys with values", sectionName(c))
		return
	}
	seen := map[string]bool{}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], resolveAlias(node.Content[i+1])
		switch below, flag := subcommand(c, key.Value), flagNamed(c, key.Value); {
		case seen[key.Value]:
			f.fault(key, "%q is given twice", keyOf(c, key.Value))
		case below != nil:
			f.section(below, value)
		case flag == nil:
			f.fault(key, "unknown key %q in %s%s", key.Value, sectionName(c), hint(c, key.Value))
		default:
			f.value(c, flag, value)
		}
		seen[key.Value] = true
	}
}

func (f *configFile) value(c *cobra.Command, flag *pflag.Flag, node *yaml.Node) {
	_, list := flag.Value.(pflag.SliceValue)
	var values []string
	switch {
	case isNull(node):
		f.fault(node, "%q has no value: leave the key out where the default is meant", keyOf(c, flag.Name))
		return
	case node.Kind == yaml.ScalarNode:
		values = []string{node.Value}
	case node.Kind == yaml.SequenceNode && list:
		for _, item := range node.Content {
			if item = resolveAlias(item); item.Kind != yaml.ScalarNode || isNull(item) {
				f.fault(item, "%q must be a list of values", keyOf(c, flag.Name))
				return
			}
			values = append(values, item.Value)
		}
	default:
		f.fault(node, "%q must be one value", keyOf(c, flag.Name))
		return
	}
	f.values[keyOf(c, flag.Name)] = fileValue{node.Line, values}
}

func resolveAlias(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }

func sectionName(c *cobra.Command) string {
	if !c.HasParent() {
		return "the file"
	}
	return strings.Join(sectionOf(c), ".")
}

func subcommand(c *cobra.Command, name string) *cobra.Command {
	for _, below := range c.Commands() {
		if below.Name() == name {
			return below
		}
	}
	return nil
}

// flagNamed is the flag of the command, or one that every command knows.
func flagNamed(c *cobra.Command, name string) *pflag.Flag {
	if slices.Contains(unset, name) {
		return nil
	}
	if flag := c.LocalFlags().Lookup(name); flag != nil {
		return flag
	}
	return c.InheritedFlags().Lookup(name)
}

// hint says what may have been meant by a key that the command does not know: a key that
// is written nearly so, or the sections in which it stands.
func hint(c *cobra.Command, key string) string {
	var known, sections []string
	flags := func(flag *pflag.Flag) { known = append(known, flag.Name) }
	c.LocalFlags().VisitAll(flags)
	c.InheritedFlags().VisitAll(flags)
	for _, below := range c.Commands() {
		known = append(known, below.Name())
	}
	known = slices.DeleteFunc(known, func(name string) bool { return slices.Contains(unset, name) })
	var look func(*cobra.Command)
	look = func(at *cobra.Command) {
		if at != c && at.HasParent() && at.LocalNonPersistentFlags().Lookup(key) != nil && key != "help" {
			sections = append(sections, sectionName(at))
		}
		for _, below := range at.Commands() {
			look(below)
		}
	}
	look(c.Root())
	if len(sections) > 0 {
		return fmt.Sprintf(": it stands in %s", strings.Join(sections, ", "))
	}
	if near := nearest(key, known); near != "" {
		return fmt.Sprintf(": did you mean %q?", near)
	}
	return ""
}

// nearest is the name that takes the fewest strokes to write instead, or "" where none is
// near: two strokes, or a third of a long word.
func nearest(word string, names []string) string {
	best, least := "", max(2, len(word)/3)+1
	word = strings.ReplaceAll(strings.ToLower(word), "_", "-")
	for _, name := range names {
		strokes := levenshtein.ComputeDistance(word, strings.ReplaceAll(strings.ToLower(name), "_", "-"))
		if strokes < least {
			best, least = name, strokes
		}
	}
	return best
}

// misspelt warns of variables that are nearly those of a setting. Others may belong to
// anybody: Kubernetes sets DRAWDOWN_SERVICE_HOST where a service has our name.
func (p *program) misspelt() []string {
	var warnings []string
	if p.environ == nil {
		return nil
	}
	known := p.variables()
	for _, pair := range p.environ() {
		name, value, _ := strings.Cut(pair, "=")
		if value == "" || !strings.HasPrefix(name, variablePrefix) || slices.Contains(known, name) {
			continue
		}
		if near := nearest(strings.TrimPrefix(name, variablePrefix), trimmed(known)); near != "" {
			warnings = append(warnings, fmt.Sprintf("the variable %s is not known: did you mean %s%s?", name, variablePrefix, near))
		}
	}
	slices.Sort(warnings)
	return warnings
}

func trimmed(variables []string) []string {
	names := make([]string, len(variables))
	for i, name := range variables {
		names[i] = strings.TrimPrefix(name, variablePrefix)
	}
	return names
}

// variables are the names of the environment that settings can be given by.
func (p *program) variables() []string {
	names := []string{variableOf("config")}
	for _, s := range p.settings {
		names = append(names, s.variable())
	}
	slices.Sort(names)
	return slices.Compact(names)
}
