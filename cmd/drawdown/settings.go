package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// setting is a flag of a command, which can be given by the command line, the environment
// and the configuration file. Every flag of every command is one; there is no list.
type setting struct {
	command *cobra.Command // the root where every command knows it
	flag    *pflag.Flag
	base    *pflag.Flag // of NAME-file, the secret whose file it names; else nil
}

// variable is the name in the environment: DRAWDOWN_LOT_DAYS for --lot-days.
func (s setting) variable() string { return variableOf(s.flag.Name) }

const variablePrefix = "DRAWDOWN_"

func variableOf(flag string) string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// key is the place in the configuration file: job.run.wait is wait, in run, in job.
func (s setting) key() string { return keyOf(s.command, s.flag.Name) }

func keyOf(c *cobra.Command, flag string) string {
	return strings.Join(append(sectionOf(c), flag), ".")
}

// sectionOf is the path of a command's section, empty for the root.
func sectionOf(c *cobra.Command) []string { return strings.Fields(c.CommandPath())[1:] }

// mark is what is known of a flag beside its type.
type mark struct {
	shown func(value string) string      // of a secret, what may be shown of it
	bound string                         // what it may be: "text or json"
	check func(value string) (err error) // holds it, or each of a list, to the bound; the error is what is wrong, without a name
}

// limit says what a flag may be and holds it to that, wherever it was given.
func (p *program) limit(flags *pflag.FlagSet, name, bound string, check func(value string) error) {
	flag := flags.Lookup(name)
	m := p.marks[flag]
	m.bound, m.check = bound, check
	p.marks[flag] = m
}

// secret marks a flag that can hold a password: it is shown by the function alone, and
// NAME-file names a file that holds it.
func (p *program) secret(flags *pflag.FlagSet, name string, shown func(value string) string) {
	flag := flags.Lookup(name)
	m := p.marks[flag]
	m.shown = shown
	p.marks[flag] = m
	fileOf := name + secretSuffix
	path := flags.String(fileOf, "", "a `file` that holds --"+name+" and that nobody else can read")
	p.secretFiles[flag] = path
	p.bases[flags.Lookup(fileOf)] = flag
}

const secretSuffix = "-file"

// together holds the settings of a command to each other, wherever they were given.
func (p *program) together(c *cobra.Command, checks ...func() error) { p.togethers[c] = checks }

// oneOf is the check of a flag that takes one of some words.
func oneOf(words ...string) (bound string, check func(string) error) {
	bound = strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
	return bound, func(value string) error {
		if slices.Contains(words, value) {
			return nil
		}
		return fmt.Errorf("must be %s, not %q", bound, value)
	}
}

// unset are flags that are no settings: the first asks for help, the second says where
// settings are.
var unset = []string{"help", "config"}

// settingsOf lists the settings of a command and of those below it, its own first.
func (p *program) settingsOf(c *cobra.Command) []setting {
	var all []setting
	c.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		if !slices.Contains(unset, flag.Name) {
			all = append(all, setting{c, flag, p.bases[flag]})
		}
	})
	for _, below := range c.Commands() {
		all = append(all, p.settingsOf(below)...)
	}
	return all
}

// settle has every command take its settings before it looks at its arguments.
func (p *program) settle(c *cobra.Command) {
	check := c.Args
	c.Args = func(c *cobra.Command, args []string) error {
		if err := p.configure(c); err != nil {
			p.begun = true // the command line was understood
			return err
		}
		if check == nil {
			return nil
		}
		return check(c, args)
	}
	for _, below := range c.Commands() {
		p.settle(below)
	}
}

// settingsNow returns what a command goes by, as the audit trail keeps it: every setting by the
// name of its flag, secrets masked, and the version of the program.
func (p *program) settingsNow(c *cobra.Command) map[string]string {
	now := map[string]string{"version": version()}
	c.Flags().VisitAll(func(flag *pflag.Flag) {
		if slices.Contains(unset, flag.Name) || p.bases[flag] != nil {
			return
		}
		value := flag.Value.String()
		if shown := p.marks[flag].shown; shown != nil {
			value = shown(value)
		}
		now[flag.Name] = value
	})
	return now
}

// given reports which flags of the command were given, wherever.
func (p *program) given(c *cobra.Command) func(flag string) bool {
	return func(flag string) bool { return p.sources[c.Flags().Lookup(flag)] != fromDefault }
}

// commanded reports whether the flag was given on the command line itself. Commands that
// make books ask it of --db, so that none lands where the environment says the real one is.
func (p *program) commanded(c *cobra.Command, flag string) bool {
	return p.sources[c.Flags().Lookup(flag)] == fromFlag
}
