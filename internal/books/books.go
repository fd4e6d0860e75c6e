package books

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
	_ "time/tzdata" // a book's zone is known on every machine

	"github.com/google/uuid"

	"drawdown/ledger"
)

// Books is one book, open for use. Its methods are the use cases; they may be called
// by many at once.
type Books struct {
	store Store
	book  Book
	zone  *time.Location
	now   func() time.Time
	newID func() string
	// holder names this process in leases and job runs.
	holder string
	usage  *usageQueue
	turns  turns
	bounds Steps
	// idsTellTime says whether ids are UUIDv7 of this machine's clock.
	idsTellTime bool
	// duplicates says whether the last transaction of usage met events that were recorded
	// before.
	duplicates atomic.Bool
	unrecorded notRecorded
	// policies are those that usage has met.
	policies knownPolicies
	watch    Watch
	// leased is when a run of this process renewed the lease; nil while none is at work.
	leased  atomic.Pointer[time.Time]
	lookout *lookout
	// webhooks says which endpoints may be told.
	webhooks WebhookOptions
	// estimates bounds the files of estimates.
	estimates EstimateOptions
	reviews   ReviewThresholds
	// signer signs seals; nil where nothing can be closed.
	signer Signer
	// destinations are the names under which exports can be put somewhere.
	destinations []string
	// linkSecret signs links to exported files, once it is read.
	linkSecret atomic.Pointer[[]byte]
}

// Options are what a book takes from outside. Zero fields take their defaults.
type Options struct {
	// Functional and Zone settle a book that is opened for the first time: USD and UTC
	// where empty. For a book that exists they must agree with it or be empty.
	Functional ledger.Currency
	Zone       string
	Now        func() time.Time // the clock; time.Now
	NewID      func() string    // a new UUIDv7 each time, in order
	Holder     string           // names this process in leases; a new id
	Usage      UsageOptions     // how usage that arrives at the same time is written together
	Steps      Steps            // what bounds one step of a job
	Watch      Watch            // is told what the book does; nobody
	Feed       FeedOptions      // what it costs to tell others what changes
	Webhooks   WebhookOptions   // which endpoints may be told what happens
	Estimates  EstimateOptions  // what bounds the files of estimates
	Reviews    ReviewThresholds // when an estimate is stale
	Signer     Signer           // signs the seals of closed periods; where nil, no period can be closed
	// Destinations are the names of where exports can be put: the process puts them there.
	Destinations []string
}

// Open opens the book in the store, settling its currency and zone the first time.
// Errors: INVALID for a zone or currency that is none, or that differs from the book's.
func Open(ctx context.Context, store Store, options Options) (*Books, error) {
	b := &Books{store: store, now: options.Now, newID: options.NewID, holder: options.Holder, webhooks: options.Webhooks, bounds: options.Steps.withDefaults(), reviews: options.Reviews.withDefaults(), destinations: options.Destinations, signer: options.Signer}
	b.idsTellTime = options.Now == nil && options.NewID == nil
	if b.now == nil {
		b.now = time.Now
	}
	if b.newID == nil {
		b.newID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	if b.holder == "" {
		b.holder = b.newID()
	}
	if b.watch = options.Watch; b.watch == nil {
		b.watch = noWatch{}
	}
	usage, err := options.Usage.withDefaults()
	if err != nil {
		return nil, err
	}
	if b.estimates, err = options.Estimates.withDefaults(); err != nil {
		return nil, err
	}
	feeding, err := options.Feed.withDefaults()
	if err != nil {
		return nil, err
	}
	b.lookout = newLookout(b, feeding)
	b.usage = &usageQueue{options: usage, record: b.recordTogether}
	err = store.Update(ctx, func(ctx context.Context, tx Tx) error {
		book, err := tx.Book(ctx)
		if CodeOf(err) == NotFound && err != nil {
			book, err = b.settle(options)
			if err == nil {
				err = tx.SaveBook(ctx, book)
			}
		}
		b.book = book
		return err
	})
	if err != nil {
		return nil, err
	}
	if options.Functional != "" && options.Functional != b.book.Functional {
		return nil, refuse(Invalid, "currency", "is %s in this book and cannot be changed to %s", b.book.Functional, options.Functional)
	}
	if options.Zone != "" && options.Zone != b.book.Zone {
		return nil, refuse(Invalid, "timezone", "is %s in this book and cannot be changed to %s", b.book.Zone, options.Zone)
	}
	if b.zone, err = time.LoadLocation(b.book.Zone); err != nil {
		return nil, fmt.Errorf("time zone %q of the book: %w", b.book.Zone, err)
	}
	return b, nil
}

func (b *Books) settle(options Options) (Book, error) {
	book := Book{Functional: options.Functional, Zone: options.Zone, CreatedAt: b.clock()}
	if book.Functional == "" {
		book.Functional = "USD"
	}
	if book.Zone == "" {
		book.Zone = "UTC"
	}
	if !book.Functional.Known() {
		return Book{}, noCurrency("currency", book.Functional)
	}
	if _, err := time.LoadLocation(book.Zone); err != nil || book.Zone == "Local" {
		return Book{}, refuse(Invalid, "timezone", "%q is not an IANA time zone such as UTC or Europe/Berlin", book.Zone)
	}
	return book, nil
}

// Book returns the settings of the book.
func (b *Books) Book() Book { return b.book }

// Zone returns the book's time zone.
func (b *Books) Zone() *time.Location { return b.zone }

// Now returns the book's clock, in microseconds, the finest that a book keeps.
func (b *Books) Now() time.Time { return b.clock() }

// Yesterday returns the last day that has ended: the day through which jobs book.
func (b *Books) Yesterday() ledger.Date { return ledger.DateOf(b.clock(), b.zone) - 1 }

// View reads on one consistent snapshot, as much as the caller of the context sees: one who
// is bound to a customer sees that customer alone (Scoped). All that is read for somebody
// outside is read here.
func (b *Books) View(ctx context.Context, read func(context.Context, Tx) error) error {
	customerID := CallerOf(ctx).CustomerID
	if customerID == "" {
		return b.store.View(ctx, read)
	}
	return b.store.View(ctx, func(ctx context.Context, tx Tx) error { return read(ctx, Scoped(tx, customerID)) })
}

func (b *Books) clock() time.Time { return b.now().UTC().Truncate(time.Microsecond) }

func (b *Books) today() ledger.Date { return ledger.DateOf(b.clock(), b.zone) }
