package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// source is where a value came from. The later goes before the earlier.
type source int

const (
	fromDefault source = iota
	fromFile
	fromEnvironment
	fromFlag
)

func (s source) String() string {
	return [...]string{"default", "file", "environment", "flag"}[s]
}

// resolved is a setting with its value in effect.
type resolved struct {
	setting
	source source
	where  string // --addr, DRAWDOWN_ADDR or drawdown.yaml:3; empty for a default
	path   string // of a secret that came from a file, its name
	values []string
}

// resolution is what came of settings.
type resolution struct {
	settings []resolved
	faults   []error
	warnings []string
}

func (r *resolution) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf(format, args...))
}

// configure gives the flags of a command their values. Errors: exitError.
func (p *program) configure(c *cobra.Command) error {
	if p.free(c) {
		return nil
	}
	file, err := p.openConfig(c.Root())
	if err != nil {
		return &exitError{usage, err}
	}
	r := &resolution{faults: file.faults}
	c.Flags().VisitAll(func(flag *pflag.Flag) {
		if flag.Name != "help" && flag.Name != "config" && p.bases[flag] == nil {
			p.take(r, file, setting{command: c, flag: flag}, c)
		}
	})
	r.warnings = append(r.warnings, p.misspelt()...)
	if len(r.faults) == 0 {
		for _, check := range p.togethers[c] {
			if err := check(); err != nil {
				return err
			}
		}
	}
	for _, warning := range r.warnings {
		p.say("drawdown: warning: %s", warning)
	}
	switch len(r.faults) {
	case 0:
		return nil
	case 1:
		return &exitError{usage, r.faults[0]}
	}
	return badUsage("%w (and %d more: drawdown config check lists them)", r.faults[0], len(r.faults)-1)
}

// free reports whether a command has no use for settings and must run where they are
// wrong: config tells what is wrong itself.
func (*program) free(c *cobra.Command) bool {
	section := sectionOf(c)
	return len(section) == 0 || slices.Contains([]string{"config", "version", "help", "completion"}, section[0])
}

// take finds the value of the setting, for the command, and gives it to the flag.
func (p *program) take(r *resolution, file *configFile, s setting, c *cobra.Command) {
	found, ok := p.find(r, file, s, c)
	if !ok {
		return // and said why
	}
	if found.path != "" {
		value, warning, err := readSecret(found.path)
		if err != nil {
			r.fault("%s: %w", found.where, err)
			return
		}
		if warning != "" {
			r.warnings = append(r.warnings, found.where+": "+warning)
		}
		found.values = []string{value}
	}
	typed := found.source == fromFlag && found.path == "" // and set already
	if found.source != fromDefault && !typed {
		if err := setFlag(s.flag, found.values); err != nil {
			r.fault("%s: %w", found.where, p.withoutSecret(s.flag, err))
			return
		}
	}
	p.sources[s.flag] = found.source
	found.values = valuesOf(s.flag)
	if check := p.marks[s.flag].check; check != nil && (found.source != fromDefault || s.flag.Value.String() != s.flag.DefValue) {
		for _, value := range found.values { // each of a list by itself
			if value == "" && s.flag.DefValue == "" { // nothing is asked for
				continue
			}
			if err := check(value); err != nil {
				r.fault("%s: %w", found.where, p.withoutSecret(s.flag, err))
			}
		}
	}
	if found.source == fromFile && found.path == "" && file.warning != "" && p.shownValue(found) != strings.Join(found.values, ",") {
		r.warnings = append(r.warnings, found.where+" holds a secret, and "+file.warning)
	}
	r.settings = append(r.settings, found)
}

// shownValue is the value as anybody may read it.
func (p *program) shownValue(r resolved) string {
	value := strings.Join(r.values, ",")
	if shown := p.marks[r.flag].shown; shown != nil {
		return shown(value)
	}
	return value
}

// withoutSecret is an error about the value of a flag, which quotes it only where it may.
func (p *program) withoutSecret(flag *pflag.Flag, err error) error {
	if p.marks[flag].shown != nil {
		return fmt.Errorf("must be a %s that can be understood", flag.Value.Type())
	}
	return err
}

// find looks for the value where it may be given, in the order of precedence: on the
// command line, in the environment, in the sections of the file from the command's
// outwards. It is false where the value was given twice in one place.
func (p *program) find(r *resolution, file *configFile, s setting, c *cobra.Command) (resolved, bool) {
	found := resolved{setting: s}
	var fileFlag *pflag.Flag
	path := p.secretFiles[s.flag]
	name, nameOfFile := s.flag.Name, s.flag.Name+secretSuffix
	if path != nil {
		fileFlag = c.Flags().Lookup(nameOfFile)
	}
	choose := func(from source, value, secret bool, where, whereSecret string) (done, ok bool) {
		switch {
		case value && secret:
			r.fault("%s and %s are both given: say one", where, whereSecret)
			return true, false
		case value:
			found.source, found.where = from, where
		case secret:
			found.source, found.where = from, whereSecret
		}
		return value || secret, true
	}
	if done, ok := choose(fromFlag, s.flag.Changed, fileFlag != nil && fileFlag.Changed, "--"+name, "--"+nameOfFile); done {
		if ok && !s.flag.Changed {
			found.path = *path
		}
		return found, ok
	}
	value, secret := p.env(variableOf(name)), ""
	if path != nil {
		secret = p.env(variableOf(nameOfFile))
	}
	if done, ok := choose(fromEnvironment, value != "", secret != "", variableOf(name), variableOf(nameOfFile)); done {
		found.path, found.values = secret, split(s.flag, value)
		return found, ok
	}
	for at := c; at != nil; at = at.Parent() {
		value, given := file.values[keyOf(at, name)]
		secret, secretGiven := file.values[keyOf(at, nameOfFile)]
		secretGiven = secretGiven && path != nil
		if done, ok := choose(fromFile, given, secretGiven, file.at(value.line), file.at(secret.line)); done {
			switch {
			case secretGiven:
				found.where += " " + keyOf(at, nameOfFile)
				found.path = strings.Join(secret.values, "")
			default:
				found.where += " " + keyOf(at, name)
				found.values = value.values
			}
			return found, ok
		}
	}
	return found, true
}

// split takes the values of a list apart: a line each where they may hold commas.
func split(flag *pflag.Flag, value string) []string {
	if _, list := flag.Value.(pflag.SliceValue); !list {
		return []string{value}
	}
	by := ","
	if flag.Value.Type() == "stringArray" {
		by = "\n"
	}
	var values []string
	for part := range strings.SplitSeq(value, by) {
		if part = strings.TrimSpace(part); part != "" {
			values = append(values, part)
		}
	}
	return values
}

func setFlag(flag *pflag.Flag, values []string) error {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		return list.Replace(values)
	}
	if len(values) != 1 {
		return fmt.Errorf("must be one value, not a list")
	}
	if err := flag.Value.Set(values[0]); err != nil {
		if kind := kindOf(flag); kind != "" {
			return fmt.Errorf("must be %s, not %q", kind, values[0])
		}
		return err
	}
	return nil
}

func valuesOf(flag *pflag.Flag) []string {
	if list, ok := flag.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return []string{flag.Value.String()}
}

// kindOf says what the type of a flag takes; empty for text.
func kindOf(flag *pflag.Flag) string {
	switch kind := flag.Value.Type(); {
	case kind == "bool":
		return "true or false"
	case kind == "duration":
		return "a duration such as 30s or 5m"
	case strings.HasPrefix(kind, "uint"):
		return "a whole number from 0"
	case strings.HasPrefix(kind, "int"):
		return "a whole number"
	case strings.HasPrefix(kind, "float"):
		return "a number"
	}
	return ""
}
