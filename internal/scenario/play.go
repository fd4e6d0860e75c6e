package scenario

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"maps"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// Opener gives a fresh book of its own, and what closes it again.
type Opener func(ctx context.Context, options books.Options) (*books.Books, func() error, error)

// player plays one file.
type player struct {
	file      *File
	books     *books.Books
	clock     time.Time
	customers map[string]string     // internal ids by name
	purchases map[string]string     // internal ids by name in the file
	holds     map[string]books.Hold // by name in the file
	events    map[string]string     // customers by id of a recorded event
	meters    map[string]bool       // by code
	manual    map[string]string     // ids of manual entries by name in the file
	result    *Result
}

// Play plays the file on a fresh book and holds every expectation. The error is a
// fault, such as a database that is away; what did not hold is in the result.
func Play(ctx context.Context, file *File, open Opener) (result *Result, err error) {
	p := &player{
		file: file, clock: file.start(),
		customers: map[string]string{}, purchases: map[string]string{}, holds: map[string]books.Hold{}, events: map[string]string{}, meters: map[string]bool{}, manual: map[string]string{},
		result: &Result{File: file.Name, ID: file.ID, Title: file.Title, Steps: len(file.Steps), Failures: []Failure{}},
	}
	opened, closeBook, err := open(ctx, books.Options{
		Functional: file.Currency, Zone: file.Zone.String(), Now: func() time.Time { return p.clock },
		Signer: books.KeySigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))), // nobody keeps what a scenario signs
	})
	if err != nil {
		return nil, fmt.Errorf("%s: opening a book: %w", file.Name, err)
	}
	defer func() { err = errors.Join(err, closeBook()) }()
	p.books = opened
	if err := p.createPolicies(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name, err)
	}
	if err := p.createMeters(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name, err)
	}
	for _, step := range file.Steps {
		goOn, err := p.play(ctx, step)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %s (line %d): %w", file.Name, step.Number, step.Verb, step.Line, err)
		}
		if !goOn {
			break
		}
	}
	p.result.OK = len(p.result.Failures) == 0
	return p.result, nil
}

// start returns where the clock stands before the first step.
func (f *File) start() time.Time {
	for _, step := range f.Steps {
		if !step.At.IsZero() {
			return step.At
		}
	}
	return time.Time{}
}

func (p *player) createPolicies(ctx context.Context) error {
	policies := p.file.Policies
	hasDefault := false
	for _, policy := range policies {
		hasDefault = hasDefault || policy.Name == books.DefaultPolicy
	}
	if !hasDefault {
		policies = append([]NamedPolicy{{books.DefaultPolicy, revrec.Policy{}.WithDefaults()}}, policies...)
	}
	for _, policy := range policies {
		_, err := p.books.PolicyCreate(ctx, "scenario:policy:"+policy.Name, books.NewPolicy{
			Code: policy.Name, Name: policy.Name, Policy: policy.Policy,
		})
		if err != nil {
			return fmt.Errorf("policy %s: %w", policy.Name, err)
		}
	}
	return nil
}

// play does one step; it reports false where the rest of the file makes no sense.
func (p *player) play(ctx context.Context, step Step) (goOn bool, err error) {
	if !step.At.IsZero() {
		p.clock = step.At
	}
	if step.Verb == "expect" {
		return true, step.act.play(ctx, p, step)
	}
	if step.Fails != "" {
		return p.playRefused(ctx, step)
	}
	err = step.act.play(ctx, p, step)
	if refusal := refusalOf(err); refusal != nil {
		p.fail(step, step.Verb, "success", string(refusal.Code)+": "+refusal.Error(), "")
		return false, nil
	}
	return true, err
}

// playRefused does a step that must be refused with its code and change nothing.
func (p *player) playRefused(ctx context.Context, step Step) (goOn bool, err error) {
	if err := p.meet(ctx, step); err != nil { // a first mention is no change by the step
		return false, err
	}
	before, err := p.snapshot(ctx)
	if err != nil {
		return false, err
	}
	err = step.act.play(ctx, p, step)
	refusal := refusalOf(err)
	if err != nil && refusal == nil {
		return false, err
	}
	if refusal == nil {
		p.fail(step, step.Verb, "refusal "+string(step.Fails), "success", "")
		return false, nil
	}
	if refusal.Code != step.Fails {
		p.fail(step, step.Verb, "refusal "+string(step.Fails), string(refusal.Code)+": "+refusal.Error(), "")
	}
	after, err := p.snapshot(ctx)
	if err != nil {
		return false, err
	}
	before.compare(p, step, after)
	return true, nil
}

// refusalOf returns the refusal that an error is, nil for none and for a fault.
func refusalOf(err error) *books.Error {
	var refusal *books.Error
	if !errors.As(err, &refusal) || refusal.Code == books.Internal || refusal.Code == books.Unavailable {
		return nil
	}
	return refusal
}

func notFound(field, format string, args ...any) error {
	return &books.Error{Code: books.NotFound, Field: field, Message: fmt.Sprintf(format, args...)}
}

// meet makes the customers whom the step mentions.
func (p *player) meet(ctx context.Context, step Step) error {
	var names []string
	switch a := step.act.(type) {
	case purchase:
		names = []string{a.customer}
	case grant:
		names = []string{a.customer}
	case usage:
		names = []string{a.customer}
	case transfer:
		names = []string{a.from, a.to}
	case hold:
		names = []string{a.customer}
	case budget:
		names = []string{a.customer}
	case jurisdiction:
		names = []string{a.customer}
	case topUpRule:
		names = []string{a.customer}
	}
	for _, name := range names {
		// The step itself meets a refusal again.
		if err := p.customer(ctx, name); err != nil && refusalOf(err) == nil {
			return err
		}
	}
	return nil
}

// customer makes the customer at first mention.
func (p *player) customer(ctx context.Context, name string) error {
	if _, known := p.customers[name]; known {
		return nil
	}
	made, err := p.books.CustomerCreate(ctx, "scenario:customer:"+name, books.NewCustomer{ExternalID: name})
	if err != nil {
		return err
	}
	p.customers[name] = made.ID
	return nil
}

// purchase returns the internal id of a purchase by its name in the file.
func (p *player) purchase(name string) (string, error) {
	if id, made := p.purchases[name]; made {
		return id, nil
	}
	return "", notFound("purchase", "no purchase called %q was made before this step", name)
}

func (p *player) key(step Step) string { return fmt.Sprintf("scenario:%s:%d", p.file.ID, step.Number) }

func (p *player) fail(step Step, account, expected, got, where string) {
	p.result.Failures = append(p.result.Failures, Failure{
		Step: step.Number, Line: step.Line, Account: account, Expected: expected, Got: got, Where: where,
	})
}

// snapshot is what a refused step must leave as it was.
type snapshot struct {
	counts  map[string]int64
	credits map[string]revrec.Credits
	closing map[accountCurrency]both
}

type accountCurrency struct {
	account  ledger.Role
	currency ledger.Currency
}

func (p *player) snapshot(ctx context.Context) (snapshot, error) {
	s := snapshot{counts: map[string]int64{}, credits: map[string]revrec.Credits{}, closing: map[accountCurrency]both{}}
	err := p.books.View(ctx, func(ctx context.Context, tx books.Tx) error {
		for what, count := range map[string]func() (int64, error){
			"entries":      func() (int64, error) { return tx.CountEntries(ctx, books.EntryFilter{}) },
			"purchases":    func() (int64, error) { return tx.CountPurchases(ctx, books.PurchaseFilter{}) },
			"lots":         func() (int64, error) { return tx.CountLots(ctx, books.LotFilter{}) },
			"usage events": func() (int64, error) { return tx.CountEvents(ctx, books.EventFilter{}) },
			"recognitions": func() (int64, error) { return tx.CountRecognitions(ctx, books.RecognitionFilter{}) },
			"holds":        func() (int64, error) { return tx.CountHolds(ctx, books.HoldFilter{}) },
			"active holds": func() (int64, error) {
				return tx.CountHolds(ctx, books.HoldFilter{Status: books.HoldActive, At: p.clock})
			},
			"top-ups":      func() (int64, error) { return tx.CountTopUps(ctx, books.TopUpFilter{}) },
			"open top-ups": func() (int64, error) { return tx.CountTopUps(ctx, books.TopUpFilter{Status: books.TopUpOpen}) },
			"customers":    func() (int64, error) { return tx.CountCustomers(ctx, books.CustomerFilter{}) },
		} {
			n, err := count()
			if err != nil {
				return err
			}
			s.counts[what] = n
		}
		closing, err := tx.TrialBalance(ctx, 0, 0)
		for _, b := range closing.Balances {
			s.closing[accountCurrency{b.Account, b.Currency}] = both{b.Closing().Minor, b.FunctionalClosing().Minor}
		}
		return err
	})
	for _, name := range p.customerNames() {
		if err != nil {
			break
		}
		s.credits[name], err = p.spendable(ctx, name)
	}
	return s, err
}

func (s snapshot) compare(p *player, step Step, after snapshot) {
	for what, n := range s.counts {
		if after.counts[what] != n {
			p.fail(step, what, fmt.Sprint(n), fmt.Sprint(after.counts[what]), "a refused step changes nothing")
		}
	}
	for name, credits := range s.credits {
		if after.credits[name] != credits {
			p.fail(step, "credits of "+name, credits.String(), after.credits[name].String(), "a refused step changes nothing")
		}
	}
	if !maps.Equal(s.closing, after.closing) {
		p.fail(step, "trial balance", "as before", "changed", "a refused step changes nothing")
	}
}
