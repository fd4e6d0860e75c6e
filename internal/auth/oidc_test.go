package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"drawdown/internal/books"
)

// issuer is an issuer of identities: its configuration, its keys, and tokens that it signs.
type issuer struct {
	t *testing.T
	*httptest.Server
	keys  []jose.JSONWebKey // public
	asked atomic.Int64      // for the keys
	away  atomic.Bool
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{t: t}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		if i.away.Load() {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		i.write(w, map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "authorization_endpoint": i.URL + "/a", "token_endpoint": i.URL + "/t", "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		i.asked.Add(1)
		if i.away.Load() {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		i.write(w, jose.JSONWebKeySet{Keys: i.keys})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) write(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		i.t.Error(err)
	}
}

// signer signs tokens with a key of an id.
type signer struct {
	algorithm jose.SignatureAlgorithm
	key       any
	id        string
}

func newRSA(t *testing.T, id string) signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return signer{jose.RS256, key, id}
}

func newEC(t *testing.T, id string) signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return signer{jose.ES256, key, id}
}

// publish shows the public keys of the signers, and no others.
func (i *issuer) publish(signers ...signer) {
	i.keys = nil
	for _, s := range signers {
		public := s.key.(crypto.Signer).Public()
		i.keys = append(i.keys, jose.JSONWebKey{Key: public, KeyID: s.id, Algorithm: string(s.algorithm), Use: "sig"})
	}
}

func (s signer) sign(t *testing.T, claims map[string]any) string {
	t.Helper()
	with, err := jose.NewSigner(jose.SigningKey{Algorithm: s.algorithm, Key: jose.JSONWebKey{Key: s.key, KeyID: s.id}}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := with.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// claims are those of Ann, an accountant, with changes; nil takes a claim away.
func (i *issuer) claims(changes map[string]any) map[string]any {
	claims := map[string]any{
		"iss": i.URL, "sub": "00u1ann", "aud": []string{"other", "drawdown"}, "email": "ann@example.com", "name": "Ann",
		"iat": noon.Unix(), "exp": noon.Add(5 * time.Minute).Unix(), "roles": []string{"accountant", "unknown"},
	}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return claims
}

func (i *issuer) trusted(change func(*OIDCOptions)) *OIDC {
	options := OIDCOptions{Issuer: i.URL, Audience: "drawdown", RolesClaim: "roles"}
	if change != nil {
		change(&options)
	}
	return NewOIDC(options)
}

func TestTokensOfAnIssuer(t *testing.T) {
	i := newIssuer(t)
	rs, es, stranger := newRSA(t, "rs"), newEC(t, "es"), newRSA(t, "rs")
	i.publish(rs, es)
	o := i.trusted(nil)
	good := i.claims(nil)

	unsigned := func(algorithm string) string {
		part := func(v any) string {
			text, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			return base64.RawURLEncoding.EncodeToString(text)
		}
		return part(map[string]any{"alg": algorithm, "typ": "JWT", "kid": "rs"}) + "." + part(good) + "."
	}
	// A server that took HS256 would verify it by the public key, which everybody has.
	public, err := json.Marshal(i.keys[0])
	if err != nil {
		t.Fatal(err)
	}
	confused := signer{jose.HS256, public, "rs"}.sign(t, good)

	tests := []struct {
		name, token, refused string // "" where it holds
	}{
		{"RS256", rs.sign(t, good), ""},
		{"ES256", es.sign(t, good), ""},
		{"one audience, as text", rs.sign(t, i.claims(map[string]any{"aud": "drawdown"})), ""},
		{"another audience", rs.sign(t, i.claims(map[string]any{"aud": "other"})), `expected audience "drawdown"`},
		{"no audience", rs.sign(t, i.claims(map[string]any{"aud": nil})), `expected audience "drawdown"`},
		{"another issuer", rs.sign(t, i.claims(map[string]any{"iss": "https://evil.example"})), "issued by a different provider"},
		{"expired", rs.sign(t, i.claims(map[string]any{"exp": noon.Add(-61 * time.Second).Unix()})), "expired on"},
		{"expired within what clocks differ", rs.sign(t, i.claims(map[string]any{"exp": noon.Add(-59 * time.Second).Unix()})), ""},
		{"without an end", rs.sign(t, i.claims(map[string]any{"exp": nil})), "does not say when it expires"},
		{"not valid yet", rs.sign(t, i.claims(map[string]any{"nbf": noon.Add(61 * time.Second).Unix()})), "not valid before"},
		{"valid in a moment", rs.sign(t, i.claims(map[string]any{"nbf": noon.Add(59 * time.Second).Unix()})), ""},
		{"alg none", unsigned("none"), "none that its issuer signed"},
		{"alg None", unsigned("None"), "none that its issuer signed"},
		{"HS256 by the public key", confused, "none that its issuer signed"},
		{"signed by somebody else under a known id", stranger.sign(t, good), "none that its issuer signed"},
		{"changed after it was signed", strings.Replace(rs.sign(t, good), ".", ".e", 1), "none that its issuer signed"},
		{"no token", "abc.def.ghi", "none that its issuer signed"},
		{"nobody", rs.sign(t, i.claims(map[string]any{"sub": nil})), "names nobody"},
		{"a name with a line in it", rs.sign(t, i.claims(map[string]any{"sub": "a\nb"})), "names nobody"},
	}
	for _, test := range tests {
		caller, err := o.caller(t.Context(), test.token, noon)
		if test.refused == "" {
			if err != nil || caller.Actor != "oidc:00u1ann" || !slices.Equal(caller.Roles, []books.Role{books.Accountant}) || caller.Name != "ann@example.com" {
				t.Errorf("%s: %v %+v", test.name, err, caller)
			}
			continue
		}
		if err == nil || books.CodeOf(err) != books.Unauthenticated || !strings.Contains(err.Error(), test.refused) || strings.Contains(err.Error(), test.token) {
			t.Errorf("%s: %v, want %s", test.name, err, test.refused)
		}
	}
}

// A key that is new is found, and tokens with made-up keys do not have the issuer asked each
// time.
func TestKeysChange(t *testing.T) {
	i := newIssuer(t)
	before, after := newRSA(t, "march"), newEC(t, "april")
	i.publish(before)
	o := i.trusted(nil)
	now := noon
	transport, _ := o.client.Transport.(*held)
	transport.now = func() time.Time { return now }
	holds := func(s signer) error {
		_, err := o.caller(t.Context(), s.sign(t, i.claims(nil)), noon)
		return err
	}
	if err := holds(before); err != nil {
		t.Fatal(err)
	}
	i.publish(after)
	for range 20 {
		if err := holds(after); books.CodeOf(err) != books.Unauthenticated {
			t.Fatalf("a key that was not seen yet: %v", err)
		}
	}
	if n := i.asked.Load(); n != 1 {
		t.Errorf("the issuer was asked %d times within %s", n, keysTime)
	}
	// Who asks while the answer to somebody else is put away still gets that one.
	soon := func(holds func() bool) bool {
		for range 1000 {
			if holds() {
				return true
			}
			time.Sleep(time.Millisecond)
		}
		return false
	}
	now = now.Add(keysTime)
	if !soon(func() bool { return holds(after) == nil }) {
		t.Errorf("the new key: %v", holds(after))
	}
	now = now.Add(keysTime)
	if !soon(func() bool { return books.CodeOf(holds(before)) == books.Unauthenticated }) {
		t.Errorf("the old key still opens: %v", holds(before))
	}
}

// An issuer that is away is no fault of the caller's; tokens by keys that are known hold.
func TestIssuerAway(t *testing.T) {
	i := newIssuer(t)
	known, unknown := newRSA(t, "known"), newRSA(t, "unknown")
	i.publish(known)
	i.away.Store(true)
	o := i.trusted(nil)
	now := noon
	transport, _ := o.client.Transport.(*held)
	transport.now = func() time.Time { return now }
	holds := func(s signer) error {
		_, err := o.caller(t.Context(), s.sign(t, i.claims(nil)), noon)
		return err
	}
	if err := holds(known); books.CodeOf(err) != books.Unavailable {
		t.Errorf("before it was found: %v", err)
	}
	i.away.Store(false)
	now, o.again = now.Add(failureTime), time.Time{}
	if err := holds(known); err != nil {
		t.Fatalf("back: %v", err)
	}
	i.away.Store(true)
	now = now.Add(keysTime)
	if err := holds(known); err != nil {
		t.Errorf("away, and the key is known: %v", err)
	}
	if err := holds(unknown); books.CodeOf(err) != books.Unavailable {
		t.Errorf("away, and the key is not known: %v", err)
	}
}

func TestRolesClaim(t *testing.T) {
	i := newIssuer(t)
	rs := newRSA(t, "rs")
	i.publish(rs)
	groups := map[string]books.Role{"finance": books.Accountant, "it-admins": books.Admin, "audit": books.Auditor}
	for _, test := range []struct {
		claim  string
		roles  map[string]books.Role
		claims map[string]any
		want   []books.Role
	}{
		{"roles", nil, map[string]any{"roles": []string{"VIEWER", "operator", "viewer"}}, []books.Role{books.Viewer, books.Operator}},
		{"roles", nil, map[string]any{"roles": "viewer auditor"}, []books.Role{books.Viewer, books.Auditor}},
		{"roles", nil, map[string]any{"roles": nil}, nil},
		{"roles", nil, map[string]any{"roles": map[string]any{"admin": true}}, nil},
		{"roles", nil, map[string]any{"roles": []any{1, nil, "ADMIN"}}, []books.Role{books.Admin}},
		{"realm_access.roles", nil, map[string]any{"realm_access": map[string]any{"roles": []string{"accountant"}}}, []books.Role{books.Accountant}},
		{"resource_access.drawdown.roles", nil, map[string]any{"resource_access": map[string]any{"drawdown": map[string]any{"roles": []string{"admin"}}}}, []books.Role{books.Admin}},
		{"resource_access.drawdown.roles", nil, map[string]any{"resource_access": "x"}, nil},
		{"https://example.com/roles", nil, map[string]any{"https://example.com/roles": []string{"operator"}}, []books.Role{books.Operator}},
		{"groups", groups, map[string]any{"groups": []string{"finance", "audit", "everybody"}}, []books.Role{books.Accountant, books.Auditor}},
		{"groups", groups, map[string]any{"groups": []string{"admin", "ADMIN"}}, nil}, // with a map, names of roles are none
	} {
		o := i.trusted(func(o *OIDCOptions) { o.RolesClaim, o.Roles = test.claim, test.roles })
		caller, err := o.caller(t.Context(), rs.sign(t, i.claims(test.claims)), noon)
		if err != nil || !slices.Equal(caller.Roles, test.want) {
			t.Errorf("%s of %v: %v %v, want %v", test.claim, test.claims, caller.Roles, err, test.want)
		}
	}
}

// Who bears a token with an e-mail address is known by it where two persons are needed.
func TestPersonsOfAnIssuer(t *testing.T) {
	i := newIssuer(t)
	rs := newRSA(t, "rs")
	i.publish(rs)
	caller, err := i.trusted(nil).caller(t.Context(), rs.sign(t, i.claims(nil)), noon)
	if err != nil || !slices.Equal(caller.Persons, []string{"oidc:00u1ann", "ann@example.com"}) || caller.Kind != books.ByOIDC || !caller.ExpiresAt.Equal(noon.Add(6*time.Minute)) {
		t.Errorf("%v %+v", err, caller)
	}
}
