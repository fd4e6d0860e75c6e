package graph

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/lru"

	"drawdown/internal/books"
)

const (
	// persistedQueries and maxPersisted bound the memory of documents that are kept for
	// callers who send a hash next time: sixteen megabytes. One that was dropped is asked for
	// again.
	persistedQueries = 1000
	maxPersisted     = 16 << 10
	// maxDocumentID bounds the name of a document: a hash, or what a manifest calls it.
	maxDocumentID = 200
)

// hashPrefix may stand before a hash, as the appendix to GraphQL over HTTP has it.
const hashPrefix = "sha256:"

// persistedNotFound is the message that clients of automatic persisted queries look for,
// to send the document beside its hash.
const persistedNotFound = "PersistedQueryNotFound"

// documents finds the document of a request that sends its hash or its name alone. Where
// there are trusted ones, no other runs.
type documents struct {
	trusted *Trusted
	kept    *lru.LRU[string] // text by hash, of documents that were valid
}

func newDocuments(trusted *Trusted) documents {
	return documents{trusted, lru.New[string](persistedQueries)}
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// persistedOf returns the name or the hash of the document that a request asks for; empty
// where it sends the text alone.
func persistedOf(documentID string, extensions map[string]any) (string, *refused) {
	given, there := extensions["persistedQuery"]
	if !there {
		if len(documentID) > maxDocumentID {
			err := tooMuch("document-id", maxDocumentID, int64(len(documentID)), "documentId has %d bytes: at most %d are read", len(documentID), maxDocumentID)
			return "", &refused{http.StatusUnprocessableEntity, err}
		}
		return strings.TrimPrefix(documentID, hashPrefix), nil
	}
	persisted, _ := given.(map[string]any)
	version, _ := persisted["version"].(interface{ String() string })
	hash, _ := persisted["sha256Hash"].(string)
	switch {
	case documentID != "":
		return "", refuse(http.StatusBadRequest, books.Invalid, "documentId and extensions.persistedQuery are both given: send one")
	case version == nil || version.String() != "1" || !isHash(hash):
		return "", refuse(http.StatusBadRequest, books.Invalid, `extensions.persistedQuery must be {"version": 1, "sha256Hash": "..."} with the SHA-256 of the document in 64 hexadecimal digits`)
	}
	return hash, nil
}

// isHash tells the SHA-256 of a document from another name.
func isHash(name string) bool {
	return len(name) == 2*sha256.Size && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'f')
	})
}

// find puts the text of the document into the request. Errors: PERSISTED_QUERY_NOT_FOUND,
// DOCUMENT_NOT_TRUSTED, INVALID.
func (d documents) find(ctx context.Context, params *graphql.RawParams, named string) *refused {
	if d.trusted != nil {
		return d.trusted.find(params, named)
	}
	switch {
	case named == "":
	case params.Query == "":
		text, known := d.kept.Get(ctx, named)
		if !known {
			return refuse(http.StatusBadRequest, books.PersistedQueryNotFound, persistedNotFound)
		}
		params.Query = text
	case isHash(named) && hashOf(params.Query) != named:
		return refuse(http.StatusBadRequest, books.Invalid, "the hash is not that of the document: send its SHA-256, of the exact text, in hexadecimal digits")
	}
	return nil
}

// keep keeps a document that was sent with its hash, once it has proved to be valid.
func (d documents) keep(ctx context.Context, text, named string) {
	if d.trusted == nil && isHash(named) && len(text) <= maxPersisted {
		d.kept.Add(ctx, named, text)
	}
}
