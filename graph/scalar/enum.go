package scalar

import (
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// The enums of the API are the named strings of ledger, revrec and books, letter by
// letter. Accounts, classes and jobs are the same words in capitals; what follows turns
// them. Validation has refused every value that the schema does not know before.

// MarshalAccountRole writes DEFERRED_REVENUE.
func MarshalAccountRole(role ledger.Role) graphql.Marshaler { return capitals(string(role)) }

// UnmarshalAccountRole reads DEFERRED_REVENUE.
func UnmarshalAccountRole(given any) (ledger.Role, error) { return lower[ledger.Role](given) }

// MarshalAccountClass writes LIABILITY.
func MarshalAccountClass(class ledger.Class) graphql.Marshaler { return capitals(string(class)) }

// UnmarshalAccountClass reads LIABILITY.
func UnmarshalAccountClass(given any) (ledger.Class, error) { return lower[ledger.Class](given) }

// MarshalJobName writes RECOGNISE.
func MarshalJobName(name books.JobName) graphql.Marshaler { return capitals(string(name)) }

// UnmarshalJobName reads RECOGNISE.
func UnmarshalJobName(given any) (books.JobName, error) { return lower[books.JobName](given) }

// MarshalNoticeType writes PURCHASE_CREATED.
func MarshalNoticeType(kind books.NoticeType) graphql.Marshaler {
	return capitals(strings.Replace(string(kind), ".", "_", 1))
}

// UnmarshalNoticeType reads PURCHASE_CREATED: the first word is of what, the rest what became of it.
func UnmarshalNoticeType(given any) (books.NoticeType, error) {
	kind, err := lower[string](given)
	return books.NoticeType(strings.Replace(kind, "_", ".", 1)), err
}

func capitals(word string) graphql.Marshaler { return quoted(strings.ToUpper(word)) }

func lower[T ~string](given any) (T, error) {
	text, err := UnmarshalString(given)
	return T(strings.ToLower(text)), err
}
