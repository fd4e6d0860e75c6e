package graph

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/rs/cors"

	"drawdown/internal/books"
)

// preflightAge is how long, in seconds, a browser need not ask again: ten minutes, for a
// list that changes with a restart.
const preflightAge = 600

// CheckOrigin refuses what is not the origin of pages, exactly as browsers name it.
func CheckOrigin(origin string) error {
	parsed, err := url.Parse(origin)
	if err != nil || parsed.Scheme != "https" && parsed.Scheme != "http" || parsed.Host == "" || origin != parsed.Scheme+"://"+parsed.Host {
		return fmt.Errorf("must be an origin such as https://dashboard.example.com, without a path or a pattern, not %q", origin)
	}
	return nil
}

// crossSite lets pages of the listed origins ask and read, and keeps those of others from
// writing with the reader's connection. No page sends the cookies or passwords of a reader
// along: who asks says so in a header. The origins have been checked.
func crossSite(origins []string, log *slog.Logger) func(http.Handler) http.Handler {
	sameSite := http.NewCrossOriginProtection()
	sameSite.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.InfoContext(r.Context(), "origin refused: it is not one of cors-origin", "origin", clip(r.Header.Get("Origin")))
		accepted, _ := negotiate(r.Header.Values("Accept"))
		refuseWith(w, accepted, refuse(http.StatusForbidden, books.Invalid, "a page of another site may not send this: its origin must be listed (cors-origin)"))
	}))
	if len(origins) == 0 {
		return sameSite.Handler
	}
	for _, origin := range origins {
		if err := sameSite.AddTrustedOrigin(origin); err != nil {
			panic(err) // CheckOrigin lets nothing through that this refuses
		}
	}
	listed := cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodPost},
		AllowedHeaders: []string{"Accept", "Authorization", "Content-Type", "If-None-Match", "Last-Event-Id", requestIDHeader},
		ExposedHeaders: []string{"Etag", "Retry-After", requestIDHeader},
		MaxAge:         preflightAge,
	})
	return func(next http.Handler) http.Handler { return listed.Handler(sameSite.Handler(next)) }
}
