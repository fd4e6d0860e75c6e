package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"

	"drawdown/internal/books"
)

const (
	// clockSkew is how far the issuer's clock may be from ours: machines that keep their
	// time differ by less than a second, and tokens live for minutes at least.
	clockSkew = time.Minute
	// maxSubject is what OpenID Connect allows a subject.
	maxSubject = 255
	// maxRoles bounds the values of the roles claim that are looked at: people are in some
	// dozens of groups.
	maxRoles = 1000
)

// algorithms are those by which a token may be signed: with a key of the issuer's that
// nobody else has. Neither none nor the ones where who verifies can sign too.
var algorithms = []string{
	oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA,
}

// OIDCOptions say whose tokens are trusted.
type OIDCOptions struct {
	Issuer   string // as the claim iss has it
	Audience string // of which one has to be in the claim aud
	// RolesClaim is where the roles are: the name of a claim, or a path into it by dots,
	// such as realm_access.roles. A list, or text with spaces between.
	RolesClaim string
	// Roles maps values of the claim to roles. Where it is empty, the values are the names
	// of roles, in any case.
	Roles map[string]books.Role
	// Client asks the issuer; one with bounds of its own where nil.
	Client *http.Client
}

// OIDC verifies the tokens of one issuer of identities. It asks the issuer for its keys when
// the first token comes, and again when one bears a key that is not known.
type OIDC struct {
	OIDCOptions
	client *http.Client

	mu       sync.Mutex
	verifier *oidc.IDTokenVerifier // nil before the issuer was found
	failed   error                 // why it was not
	again    time.Time             // when to look for it again
}

// NewOIDC makes the verifier of an issuer. It does not ask for it yet.
func NewOIDC(options OIDCOptions) *OIDC {
	client := options.Client
	if client == nil {
		client = &http.Client{Timeout: issuerTime}
	}
	asking := *client
	asking.Transport = newHeld(client.Transport)
	return &OIDC{OIDCOptions: options, client: &asking}
}

// caller returns who bears the token. Errors: UNAUTHENTICATED, and UNAVAILABLE where the
// issuer cannot be asked.
func (o *OIDC) caller(ctx context.Context, token string, now time.Time) (books.Caller, error) {
	verifier, err := o.found(ctx)
	if err != nil {
		return books.Caller{}, o.away(err)
	}
	asked := &outcome{}
	verified, err := verifier.Verify(context.WithValue(ctx, outcomeKey{}, asked), token)
	switch {
	case asked.err != nil:
		return books.Caller{}, o.away(asked.err)
	case err != nil:
		return books.Caller{}, refusedToken(err)
	}
	var claims map[string]any
	if err := verified.Claims(&claims); err != nil {
		return books.Caller{}, unauthenticated("the token's claims cannot be read")
	}
	if err := inTime(verified.Expiry, claims["nbf"], now); err != nil {
		return books.Caller{}, err
	}
	if !isName(verified.Subject) {
		return books.Caller{}, unauthenticated("the token names nobody: its sub must have 1 to %d characters", maxSubject)
	}
	caller := books.Caller{
		Actor: "oidc:" + verified.Subject, Kind: books.ByOIDC, Name: nameIn(claims),
		Roles: o.rolesIn(claims), ExpiresAt: verified.Expiry.Add(clockSkew).UTC(),
	}
	caller.Persons = []string{caller.Actor}
	if email, _ := claims["email"].(string); isName(email) {
		caller.Persons = append(caller.Persons, email)
	}
	return caller, nil
}

func (o *OIDC) away(cause error) error {
	return &books.Error{Code: books.Unavailable, Message: "the issuer of the token cannot be asked for its keys now: try again", Cause: cause}
}

// refusedToken says why a token does not hold. What the library says of one that is not
// signed by the issuer may repeat a part of it, and is left out.
func refusedToken(err error) error {
	said := strings.TrimPrefix(err.Error(), "oidc: ")
	if strings.HasPrefix(said, "id token issued by a different provider") || strings.HasPrefix(said, "expected audience") {
		return unauthenticated("the token is not for this server: %s", said)
	}
	return unauthenticated("the token is none that its issuer signed by one of %s", strings.Join(algorithms, ", "))
}

func inTime(expiry time.Time, notBefore any, now time.Time) error {
	switch {
	case expiry.IsZero() || expiry.Unix() == 0:
		return unauthenticated("the token does not say when it expires")
	case !now.Before(expiry.Add(clockSkew)):
		return unauthenticated("the token expired on %s", expiry.UTC().Format(time.RFC3339))
	}
	if notBefore == nil {
		return nil
	}
	seconds, isNumber := notBefore.(float64)
	if !isNumber {
		return unauthenticated("the token's nbf must be a number")
	}
	if from := time.Unix(int64(seconds), 0); now.Before(from.Add(-clockSkew)) {
		return unauthenticated("the token is not valid before %s", from.UTC().Format(time.RFC3339))
	}
	return nil
}

// isName reports whether a claim can be shown and kept as somebody's name.
func isName(text string) bool {
	return text != "" && len(text) <= maxSubject && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

func nameIn(claims map[string]any) string {
	for _, claim := range []string{"email", "preferred_username", "name"} {
		if name, _ := claims[claim].(string); isName(name) {
			return name
		}
	}
	return ""
}

// rolesIn are the roles of the claim, each once and in their order; none where it is not
// there.
func (o *OIDC) rolesIn(claims map[string]any) []books.Role {
	has := map[books.Role]bool{}
	for _, value := range valuesAt(claims, o.RolesClaim) {
		if role, known := o.Roles[value]; known {
			has[role] = true
		} else if role, err := books.ParseRole(value); err == nil && len(o.Roles) == 0 {
			has[role] = true
		}
	}
	return slices.DeleteFunc(books.Roles(), func(r books.Role) bool { return !has[r] })
}

// valuesAt are the texts of a claim, or of what the path leads to within one.
func valuesAt(claims map[string]any, path string) []string {
	at, found := claims[path]
	for name := range strings.SplitSeq(path, ".") {
		if found {
			break // a claim may have dots in its name: https://example.com/roles
		}
		within, isObject := at.(map[string]any)
		if at == nil {
			within, isObject = claims, true
		}
		if !isObject {
			return nil
		}
		if at = within[name]; at == nil {
			return nil
		}
	}
	switch at := at.(type) {
	case string:
		return strings.Fields(at)
	case []any:
		var values []string
		for _, value := range at[:min(len(at), maxRoles)] {
			if text, is := value.(string); is {
				values = append(values, text)
			}
		}
		return values
	}
	return nil
}

// found returns the verifier of the issuer, looking for it where it was not found yet. Many
// who ask at once look once; who asks after it was not found is told so for a while.
func (o *OIDC) found(ctx context.Context) (*oidc.IDTokenVerifier, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.verifier != nil {
		return o.verifier, nil
	}
	if o.failed != nil && time.Now().Before(o.again) {
		return nil, o.failed
	}
	// A request that ends early does not end what others wait for; the client's time-out does.
	asking := oidc.ClientContext(context.WithoutCancel(ctx), o.client)
	provider, err := oidc.NewProvider(asking, o.Issuer)
	if err != nil {
		o.failed, o.again = fmt.Errorf("looking for the issuer %s: %w", o.Issuer, err), time.Now().Add(failureTime)
		return nil, o.failed
	}
	var endpoints struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&endpoints); err != nil || endpoints.Keys == "" {
		o.failed, o.again = errors.Join(fmt.Errorf("the issuer %s does not say where its keys are", o.Issuer), err), time.Now().Add(failureTime)
		return nil, o.failed
	}
	o.verifier = oidc.NewVerifier(o.Issuer, keys{oidc.NewRemoteKeySet(asking, endpoints.Keys)}, &oidc.Config{
		ClientID: o.Audience, SupportedSigningAlgs: algorithms, SkipExpiryCheck: true, // ours has its bound for clocks
	})
	return o.verifier, nil
}

type outcomeKey struct{}

// outcome is where a set of keys says that it could not be fetched: the library's verifier
// passes its errors on as text.
type outcome struct{ err error }

// keys tells keys that cannot be fetched from a signature that does not hold.
type keys struct{ *oidc.RemoteKeySet }

// VerifySignature verifies by the keys of the issuer.
func (k keys) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	payload, err := k.RemoteKeySet.VerifySignature(ctx, token)
	asked, _ := ctx.Value(outcomeKey{}).(*outcome)
	if err != nil && asked != nil && strings.HasPrefix(err.Error(), "fetching keys") {
		asked.err = err
	}
	return payload, err
}
