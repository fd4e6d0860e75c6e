package graph

import (
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/intake"
)

// IntakeOptions bound the endpoint that takes streams of usage. Zero fields take their
// defaults.
type IntakeOptions struct {
	// MaxBody bounds the bytes of a body, as it is sent and unpacked; 64 MiB, some 500,000
	// events. Memory does not depend on it.
	MaxBody int64
	// MaxEvents bounds the events of one request; 1,000,000.
	MaxEvents int
	// MaxRequests bounds the requests that are read at the same time; 16. Each may hold
	// some twenty megabytes, and fewer than that keep a database busy.
	MaxRequests int
}

// The defaults of IntakeOptions.
const (
	DefaultIntakeBody     = 64 << 20
	DefaultIntakeEvents   = 1_000_000
	DefaultIntakeRequests = 16
)

const (
	// intakeIdle is how long a sender may send nothing: longer than the pauses of a
	// network, and of a batching sender.
	intakeIdle = time.Minute
	// intakeTime is how long a request may last, so that a place is not held for ever.
	intakeTime = 10 * time.Minute
	// intakeWriteTime is how long a sender may take to read a part of its answer.
	intakeWriteTime = time.Minute
	// intakeDrain is how long the rest of a body is still read that is not recorded: a
	// sender that reads no answer before it has sent everything would miss the answer.
	intakeDrain = 5 * time.Second
	// retrySoon is when to come back where nothing better is known.
	retrySoon = time.Second
)

func (o IntakeOptions) withDefaults() IntakeOptions {
	if o.MaxBody <= 0 {
		o.MaxBody = DefaultIntakeBody
	}
	if o.MaxEvents <= 0 {
		o.MaxEvents = DefaultIntakeEvents
	}
	if o.MaxRequests <= 0 {
		o.MaxRequests = DefaultIntakeRequests
	}
	return o
}

// usageIntake takes a stream of usage and answers for each event: docs/api.md.
type usageIntake struct {
	books   *books.Books
	faults  presenter
	options IntakeOptions
	// background ends when the server does.
	background context.Context //nolint:containedctx // it is the process's, not a request's
	places     chan struct{}   // taken by the requests that are read
	memory     *memory
	rates      *rates
}

func newUsageIntake(b *books.Books, faults presenter, options IntakeOptions, background context.Context, memory *memory, rates *rates) usageIntake { //nolint:revive // the context is the process's
	options = options.withDefaults()
	return usageIntake{b, faults, options, background, make(chan struct{}, options.MaxRequests), memory, rates}
}

// The media types of the endpoint.
const (
	mediaNDJSON           = "application/x-ndjson"
	mediaCloudEvent       = "application/cloudevents+json"
	mediaCloudEventsBatch = "application/cloudevents-batch+json"
)

func (u usageIntake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	report := &usageReport{w: w, control: http.NewResponseController(w)}
	body, options, refused := u.open(w, r, report)
	if refused != nil {
		report.end(&stopped{Code: codeOfRequest(refused.err), Message: refused.err.Message, Line: 1}, refused.status)
		return
	}
	if refused := u.turnAway(r); refused != nil {
		after, _ := refused.err.Extensions["retryAfter"].(int)
		report.end(&stopped{Code: codeOfRequest(refused.err), Message: refused.err.Message, Line: 1, RetryAfter: after}, refused.status)
		return
	}
	select {
	case u.places <- struct{}{}:
		defer func() { <-u.places }()
	default:
		report.end(&stopped{
			Code: books.Overloaded, Line: 1, RetryAfter: int(retrySoon.Seconds()),
			Message: fmt.Sprintf("%d requests are sending usage already: send this one again in a second, or send more events in fewer requests", u.options.MaxRequests),
		}, 0)
		return
	}
	u.stream(r.Context(), body, options, report)
}

// turnAway refuses a request where memory is nearly full, or where its caller has asked more
// than its share; how many events it brings does not count there.
func (u usageIntake) turnAway(r *http.Request) *refused {
	if u.memory.full() {
		return outOfMemory()
	}
	return u.rates.take(r.Context(), r.RemoteAddr, requestCost)
}

// open checks what can be checked before the body is read.
func (u usageIntake) open(w http.ResponseWriter, r *http.Request, report *usageReport) (*usageBody, intake.Options, *refused) {
	options := intake.Options{Source: books.DefaultSource, Zone: u.books.Zone(), TimeOptional: true}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, options, refuse(http.StatusMethodNotAllowed, books.Invalid, "use POST")
	}
	media, ok := prefer(r.Header.Values("Accept"), mediaJSON, mediaNDJSON)
	if !ok {
		return nil, options, refuse(http.StatusNotAcceptable, books.Invalid, "the answer is %s or %s: accept one of them", mediaJSON, mediaNDJSON)
	}
	report.lines = media == mediaNDJSON
	switch r.URL.Query().Get("outcomes") {
	case "":
		report.all = report.lines
	case "all":
		report.all = true
	case "rejected":
	default:
		return nil, options, refuse(http.StatusBadRequest, books.Invalid, "outcomes must be all or rejected")
	}
	media, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := parameters["charset"]
	switch {
	case err != nil:
	case charset != "" && !strings.EqualFold(charset, "utf-8"):
		return nil, options, refuse(http.StatusUnsupportedMediaType, books.Invalid, "the charset must be utf-8")
	case media == mediaNDJSON:
		options.Format = intake.NDJSON
	case media == mediaCloudEventsBatch:
		options.Format = intake.CloudEvents
	case media == mediaCloudEvent:
		options.Format = intake.OneCloudEvent
	}
	if options.Format == "" {
		return nil, options, refuse(http.StatusUnsupportedMediaType, books.Invalid, "the content type must be %s, %s or %s", mediaNDJSON, mediaCloudEventsBatch, mediaCloudEvent)
	}
	if r.ContentLength > u.options.MaxBody {
		return nil, options, refuse(http.StatusRequestEntityTooLarge, books.TooLarge, "the body has more than %d bytes: send several requests", u.options.MaxBody)
	}
	body := &usageBody{raw: http.MaxBytesReader(w, r.Body, u.options.MaxBody), limit: u.options.MaxBody, control: report.control}
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip":
		body.packed = true
	default:
		return nil, options, refuse(http.StatusUnsupportedMediaType, books.Invalid, "the content encoding must be gzip, or none")
	}
	return body, options, nil
}

// usageBody reads a body under its limits. It says when it waits for the sender.
type usageBody struct {
	raw     io.Reader
	limit   int64 // of the bytes, sent and unpacked
	packed  bool
	control *http.ResponseController
	waits   func(bool) // told before and after it waits
	until   time.Time  // the end of the request's time

	mu      sync.Mutex
	waiting bool // a read is under way
	over    bool // nothing is read any more
}

// reader returns what the body says, unpacked.
func (b *usageBody) reader() io.Reader {
	if !b.packed {
		return waitingReader{b}
	}
	return &unpacked{from: waitingReader{b}, left: b.limit}
}

type waitingReader struct{ *usageBody }

var errStopping = errors.New("the server is stopping")

func (b waitingReader) Read(p []byte) (int, error) {
	if !b.begin() {
		return 0, errStopping
	}
	b.waits(true)
	n, err := b.raw.Read(p)
	b.waits(false)
	if b.finish(err) {
		err = errStopping
	}
	return n, err
}

// begin gives the sender its time, unless nothing is read any more.
func (b *usageBody) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return false
	}
	deadline := time.Now().Add(intakeIdle)
	if deadline.After(b.until) {
		deadline = b.until
	}
	_ = b.control.SetReadDeadline(deadline) // a recorder of tests has none
	b.waiting = true
	return true
}

// finish reports whether the read was cut short.
func (b *usageBody) finish(err error) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = false
	if err != nil || b.over {
		_ = b.control.SetReadDeadline(time.Time{}) // the connection waits for its next request
	}
	return b.over && errors.Is(err, os.ErrDeadlineExceeded)
}

// hurry ends the reading, also where it waits for the sender. Where nothing is read, the
// server may be listening for the connection's end, which it would take this for.
func (b *usageBody) hurry() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	if b.waiting {
		_ = b.control.SetReadDeadline(time.Unix(1, 0))
	}
}

// drain reads on for a while, so that the sender gets to read its answer.
func (b *usageBody) drain() {
	_ = b.control.SetReadDeadline(time.Now().Add(intakeDrain))
	_, _ = io.Copy(io.Discard, b.raw)
	_ = b.control.SetReadDeadline(time.Time{})
}

var errUnpacked = errors.New("the body is too long unpacked")

// unpacked is a packed body, up to a bound: a megabyte can hold a gigabyte.
type unpacked struct {
	from io.Reader
	gzip *gzip.Reader // opened when it is first read
	left int64
}

func (u *unpacked) Read(p []byte) (n int, err error) {
	if u.gzip == nil {
		if u.gzip, err = gzip.NewReader(u.from); err != nil {
			if errors.Is(err, io.EOF) {
				err = gzip.ErrHeader
			}
			return 0, err
		}
	}
	if u.left < 0 {
		return 0, errUnpacked
	}
	// One byte more than is left tells a body that ends here from one that goes on.
	n, err = u.gzip.Read(p[:min(int64(len(p)), u.left+1)])
	if u.left -= int64(n); u.left < 0 {
		return n - 1, errUnpacked
	}
	return n, err
}

// unreadable says why a body is not read any further.
func (u usageIntake) unreadable(err error, until time.Time) (books.Code, string) {
	var tooLong *http.MaxBytesError
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &tooLong), errors.Is(err, errUnpacked):
		return books.TooLarge, fmt.Sprintf("the body has more than %d bytes: send the rest in another request", u.options.MaxBody)
	case errors.Is(err, errStopping):
		return books.Unavailable, "the server is stopping: send the rest again"
	case errors.Is(err, os.ErrDeadlineExceeded) && !time.Now().Before(until):
		return books.TooLarge, fmt.Sprintf("a request may last %s: send the rest in another one", intakeTime)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return books.Invalid, fmt.Sprintf("nothing came for %s: send the rest again", intakeIdle)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return books.Invalid, "the body is not gzip, or damaged"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return books.Invalid, "the body ended early: send the rest again"
	}
	return books.Invalid, err.Error()
}
