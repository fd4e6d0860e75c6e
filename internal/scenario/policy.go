package scenario

import (
	"errors"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"drawdown/revrec"
)

// policyForm is the form of a policy's code.
var policyForm = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,100}$`)

// none is the word for a default that is nothing.
const none = "none"

func (p *parser) readPolicies(node *yaml.Node) {
	all := p.anyMapping("policies", node)
	for _, name := range all.names {
		if !policyForm.MatchString(name) {
			p.problem(all.values[name].Line, join("policies", name), "is not a name for a policy: up to 100 of the characters a-z A-Z 0-9 . _ -")
		}
		p.readPolicy(name, all.values[name])
	}
}

func (p *parser) readPolicy(name string, node *yaml.Node) {
	before := len(p.problems)
	m := p.mapping(join("policies", name), node,
		"expires", "burnOrder", "shortExpiry", "lateUsage", "overage", "rollover", "breakage")
	var policy revrec.Policy
	if text, ok := m.scalar("expires", "never or a duration such as P12M", tagText); ok && text != "never" {
		duration := m.duration("expires")
		policy.Expires = &duration
	}
	policy.BurnOrder = m.burnOrder("burnOrder")
	if policy.ShortExpiry = m.name("shortExpiry"); policy.ShortExpiry == none {
		policy.ShortExpiry = ""
	}
	policy.LateUsage = m.duration("lateUsage")
	if m.has("overage") {
		o := p.mapping(join(m.path, "overage"), m.values["overage"], "mode", "rate")
		policy.Overage.Mode = revrec.OverageMode(o.oneOf("mode", "REJECT", "BILL"))
		policy.Overage.Rate = o.number("rate")
	}
	if node := m.values["rollover"]; node != nil && node.Value != none {
		policy.Rollover = p.readRollover(join(m.path, "rollover"), node)
	}
	if m.has("breakage") {
		policy.Breakage = p.readBreakage(join(m.path, "breakage"), m.values["breakage"])
	}
	policy = policy.WithDefaults()
	if len(p.problems) == before {
		m.check(policy)
	}
	p.file.Policies = append(p.file.Policies, NamedPolicy{Name: name, Policy: policy})
}

// check holds the policy against the rules and names the line of the key to blame.
func (m mapping) check(policy revrec.Policy) {
	var wrong *revrec.FieldError
	if !errors.As(policy.Check(), &wrong) {
		return
	}
	line, node := m.line, m
	for _, key := range strings.Split(wrong.Field, ".") {
		value := node.values[key]
		if value == nil {
			break
		}
		line = value.Line
		if value.Kind != yaml.MappingNode {
			break
		}
		node = m.p.anyMapping("", value)
	}
	m.p.problem(line, join(m.path, wrong.Field), "%s", wrong.Problem)
}

func (m mapping) burnOrder(key string) []revrec.BurnRule {
	node := m.values[key]
	if node == nil {
		return nil
	}
	if node.Kind != yaml.SequenceNode || len(node.Content) == 0 {
		m.problem(key, "must be a list of PRIORITY, EXPIRY, COST_BASIS and OLDEST, not %s", kindOf(node))
		return nil
	}
	order := make([]revrec.BurnRule, 0, len(node.Content))
	for _, item := range node.Content {
		order = append(order, revrec.BurnRule(clip(item.Value)))
	}
	return order
}

func (p *parser) readRollover(path string, node *yaml.Node) *revrec.Rollover {
	m := p.mapping(path, node, "share", "extend")
	m.need("share", "extend")
	return &revrec.Rollover{Share: m.number("share"), Extend: m.duration("extend")}
}

func (p *parser) readBreakage(path string, node *yaml.Node) revrec.Breakage {
	m := p.mapping(path, node, "method", "pool", "rate", "remote", "escheat")
	breakage := revrec.Breakage{
		Method:  revrec.BreakageMethod(m.oneOf("method", "ON_EXPIRY", "PROPORTIONAL", "REMOTE")),
		Pool:    revrec.PoolBy(m.oneOf("pool", "LOT", "PURCHASE_MONTH", "POLICY")),
		Rate:    m.number("rate"),
		Escheat: m.number("escheat"),
	}
	if breakage.Method == revrec.Proportional {
		m.need("rate")
	}
	if m.has("remote") {
		r := p.mapping(join(path, "remote"), m.values["remote"], "after", "from")
		r.need("after")
		breakage.RemoteAfter = r.duration("after")
		breakage.RemoteFrom = revrec.RemoteFrom(r.oneOf("from", "PURCHASE", "PURCHASE_MONTH_END", "LAST_USE"))
	}
	return breakage
}
