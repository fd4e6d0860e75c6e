//nolint:revive // gqlgen finds these pairs by their names; the comment below says what they do
package scalar

import (
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// The enums of the API are the named strings of ledger, revrec and books, letter by
// letter; accounts, classes and jobs are the same words in capitals. Validation has
// refused every value that the schema does not know before these read one.

func MarshalErrorCode(v books.Code) graphql.Marshaler { return quoted(string(v)) }
func UnmarshalErrorCode(v any) (books.Code, error)    { return word[books.Code](v) }
func MarshalPurchaseStatus(v books.PurchaseStatus) graphql.Marshaler {
	return quoted(string(v))
}

func UnmarshalPurchaseStatus(v any) (books.PurchaseStatus, error) {
	return word[books.PurchaseStatus](v)
}
func MarshalUsageStatus(v books.OutcomeStatus) graphql.Marshaler { return quoted(string(v)) }
func UnmarshalUsageStatus(v any) (books.OutcomeStatus, error)    { return word[books.OutcomeStatus](v) }
func MarshalJobStatus(v books.JobStatus) graphql.Marshaler       { return quoted(string(v)) }
func UnmarshalJobStatus(v any) (books.JobStatus, error)          { return word[books.JobStatus](v) }
func MarshalJobTrigger(v string) graphql.Marshaler               { return quoted(v) }
func UnmarshalJobTrigger(v any) (string, error)                  { return word[string](v) }
func MarshalJobName(v books.JobName) graphql.Marshaler           { return capitals(string(v)) }
func UnmarshalJobName(v any) (books.JobName, error)              { return lower[books.JobName](v) }

func MarshalBurnRule(v revrec.BurnRule) graphql.Marshaler             { return quoted(string(v)) }
func UnmarshalBurnRule(v any) (revrec.BurnRule, error)                { return word[revrec.BurnRule](v) }
func MarshalOverageMode(v revrec.OverageMode) graphql.Marshaler       { return quoted(string(v)) }
func UnmarshalOverageMode(v any) (revrec.OverageMode, error)          { return word[revrec.OverageMode](v) }
func MarshalBreakageMethod(v revrec.BreakageMethod) graphql.Marshaler { return quoted(string(v)) }
func UnmarshalBreakageMethod(v any) (revrec.BreakageMethod, error) {
	return word[revrec.BreakageMethod](v)
}
func MarshalPoolBy(v revrec.PoolBy) graphql.Marshaler         { return quotedOrNull(string(v)) }
func UnmarshalPoolBy(v any) (revrec.PoolBy, error)            { return word[revrec.PoolBy](v) }
func MarshalRemoteFrom(v revrec.RemoteFrom) graphql.Marshaler { return quoted(string(v)) }
func UnmarshalRemoteFrom(v any) (revrec.RemoteFrom, error)    { return word[revrec.RemoteFrom](v) }
func MarshalLotKind(v revrec.LotKind) graphql.Marshaler       { return quoted(string(v)) }
func UnmarshalLotKind(v any) (revrec.LotKind, error)          { return word[revrec.LotKind](v) }
func MarshalGrantReason(v string) graphql.Marshaler           { return quotedOrNull(v) }
func UnmarshalGrantReason(v any) (string, error)              { return word[string](v) }
func MarshalRecognitionKind(v revrec.Kind) graphql.Marshaler  { return quoted(string(v)) }
func UnmarshalRecognitionKind(v any) (revrec.Kind, error)     { return word[revrec.Kind](v) }
func MarshalEntryKind(v ledger.EntryKind) graphql.Marshaler   { return quoted(string(v)) }
func UnmarshalEntryKind(v any) (ledger.EntryKind, error)      { return word[ledger.EntryKind](v) }
func MarshalAccountRole(v ledger.Role) graphql.Marshaler      { return capitals(string(v)) }
func UnmarshalAccountRole(v any) (ledger.Role, error)         { return lower[ledger.Role](v) }
func MarshalAccountClass(v ledger.Class) graphql.Marshaler    { return capitals(string(v)) }
func UnmarshalAccountClass(v any) (ledger.Class, error)       { return lower[ledger.Class](v) }

func capitals(v string) graphql.Marshaler { return quoted(strings.ToUpper(v)) }

func word[T ~string](given any) (T, error) {
	text, ok := given.(string)
	if !ok {
		return "", refuse("an enum value is a word, not %T", given)
	}
	return T(text), nil
}

func lower[T ~string](given any) (T, error) {
	text, err := word[string](given)
	return T(strings.ToLower(text)), err
}
