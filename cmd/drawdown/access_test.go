package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"drawdown/internal/auth"
)

// A server that trusts an issuer takes its tokens beside those of the book, with the roles
// that its groups mean, and says UNAVAILABLE where the issuer cannot be asked. Wherever
// tokens are sent, none is in what the server says, but for the first one, shown once.
func TestWhoCalls(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var issuer *httptest.Server
	issuer = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var answer any = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}}
		if strings.HasPrefix(r.URL.Path, "/.well-known/") {
			answer = map[string]string{"issuer": issuer.URL, "jwks_uri": issuer.URL + "/keys"}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}))
	defer issuer.Close()
	sign := func(group string) string {
		with, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		claims, err := json.Marshal(map[string]any{
			"iss": issuer.URL, "aud": "drawdown", "sub": "ann", "email": "ann@example.com", "exp": time.Now().Add(time.Hour).Unix(),
			"realm_access": map[string]any{"roles": []string{group}},
		})
		if err != nil {
			t.Fatal(err)
		}
		signed, err := with.Sign(claims)
		if err != nil {
			t.Fatal(err)
		}
		token, err := signed.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--db", "sqlite:"+t.TempDir()+"/book.db", "--no-jobs", "--verbose",
		"--oidc-issuer", issuer.URL, "--oidc-audience", "drawdown", "--oidc-roles-claim", "realm_access.roles", "--oidc-roles", "finance=accountant,it=admin")
	first := r.secret
	ask := func(token, query string) (int, string) {
		t.Helper()
		r.secret = token
		answer := r.post(t, "/graphql", "application/json", `{"query":"`+query+`"}`)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(text)
	}
	ann := sign("finance")
	if status, said := ask(ann, "{ me { actor name kind roles } }"); status != http.StatusOK || said != `{"data":{"me":{"actor":"oidc:ann","name":"ann@example.com","kind":"OIDC","roles":["ACCOUNTANT"]}}}`+"\n" {
		t.Errorf("%d %s", status, said)
	}
	if _, said := ask(ann, "{ tokens { totalCount } }"); !strings.Contains(said, "tokens needs the role ADMIN; you have ACCOUNTANT") {
		t.Error(said)
	}
	if status, said := ask(sign("sales"), "{ me { actor } }"); status != http.StatusForbidden || !strings.Contains(said, "you have none") {
		t.Errorf("%d %s", status, said)
	}
	status, said := ask(first, "mutation { tokenCreate(input: {name: \\\"ci\\\", roles: [OPERATOR]}, idempotencyKey: \\\"1\\\") { secret } }")
	made := shownSecret.FindString(said)
	if status != http.StatusOK || made == "" {
		t.Fatalf("%d %s", status, said)
	}

	// Tokens where they belong and where they do not.
	secrets := []string{made, auth.NewSecret(), ann, strings.Replace(ann, ".", ".e", 1), "dd_" + strings.Repeat("wrong", 10)}
	for _, secret := range secrets {
		for _, request := range []struct{ method, path, body, header string }{
			{http.MethodPost, "/graphql", `{"query":"{ me { actor } }"}`, "Bearer " + secret},
			{http.MethodPost, "/graphql", `{"query":"{ ` + secret + ` }"}`, "Bearer " + first},
			{http.MethodPost, "/graphql", `{"query":"{ node(id: \"` + secret + `\") { id } }","operationName":"` + secret + `"}`, "Bearer " + first},
			{http.MethodPost, "/graphql", secret, secret},
			{http.MethodPost, "/v1/usage", `{"id":"1","customer":"` + secret + `","credits":1}`, "Bearer " + secret},
			{http.MethodGet, "/graphql?token=" + secret + "&query={" + secret + "}", "", "Bearer " + first},
			{http.MethodGet, "/metrics?access_token=" + secret, "", "Basic " + secret},
			{http.MethodGet, "/" + secret, "", ""},
			{"TOKEN", "/healthz?" + secret, "", "Bearer " + secret},
		} {
			sent, err := http.NewRequestWithContext(t.Context(), request.method, r.url+request.path, strings.NewReader(request.body))
			if err != nil {
				t.Fatal(err)
			}
			sent.Header.Set("Content-Type", map[bool]string{true: "application/x-ndjson", false: "application/json"}[request.path == "/v1/usage"])
			sent.Header.Set("User-Agent", secret)
			sent.Header.Set("Referer", "https://example.com/"+secret)
			if request.header != "" {
				sent.Header.Set("Authorization", request.header)
			}
			answer, err := http.DefaultClient.Do(sent)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		}
	}
	if code := r.stop(); code != success {
		t.Errorf("ended with %d", code)
	}
	log := r.stderr.String()
	if !strings.Contains(log, "caller refused") || strings.Count(log, first) != 1 {
		t.Errorf("the log lacks refusals, or shows the first token more than once: %.2000s", log)
	}
	for _, secret := range secrets {
		for _, part := range regexp.MustCompile(`[0-9A-Za-z_-]{20,}`).FindAllString(secret, -1) {
			if at := strings.Index(log, part[:20]); at >= 0 {
				t.Errorf("a part of a token is in the log: %.300s", log[max(0, at-200):])
			}
		}
	}
}
