package apidocs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// useCases are the packages whose functions say in their comments which errors they return.
var useCases = []string{"internal/books", "internal/auth"}

// doneBy names the use case of each mutation whose name is not its own in capitals.
var doneBy = map[string]string{
	"fxRateSet":         "FXRateSet",
	"glAccountsSet":     "GLAccountsSet",
	"purchaseCreate":    "Purchase",
	"purchasePay":       "Pay",
	"purchaseRefund":    "Refund",
	"purchaseVoid":      "VoidPurchase",
	"purchaseExtend":    "Extend",
	"creditsTransfer":   "Transfer",
	"purchaseReinstate": "Reinstate",
	"purchaseDispute":   "Dispute",
	"grantCreate":       "Grant",
	"usageRecord":       "RecordUsage",
	"usageVoid":         "VoidUsage",
	"jobRun":            "RunJob",
}

var (
	saysErrors = regexp.MustCompile(`(?s)Errors: (.*?)\.(\s|$)`)
	errorCode  = regexp.MustCompile(`\b[A-Z][A-Z_]{3,}[A-Z]\b`)
)

// errorsOf reads which codes each mutation can give from the comments of the use cases.
func errorsOf(tree fs.FS, mutations []rootField) (map[string][]string, error) {
	said := map[string][]string{}
	for _, dir := range useCases {
		files, err := fs.Glob(tree, path.Join(dir, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := fs.ReadFile(tree, name)
			if err != nil {
				return nil, err
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			for _, declaration := range file.Decls {
				function, ok := declaration.(*ast.FuncDecl)
				if !ok || !function.Name.IsExported() {
					continue
				}
				if found := saysErrors.FindStringSubmatch(function.Doc.Text()); found != nil {
					said[function.Name.Name] = errorCode.FindAllString(found[1], -1)
				}
			}
		}
	}
	of := map[string][]string{}
	for _, field := range mutations {
		name := doneBy[field.Name]
		if name == "" {
			name = strings.ToUpper(field.Name[:1]) + field.Name[1:]
		}
		codes, known := said[name]
		if !known {
			return nil, fmt.Errorf("mutation %s: no function %s in %s says “Errors: …” in its comment. Say it there, or name the use case in doneBy of internal/apidocs/errors.go",
				field.Name, name, strings.Join(useCases, " or "))
		}
		slices.Sort(codes)
		of[field.Name] = slices.Compact(codes)
	}
	return of, nil
}
