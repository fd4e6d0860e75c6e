package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/ledger"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"drawdown": func() {
			p := program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, env: os.Getenv, environ: os.Environ}
			if os.Getenv("IMPATIENT") != "" {
				p.busyTimeout = time.Millisecond
			}
			os.Exit(p.run(context.Background(), os.Args[1:]))
		},
		"mkbook": func() {
			must(makeBook(context.Background(), "sqlite:"+os.Args[1], ledger.Currency(strings.Join(os.Args[2:], ""))))
		},
		"mktarget": func() { must(makeTarget(context.Background(), "sqlite:"+os.Args[1], os.Args[2], os.Args[3])) },
		"mksealed": func() {
			must(makeBook(context.Background(), "sqlite:"+os.Args[1], ""))
			must(sealBook(context.Background(), "sqlite:"+os.Args[1], os.Args[2:]))
		},
		"sql": func() { must(execSQL(os.Args[1], os.Args[2])) },
		"holding": func() {
			must(holding(os.Args[1], os.Args[2:]))
		},
	})
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
}

// TestScripts plays the command line as a user types it: testdata/script/*.txtar.
//
//	mkbook FILE [CURRENCY]  a book of 2025 with the customers acme and zeta, who have
//	                        10,000 credits each for 800.00, and the meters of an LLM
//	mksealed FILE KEY…      such a book, of which acme has used ten credits in January, and
//	                        January and February are closed and sealed by the key in a file;
//	                        February by the second, where two are named
//	mktarget FILE CODE PROFILE
//	                        a target of such a book, with the profile
//	sql FILE STATEMENT      what a tamperer would do
//	status CODE COMMAND…    runs a command that must end with the exit code
//	holding FILE COMMAND…   runs a command while another process writes
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("DRAWDOWN_DB", "")
			env.Setenv("TMPDIR", env.WorkDir)
			env.Setenv("LC_ALL", "C.UTF-8")
			return nil
		},
		Cmds:          map[string]func(ts *testscript.TestScript, neg bool, args []string){"status": status},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
	})
}

// status runs a command that must end with the exit code.
func status(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// makeBook makes a book on 1 January 2025, in US dollars where no currency is given. Nothing in it lapses.
func makeBook(ctx context.Context, url string, currency ledger.Currency) (err error) {
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return err
	}
	defer func() { must(db.Close()) }()
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	now := time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC)
	ids := 0
	book, err := books.Open(ctx, db, books.Options{Functional: currency, Now: func() time.Time { return now }, NewID: func() string {
		ids++
		return fmt.Sprintf("01941f29-7c00-7000-8000-%012d", ids)
	}})
	if err != nil {
		return err
	}
	return setUp(ctx, book, "10000", "800")
}

// setUp makes acme and zeta with credits each, and the meters of an LLM.
func setUp(ctx context.Context, book *books.Books, credits, price string) error {
	if _, err := book.PolicyCreate(ctx, "default", books.NewPolicy{Code: "default"}); err != nil {
		return err
	}
	for _, meter := range []books.NewMeter{
		{Code: "tokens_in", Credits: decimal.NewFromInt(1), Per: decimal.NewFromInt(1000)},
		{Code: "tokens_out", Credits: decimal.NewFromInt(5), Per: decimal.NewFromInt(1000)},
	} {
		if _, err := book.MeterCreate(ctx, meter.Code, meter); err != nil {
			return err
		}
	}
	for _, customer := range []string{"acme", "zeta"} {
		if _, err := book.CustomerCreate(ctx, customer, books.NewCustomer{ExternalID: customer}); err != nil {
			return err
		}
		paid := decimal.RequireFromString(price)
		_, err := book.Purchase(ctx, customer+" buys", books.NewPurchase{Customer: customer, Credits: decimal.RequireFromString(credits), Price: &paid})
		if err != nil {
			return err
		}
	}
	return nil
}

// sealBook has acme use ten credits, and closes the first two months, each by its key.
func sealBook(ctx context.Context, url string, keyFiles []string) (err error) {
	var keys []books.KeySigner
	for _, file := range keyFiles {
		key, _, err := readSealKey(file)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return err
	}
	defer func() { must(db.Close()) }()
	now := time.Date(2025, 1, 20, 9, 0, 0, 0, time.UTC)
	opened := func(key books.KeySigner) (*books.Books, error) {
		return books.Open(ctx, db, books.Options{Now: func() time.Time { return now }, Signer: key})
	}
	book, err := opened(keys[0])
	if err != nil {
		return err
	}
	ten := decimal.NewFromInt(10)
	if _, err := book.RecordUsage(ctx, []books.UsageInput{{ID: "e1", Customer: "acme", Credits: &ten, OccurredAt: now}}); err != nil {
		return err
	}
	if _, err := book.GLAccountsSet(ctx, "codes", books.SampleGLCodes()); err != nil {
		return err
	}
	for _, month := range []time.Month{1, 2} {
		now = time.Date(2025, month+1, 5, 9, 0, 0, 0, time.UTC)
		if book, err = opened(keys[min(int(month), len(keys))-1]); err != nil {
			return err
		}
		if _, err := book.RunJob(ctx, books.JobAll, books.RunOptions{}); err != nil {
			return err
		}
		if _, err := book.PeriodClose(ctx, fmt.Sprint("close", int(month)), books.ClosePeriod{Period: ledger.NewDate(2025, month, 1).Period()}); err != nil {
			return err
		}
	}
	return nil
}

// makeTarget makes a target for the export of batches.
func makeTarget(ctx context.Context, url, code, profile string) error {
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return err
	}
	defer func() { must(db.Close()) }()
	book, err := books.Open(ctx, db, books.Options{})
	if err != nil {
		return err
	}
	_, err = book.ExportTargetCreate(ctx, "target "+code, books.NewExportTarget{Code: code, Profile: profile})
	return err
}

func execSQL(path, statement string) error {
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}

// holding runs the command while it holds the database's write lock, and ends as it does.
func holding(path string, command []string) error {
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	c := exec.Command(command[0], command[1:]...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	err = c.Run()
	must(db.Close())
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	return err
}
