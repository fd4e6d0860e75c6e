package books

import (
	"context"

	"drawdown/ledger"
	"drawdown/revrec"
)

// breakage measures pools to which something happened by through, one bounded step:
// expected breakage in proportion to use. It goes by the use that is booked, so use is
// booked before. ASC 606-10-55-48.
func (b *Books) breakage(ctx context.Context, tx Tx, through ledger.Date, result *JobResult) (more bool, err error) {
	pools, err := tx.UnmeasuredPools(ctx, through, stepSize)
	if err != nil || len(pools) == 0 {
		return false, err
	}
	policies, estimates := policyCache{}, map[string][]revrec.Estimate{}
	var recognitions []revrec.Recognition
	for _, work := range pools {
		policy, err := policies.of(ctx, tx, work.Pool.PolicyID)
		if err != nil {
			return false, err
		}
		if estimates[policy.ID] == nil {
			if estimates[policy.ID], err = estimatesOf(ctx, tx, policy); err != nil {
				return false, err
			}
		}
		days, err := tx.PoolDays(ctx, work.Pool.ID)
		if err != nil {
			return false, err
		}
		booked, err := tx.BookedOfPool(ctx, work.Pool.ID, work.From)
		if err != nil {
			return false, err
		}
		made := revrec.MeasurePool(work.Pool, policy.Breakage.Escheat, estimates[policy.ID], days, work.From, through, booked)
		recognitions = append(recognitions, made...)
		next := nextMeasure(days, estimates[policy.ID], through)
		if err := tx.SetPoolMeasured(ctx, work.Pool.ID, next); err != nil {
			return false, err
		}
	}
	result.Lots += int64(len(pools))
	return len(pools) == stepSize, b.keep(ctx, tx, recognitions, result)
}

// estimatesOf returns a policy's estimates in order: its own first rate, then those
// that came later.
func estimatesOf(ctx context.Context, tx Tx, policy Policy) ([]revrec.Estimate, error) {
	later, err := tx.Estimates(ctx, policy.ID)
	if err != nil {
		return nil, err
	}
	all := []revrec.Estimate{{Rate: policy.Breakage.Rate}}
	for _, estimate := range later {
		all = append(all, estimate.Estimate)
	}
	return all, nil
}

// nextMeasure returns the first day after through for which the pool has something to
// measure already: a lot's last day, a due date, an estimate that comes into force.
func nextMeasure(days []revrec.PoolDay, estimates []revrec.Estimate, through ledger.Date) ledger.Date {
	next := ledger.Date(0)
	consider := func(day ledger.Date) {
		if day > through && (next == 0 || day < next) {
			next = day
		}
	}
	for _, day := range days {
		consider(day.Day)
	}
	for _, estimate := range estimates {
		consider(estimate.From)
	}
	return next
}
