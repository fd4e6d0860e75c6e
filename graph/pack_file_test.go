package graph_test

import (
	"archive/tar"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/evidence"
	"drawdown/ledger"
)

// The pack of a closed month over HTTP: what the use case writes, to those who may read the whole book.
func TestPackFile(t *testing.T) {
	onEachEngine(t, func(t *testing.T, a *api) {
		p, ctx := papers{a, t}, t.Context()
		a.sell("acme")
		january := ledger.NewDate(2024, 1, 1).Period()
		a.closes(january)
		a.now = a.now.Add(time.Hour)
		secrets := map[string]string{
			"admin": a.secret, "auditor": a.token("aud", books.Auditor), "accountant": a.token("acc", books.Accountant),
			"viewer": a.token("view", books.Viewer), "operator": a.token("op", books.Operator), "nobody": "",
			"customer": newToken(t, a.books, books.NewToken{Name: "portal", Roles: []books.Role{books.Viewer}, Customer: "acme"}),
		}

		dir := t.TempDir()
		m, err := evidence.Write(ctx, a.books, evidence.Options{Period: january, Seed: "x", Samples: 3}, dir)
		must(t, err)
		var want bytes.Buffer
		must(t, evidence.Archive(dir, m, &want))
		for who, secret := range secrets {
			got := p.do(http.MethodGet, secret, "/v1/packs/2024-01?seed=x&samples=3", "", nil)
			switch who {
			case "admin", "auditor", "accountant":
				sum := sha256.Sum256([]byte(got.body))
				if got.status != http.StatusOK || got.body != want.String() || got.header.Get("ETag") != `"`+hex.EncodeToString(sum[:])+`"` ||
					!strings.Contains(got.header.Get("Content-Disposition"), "evidence-2024-01.tar") || got.header.Get("Content-Type") != "application/x-tar" {
					t.Errorf("%s: %d, %d bytes of %d, %v", who, got.status, len(got.body), want.Len(), got.header)
				}
			case "nobody":
				if got.status != http.StatusUnauthorized {
					t.Errorf("%s: %d %s", who, got.status, got.body)
				}
			default:
				if got.status != http.StatusForbidden || got.Code != "FORBIDDEN" {
					t.Errorf("%s: %d %s", who, got.status, got.body)
				}
			}
		}
		for _, refused := range []struct {
			method, path string
			status       int
			code         string
		}{
			{http.MethodGet, "/v1/packs/2024-02", http.StatusConflict, "PERIOD_OPEN"},
			{http.MethodGet, "/v1/packs/January", http.StatusBadRequest, "INVALID"},
			{http.MethodGet, "/v1/packs/2024-01?samples=0", http.StatusBadRequest, "INVALID"},
			{http.MethodGet, "/v1/packs/2024-01?samples=9999999", http.StatusBadRequest, "INVALID"},
			{http.MethodGet, "/v1/packs/2024-01?seed=a&seed=b", http.StatusBadRequest, "INVALID"},
			{http.MethodGet, "/v1/packs/2024-01?seed=a%0Ab", http.StatusBadRequest, "INVALID"},
			{http.MethodGet, "/v1/packs/2024-01?colour=red", http.StatusBadRequest, "INVALID"},
			{http.MethodPost, "/v1/packs/2024-01", http.StatusMethodNotAllowed, "INVALID"},
		} {
			if got := p.do(refused.method, a.secret, refused.path, "", nil); got.status != refused.status || got.Code != refused.code {
				t.Errorf("%s %s: %d %s", refused.method, refused.path, got.status, got.body)
			}
		}
		noSecretsIn(t, want.Bytes(), secrets)
	})
}

// noSecretsIn holds that neither tokens, nor their hashes, nor the key of seals are in a pack, but that the tokens
// are listed.
func noSecretsIn(t *testing.T, archive []byte, secrets map[string]string) {
	t.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	for in, listed := tar.NewReader(bytes.NewReader(archive)), false; ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			if !listed {
				t.Error("no tokens are listed")
			}
			return
		}
		must(t, err)
		text, err := io.ReadAll(in)
		must(t, err)
		listed = listed || strings.HasSuffix(header.Name, "/controls/tokens.csv") && bytes.Contains(text, []byte("test-admin,ADMIN"))
		for who, secret := range secrets {
			sum := sha256.Sum256([]byte(secret))
			for _, form := range []string{secret, string(sum[:]), hex.EncodeToString(sum[:])} {
				if form != "" && secret != "" && bytes.Contains(text, []byte(form)) {
					t.Errorf("%s has the secret of %s", header.Name, who)
				}
			}
		}
		if bytes.Contains(text, key.Seed()) || bytes.Contains(text, []byte("PRIVATE KEY")) {
			t.Errorf("%s has the key of seals", header.Name)
		}
	}
}
