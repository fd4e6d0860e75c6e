package graph

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/google/uuid"

	"drawdown/graph/internal/gen"
	"drawdown/internal/auth"
	"drawdown/internal/books"
)

// Options say what the handler serves. Zero fields take their defaults.
type Options struct {
	// Explorer serves GraphiQL at /, from files within the program.
	Explorer bool
	// Log takes faults with their cause; slog.Default().
	Log *slog.Logger
	// Limits bound what a caller may ask.
	Limits Limits
	// Trusted are the documents that run; any document does where it is nil.
	Trusted *Trusted
	// Origins are those of pages of other sites that may ask, as CheckOrigin has them.
	Origins []string
	// Intake bounds the endpoint that takes streams of usage.
	Intake IntakeOptions
	// Callers tells who sends a request; nil knows the API tokens of the book.
	Callers *auth.Callers
	// Introspection is the role that may ask the schema about itself; books.Viewer, which
	// is everybody with a token. With Explorer everybody with a token may, for it needs that.
	Introspection books.Role
	// Subscriptions bounds what is watched.
	Subscriptions SubscriptionOptions
	// Background ends the job runs that somebody started, streams of usage and
	// subscriptions; it outlives requests.
	Background context.Context //nolint:containedctx // it is the process's, not a request's
	// Ready, where it is not nil, is asked besides whether the book can be read; its error
	// says what is missing, and is shown where it is a refusal.
	Ready func(context.Context) error
	// Stopping, where it is not nil, is done when the server is about to stop: no more
	// requests are to be sent here, and those that come are answered.
	Stopping context.Context //nolint:containedctx // it is the process's, not a request's
	// Watch is told of requests and operations, where it is not nil.
	Watch Watch
	// Metrics, where it is not nil, answers at /metrics.
	Metrics http.Handler
	// Slow is from when on a request is logged as slow; never where it is 0.
	Slow time.Duration
}

// NewHandler serves the API:
//
//	/graphql   GraphQL over HTTP, GET and POST: for whoever has a role
//	/v1/usage  streams of usage, POST: for operators
//	/v1/estimates/…/attachments/…  papers of estimates: PUT for accountants, GET for auditors too
//	/v1/audit  the audit trail as a file, GET: for auditors
//	/v1/reports, /v1/reports/…  which reports there are, and each as a file, GET: for whoever has a role
//	/v1/packs/…  evidence packs of closed periods, GET: for accountants and auditors
//	/v1/exports/…/…  files of export batches, GET: for auditors, and for whoever has a signed link
//	/v1/exports/…/answers  what a general ledger calls the journals of a batch, POST: for accountants
//	/healthz   200 while the process answers
//	/readyz    200 while the book can be read and the server is not stopping, 503 otherwise
//	/metrics   what Options.Metrics says, where it is given: for whoever has a role
//	/          the explorer, where Options.Explorer asks for it
func NewHandler(b *books.Books, options Options) http.Handler {
	if options.Log == nil {
		options.Log = slog.Default()
	}
	if options.Background == nil {
		options.Background = context.Background()
	}
	if options.Stopping == nil {
		options.Stopping = options.Background
	}
	if options.Watch == nil {
		options.Watch = noWatch{}
	}
	if options.Callers == nil {
		options.Callers = auth.New(b, auth.Options{})
	}
	if options.Introspection == "" || options.Explorer {
		options.Introspection = books.Viewer
	}
	bounds := options.Limits.withDefaults()
	faults := presenter{options.Log, bounds}
	rates := newRates(bounds)
	access := access{options.Callers, options.Introspection, rates, faults}
	schema := gen.NewExecutableSchema(gen.Config{Resolvers: &resolver{b, options.Background, faults, options.Callers}})
	parsed := newQueryCache()
	api := transport{
		faults: faults, limits: bounds, documents: newDocuments(options.Trusted), shedding: newShedding(bounds), rates: rates,
		executor: executor.New(schema), watch: options.Watch,
		access: access, subscriptions: newSubscriptions(options.Subscriptions), background: options.Background,
	}
	api.executor.SetErrorPresenter(faults.present)
	api.executor.SetRecoverFunc(faults.recovered)
	api.executor.SetParserTokenLimit(bounds.Tokens)
	api.executor.SetQueryCache(parsed)
	api.executor.Use(extension.Introspection{})
	api.executor.Use(access)
	api.executor.Use(limits{bounds, parsed, schema.Schema()})
	api.executor.Use(watching{options.Watch, options.Trusted != nil}) // outside of what follows, so that its time is counted
	api.executor.Use(reading{b, bounds.Parallel, bounds.Time})

	mux := http.NewServeMux()
	sites := crossSite(options.Origins, options.Log)
	mux.Handle("/graphql", compressed(api.shedding.guard(sites(access.needs(books.Viewer, denyGraphQL, api)))))
	usage := newUsageIntake(b, faults, options.Intake, options.Background, api.shedding.memory, rates)
	mux.Handle("/v1/usage", sites(access.needs(books.Operator, denyUsage, usage)))
	files := fileServer{b, faults, api.shedding.memory, rates}
	for _, path := range attachmentPaths {
		mux.Handle(path, sites(access.needs(books.Viewer, denyFile, attachments{files})))
	}
	asFiles := sites(access.needs(books.Viewer, denyFile, reportFiles{files}))
	mux.Handle(reportsPath, asFiles)
	mux.Handle(reportPath, asFiles)
	mux.Handle(auditPath, sites(access.needs(books.Auditor, denyFile, access.wholeBook(denyFile, auditFile{files}))))
	mux.Handle(packPath, sites(access.needs(books.Viewer, denyFile, newPackFiles(files))))
	exports := exportFiles{files}
	mux.Handle(exportAnswersPath, sites(access.needs(books.Accountant, denyFile, access.wholeBook(denyFile, exportAnswers{exports}))))
	mux.Handle(exportFilePath, sites(exports.bySignature(access.needs(books.Viewer, denyFile, exports))))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", ready(b, faults, options.Ready, options.Stopping.Done()))
	if options.Metrics != nil {
		mux.Handle("GET /metrics", access.needs(books.Viewer, denyText, access.wholeBook(denyText, options.Metrics)))
	}
	mux.Handle("/", compressed(front(options.Explorer)))
	watch := watched{watch: options.Watch, log: options.Log, slow: options.Slow, mux: mux}
	return faults.recovering(identified(watch.around(mux)))
}

// ready answers whether requests can be sent here: the book can be read, in one read, and
// the server is not stopping.
func ready(b *books.Books, faults presenter, also func(context.Context) error, stopping <-chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-stopping:
			say(w, http.StatusServiceUnavailable, "the server is stopping")
			return
		default:
		}
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		err := b.View(ctx, func(ctx context.Context, tx books.Tx) error {
			_, err := tx.Book(ctx)
			return err
		})
		if err == nil && also != nil {
			err = also(ctx)
		}
		if err != nil {
			faults.log.ErrorContext(ctx, "not ready", "correlation_id", correlationID(ctx), "error", err)
			said := "the book cannot be read now"
			if refusal := (*books.Error)(nil); errors.As(err, &refusal) && refusal.Cause == nil && refusal.Code != books.Internal {
				said += ": " + refusal.Message
			}
			say(w, http.StatusServiceUnavailable, said)
			return
		}
		say(w, http.StatusOK, "ok")
	}
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}

const requestIDHeader = "X-Request-Id"

// hsts has browsers ask by TLS alone from then on, for a year.
const hsts = "max-age=31536000"

// identified names each request, as its sender did where that is a plain name, and sets
// the headers that every answer bears.
func identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestIDHeader)
		if id == "" || len(id) > maxRequestID || strings.ContainsFunc(id, notInKey) {
			id = uuid.Must(uuid.NewV7()).String()
		}
		header := w.Header()
		header.Set(requestIDHeader, id)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		if r.TLS != nil {
			header.Set("Strict-Transport-Security", hsts)
		}
		next.ServeHTTP(w, r.WithContext(books.WithCaller(r.Context(), books.Caller{RequestID: id})))
	})
}

// recovering answers a fault where everything below has panicked.
func (p presenter) recovering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { //nolint:contextcheck // what is below may have replaced the request's
			if panicked := recover(); panicked != nil {
				if panicked == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
					panic(panicked)
				}
				ctx := books.WithCaller(r.Context(), books.Caller{RequestID: w.Header().Get(requestIDHeader)})
				err := p.present(ctx, p.recovered(ctx, panicked))
				answer(w, negotiated{mediaJSON}, http.StatusInternalServerError, response{Errors: gqlerrors(err)})
			}
		}()
		next.ServeHTTP(w, r)
	})
}
