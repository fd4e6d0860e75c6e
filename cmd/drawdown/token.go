package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"drawdown/internal/auth"
	"drawdown/internal/books"
	"drawdown/ledger"
)

const tokenHelp = `Give and take access to the API. These commands go to the database itself, so whoever
can use them needs no token: for the first one, and where all were lost. All else is
done by tokenCreate and tokenRevoke of the API.`

func (p *program) tokenCommand() *cobra.Command {
	c := group("token", "Give and take access to the API", p.tokenCreateCommand(), p.tokenListCommand(), p.tokenRevokeCommand())
	c.Long = tokenHelp
	return c
}

func (p *program) tokenCreateCommand() *cobra.Command {
	var roles []string
	var customer, owner, expires string
	c := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a token and print its secret",
		Long: `Make a token and print its secret, alone on standard output, once: what is kept is a
hash. Names are used once for ever, for the audit trail calls the token by its name.`,
		Example: `  TOKEN=$(drawdown token create ci --role operator --expires P90D)
  drawdown token create alice --role accountant --owner alice@example.com
  drawdown token create portal-acme --role viewer --customer acme`,
		Args: oneArgument("NAME, such as ci"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withBook(c.Context(), func(book *books.Books) error {
				secret := auth.NewSecret()
				request := books.NewToken{Name: args[0], Owner: owner, Customer: customer, Hash: auth.Hash(secret)}
				var err error
				if request.Roles, err = rolesOf(roles); err != nil {
					return badUsage("--role: %w", err)
				}
				if request.ExpiresAt, err = expiryOf(expires, book); err != nil {
					return badUsage("--expires: %w", err)
				}
				token, _, err := book.TokenCreate(c.Context(), uuid.NewString(), request)
				if err != nil {
					return err
				}
				p.say("Made the token %s of %s, %s, %s. It is shown this once:", token.Name, token.Owner, rolesText(token.Roles), until(token.ExpiresAt))
				_, err = fmt.Fprintln(p.stdout, secret)
				return err
			})
		},
	}
	flags := c.Flags()
	flags.StringSliceVar(&roles, "role", nil, "what it may do, by comma: "+roleWords())
	flags.StringVar(&customer, "customer", "", "the external `id` of the one customer that it sees, with the role viewer (default all)")
	flags.StringVar(&owner, "owner", "", "the `person` or team behind it (default its name)")
	flags.StringVar(&expires, "expires", "", "from `when` on it opens nothing: P90D from now, or 2027-01-01T00:00:00Z (default never)")
	return c
}

func (p *program) tokenListCommand() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:     "list",
		Short:   "List the tokens",
		Example: "  drawdown token list\n  drawdown token list --all",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withBook(c.Context(), func(book *books.Books) error { return p.listTokens(c.Context(), book, all) })
		},
	}
	c.Flags().BoolVar(&all, "all", false, "those that are revoked or expired too")
	return c
}

func (p *program) listTokens(ctx context.Context, book *books.Books, all bool) error {
	var tokens []books.Token
	names := map[string]string{"": "all"}
	err := book.View(ctx, func(ctx context.Context, tx books.Tx) (err error) {
		filter := books.TokenFilter{}
		if !all {
			filter.InForceAt = book.Now()
		}
		if tokens, err = tx.Tokens(ctx, filter, books.Page{}); err != nil {
			return err
		}
		var ids []string
		for _, token := range tokens {
			if token.CustomerID != "" {
				ids = append(ids, token.CustomerID)
			}
		}
		customers, err := tx.CustomersByID(ctx, ids)
		for _, customer := range customers {
			names[customer.ID] = customer.ExternalID
		}
		return err
	})
	if err != nil {
		return err
	}
	rows := table.NewWriter()
	rows.AppendHeader(table.Row{"name", "roles", "owner", "sees", "made by", "made", "ends", "last used"})
	for _, token := range tokens {
		ends := until(token.ExpiresAt)
		if !token.RevokedAt.IsZero() {
			ends = "revoked " + day(token.RevokedAt)
		}
		rows.AppendRow(table.Row{token.Name, rolesText(token.Roles), token.Owner, names[token.CustomerID], token.CreatedBy, day(token.CreatedAt), ends, day(token.LastUsedAt)})
	}
	_, err = fmt.Fprintln(p.stdout, rows.Render())
	return err
}

func (p *program) tokenRevokeCommand() *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "revoke NAME",
		Short: "Take a token out of force",
		Long: fmt.Sprintf(`Take a token out of force. Servers that verified it a moment ago take it for %s more.`,
			auth.CacheTime),
		Example: "  drawdown token revoke ci --reason 'was in a log'",
		Args:    oneArgument("NAME, such as ci"),
		RunE: func(c *cobra.Command, args []string) error {
			return p.withBook(c.Context(), func(book *books.Books) error {
				token, err := tokenNamed(c.Context(), book, args[0])
				if err != nil {
					return err
				}
				if token, err = book.TokenRevoke(c.Context(), uuid.NewString(), books.RevokeToken{ID: token.ID, Reason: reason}); err != nil {
					return err
				}
				_, err = fmt.Fprintf(p.stdout, "%s is revoked since %s, by %s\n", token.Name, token.RevokedAt.Format(time.RFC3339), token.RevokedBy)
				return err
			})
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why, for the auditor")
	return c
}

// tokenNamed finds a token by its whole name. Errors: NOT_FOUND.
func tokenNamed(ctx context.Context, book *books.Books, name string) (found books.Token, err error) {
	err = book.View(ctx, func(ctx context.Context, tx books.Tx) error {
		tokens, err := tx.Tokens(ctx, books.TokenFilter{Search: name}, books.Page{})
		if err != nil {
			return err
		}
		for _, token := range tokens {
			if token.Name == name {
				found = token
				return nil
			}
		}
		return &books.Error{Code: books.NotFound, Message: fmt.Sprintf("there is no token %q: drawdown token list --all has them", name)}
	})
	return found, err
}

// oneArgument is the check of a command that takes one argument.
func oneArgument(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 || args[0] == "" {
			return fmt.Errorf("%s takes one %s", c.CommandPath(), what)
		}
		return nil
	}
}

func rolesOf(words []string) ([]books.Role, error) {
	roles := make([]books.Role, 0, len(words))
	for _, word := range words {
		role, err := books.ParseRole(word)
		if err != nil {
			return nil, fmt.Errorf("must be of %s, not %q", roleWords(), word)
		}
		roles = append(roles, role)
	}
	if len(roles) == 0 {
		return nil, errors.New("is needed: " + roleWords())
	}
	return roles, nil
}

func roleWords() string { return rolesText(books.Roles()) }

func rolesText(roles []books.Role) string {
	words := make([]string, len(roles))
	for i, role := range roles {
		words[i] = strings.ToLower(string(role))
	}
	return strings.Join(words, ", ")
}

// expiryOf reads when a token ends: a span from now, or an instant; zero for never.
func expiryOf(text string, book *books.Books) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if span, err := ledger.ParseDuration(text); err == nil {
		return span.After(book.Now(), book.Zone()), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("must be a span such as P90D or an instant such as 2027-01-01T00:00:00Z, not %q", text)
	}
	return at, nil
}

func until(at time.Time) string {
	if at.IsZero() {
		return "never ends"
	}
	return "until " + at.UTC().Format(time.RFC3339)
}

func day(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.DateOnly)
}

// commanding is a context in which acts are those of whoever runs the command.
func commanding(ctx context.Context) context.Context {
	name := ""
	if who, err := user.Current(); err == nil {
		if name = who.Username; name == "" {
			name = who.Uid
		}
	}
	if name == "" {
		name = strconv.Itoa(os.Getuid())
	}
	actor := "cli:" + name
	return books.WithCaller(ctx, books.Caller{Actor: actor, Kind: books.ByCommand, Persons: []string{actor}})
}
