package graph

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"drawdown/internal/auth"
	"drawdown/internal/books"
)

// access tells who calls and what they may do: which role a path needs, NewHandler says of
// each, and which a root field needs, the schema by @requires.
type access struct {
	callers *auth.Callers
	// introspection is the role that may ask the schema about itself.
	introspection books.Role
	rates         *rates // of those who are nobody, by address
	faults        presenter
}

// authenticated returns a context with the caller of the request, and why they are nobody.
func (a access) authenticated(ctx context.Context, r *http.Request) (context.Context, error) {
	caller, err := a.callers.Of(ctx, r.Header)
	caller.RequestID, caller.Address = correlationID(ctx), addressOf(r)
	return books.WithCaller(ctx, caller), err
}

// addressOf is the address that the connection comes from.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// deny answers a request that is refused for who sent it.
type deny func(w http.ResponseWriter, r *http.Request, status int, err *gqlerror.Error)

// needs lets those pass who have the role, and refuses others before anything of their
// request is read.
func (a access) needs(role books.Role, deny deny, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, invalid := a.authenticated(r.Context(), r)
		notedOf(ctx).actor = books.CallerOf(ctx).Actor
		err := invalid
		if err == nil {
			err = a.check(ctx, role)
		}
		if err == nil {
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		if !books.CallerOf(ctx).Known() {
			if refused := a.rates.take(ctx, r.RemoteAddr, requestCost); refused != nil {
				w.Header().Set("Retry-After", fmt.Sprint(refused.err.Extensions["retryAfter"]))
				deny(w, r, refused.status, refused.err)
				return
			}
		}
		shown, status := a.faults.present(ctx, err), http.StatusInternalServerError
		switch books.CodeOf(err) { //nolint:exhaustive // who calls is refused by no other code
		case books.Unauthenticated:
			status = http.StatusUnauthorized
			challenge := `Bearer realm="drawdown"`
			if invalid != nil {
				challenge += `, error="invalid_token"`
			}
			w.Header().Set("WWW-Authenticate", challenge)
			a.faults.log.InfoContext(ctx, "caller refused", "correlation_id", correlationID(ctx), "address", books.CallerOf(ctx).Address, "reason", shown.Message)
		case books.Forbidden:
			status = http.StatusForbidden
		case books.Unavailable:
			status = http.StatusServiceUnavailable
		}
		deny(w, r, status, shown)
	})
}

// wholeBook keeps what is about all customers from those who see one.
func (a access) wholeBook(deny deny, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if forOneCustomer(r.Context()) {
			deny(w, r, http.StatusForbidden, refuseRequest(books.Forbidden, "this is about the whole book; a token for one customer sees that customer alone"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// check refuses a caller without the role. Errors: UNAUTHENTICATED, FORBIDDEN.
func (access) check(ctx context.Context, role books.Role) error {
	caller := books.CallerOf(ctx)
	switch {
	case !caller.Known():
		return &books.Error{Code: books.Unauthenticated, Message: "say who you are: send the header Authorization with Bearer and a token, which an admin makes by tokenCreate or drawdown token create"}
	case !caller.May(role):
		return &books.Error{Code: books.Forbidden, Message: "this needs the role " + string(role) + "; you have " + rolesOf(caller)}
	}
	return nil
}

// forOneCustomer reports whether the caller is a customer, in effect: what the company keeps
// to itself, such as how many credits it expects to lapse, is not for them.
func forOneCustomer(ctx context.Context) bool { return books.CallerOf(ctx).CustomerID != "" }

func rolesOf(caller books.Caller) string {
	if len(caller.Roles) == 0 {
		return "none"
	}
	names := make([]string, len(caller.Roles))
	for i, role := range caller.Roles {
		names[i] = string(role)
	}
	return strings.Join(names, ", ")
}

// The forms in which routes refuse.

// denyGraphQL answers as GraphQL over HTTP does.
func denyGraphQL(w http.ResponseWriter, r *http.Request, status int, err *gqlerror.Error) {
	accepted, ok := negotiate(r.Header.Values("Accept"))
	if !ok {
		accepted = negotiated{mediaJSON}
	}
	answer(w, accepted, status, response{Errors: gqlerrors(err)})
}

// denyUsage answers as streams of usage do.
func denyUsage(w http.ResponseWriter, r *http.Request, status int, err *gqlerror.Error) {
	report := &usageReport{w: w, control: http.NewResponseController(w)}
	if media, ok := prefer(r.Header.Values("Accept"), mediaJSON, mediaNDJSON); ok {
		report.lines = media == mediaNDJSON
	}
	report.end(&stopped{Code: codeOfRequest(err), Message: err.Message, Line: 1}, status)
}

// denyText answers whoever reads plain text.
func denyText(w http.ResponseWriter, _ *http.Request, status int, err *gqlerror.Error) {
	say(w, status, err.Message)
}

var _ graphql.OperationContextMutator = access{}

func (access) ExtensionName() string                   { return "Access" }
func (access) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses an operation of which the caller may not have one root
// field, before anything of it runs: no half of a mutation happens. A field that is skipped
// by a directive is refused all the same. Errors: FORBIDDEN.
func (a access) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	caller := books.CallerOf(ctx)
	if caller.CustomerID != "" && op.Operation.Operation == ast.Mutation {
		return refuseRequest(books.Forbidden, "a token for one customer asks queries and subscriptions alone")
	}
	for _, field := range rootFields(op.Operation.SelectionSet, map[string]bool{}, nil) {
		needed, known := a.roleOf(field)
		switch {
		case field.Name == "__typename":
		case !known:
			a.faults.log.ErrorContext(ctx, "root field without a role", "correlation_id", correlationID(ctx), "field", field.Name)
			return refuseRequest(books.Forbidden, "%s is open to nobody: the schema says no role for it", field.Name)
		case !caller.May(needed):
			return refuseRequest(books.Forbidden, "%s needs the role %s; you have %s", field.Name, needed, rolesOf(caller))
		}
	}
	return nil
}

// roleOf is the role that a root field needs.
func (a access) roleOf(field *ast.Field) (books.Role, bool) {
	if field.Name == "__schema" || field.Name == "__type" {
		return a.introspection, true
	}
	if field.Definition == nil {
		return "", false
	}
	requires := field.Definition.Directives.ForName("requires")
	if requires == nil {
		return "", false
	}
	role := requires.Arguments.ForName("role")
	if role == nil || role.Value == nil {
		return "", false
	}
	return books.Role(role.Value.Raw), slices.Contains(books.Roles(), books.Role(role.Value.Raw))
}

// rootFields gathers the root fields of an operation out of its fragments, each of which is
// looked at once.
func rootFields(selection ast.SelectionSet, seen map[string]bool, fields []*ast.Field) []*ast.Field {
	for _, selected := range selection {
		switch selected := selected.(type) {
		case *ast.Field:
			fields = append(fields, selected)
		case *ast.InlineFragment:
			fields = rootFields(selected.SelectionSet, seen, fields)
		case *ast.FragmentSpread:
			if !seen[selected.Name] && selected.Definition != nil {
				seen[selected.Name] = true
				fields = rootFields(selected.Definition.SelectionSet, seen, fields)
			}
		}
	}
	return fields
}
