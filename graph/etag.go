package graph

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// tagBytes of a hash tell two answers apart.
const tagBytes = 16

// unchanged marks the answer to a query that was asked by GET, and reports whether the
// caller has it already. The tag is of the answer itself: the same figures are the same
// answer, whatever happened meanwhile.
func unchanged(w http.ResponseWriter, r *http.Request, answer []byte) bool {
	sum := sha256.Sum256(answer)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:tagBytes]) + `"`
	header := w.Header()
	header.Set("Etag", "W/"+tag) // weak: it is the same answer when it is compressed
	header.Set("Cache-Control", "private, max-age=0, must-revalidate")
	header.Add("Vary", "Accept")
	header.Add("Vary", "Authorization")
	for known := range strings.SplitSeq(strings.Join(r.Header.Values("If-None-Match"), ","), ",") {
		if known = strings.TrimSpace(known); known == "*" || strings.TrimPrefix(known, "W/") == tag {
			return true
		}
	}
	return false
}
