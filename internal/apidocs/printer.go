package apidocs

import (
	"fmt"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// printer writes Markdown with links between the pages of the areas.
type printer struct {
	strings.Builder
	schema *ast.Schema
	of     map[string]string // area by name of type
	area   string            // whose page it is; "" for the entry page
}

func (p *printer) line(format string, args ...any) { _, _ = fmt.Fprintf(p, format+"\n", args...) }

// link links a type under a text of code.
func (p *printer) link(text, name string) string {
	definition := p.schema.Types[name]
	if definition == nil || definition.BuiltIn {
		return "`" + text + "`"
	}
	return "[`" + text + "`](" + p.to(name) + ")"
}

// to is where a type is described.
func (p *printer) to(name string) string {
	anchor := "#" + anchorOf(p.schema.Types[name])
	if p.of[name] == p.area {
		return anchor
	}
	return p.of[name] + ".md" + anchor
}

// typed writes a type as the schema does, linked.
func (p *printer) typed(t *ast.Type) string { return p.link(t.String(), t.Name()) }

func (p *printer) withDefault(t *ast.Type, value *ast.Value) string {
	if value == nil {
		return p.typed(t)
	}
	return p.typed(t) + " = `" + value.String() + "`"
}

// role says who may.
func (p *printer) role(name string) string {
	linked := "[`" + name + "`](" + p.to("Role") + ")"
	if name == "VIEWER" {
		return linked + ", which every role includes"
	}
	return linked
}

// deprecated says that something goes, and what to take instead.
func (p *printer) deprecated(directives ast.DirectiveList) {
	if text := going(directives); text != "" {
		p.line("%s\n", strings.TrimPrefix(text, "<br>"))
	}
}

func going(directives ast.DirectiveList) string {
	directive := directives.ForName("deprecated")
	if directive == nil {
		return ""
	}
	reason := "it will go"
	if argument := directive.Arguments.ForName("reason"); argument != nil {
		reason = oneLine(argument.Value.Raw)
	}
	return "<br>**Deprecated**: " + reason
}
