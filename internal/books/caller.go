package books

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Role is what a caller may do.
type Role string

// The roles.
const (
	Viewer     Role = "VIEWER"     // reads figures and the rows behind them
	Operator   Role = "OPERATOR"   // records customers, purchases, payments and usage
	Accountant Role = "ACCOUNTANT" // decides on policies, prices and estimates, runs jobs
	Auditor    Role = "AUDITOR"    // reads everything, the audit trail included
	Admin      Role = "ADMIN"      // does everything, and gives others their access
)

// Roles lists the roles, the one that may most last.
func Roles() []Role { return []Role{Viewer, Operator, Accountant, Auditor, Admin} }

// Covers reports whether a caller with the role may do what needs the other: an admin may
// do everything, and everybody may do what a viewer may.
func (r Role) Covers(needed Role) bool {
	return r == needed || r == Admin || needed == Viewer && slices.Contains(Roles(), r)
}

// ParseRole reads a role in any case. Errors: INVALID.
func ParseRole(text string) (Role, error) {
	role := Role(strings.ToUpper(strings.TrimSpace(text)))
	if !slices.Contains(Roles(), role) {
		return "", refuse(Invalid, "role", "must be one of %s, not %q", roleNames(Roles()), clip(text))
	}
	return role, nil
}

func roleNames(roles []Role) string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return strings.Join(names, ", ")
}

// CallerKind says how a caller showed who they are.
type CallerKind string

// The kinds of callers.
const (
	ByToken   CallerKind = "TOKEN"   // an API token of the book
	ByOIDC    CallerKind = "OIDC"    // a token that an issuer of identities signed
	ByCommand CallerKind = "COMMAND" // the command line, on a machine that reaches the database
	ByJob     CallerKind = "JOB"     // the schedule
	ByNobody  CallerKind = "NOBODY"  // who did not say
)

// Caller is who asks for an act, as the audit trail records it. The zero Caller may do
// nothing.
type Caller struct {
	// Actor names the caller for ever, such as "token:ci", "oidc:00u1x" or "cli:alice";
	// "anonymous" where nobody said.
	Actor string
	Name  string // what people call the actor; "" where nobody said
	Kind  CallerKind
	Roles []Role
	// Persons are the names by which the person behind the actor is known: an approver
	// shares none with who proposed.
	Persons []string
	// Makers are the persons who gave the caller its access: who made the token, who made
	// theirs, and so on.
	Makers     []string
	CustomerID string    // the one customer that the caller sees; "" for all
	TokenID    string    // of an API token
	ExpiresAt  time.Time // zero where the access does not end by itself
	Address    string    // from where; "" within the process
	RequestID  string
}

// May reports whether the caller may do what needs the role.
func (c Caller) May(needed Role) bool {
	return slices.ContainsFunc(c.Roles, func(r Role) bool { return r.Covers(needed) })
}

// Known reports whether the caller showed who they are.
func (c Caller) Known() bool { return c.Kind != ByNobody }

type callerKey struct{}

// WithCaller returns a context in which acts are done by the caller.
func WithCaller(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// CallerOf returns the caller of the context.
func CallerOf(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(Caller)
	if caller.Actor == "" {
		caller.Actor = "anonymous"
	}
	if caller.Kind == "" {
		caller.Kind = ByNobody
	}
	return caller
}
