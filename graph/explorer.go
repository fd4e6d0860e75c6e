package graph

import (
	"embed"
	"io/fs"
	"net/http"
)

// The explorer is GraphiQL with all that it needs, so that it works without a network.
//
//go:embed explorer
var explorerFiles embed.FS

// explorerPolicy lets the explorer load what is embedded and talk to us, nothing else.
// Its editor sets style attributes.
const explorerPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// front serves what stands at /: the explorer, or a word about where to go.
func front(explorer bool) http.Handler {
	if !explorer {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/" {
				say(w, http.StatusNotFound, "there is nothing here; the API is at /graphql")
				return
			}
			say(w, http.StatusOK, "Drawdown: the API is at /graphql")
		})
	}
	files, err := fs.Sub(explorerFiles, "explorer")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	serve := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", explorerPolicy)
		w.Header().Set("Cache-Control", "no-cache")
		serve.ServeHTTP(w, r)
	})
}
