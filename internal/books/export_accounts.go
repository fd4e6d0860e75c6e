package books

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"drawdown/ledger"
	"drawdown/ledger/export"
)

// WithBookAccounts returns the profile with the codes of the book where it takes accounts of a
// general ledger and has none of its own, each from its day on. The error is
// an [export.RefusedError] with every code that the target cannot take.
func WithBookAccounts(ctx context.Context, tx Tx, profile export.Profile) (export.Profile, error) {
	if !profile.TakesAccounts() {
		return profile, nil
	}
	chart, err := ReadGLChart(ctx, tx)
	if err != nil {
		return profile, err
	}
	profile.Accounts = chart.rules()
	var wrong export.ProfileErrors
	if err := profile.Validate(); !errors.As(err, &wrong) {
		return profile, err
	}
	var refused export.RefusedError
	for _, one := range wrong {
		refused.Refusals = append(refused.Refusals, export.RefusalError{
			Code: export.UnmappedAccount, Field: one.Field, Value: one.Value, Message: one.Message + ": the code of " + roleOfField(profile.Accounts, one.Field) + " in the book",
		})
	}
	return profile, refused
}

// rules are the codes of a chart as a profile has them: of two of one day the later one counts, and
// each ends on the day before the next.
func (c GLChart) rules() export.AccountRules {
	rules := export.AccountRules{}
	for _, account := range ledger.Accounts() {
		first := len(rules)
		for _, code := range c[account.Role] {
			rule := export.AccountRule{Role: account.Role, Code: code.Code, Name: code.Name, From: code.From}
			switch last := len(rules) - 1; {
			case last >= first && rules[last].From == code.From:
				rules[last] = rule
			case last >= first:
				rules[last].To = code.From - 1
				rules = append(rules, rule)
			default:
				rules = append(rules, rule)
			}
		}
	}
	return rules
}

// roleOfField is the account that a field such as accounts[3].code is about.
func roleOfField(rules export.AccountRules, field string) string {
	var at int
	if _, err := fmt.Sscanf(field, "accounts[%d]", &at); err != nil || at >= len(rules) {
		return field
	}
	return string(rules[at].Role)
}

// tryAgainWithCodes has drafts written again that had no code of the book for an account.
func tryAgainWithCodes(ctx context.Context, tx Tx) error {
	targets, err := tx.ExportTargets(ctx)
	if err != nil {
		return err
	}
	for _, target := range targets {
		profile, err := export.ParseProfile([]byte(target.Latest().Profile))
		if err != nil || !profile.TakesAccounts() {
			continue // a profile that this version cannot read waits for another one
		}
		if target, err = tx.LockExportTarget(ctx, target.ID); err != nil {
			return err
		}
		if err := tryDraftsAgain(ctx, tx, target, func(b ExportBatch) bool { return strings.Contains(b.Problem, export.UnmappedAccount) }); err != nil {
			return err
		}
	}
	return nil
}
