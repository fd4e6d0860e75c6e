package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// book is a book on a site of its own, served over TCP as the product serves it.
type book struct {
	*site
	*books.Books
	store   books.Store
	server  *http.Server
	address string
	token   string
	client  *http.Client
	ended   chan error
	stop    context.CancelFunc
	clock   *clock
	// sold counts the purchases that were made by the set, so that each has its own id.
	sold int
}

// newBook makes a book with a policy, a pack and a meter, and serves it.
func (b *bench) newBook(ctx context.Context) (_ *book, err error) {
	s, err := b.engine.site(ctx)
	if err != nil {
		return nil, err
	}
	made := &book{site: s, client: sender(b.Senders), ended: make(chan error, 1), clock: newClock()}
	defer func() {
		if err != nil {
			err = errors.Join(err, made.close(context.WithoutCancel(ctx)))
		}
	}()
	if made.store, err = b.program.Open(ctx, s.url); err != nil {
		return nil, err
	}
	signer, err := books.NewKeySigner()
	if err != nil {
		return nil, err
	}
	if made.Books, err = books.Open(ctx, made.store, books.Options{Functional: "USD", Zone: "UTC", Now: made.clock.now, Usage: b.program.Usage, Signer: signer}); err != nil {
		return nil, err
	}
	if made.token, err = b.program.Token(ctx, made.Books); err != nil {
		return nil, err
	}
	if err := made.catalogue(ctx); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, made.stop = context.WithCancel(ctx)
	made.address = listener.Addr().String()
	made.server = &http.Server{Handler: b.program.Handler(ctx, made.Books), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	go func() { made.ended <- made.server.Serve(listener) }()
	return made, nil
}

// close ends the server and removes the book.
func (b *book) close(ctx context.Context) error {
	var errs []error
	b.client.CloseIdleConnections()
	if b.server != nil {
		b.stop()
		errs = append(errs, b.server.Close())
		if err := <-b.ended; !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, err)
		}
	}
	if b.store != nil {
		errs = append(errs, b.store.Close())
	}
	return errors.Join(append(errs, b.remove(ctx))...)
}

// check verifies the book and counts its events.
func (b *book) check(ctx context.Context, events int) error {
	if err := b.count(ctx, "usage_events", events); err != nil {
		return err
	}
	if err := b.count(ctx, "draws", events); err != nil { // lots are sized so that none splits
		return err
	}
	findings, err := b.Verify(ctx)
	if err != nil {
		return err
	}
	if len(findings) > 0 {
		f := findings[0]
		return fmt.Errorf("the book differs from what it derives from in %d places, the first: %s of %s is %s, derived %s", len(findings), f.Check, f.Subject, f.Kept, f.Derived)
	}
	return nil
}

func (b *book) count(ctx context.Context, table string, want int) error {
	got, err := b.number(ctx, "SELECT count(*) FROM "+table)
	if err == nil && got != int64(want) {
		err = fmt.Errorf("%s holds %d rows, and should hold %d", table, got, want)
	}
	return err
}

// The terms of the book: lots last a year from soldOn, which lies so long before the
// epoch that every day of a history falls within them.
const (
	packCode   = "credits"
	modelName  = "customer-model" // the customer whose rows all others are copies of
	soldBefore = (maxDaysPerLot + 10) * 24 * time.Hour
)

func (b *book) catalogue(ctx context.Context) error {
	year := ledger.Duration{Months: 12}
	_, err := b.PolicyCreate(ctx, "policy", books.NewPolicy{Code: books.DefaultPolicy, Policy: revrec.Policy{Expires: &year}})
	if err != nil {
		return err
	}
	_, err = b.PackCreate(ctx, "pack", books.NewPack{Code: packCode, Policy: books.DefaultPolicy, Tiers: []books.NewTier{
		{Credits: decimal.NewFromInt(1), Price: decimal.New(10, -2)},
	}})
	if err != nil {
		return err
	}
	_, err = b.MeterCreate(ctx, "meter", books.NewMeter{Code: meter, Credits: decimal.NewFromInt(1), Per: decimal.NewFromInt(1_000)})
	if err != nil {
		return err
	}
	_, err = b.CustomerCreate(ctx, "model", books.NewCustomer{ExternalID: modelName})
	return err
}
