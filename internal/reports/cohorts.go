package reports

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// cohorts are the reports of what becomes of credits that were sold together.
func cohorts() []Report {
	return []Report{{
		Name: "breakage", Title: "Breakage", Page: "finance/breakage-report.md",
		About: "By month of purchase, what was sold, used and lapsed through a month, what was recognised of it early and at expiry, and what is expected and to come.",
		Basis: "ASC 606-10-55-46 to 49",
		Parameters: []Parameter{
			{Name: "through", Kind: MonthParameter, Required: true, About: "the last month whose days are in it"},
			policyCode,
			BoughtFrom, BoughtTo, AsOf,
		},
		Columns: []Column{
			{Name: "policy", Kind: Text, About: "the code of the policy"},
			{Name: "month", Kind: Month, About: "of the purchases; empty for pools of all lots of a policy"},
			{Name: "lots", Kind: Number, About: "how many were bought"},
			{Name: "sold", Kind: Decimal, About: "credits"},
			{Name: "used", Kind: Decimal, About: "credits, as booked"},
			{Name: "lapsed", Kind: Decimal, About: "credits"},
			{Name: "refunded", Kind: Decimal, About: "credits"},
			{Name: "other", Kind: Decimal, About: "credits that were called off or charged back"},
			{Name: "open", Kind: Decimal, About: "credits: the rest"},
			{Name: "price", Kind: Money, In: "currency", About: "of all that was sold", Total: true},
			{Name: "earned", Kind: Money, In: "currency", About: "recognised of use", Total: true},
			{Name: "early", Kind: Money, In: "currency", About: "recognised by pools ahead of expiry, the law's share with it", Total: true},
			{Name: "at_expiry", Kind: Money, In: "currency", About: "released at expiry, the law's share with it", Total: true},
			{Name: "remote", Kind: Money, In: "currency", About: "released as remote, the law's share with it", Total: true},
			{Name: "escheated", Kind: Money, In: "currency", About: "the law's share of the three", Total: true},
			{Name: "expected", Kind: Money, In: "currency", About: "what pools expect of lots that have not lapsed", Total: true},
			{Name: "to_come", Kind: Money, In: "currency", About: "expected − early", Total: true},
			{Name: "currency", Kind: Text, About: "of the contracts"},
			{Name: "functional_early", Kind: Money, In: "functional_currency", About: "early in the book's own currency", Total: true},
			{Name: "functional_at_expiry", Kind: Money, In: "functional_currency", About: "at_expiry in the book's own currency", Total: true},
			{Name: "functional_expected", Kind: Money, In: "functional_currency", About: "expected in the book's own currency", Total: true},
			{Name: "functional_currency", Kind: Text, About: "the book's own"},
		},
		Write: writeBreakage,
	}, {
		Name: "redemption-curves", Title: "Redemption curves", Page: "finance/cohorts.md",
		About: "What became of the credits of each cohort, month by month after their purchase.",
		Basis: "ASC 606-10-55-48",
		Parameters: []Parameter{
			policyCode,
			BoughtFrom, BoughtTo, AsOf,
		},
		Columns: []Column{
			{Name: "cohort", Kind: Text, About: "the id of the cohort"},
			{Name: "policy", Kind: Text, About: "the code of the policy"},
			{Name: "currency", Kind: Text, About: "of the contracts"},
			{Name: "segment", Kind: Text, About: "of the customers as they bought; empty for none"},
			{Name: "month", Kind: Month, About: "of the purchases"},
			{Name: "sold", Kind: Decimal, About: "credits"},
			{Name: "age", Kind: Number, About: "whole calendar months after that of the purchase"},
			{Name: "in_month", Kind: Month, About: "the month that the row is about"},
			{Name: "used", Kind: Decimal, About: "credits in it; negative where voids took back more"},
			{Name: "lapsed", Kind: Decimal, About: "credits in it"},
			{Name: "refunded", Kind: Decimal, About: "credits in it"},
			{Name: "other", Kind: Decimal, About: "credits called off or charged back in it"},
			{Name: "used_to_date", Kind: Decimal, About: "credits by its end"},
			{Name: "open", Kind: Decimal, About: "credits at its end"},
			{Name: "redeemed_share", Kind: Decimal, About: "used of what was sold and not taken back; empty where that is nothing"},
		},
		Write: writeCurves,
	}, {
		Name: "breakage-sensitivity", Title: "Sensitivity of breakage", Page: "finance/change-of-estimate.md",
		About: "What early breakage, revenue and deferred revenue of a policy would be by other estimates: one and five points higher and lower.",
		Basis: "ASC 275-10-50-8, 606-10-50-20",
		Parameters: []Parameter{
			{Name: "policy", Kind: TextParameter, Required: true, About: "the code of the policy; its method is PROPORTIONAL"},
			{Name: "on", Kind: DayParameter, About: "the end of this day; the day before that of asOf where it is not given"},
			AsOf,
		},
		Columns: []Column{
			{Name: "points", Kind: Decimal, About: "percentage points on the rate in force; 0 is that rate"},
			{Name: "rate", Kind: Decimal, About: "the estimate then, a share of credits sold"},
			{Name: "early", Kind: Money, In: "currency", About: "early breakage to date"},
			{Name: "early_revenue", Kind: Money, In: "currency", About: "the part of it that is revenue"},
			{Name: "unclaimed", Kind: Money, In: "currency", About: "the part of it that the law claims"},
			{Name: "revenue", Kind: Money, In: "currency", About: "revenue of the pools to date, use with it"},
			{Name: "deferred", Kind: Money, In: "currency", About: "what stays deferred of the pools"},
			{Name: "early_delta", Kind: Money, In: "currency", About: "early, less early by the rate in force"},
			{Name: "currency", Kind: Text, About: "of the contracts"},
			{Name: "functional_early", Kind: Money, In: "functional_currency", About: "early in the book's own currency"},
			{Name: "functional_revenue", Kind: Money, In: "functional_currency", About: "revenue in the book's own currency"},
			{Name: "functional_deferred", Kind: Money, In: "functional_currency", About: "deferred in the book's own currency"},
			{Name: "functional_currency", Kind: Text, About: "the book's own"},
		},
		Write: writeSensitivity,
	}}
}

func writeBreakage(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	id, err := policyID(ctx, tx, args)
	if err != nil {
		return err
	}
	report, err := b.Breakage(ctx, tx, books.BreakageRequest{
		Filter: books.CohortFilter{PolicyID: id, From: args.Month("from"), To: args.Month("to")}, Through: args.Month("through"), AsOf: args.Instant("asOf"),
	})
	if err != nil {
		return err
	}
	known := codes{}
	for i := range report.Rows {
		row := &report.Rows[i]
		code, err := known.of(ctx, tx, row.PolicyID)
		if err != nil {
			return err
		}
		err = yield(Row{
			code, row.Month, row.Lots, row.Sold, row.Used, row.Lapsed, row.Refunded, row.Other, row.Open(),
			row.Price.Amount, row.Earned.Amount, row.Early.Amount, row.AtExpiry.Amount, row.Remote.Amount, row.Escheated.Amount, row.Expected.Amount, row.ToCome().Amount,
			string(row.Currency), row.Early.Functional, row.AtExpiry.Functional, row.Expected.Functional, string(row.Expected.Functional.Currency),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// policyID returns the id of the policy that is asked for, "" for all. Errors: NOT_FOUND.
func policyID(ctx context.Context, tx books.Tx, args Args) (string, error) {
	code := args.Text("policy")
	if code == "" {
		return "", nil
	}
	policies, err := tx.PoliciesByCode(ctx, []string{code})
	if err == nil && len(policies) == 0 {
		err = &books.Error{Code: books.NotFound, Field: "policy", Message: fmt.Sprintf("there is no policy %q", clip(code))}
	}
	if err != nil {
		return "", err
	}
	return policies[0].ID, nil
}

// cohortPage is how many cohorts are read at once.
const cohortPage = 500

func writeCurves(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	id, err := policyID(ctx, tx, args)
	if err != nil {
		return err
	}
	asOf := args.Instant("asOf")
	if err := b.CheckCohortsAsOf(ctx, tx, &asOf); err != nil {
		return err
	}
	known, filter, current := codes{}, books.CohortFilter{PolicyID: id, From: args.Month("from"), To: args.Month("to"), AsOf: asOf}, ledger.DateOf(asOf, b.Zone()).Period()
	for page := (books.Page{Limit: cohortPage}); ; {
		some, err := tx.Cohorts(ctx, filter, page)
		if err != nil {
			return err
		}
		ids := make([]string, len(some))
		for i := range some {
			ids[i] = some[i].ID
		}
		months, err := tx.CohortMonths(ctx, ids, asOf)
		if err != nil {
			return err
		}
		for i := range some {
			cohort := &some[i]
			code, err := known.of(ctx, tx, cohort.PolicyID)
			if err != nil {
				return err
			}
			for _, age := range cohort.Ages(months[cohort.ID], current) {
				if err := yield(curveRow(cohort, code, age)); err != nil {
					return err
				}
			}
		}
		if len(some) < cohortPage {
			return nil
		}
		page.After = some[len(some)-1].Key()
	}
}

func curveRow(cohort *books.Cohort, code string, age books.CohortAge) Row {
	var share any
	if age.RedeemedShare != nil {
		share = *age.RedeemedShare
	}
	return Row{
		"coh_" + cohort.ID, code, string(cohort.Currency), cohort.Segment, cohort.Month, cohort.Sold, int64(age.Age), age.Month,
		age.Used, age.Lapsed, age.Refunded, age.Other, age.UsedToDate, age.Open, share,
	}
}

func writeSensitivity(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	report, err := b.Sensitivity(ctx, tx, books.SensitivityRequest{Policy: args.Text("policy"), On: args.Day("on"), AsOf: args.Instant("asOf")})
	if err != nil {
		return err
	}
	for i := range report.Groups {
		for _, row := range report.Groups[i].Rows {
			err := yield(Row{
				row.Points, row.Rate, row.At.Early, row.At.EarlyRevenue, row.At.Unclaimed, row.At.Revenue, row.At.Deferred, row.Delta.Early, string(row.At.Early.Currency),
				row.At.FunctionalEarly, row.At.FunctionalRevenue, row.At.FunctionalDeferred, string(row.At.FunctionalEarly.Currency),
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// reviews are the reports of how estimates did.
func reviews() []Report {
	return []Report{{
		Name: "estimate-reviews", Title: "Reviews of estimates", Page: "finance/estimate-review.md",
		About:      "How estimates of breakage did, as it was found when months had ended: use against what was expected, bias, outcome, and what is stale.",
		Basis:      "ASC 606-10-55-48, 250-10-45-17",
		Parameters: []Parameter{policyCode, AsOf},
		Columns: []Column{
			{Name: "policy", Kind: Text, About: "the code of the policy"},
			{Name: "estimate", Kind: Text, About: "the id of the estimate; empty for the first rate of the policy"},
			{Name: "month", Kind: Month, About: "the month that was reviewed; the latest review of it counts"},
			{Name: "reviewed_at", Kind: Instant, About: "when"},
			{Name: "rate", Kind: Decimal, About: "in force as the month ended"},
			{Name: "cells", Kind: Number, About: "months of purchase by age of which use was expected"},
			{Name: "actual", Kind: Decimal, About: "credits used in them"},
			{Name: "expected", Kind: Decimal, About: "credits that the estimate expected"},
			{Name: "bias", Kind: Decimal, About: "actual ÷ expected − 1; empty where nothing was expected"},
			{Name: "lapsed_cohorts", Kind: Number, About: "months of purchase that have lapsed since"},
			{Name: "lapsed_net", Kind: Decimal, About: "credits sold in them, those that went back left out"},
			{Name: "lapsed_used", Kind: Decimal, About: "credits used of them"},
			{Name: "outcome", Kind: Decimal, About: "the share that broke in the end; empty where nothing has lapsed"},
			{Name: "beyond", Kind: Decimal, About: "credits used beyond what the rate leaves for use"},
			{Name: "findings", Kind: Text, About: "what passed its threshold: reason, figure, threshold; empty where it is not stale"},
		},
		Write: writeReviews,
	}, {
		Name: "estimate-back-test", Title: "Back-test of an estimate", Page: "finance/estimate-review.md",
		About: "The estimate in force as a month ended against what came about by then, by month of purchase and age.",
		Basis: "ASC 606-10-55-48",
		Parameters: []Parameter{
			{Name: "policy", Kind: TextParameter, Required: true, About: "the code of the policy; its method is PROPORTIONAL"},
			{Name: "month", Kind: MonthParameter, Required: true, About: "the month; it has ended"},
			AsOf,
		},
		Columns: []Column{
			{Name: "line", Kind: Text, About: "COHORT: a month of purchase by the end of the month; AGE: its use in one month after the data of the estimate"},
			{Name: "month", Kind: Month, About: "of the purchases"},
			{Name: "age", Kind: Number, About: "whole calendar months after it; empty of a COHORT"},
			{Name: "sold", Kind: Decimal, About: "credits; empty of an AGE"},
			{Name: "net", Kind: Decimal, About: "credits sold, those that went back left out; empty of an AGE"},
			{Name: "used", Kind: Decimal, About: "credits, to date of a COHORT, in the month of an AGE"},
			{Name: "expected", Kind: Decimal, About: "credits, the same way; 0 where the estimate has no curve"},
			{Name: "by_rate", Kind: Decimal, About: "credits used in the end, as the rate leaves it; empty of an AGE"},
			{Name: "estimated_breakage", Kind: Decimal, About: "the rate in force; empty of an AGE"},
			{Name: "final_breakage", Kind: Decimal, About: "the share that broke; empty where it has not lapsed, and of an AGE"},
		},
		Write: writeBackTest,
	}}
}

// reviewPage is how many reviews are read at once.
const reviewPage = 500

func writeReviews(ctx context.Context, _ *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	id, err := policyID(ctx, tx, args)
	if err != nil {
		return err
	}
	known, filter := codes{}, books.ReviewFilter{PolicyID: id, By: args.Instant("asOf")}
	for page := (books.Page{Limit: reviewPage}); ; {
		some, err := tx.EstimateReviews(ctx, filter, page)
		if err != nil {
			return err
		}
		for i := range some {
			code, err := known.of(ctx, tx, some[i].PolicyID)
			if err != nil {
				return err
			}
			if err := yield(reviewRow(&some[i], code)); err != nil {
				return err
			}
		}
		if len(some) < reviewPage {
			return nil
		}
		page.After = some[len(some)-1].ID
	}
}

func reviewRow(r *books.EstimateReview, code string) Row {
	estimate := ""
	if r.EstimateID != "" {
		estimate = "est_" + r.PolicyID + "/" + r.EstimateID
	}
	findings := make([]string, len(r.Findings))
	for i, of := range r.Findings {
		findings[i] = fmt.Sprintf("%s %s %s", of.Reason, of.Figure, of.Threshold)
	}
	return Row{
		code, estimate, r.Month, r.At, r.Rate, int64(r.Use.Cells), r.Use.Actual, r.Use.Expected, orNothing(r.Use.Bias),
		int64(r.Outcome.Cohorts), r.Outcome.Net, r.Outcome.Used, orNothing(r.Outcome.Breakage()), r.Beyond, strings.Join(findings, ", "),
	}
}

func orNothing(d decimal.NullDecimal) any {
	if !d.Valid {
		return nil
	}
	return d.Decimal
}

func writeBackTest(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	detail, err := b.ReviewEstimate(ctx, tx, args.Text("policy"), args.Month("month"), args.Instant("asOf"))
	if err != nil {
		return err
	}
	for i := range detail.Cohorts {
		c := &detail.Cohorts[i]
		err := yield(Row{"COHORT", c.Month, nil, c.Sold, c.Net, c.Used, c.Expected, c.ByRate, c.EstimatedBreakage, orNothing(c.FinalBreakage)})
		for _, cell := range c.Cells {
			if err == nil {
				err = yield(Row{"AGE", c.Month, int64(cell.Age), nil, nil, cell.Actual, cell.Expected, nil, nil, nil})
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ending are the reports of credits that come to their end.
func ending() []Report {
	day := func(name, about string) Parameter {
		return Parameter{Name: name, Kind: DayParameter, Required: true, About: about}
	}
	return []Report{{
		Name: "expiring", Title: "Expiring credits", Page: "finance/expiring.md", OfCustomer: true,
		About: "Which customers lose what, and when, if it is not used: in credits and in money.",
		Parameters: []Parameter{
			day("from", "the first last day of use: the day of asOf or later"), day("to", "the last one, included"),
			{Name: "customer", Kind: TextParameter, About: "keeps the customer with this external id; all where it is not given"},
			policyCode, AsOf,
		},
		Columns: []Column{
			{Name: "customer", Kind: Text, About: "external id"},
			{Name: "day", Kind: Date, About: "the last on which the credits can be used"},
			{Name: "lots", Kind: Number, About: "how many lots end then"},
			{Name: "credits", Kind: Decimal, About: "that are unused"},
			{Name: "carrying", Kind: Money, In: "currency", About: "what deferred revenue holds for them, before early breakage of pools", Total: true},
			{Name: "currency", Kind: Text, About: "of the contracts"},
			{Name: "functional_carrying", Kind: Money, In: "functional_currency", About: "carrying in the book's own currency", Total: true},
			{Name: "functional_currency", Kind: Text, About: "the book's own"},
		},
		Write: writeExpiring,
	}, {
		Name: "run-out", Title: "Run-out forecast", Page: "finance/run-out.md", OfCustomer: true,
		About: "When customers run out of credits, by what they used in the last four weeks. A forecast, and no figure of the books.",
		Parameters: []Parameter{
			{Name: "customer", Kind: TextParameter, About: "keeps the customer with this external id; all where it is not given"},
			AsOf,
		},
		Columns: []Column{
			{Name: "customer", Kind: Text, About: "external id"},
			{Name: "day", Kind: Date, About: "the first day that the credits do not last through; empty beyond a year, and where it cannot be told"},
			{Name: "earliest", Kind: Date, About: "one in ten is before it"},
			{Name: "latest", Kind: Date, About: "one in ten is after it"},
			{Name: "daily_use", Kind: Decimal, About: "credits a day, the mean of the days that it goes by"},
			{Name: "from", Kind: Date, About: "the first of those days"},
			{Name: "to", Kind: Date, About: "the last of those days"},
			{Name: "reason", Kind: Text, About: "why there is no day; empty where there is one"},
		},
		Write: writeRunOut,
	}}
}

// maxEndingDays is how far ahead what expires is shown: ten years and leap days.
const maxEndingDays = 3660

// customerID returns the id of the customer that is asked for, "" for all. Errors: NOT_FOUND.
func customerID(ctx context.Context, tx books.Tx, args Args) (string, error) {
	external := args.Text("customer")
	if external == "" {
		return "", nil
	}
	customers, err := tx.CustomersByExternalID(ctx, []string{external})
	if err == nil && len(customers) == 0 {
		err = &books.Error{Code: books.NotFound, Field: "customer", Message: fmt.Sprintf("there is no customer %q", clip(external))}
	}
	if err != nil {
		return "", err
	}
	return customers[0].ID, nil
}

const (
	// endingPage is how many customers are read at once.
	endingPage = 500
	// expiringPage is how many rows of what they lose are: each page shows all lots as they were again.
	expiringPage = 20_000
)

func writeExpiring(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	from, to, today := args.Day("from"), args.Day("to"), ledger.DateOf(args.Instant("asOf"), b.Zone())
	switch {
	case from < today:
		return wrong("from", "must be the day of asOf (%s) or later: what lapsed is in the books", today)
	case to < from:
		return wrong("to", "must not be before from (%s), but is %s", from, to)
	case to > today+maxEndingDays:
		return wrong("to", "must be %s at the latest", today+maxEndingDays)
	}
	filter := books.ExpiringFilter{AsOf: args.Instant("asOf")}
	var err error
	if filter.CustomerID, err = customerID(ctx, tx, args); err != nil {
		return err
	}
	if filter.PolicyID, err = policyID(ctx, tx, args); err != nil {
		return err
	}
	filter.ExpiresFrom, filter.ExpiresBefore = books.ExpiringDays(from, to, b.Zone())
	if err := b.ExpiringAsOf(ctx, tx, &filter); err != nil {
		return err
	}
	for page := (books.Page{Limit: expiringPage}); ; {
		some, err := tx.Expiring(ctx, filter, page)
		if err != nil {
			return err
		}
		ids := make([]string, len(some))
		for i := range some {
			ids[i] = some[i].CustomerID
		}
		customers, err := tx.CustomersByID(ctx, ids)
		if err != nil {
			return err
		}
		external := map[string]string{}
		for _, customer := range customers {
			external[customer.ID] = customer.ExternalID
		}
		for i := range some {
			e := &some[i]
			err := yield(Row{external[e.CustomerID], e.Day, e.Lots, e.Credits, e.Carrying, string(e.Currency), e.Functional, string(e.Functional.Currency)})
			if err != nil {
				return err
			}
		}
		if len(some) < expiringPage {
			return nil
		}
		page.After = some[len(some)-1].Key()
	}
}

func writeRunOut(ctx context.Context, b *books.Books, tx books.Tx, args Args, yield func(Row) error) error {
	id, err := customerID(ctx, tx, args)
	if err != nil {
		return err
	}
	asOf := args.Instant("asOf")
	for page := (books.Page{Limit: endingPage}); ; {
		customers, err := tx.Customers(ctx, books.CustomerFilter{ID: id, Before: asOf.Add(time.Microsecond)}, page)
		if err != nil {
			return err
		}
		for _, customer := range customers {
			told, err := b.RunOut(ctx, tx, customer.ID, asOf)
			if err == nil {
				err = yield(Row{customer.ExternalID, told.Day, told.Earliest, told.Latest, told.DailyUse, told.From, told.To, string(told.Reason)})
			}
			if err != nil {
				return err
			}
		}
		if len(customers) < endingPage {
			return nil
		}
		page.After = customers[len(customers)-1].ID
	}
}
