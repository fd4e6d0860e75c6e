package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"drawdown/internal/auth"
	"drawdown/internal/books"
)

// oidcFlags say whose tokens are trusted beside those of the book.
type oidcFlags struct {
	issuer, audience, claim string
	roles                   []string
}

func (f *oidcFlags) add(p *program, c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.issuer, "oidc-issuer", "", "trust tokens of this OpenID Connect `issuer`, as their claim iss names it (default none)")
	flags.StringVar(&f.audience, "oidc-audience", "", "the `name` of this server in the claim aud of such tokens")
	flags.StringVar(&f.claim, "oidc-roles-claim", "roles", "the `claim` with their roles, or a path into it such as realm_access.roles")
	flags.StringSliceVar(&f.roles, "oidc-roles", nil, "what values of the claim mean, by comma: `VALUE=ROLE` such as finance=accountant (default the names of the roles)")
	p.limit(flags, "oidc-issuer", "https:// or, on this machine, http://", isIssuer)
}

// isIssuer refuses what no issuer is: keys that come over a network in the clear could be
// anybody's.
func isIssuer(text string) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.RawQuery != "" || parsed.Fragment != "" ||
		parsed.Scheme != "https" && (parsed.Scheme != "http" || !isLoopback(parsed.Hostname())) {
		return fmt.Errorf("must be like https://id.example.com/realms/company, not %q", text)
	}
	return nil
}

// check holds the flags to each other. Errors: bad usage.
func (f *oidcFlags) check() error {
	if (f.issuer == "") != (f.audience == "") {
		return badUsage("--oidc-issuer and --oidc-audience go together: without an audience any token of the issuer would do")
	}
	if f.claim == "" {
		return badUsage("--oidc-roles-claim: must name a claim, such as roles")
	}
	_, err := f.roleMap()
	return err
}

func (f *oidcFlags) roleMap() (map[string]books.Role, error) {
	roles := map[string]books.Role{}
	for _, pair := range f.roles {
		cut := strings.LastIndex(pair, "=") // a value can hold one itself: cn=finance
		if cut < 1 {
			return nil, badUsage("--oidc-roles: must be VALUE=ROLE such as finance=accountant, not %q", pair)
		}
		role, err := books.ParseRole(pair[cut+1:])
		if err != nil {
			return nil, badUsage("--oidc-roles: the role of %s must be one of %s, not %q", pair[:cut], roleWords(), pair[cut+1:])
		}
		if other, twice := roles[pair[:cut]]; twice && other != role {
			return nil, badUsage("--oidc-roles: %s is given two roles: several values may mean one role, not the other way round", pair[:cut])
		}
		roles[pair[:cut]] = role
	}
	return roles, nil
}

// verifier is that of the issuer; nil where none is trusted.
func (f *oidcFlags) verifier() (*auth.OIDC, error) {
	if f.issuer == "" {
		return nil, nil
	}
	roles, err := f.roleMap()
	if err != nil {
		return nil, err
	}
	return auth.NewOIDC(auth.OIDCOptions{Issuer: f.issuer, Audience: f.audience, RolesClaim: f.claim, Roles: roles}), nil
}
