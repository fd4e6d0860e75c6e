package books

import "context"

// Caller is who asks for an act, as the audit trail records it.
type Caller struct {
	Actor     string // a person, token or job; "anonymous" where nobody said
	RequestID string
}

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
	return caller
}
