package export

import (
	"cmp"

	"drawdown/ledger"
)

// mapping is what a profile says of accounts and dimensions, for looking up.
type mapping struct {
	accounts   map[accountRuleKey][]AccountRule
	classes    map[ledger.Role]ledger.Class
	dimensions []dimensionMap
	needed     bool // every role must have an account
}

type accountRuleKey struct {
	role     ledger.Role
	currency ledger.Currency
}

type dimensionMap struct {
	rule   DimensionRule
	values map[string][]ValueRule
}

func newMapping(p Profile, s spec) mapping {
	m := mapping{accounts: map[accountRuleKey][]AccountRule{}, classes: map[ledger.Role]ledger.Class{}, needed: !s.journal || s.accountCode > 0 && len(p.Accounts) > 0}
	for _, rule := range p.Accounts {
		key := accountRuleKey{rule.Role, rule.Currency}
		m.accounts[key] = append(m.accounts[key], rule)
	}
	for _, account := range ledger.Accounts() {
		m.classes[account.Role] = account.Class
	}
	for _, rule := range p.Dimensions {
		values := make(map[string][]ValueRule, len(rule.Values))
		for _, value := range rule.Values {
			values[value.Value] = append(values[value.Value], value)
		}
		m.dimensions = append(m.dimensions, dimensionMap{rule, values})
	}
	return m
}

// apply returns the entry with accounts and columns of the target. The error is a [RefusedError]
// with everything that is not mapped.
func (m mapping) apply(entry Entry) (Entry, error) {
	if len(m.accounts) == 0 && len(m.dimensions) == 0 && !m.needed {
		return entry, nil
	}
	var refusals []RefusalError
	lines := make([]Line, len(entry.Lines))
	for i, line := range entry.Lines {
		account, known := m.account(line, entry.AccountingDate)
		if !known && m.needed {
			refusals = append(refusals, refuse(entry, line.Number, UnmappedAccount, "account", string(line.Role),
				"has no account in the profile on "+entry.AccountingDate.String()))
		}
		line.Account, line.Columns = account, nil
		if len(m.dimensions) > 0 {
			line.Columns = make([]Cell, 0, len(m.dimensions))
		}
		for _, dimension := range m.dimensions {
			value := line.dimension(dimension.rule.Key)
			target, ok := dimension.target(value, entry.AccountingDate)
			if !ok {
				refusals = append(refusals, refuse(entry, line.Number, UnmappedDimension, dimension.rule.Key, value,
					"has no value in the profile on "+entry.AccountingDate.String()+" for the column "+dimension.rule.Column))
			}
			line.Columns = append(line.Columns, Cell{dimension.rule.Key, dimension.rule.Column, target})
		}
		lines[i] = line
	}
	if len(refusals) > 0 {
		return entry, RefusedError{Refusals: refusals}
	}
	entry.Lines = lines
	return entry, nil
}

// opening returns the opening balances with accounts of the target. They have no dimensions.
func (m mapping) opening(header Header) ([]Line, error) {
	if len(header.Opening) == 0 {
		return nil, nil
	}
	entry := Entry{Code: "OPENING", AccountingDate: cmp.Or(header.OpeningOn, header.From), Lines: header.Opening}
	mapped, err := mapping{accounts: m.accounts, classes: m.classes, needed: m.needed}.apply(entry)
	return mapped.Lines, err
}

func (m mapping) account(line Line, day ledger.Date) (Account, bool) {
	for _, currency := range [...]ledger.Currency{line.Amount.Currency, ""} {
		for _, rule := range m.accounts[accountRuleKey{line.Role, currency}] {
			if inForce(day, rule.From, rule.To) {
				return Account{Code: rule.Code, Name: rule.Name, Class: m.classes[line.Role]}, true
			}
		}
	}
	return Account{}, false
}

// target returns what the value is called. A line that is about none has none there either.
func (d dimensionMap) target(value string, day ledger.Date) (string, bool) {
	for _, rule := range d.values[value] {
		if inForce(day, rule.From, rule.To) {
			return rule.Target, true
		}
	}
	switch {
	case value == "" || d.rule.Unmapped == Leave:
		return "", true
	case d.rule.Unmapped == PassOn:
		return value, true
	}
	return "", false
}
