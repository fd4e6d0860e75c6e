package graph_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Every constant of the domain that an enum of the API stands for is one of its values,
// and the other way round: what the schema does not know cannot be shown.
func TestEnumsAreWhole(t *testing.T) {
	a := newAPI(t)
	for enum, of := range map[string]struct{ file, goType string }{
		"ErrorCode":      {"../internal/books/errors.go", "Code"},
		"Role":           {"../internal/books/caller.go", "Role"},
		"CallerKind":     {"../internal/books/caller.go", "CallerKind"},
		"EstimateStatus": {"../internal/books/estimate.go", "EstimateStatus"},
		"PeriodStatus":   {"../internal/books/period.go", "PeriodStatus"},
		"PeriodAct":      {"../internal/books/period.go", "ClosingAct"},
		"CloseCheckCode": {"../internal/books/close_checks.go", "CheckCode"},

		"PeriodReopeningStatus": {"../internal/books/reopen.go", "ReopeningStatus"},

		"PurchaseStatus":  {"../internal/books/types.go", "PurchaseStatus"},
		"JobStatus":       {"../internal/books/types.go", "JobStatus"},
		"JobName":         {"../internal/books/types.go", "JobName"},
		"UsageStatus":     {"../internal/books/usage.go", "OutcomeStatus"},
		"BurnRule":        {"../revrec/policy.go", "BurnRule"},
		"OverageMode":     {"../revrec/policy.go", "OverageMode"},
		"BreakageMethod":  {"../revrec/policy.go", "BreakageMethod"},
		"PoolBy":          {"../revrec/policy.go", "PoolBy"},
		"RemoteFrom":      {"../revrec/policy.go", "RemoteFrom"},
		"LotKind":         {"../revrec/lot.go", "LotKind"},
		"RecognitionKind": {"../revrec/booking.go", "Kind"},
		"AccountRole":     {"../ledger/account.go", "Role"},
		"AccountClass":    {"../ledger/account.go", "Class"},
	} {
		got := a.must(`query($name: String!) { __type(name: $name) { enumValues { name } } }`, map[string]any{"name": enum})
		var shown []string
		values, _ := got.at("__type.enumValues").([]any)
		for _, value := range values {
			if value, ok := value.(map[string]any); ok {
				shown = append(shown, value["name"].(string))
			}
		}
		known := constants(t, of.file, of.goType)
		slices.Sort(shown)
		slices.Sort(known)
		if len(known) == 0 || !slices.Equal(shown, known) {
			t.Errorf("%s is %v, and %s in %s is %v", enum, shown, of.goType, of.file, known)
		}
	}
}

// constants returns the values of the constants of a named string type, in capitals.
func constants(t *testing.T, file, goType string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, declaration := range parsed.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok || group.Tok != token.CONST {
			continue
		}
		for _, spec := range group.Specs {
			constant, _ := spec.(*ast.ValueSpec)
			if named, ok := constant.Type.(*ast.Ident); !ok || named.Name != goType {
				continue
			}
			for _, value := range constant.Values {
				if literal, ok := value.(*ast.BasicLit); ok {
					text, err := strconv.Unquote(literal.Value)
					if err != nil {
						t.Fatal(err)
					}
					values = append(values, strings.ToUpper(text))
				}
			}
		}
	}
	return values
}
