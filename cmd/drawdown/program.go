package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"drawdown/internal/store"
)

// program is one run of the command line. Tests start it with streams of their own.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) string
	environ        func() []string // all of it, as NAME=VALUE; nil where nobody looks for misspelt names
	busyTimeout    time.Duration   // of the database; the store's default where zero
	watch          store.Watch     // is told of what is asked of the database; nil but in a server

	db, config string // every command knows them
	// currency and timezone settle a new book.
	currency, timezone string
	// begun is true once the command line was understood.
	begun bool

	// What settings.go knows of flags.
	settings    []setting
	marks       map[*pflag.Flag]mark
	secretFiles map[*pflag.Flag]*string     // the value of NAME-file, by the flag NAME
	bases       map[*pflag.Flag]*pflag.Flag // the flag NAME, by the flag NAME-file
	togethers   map[*cobra.Command][]func() error
	sources     map[*pflag.Flag]source
}

const defaultDB = "sqlite:drawdown.db"

const longHelp = `Drawdown is a revenue sub-ledger for prepaid credits: what was sold, used and
lapsed goes in, a double-entry journal under ASC 606 and IFRS 15 comes out.

To look around, make a year of a made-up AI platform and open it:

  drawdown demo

The book is a database, named by --db or the variable DRAWDOWN_DB: a file, such as
sqlite:book.db, or one on a PostgreSQL server, such as
postgres://drawdown@localhost:5432/drawdown.

Every flag can also be given by a variable, DRAWDOWN_ and its name in upper case, or in
the file that --config names; drawdown config check says what holds, and why.`

// run does what the arguments say and returns the exit code.
func (p *program) run(ctx context.Context, args []string) (code int) {
	defer func() {
		if fault := recover(); fault != nil {
			code = p.fail(&faultError{fault})
		}
	}()
	root := p.rootCommand() //nolint:contextcheck // a command gets its context when it is executed
	root.SetArgs(args)
	err := root.ExecuteContext(commanding(ctx))
	if err != nil && !p.begun {
		err = &exitError{usage, fmt.Errorf("%w (drawdown --help tells more)", err)}
	}
	return p.fail(err)
}

func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "drawdown",
		Short:         "A revenue sub-ledger for prepaid credits",
		Long:          longHelp + "\n\n" + exitHelp,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noCommand,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
		PersistentPreRun: func(*cobra.Command, []string) {
			p.begun = true
		},
	}
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	p.marks, p.togethers, p.sources = map[*pflag.Flag]mark{}, map[*cobra.Command][]func() error{}, map[*pflag.Flag]source{}
	p.secretFiles, p.bases = map[*pflag.Flag]*string{}, map[*pflag.Flag]*pflag.Flag{}
	root.PersistentFlags().StringVar(&p.config, "config", "", "the `file` of settings, in YAML")
	root.PersistentFlags().StringVar(&p.db, "db", defaultDB, dbUsage)
	p.secret(root.PersistentFlags(), "db", shown)
	root.AddCommand(
		p.serveCommand(), p.demoCommand(), p.importCommand(), p.exportCommand(), p.reportCommand(), p.jobCommand(),
		p.tokenCommand(), p.scenarioCommand(), p.verifyCommand(), p.reconcileCommand(), p.sealKeyCommand(), p.benchCommand(), p.migrateCommand(), p.configCommand(),
		p.healthCommand(), p.versionCommand(),
	)
	p.settings = p.settingsOf(root)
	p.settle(root)
	return root
}

func noCommand(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("there is no command %q", args[0])
	}
	return nil
}

// group makes a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("%s takes a command, such as: %s", c.CommandPath(), c.Commands()[0].UseLine())
			}
			return fmt.Errorf("%s has no command %q", c.CommandPath(), args[0])
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(commands...)
	return c
}

// say writes a line to the user on standard error, beside what the command found.
func (p *program) say(format string, args ...any) {
	_, _ = fmt.Fprintf(p.stderr, format+"\n", args...)
}

// onTerminal reports whether messages are read by a person as they come.
func (p *program) onTerminal() bool {
	terminal, is := p.stderr.(*os.File)
	return is && term.IsTerminal(int(terminal.Fd()))
}
