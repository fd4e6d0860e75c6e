package books

import (
	"context"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// EscheatRule is what the law of a jurisdiction claims of breakage from a day on, until its
// next rule. It never changes.
type EscheatRule struct {
	ID           string
	Jurisdiction string
	From         ledger.Date
	Share        decimal.Decimal // of breakage, 0 to 1
	// Dormancy is how long after their lapse credits become due to the authority, counted
	// from the day on which the rest of their price was released.
	Dormancy  ledger.Duration
	Reason    string // the statute, and why
	CreatedAt time.Time
	CreatedBy string // the actor
}

// Key is the place of a rule in a list: its jurisdiction, day and id.
func (r EscheatRule) Key() string { return r.Jurisdiction + "/" + r.From.String() + "/" + r.ID }

// EscheatKey reads a key. Errors: INVALID.
func EscheatKey(key string) (jurisdiction string, from ledger.Date, id string, err error) {
	parts := strings.Split(key, "/")
	if len(parts) == 3 {
		if from, err = ledger.ParseDate(parts[1]); err == nil {
			return parts[0], from, parts[2], nil
		}
	}
	return "", 0, "", refuse(Invalid, "after", "must be a cursor of this list")
}

// EscheatFilter narrows a list of rules; the zero EscheatFilter keeps all.
type EscheatFilter struct {
	Jurisdiction string
	On           ledger.Date // keeps the one rule of each jurisdiction that is in force on the day
}

// NewEscheatRule asks for a rule.
type NewEscheatRule struct {
	Jurisdiction string          `json:"jurisdiction"`
	From         ledger.Date     `json:"from"` // today where zero
	Share        decimal.Decimal `json:"share"`
	Dormancy     ledger.Duration `json:"dormancy"`
	Reason       string          `json:"reason"`
}

// EscheatRuleSet puts a rule in force from a day of an open period: what lapses from then on,
// and early breakage as it stands at the end of that day, is shared by it; of two rules of one
// day the later one counts. Where the day has come, what was released since is looked at
// again. ASC 606-10-55-49.
// Errors: INVALID, PERIOD_CLOSED, IDEMPOTENCY_CONFLICT.
func (b *Books) EscheatRuleSet(ctx context.Context, key string, request NewEscheatRule) (EscheatRule, error) {
	return once(ctx, b, act{"escheatRule.set", key, request}, func(ctx context.Context, tx Tx) (EscheatRule, string, error) {
		rule := EscheatRule{
			ID: b.newID(), Jurisdiction: request.Jurisdiction, From: request.From, Share: request.Share,
			Dormancy: request.Dormancy, Reason: request.Reason, CreatedAt: b.clock(), CreatedBy: CallerOf(ctx).Actor,
		}
		if rule.From == 0 {
			rule.From = b.today()
		}
		if err := b.checkEscheatRule(rule); err != nil {
			return rule, "", err
		}
		return rule, rule.ID, b.putRuleInForce(ctx, tx, rule)
	})
}

func (b *Books) checkEscheatRule(rule EscheatRule) error {
	if err := ruleError(revrec.CheckJurisdiction("jurisdiction", rule.Jurisdiction)); err != nil {
		return err
	}
	if err := ruleError(revrec.CheckShare("share", rule.Share)); err != nil {
		return err
	}
	if rule.From < ledger.DateOf(earliest, b.zone) {
		return refuse(Invalid, "from", "must not be before 1970, but is %s", rule.From)
	}
	return checkText("reason", rule.Reason, 1, maxNoteLength)
}

// putRuleInForce writes the rule and marks what it may change: lots first, then pools, then
// what is closed, in the order in which those who book hold them.
func (b *Books) putRuleInForce(ctx context.Context, tx Tx, rule EscheatRule) error {
	before, err := tx.EscheatRules(ctx, EscheatFilter{Jurisdiction: rule.Jurisdiction, On: rule.From}, Page{Limit: 1})
	if err != nil {
		return err
	}
	if len(before) > 0 {
		was(ctx, before[0])
	}
	if err := tx.InsertEscheatRule(ctx, rule); err != nil {
		return err
	}
	if today := b.today(); rule.From <= today {
		if err := tx.ReleaseAgain(ctx, rule.Jurisdiction, rule.From, today); err != nil {
			return err
		}
	}
	if err := tx.MeasurePoolsOf(ctx, rule.Jurisdiction, rule.From); err != nil {
		return err
	}
	closed, err := tx.ClosedThrough(ctx)
	if err == nil && closed != 0 && rule.From.Period() <= closed {
		err = refuse(PeriodClosed, "from", "lies in %s, which is closed: a rule takes effect in an open period", rule.From.Period())
	}
	return err
}

// checkJurisdiction refuses a jurisdiction that is none, but for "".
func checkJurisdiction(code string) error {
	if code == "" {
		return nil
	}
	return ruleError(revrec.CheckJurisdiction("jurisdiction", code))
}

// SetJurisdiction asks to change the jurisdiction of a customer.
type SetJurisdiction struct {
	Customer     string `json:"customer"`                    // external id
	Jurisdiction string `json:"jurisdiction" trail:"always"` // "" for none
}

// JurisdictionChanged is a customer with the jurisdiction of before.
type JurisdictionChanged struct {
	Customer Customer
	Before   string
}

// changed is the part that the trail is about.
func (c JurisdictionChanged) changed() any { return c.Customer }

// CustomerJurisdictionSet changes the jurisdiction of a customer: that of purchases from now
// on. Lots keep that of their purchase, so that no figure moves. The trail has the one before.
// Errors: NOT_FOUND, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) CustomerJurisdictionSet(ctx context.Context, key string, request SetJurisdiction) (JurisdictionChanged, error) {
	return once(ctx, b, act{"customer.jurisdiction.set", key, request}, func(ctx context.Context, tx Tx) (JurisdictionChanged, string, error) {
		changed := JurisdictionChanged{}
		if err := checkJurisdiction(request.Jurisdiction); err != nil {
			return changed, "", err
		}
		customer, err := party(ctx, tx, "externalId", request.Customer)
		if err != nil {
			return changed, "", err
		}
		was(ctx, customer)
		changed.Before, err = tx.SetCustomerJurisdiction(ctx, customer.ID, request.Jurisdiction)
		customer.Jurisdiction = request.Jurisdiction
		changed.Customer = customer
		return changed, customer.ID, err
	})
}

// laws are the rules of jurisdictions as one step of a run reads them, once each, after it
// holds what it books: a rule that is new meanwhile marks that, and is seen by the step that
// takes the mark off.
type laws map[string][]EscheatRule

// read reads the rules of the jurisdictions that are not known yet.
func (l laws) read(ctx context.Context, tx Tx, jurisdictions []string) error {
	var missing []string
	for _, jurisdiction := range jurisdictions {
		if _, known := l[jurisdiction]; jurisdiction != "" && !known {
			l[jurisdiction] = nil
			missing = append(missing, jurisdiction)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	rules, err := tx.EscheatRulesOf(ctx, missing)
	for _, rule := range rules {
		l[rule.Jurisdiction] = append(l[rule.Jurisdiction], rule)
	}
	return err
}

// shares returns what is claimed of the breakage of a policy in a jurisdiction.
func (l laws) shares(policy Policy, jurisdiction string) revrec.EscheatShares {
	return EscheatSharesOf(policy, l[jurisdiction])
}

// EscheatSharesOf returns the shares by the rules of one jurisdiction, in order: the policy's
// own holds before the first.
func EscheatSharesOf(policy Policy, rules []EscheatRule) revrec.EscheatShares {
	shares := revrec.ShareOf(policy.Breakage.Escheat)
	for _, rule := range rules {
		shares = append(shares, revrec.EscheatShare{From: rule.From, Share: rule.Share})
	}
	return shares
}
