package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"drawdown/graph/internal/view"
	"drawdown/graph/scalar"
	"drawdown/internal/books"
)

// userErrors turns a refusal into what a payload shows. roots are the arguments that
// stand beside input; what a refusal names otherwise is a field of input. What a caller
// cannot mend by another request stays an error.
func userErrors(err error, roots ...string) ([]view.UserError, error) {
	var refusal *books.Error
	if !errors.As(err, &refusal) || isFault(refusal.Code) {
		return []view.UserError{}, err
	}
	return []view.UserError{userError(refusal, func(first string) []string {
		if first == "idempotencyKey" || slices.Contains(roots, first) {
			return nil
		}
		return []string{"input"}
	})}, nil
}

func userError(refusal *books.Error, under func(first string) []string) view.UserError {
	shown := view.UserError{Code: refusal.Code, Message: refusal.Message}
	if refusal.Field != "" {
		path := strings.Split(refusal.Field, ".")
		shown.Field = append(slices.Clone(under(path[0])), path...)
	}
	return shown
}

// isFault tells what the caller is not to blame for.
func isFault(code books.Code) bool {
	return code == books.Internal || code == books.Unavailable || code == books.Overloaded || code == books.LeaseLost
}

// invalidID refuses an argument of a mutation that is no id, as a payload shows it.
func invalidID(err error) []view.UserError {
	var refusal *books.Error
	errors.As(err, &refusal)
	return []view.UserError{userError(refusal, func(string) []string { return nil })}
}

// presenter turns errors into what a caller sees, and logs the faults.
type presenter struct {
	log    *slog.Logger
	limits Limits
}

// present gives every top-level error its code, and hides the inside of a fault behind a
// correlation id.
func (p presenter) present(ctx context.Context, err error) *gqlerror.Error {
	shown := pathOf(ctx, err)
	var refusal *books.Error
	var unreadable *scalar.Error
	var parsed *gqlerror.Error
	switch {
	case errors.As(err, &unreadable):
		return p.argument(ctx, shown, unreadable)
	case errors.As(err, &refusal) && refusal.Code != books.Internal:
		shown.Message = refusal.Error()
		setCode(shown, refusal.Code, refusal.Field)
		if refusal.RetryAfter > 0 {
			shown.Extensions["retryAfter"] = int(refusal.RetryAfter.Seconds())
		}
		if refusal.Cause != nil {
			p.log.WarnContext(ctx, "request refused", "code", refusal.Code, "correlation_id", correlationID(ctx), "error", refusal.Cause)
		}
		return shown
	case ctx.Err() != nil:
		shown.Message = fmt.Sprintf("the request took longer than %s: ask for less at once, or try again", p.limits.Time)
		setCode(shown, books.Unavailable, "")
		return shown
	case errors.As(err, &parsed) && isRequestError(parsed):
		shown.Message = p.readable(parsed)
		setCode(shown, codeOfRequest(parsed), "")
		for _, name := range []string{"limit", "retryAfter"} {
			if value, told := parsed.Extensions[name]; told {
				shown.Extensions[name] = value
			}
		}
		if names := variablePath(parsed.Path); len(names) > 0 {
			shown.Extensions["field"], shown.Path = names, nil
		}
		return shown
	}
	return p.fault(ctx, shown, err)
}

func (p presenter) fault(ctx context.Context, shown *gqlerror.Error, err error) *gqlerror.Error {
	id := correlationID(ctx)
	p.log.ErrorContext(ctx, "fault", "correlation_id", id, "path", shown.Path.String(), "error", err)
	shown.Message = "a fault of ours; quote " + id + " when you report it"
	setCode(shown, books.Internal, "")
	shown.Extensions["correlationId"] = id
	return shown
}

// argument presents a value that a scalar could not read. The path of a response ends
// at the field; the path within its arguments is the extension "field".
func (p presenter) argument(ctx context.Context, shown *gqlerror.Error, unreadable *scalar.Error) *gqlerror.Error {
	at := 0
	if field := graphql.GetFieldContext(ctx); field != nil {
		at = min(len(field.Path()), len(shown.Path))
	}
	names := namesOf(shown.Path[at:])
	shown.Path = shown.Path[:at]
	shown.Message = unreadable.Error()
	if len(names) > 0 {
		shown.Message = strings.Join(names, ".") + ": " + shown.Message
	}
	setCode(shown, books.Invalid, strings.Join(names, "."))
	return shown
}

// recovered logs a panic with its stack; the caller sees a fault.
func (p presenter) recovered(ctx context.Context, panicked any) error {
	p.log.ErrorContext(ctx, "panic", "correlation_id", correlationID(ctx), "panic", panicked, "stack", string(debug.Stack()))
	return fmt.Errorf("panic: %v", panicked)
}

// pathOf returns an error that can be shown, with the path and places of the given one.
func pathOf(ctx context.Context, err error) *gqlerror.Error {
	shown := &gqlerror.Error{Extensions: map[string]any{}}
	var located *gqlerror.Error
	if errors.As(err, &located) {
		shown.Path, shown.Locations = located.Path, located.Locations
	}
	if shown.Path == nil && graphql.GetFieldContext(ctx) != nil {
		shown.Path = graphql.GetPath(ctx)
	}
	return shown
}

func setCode(shown *gqlerror.Error, code books.Code, field string) {
	shown.Extensions["code"] = code
	if field != "" {
		shown.Extensions["field"] = strings.Split(field, ".")
	}
}

func correlationID(ctx context.Context) string { return books.CallerOf(ctx).RequestID }

// isRequestError tells an error about the document, the variables or a limit from one
// that a resolver came back with.
func isRequestError(err *gqlerror.Error) bool {
	_, coded := err.Extensions["code"]
	return coded
}

func codeOfRequest(err *gqlerror.Error) books.Code {
	switch code := err.Extensions["code"].(type) {
	case books.Code:
		return code
	case string:
		if code == errcode.ParseFailed && strings.Contains(err.Message, "token limit") {
			return books.TooLarge
		}
	}
	return books.Invalid
}

// readable says what is wrong with a document in terms of the request.
func (p presenter) readable(err *gqlerror.Error) string {
	if codeOfRequest(err) == books.TooLarge && strings.Contains(err.Message, "token limit") {
		return fmt.Sprintf("the document has more than %d tokens: send values as variables, or several requests", p.limits.Tokens)
	}
	if err.Message == "operation  not found" {
		return "the document holds several operations: name one of them in operationName"
	}
	if names := variablePath(err.Path); len(names) > 0 {
		return "variable " + strings.Join(names, ".") + ": " + err.Message
	}
	return err.Message
}

// variablePath returns the path within the variables that validation says is at fault.
func variablePath(path ast.Path) []string {
	if len(path) > 1 && path[0] == ast.PathName("variable") {
		return namesOf(path[1:])
	}
	return nil
}

func namesOf(path ast.Path) []string {
	names := make([]string, 0, len(path))
	for _, element := range path {
		switch element := element.(type) {
		case ast.PathName:
			names = append(names, string(element))
		case ast.PathIndex:
			names = append(names, strconv.Itoa(int(element)))
		}
	}
	return names
}

// refuseRequest makes an error about a request as a whole.
func refuseRequest(code books.Code, format string, args ...any) *gqlerror.Error {
	return &gqlerror.Error{Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": code}}
}
