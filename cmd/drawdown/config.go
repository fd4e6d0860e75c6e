package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

const configHelp = `Every flag of every command is a setting. Its value is taken from the first of these
that has one:

  1. the command line   --lot-days 7
  2. the environment    DRAWDOWN_LOT_DAYS=7
  3. the file           lot-days: 7, in the section of its command; the file is named
                        by --config or DRAWDOWN_CONFIG
  4. the default

A setting that can hold a password, such as --db, can be read from a file of its own:
--db-file, DRAWDOWN_DB_FILE, or db-file in the file of settings.

Settings are read when a command starts: a server takes new ones when it is restarted.`

func (p *program) configCommand() *cobra.Command {
	var asJSON bool
	check := &cobra.Command{
		Use:   "check [COMMAND...]",
		Short: "Say what holds, where it came from, and every fault",
		Long: `Say of each setting which value holds and where it came from, and name every fault at
once: unknown keys, values of the wrong type or out of range, files that are missing.
With COMMAND it says so of that command alone. What can hold a password is masked.
Nothing is opened or changed. Exits with 2 where there are faults.

` + configHelp,
		Example: "  drawdown config check --config drawdown.yaml\n  drawdown config check serve\n  drawdown config check --json",
		Args:    p.isCommand,
		RunE: func(c *cobra.Command, args []string) error {
			r := p.resolveAll(c.Root())
			shown := about(r.settings, args)
			report := p.reportSettings
			if asJSON {
				report = p.reportSettingsJSON
			}
			if err := report(r, shown); err != nil {
				return err
			}
			if len(r.faults) > 0 {
				return &exitError{usage, nil}
			}
			return nil
		},
	}
	check.Flags().BoolVar(&asJSON, "json", false, "for machines")
	printing := &cobra.Command{
		Use:   "print [COMMAND...]",
		Short: "Write what holds as a file of settings",
		Long: `Write what holds as a file of settings for --config: what was given as it is, what
was not with its default behind a #. What can hold a password is left out, unless a
file holds it. Exits with 2, and writes nothing, where there are faults.`,
		Example: "  drawdown config print > drawdown.yaml\n  drawdown config print serve",
		Args:    p.isCommand,
		RunE: func(c *cobra.Command, args []string) error {
			r := p.resolveAll(c.Root())
			if len(r.faults) > 0 {
				return badUsage("%w (drawdown config check tells more)", r.faults[0])
			}
			return p.printSettings(about(r.settings, args))
		},
	}
	config := group("config", "Say what is set, and from where", check, printing)
	config.Long = configHelp
	return config
}

// isCommand holds the arguments to the path of a command.
func (*program) isCommand(c *cobra.Command, args []string) error {
	at := c.Root()
	for _, name := range args {
		if at = subcommand(at, name); at == nil {
			return fmt.Errorf("there is no command %q", strings.Join(args, " "))
		}
	}
	return nil
}

// resolveAll finds the value of every setting of every command.
func (p *program) resolveAll(root *cobra.Command) *resolution {
	file, err := p.openConfig(root)
	r := &resolution{faults: file.faults}
	if err != nil {
		r.faults = append(r.faults, err)
	}
	for _, s := range p.settings {
		if s.base != nil {
			continue // what it holds is said of the secret
		}
		for _, below := range p.overriding(file, root, s) {
			p.take(r, file, setting{below, s.flag, nil}, below)
			_ = s.flag.Value.Set(s.flag.DefValue) // which it took when it was made
		}
		p.take(r, file, s, s.command)
	}
	for _, c := range p.commands(root) {
		for _, check := range p.togethers[c] {
			if err := check(); err != nil {
				r.faults = append(r.faults, fmt.Errorf("%s: %w", sectionName(c), err))
			}
		}
	}
	r.warnings = append(r.warnings, p.misspelt()...)
	return r
}

// overriding lists the commands in whose section the file has a value of its own for what
// every command knows, where nothing goes before the file.
func (p *program) overriding(file *configFile, root *cobra.Command, s setting) []*cobra.Command {
	secret := s.flag.Name + secretSuffix
	if s.command != root || s.flag.Changed || p.env(s.variable()) != "" || p.env(variableOf(secret)) != "" {
		return nil
	}
	var found []*cobra.Command
	for _, c := range p.commands(root) {
		_, plain := file.values[keyOf(c, s.flag.Name)]
		_, hidden := file.values[keyOf(c, secret)]
		if c != root && (plain || hidden) {
			found = append(found, c)
		}
	}
	return found
}

func (p *program) commands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, below := range c.Commands() {
		all = append(all, p.commands(below)...)
	}
	return all
}

// about keeps the settings of a command and of those that every command knows.
func about(all []resolved, command []string) []resolved {
	if len(command) == 0 {
		return all
	}
	var kept []resolved
	for _, r := range all {
		section := sectionOf(r.command)
		if len(section) == 0 || len(section) >= len(command) && slices.Equal(section[:len(command)], command) {
			kept = append(kept, r)
		}
	}
	return kept
}

// valueWidth bounds the column of values, so that the table fits a terminal.
const valueWidth = 60

func (p *program) reportSettings(r *resolution, shown []resolved) error {
	rows := table.NewWriter()
	rows.AppendHeader(table.Row{"setting", "value", "from"})
	rows.SetColumnConfigs([]table.ColumnConfig{{Number: 2, WidthMax: valueWidth, WidthMaxEnforcer: text.WrapHard}})
	for _, s := range shown {
		from := s.source.String()
		if s.where != "" {
			from += " " + s.where
		}
		if s.path != "" {
			from += " (" + s.path + ")"
		}
		rows.AppendRow(table.Row{s.key(), p.shownValue(s), from})
	}
	out := &printer{w: p.stdout}
	out.line("%s", rows.Render())
	for _, warning := range r.warnings {
		out.line("warning: %s", warning)
	}
	for _, fault := range r.faults {
		out.line("fault: %s", fault)
	}
	out.line("faults: %d, warnings: %d", len(r.faults), len(r.warnings))
	return out.err
}

func (p *program) reportSettingsJSON(r *resolution, shown []resolved) error {
	type row struct {
		Key      string `json:"key"`
		Flag     string `json:"flag"`
		Variable string `json:"variable"`
		Value    any    `json:"value"`
		Source   string `json:"source"`
		Where    string `json:"where,omitempty"`
		File     string `json:"file,omitempty"`
		Secret   bool   `json:"secret"`
	}
	report := struct {
		OK       bool     `json:"ok"`
		Settings []row    `json:"settings"`
		Faults   []string `json:"faults"`
		Warnings []string `json:"warnings"`
	}{len(r.faults) == 0, []row{}, []string{}, append([]string{}, r.warnings...)}
	for _, s := range shown {
		var value any = p.shownValue(s)
		if _, list := s.flag.Value.(pflag.SliceValue); list {
			value = append([]string{}, s.values...)
		}
		report.Settings = append(report.Settings, row{
			s.key(), "--" + s.flag.Name, s.variable(), value, s.source.String(), s.where, s.path, p.marks[s.flag].shown != nil,
		})
	}
	for _, fault := range r.faults {
		report.Faults = append(report.Faults, fault.Error())
	}
	return p.printJSON(report)
}

// printSettings writes the settings as a file of settings, section by section.
func (p *program) printSettings(shown []resolved) error {
	out := &printer{w: p.stdout}
	var open []string
	var own, overrides []resolved
	for _, s := range shown {
		if len(sectionOf(s.command)) > 0 && s.flag == s.command.Root().PersistentFlags().Lookup(s.flag.Name) {
			overrides = append(overrides, s)
		} else {
			own = append(own, s)
		}
	}
	for i, s := range own {
		section := sectionOf(s.command)
		if i == 0 || !slices.Equal(section, open) {
			for depth, name := range section {
				if depth >= len(open) || name != open[depth] {
					out.line("%s%s:", indent(depth), name)
					open = append(slices.Clone(open[:min(depth, len(open))]), name)
				}
			}
			open = section
			for _, o := range overrides {
				if o.command == s.command {
					out.line("%s", p.settingLine(o, len(section)))
				}
			}
		}
		out.line("%s", p.settingLine(s, len(section)))
	}
	return out.err
}

func indent(depth int) string { return strings.Repeat("  ", depth) }

func (p *program) settingLine(s resolved, depth int) string {
	secret := p.marks[s.flag].shown != nil
	name, value, from := s.flag.Name, yamlOf(s.flag, s.values), s.where
	if secret {
		value = yamlText(p.shownValue(s))
	}
	switch {
	case s.path != "":
		return fmt.Sprintf("%s%s: %s # %s", indent(depth), name+secretSuffix, yamlText(s.path), from)
	case s.source == fromDefault:
		return fmt.Sprintf("%s# %s: %s", indent(depth), name, value)
	case secret && p.shownValue(s) != strings.Join(s.values, ","):
		return fmt.Sprintf("%s# %s: %s # a secret, from %s", indent(depth), name, value, from)
	}
	return fmt.Sprintf("%s%s: %s # %s", indent(depth), name, value, from)
}

// yamlOf writes the value of a flag as YAML, on one line.
func yamlOf(flag *pflag.Flag, values []string) string {
	if _, list := flag.Value.(pflag.SliceValue); list {
		quoted := make([]string, len(values))
		for i, value := range values {
			quoted[i] = yamlText(value)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	if kindOf(flag) != "" {
		return values[0]
	}
	return yamlText(values[0])
}

// yamlText quotes a text where YAML would read something else, or end it early.
func yamlText(value string) string {
	if !strings.ContainsAny(value, "\n,[]{}") {
		if plain, err := yaml.Marshal(value); err == nil {
			return strings.TrimSpace(string(plain))
		}
	}
	return strconv.Quote(value) // whose escapes are all of YAML's too
}
