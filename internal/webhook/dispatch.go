package webhook

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"drawdown/internal/books"
)

// Book is what the dispatcher asks of the book: *books.Books does it.
type Book interface {
	DueWebhooks(ctx context.Context) ([]books.Webhook, error)
	ClaimDeliveries(ctx context.Context, webhookID string, limit int) (books.Webhook, []books.Delivery, error)
	ReleaseDelivery(ctx context.Context, delivery books.Delivery) error
	DeliveryTried(ctx context.Context, tried books.Tried) error
	PruneMessages(ctx context.Context) (int64, error)
}

// Watch is told what is sent, for figures: its method is called by many at once.
type Watch interface {
	// WebhookTried is told how an attempt ended (delivered, retried, failed) and how long
	// it took.
	WebhookTried(result string, took time.Duration)
}

// The results of attempts.
const (
	Delivered = "delivered"
	Retried   = "retried" // failed, and to be tried again
	Failed    = "failed"  // failed for good
)

// Options say how to send. Zero fields take their defaults.
type Options struct {
	Private  bool          // also to private addresses and to this machine
	Insecure bool          // also by http
	Timeout  time.Duration // of one attempt; 15 s
	Every    time.Duration // how often to look for what is due; 1 s
	Agent    string        // the User-Agent
	Watch    Watch         // nobody
	TLS      *tls.Config   // what endpoints are trusted; those that the system trusts
	// Random returns a number below its argument; that of the process.
	Random func(time.Duration) time.Duration
}

const (
	// perEndpoint is how many attempts to one endpoint are under way at the same time: enough
	// to drain a backlog at some hundred a second, few enough for a small server.
	perEndpoint = 4
	// part is how many deliveries are claimed at once. All of them timing out take
	// part/perEndpoint × attemptTime, which is below books.ClaimTime.
	part = 16
	// endTime is what attempts at work may take to end when the process stops.
	endTime = attemptTime + 2*time.Second
	// pruneEvery is how often old messages are forgotten.
	pruneEvery = time.Hour
)

// Dispatcher sends what is due, until it is stopped.
type Dispatcher struct {
	book    Book
	log     *slog.Logger
	options Options
	sender  sender

	mu      sync.Mutex
	busy    map[string]bool // endpoints that are being sent to
	working sync.WaitGroup
}

// New returns a dispatcher for the book.
func New(book Book, log *slog.Logger, options Options) *Dispatcher {
	options.Timeout = cmp.Or(options.Timeout, attemptTime)
	options.Every = cmp.Or(options.Every, time.Second)
	options.Agent = cmp.Or(options.Agent, "Drawdown")
	if options.Random == nil {
		options.Random = rand.N[time.Duration]
	}
	return &Dispatcher{book: book, log: log, options: options, sender: newSender(options), busy: map[string]bool{}}
}

// Run sends until the context is done, and then until the attempts at work have ended.
func (d *Dispatcher) Run(ctx context.Context) {
	look, prune := time.NewTicker(d.options.Every), time.NewTicker(pruneEvery)
	defer look.Stop()
	defer prune.Stop()
	defer d.sender.client.CloseIdleConnections()
	defer d.working.Wait()
	for {
		d.begin(ctx)
		select {
		case <-ctx.Done():
			return
		case <-prune.C:
			if _, err := d.book.PruneMessages(ctx); err != nil && ctx.Err() == nil {
				d.log.WarnContext(ctx, "old messages could not be forgotten", "error", err)
			}
		case <-look.C:
		}
	}
}

// Send sends all that is due now and returns when it was tried.
func (d *Dispatcher) Send(ctx context.Context) {
	d.begin(ctx)
	d.working.Wait()
}

// begin has each endpoint sent to that has something due, where nobody does yet.
func (d *Dispatcher) begin(ctx context.Context) {
	due, err := d.book.DueWebhooks(ctx)
	if err != nil {
		if ctx.Err() == nil {
			d.log.WarnContext(ctx, "what is to be told could not be read", "error", err)
		}
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, webhook := range due {
		if !d.busy[webhook.ID] {
			d.busy[webhook.ID] = true
			d.working.Go(func() { d.drain(ctx, webhook.ID) })
		}
	}
}

// drain sends what is due to one endpoint, some at a time, until nothing is.
func (d *Dispatcher) drain(ctx context.Context, webhookID string) {
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.busy, webhookID)
	}()
	for ctx.Err() == nil {
		to, claimed, err := d.book.ClaimDeliveries(ctx, webhookID, part)
		if err != nil && ctx.Err() == nil {
			d.log.WarnContext(ctx, "what is to be told could not be claimed", "webhook", webhookID, "error", err)
		}
		if err != nil || len(claimed) == 0 {
			return
		}
		d.sendAll(ctx, to, claimed)
	}
}

// sendAll sends what was claimed. Where the process is to stop, it begins no other attempt
// and gives back what was not sent.
func (d *Dispatcher) sendAll(ctx context.Context, to books.Webhook, claimed []books.Delivery) {
	within, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(endTime, cancel) })
	defer stop()
	var senders errgroup.Group
	senders.SetLimit(perEndpoint)
	for _, delivery := range claimed {
		senders.Go(func() error {
			if ctx.Err() != nil {
				return d.book.ReleaseDelivery(within, delivery)
			}
			return d.send(within, to, delivery)
		})
	}
	if err := senders.Wait(); err != nil {
		// What could not be recorded is sent again once its claim is over.
		d.log.WarnContext(ctx, "what became of a delivery could not be recorded", "webhook", to.ID, "error", err)
	}
}

// send makes one attempt and records it.
func (d *Dispatcher) send(ctx context.Context, to books.Webhook, delivery books.Delivery) error {
	began := time.Now()
	tried, asked := d.sender.attempt(ctx, to, delivery, d.options.Agent)
	took, result := time.Since(began), Delivered
	if !tried.OK {
		var more bool
		tried.RetryIn, more = retryIn(delivery.Attempts+1, asked, d.options.Random)
		tried.GiveUp = !more
		result = Retried
		if tried.GiveUp || tried.Gone {
			result = Failed
		}
	}
	if d.options.Watch != nil {
		d.options.Watch.WebhookTried(result, took)
	}
	return d.book.DeliveryTried(ctx, tried)
}
