package graph

import (
	"mime"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"
)

// leastPacked is the shortest answer, in bytes, that is compressed: below it one packet
// carries it either way.
const leastPacked = 1400

// mediaEvents are streams of events, which are read one by one.
const mediaEvents = "text/event-stream"

// compressed packs answers by zstd or gzip for callers who take them so. Streams of events
// go out as they are: each has to leave at once.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(leastPacked), gzhttp.ContentTypeFilter(isPacked))
	if err != nil {
		panic(err) // the options are no caller's
	}
	packed := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(strings.Join(r.Header.Values("Accept"), ","), mediaEvents) {
			next.ServeHTTP(w, r)
			return
		}
		packed(w, r)
	})
}

// isPacked tells what is worth it: JSON, and the files of the explorer.
func isPacked(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media != mediaEvents && (strings.HasPrefix(media, "text/") || media == mediaJSON || media == mediaGraphQL)
}
