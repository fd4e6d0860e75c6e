package books

import (
	"context"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// breakage measures pools to which something happened by through, one bounded step:
// expected breakage in proportion to use. It goes by the use that is booked, so use is
// booked before. ASC 606-10-55-48.
func (b *Books) breakage(ctx context.Context, tx Tx, run *running) (more bool, err error) {
	pools, err := tx.UnmeasuredPools(ctx, run.through, b.bounds.Lots)
	if err != nil || len(pools) == 0 {
		return false, err
	}
	step := &poolStep{run: run, estimates: map[string][]revrec.Estimate{}, laws: laws{}, next: map[string]ledger.Date{}}
	for part := range slices.Chunk(pools, b.bounds.WholePart) {
		if step.days >= b.bounds.Days || len(step.next) > 0 && b.hadTurn(run) {
			break // the rest waits for the next step
		}
		if err := step.measure(ctx, tx, part); err != nil {
			return false, err
		}
	}
	if err := tx.SetPoolsMeasured(ctx, step.next); err != nil {
		return false, err
	}
	run.result.Lots += int64(len(step.next))
	// Another step, unless nothing is left: a pool that another measured while it was
	// waited for leaves a step that is not full.
	return true, b.keep(ctx, tx, run, step.made)
}

// poolStep gathers what one step makes of pools.
type poolStep struct {
	run *running
	// estimates are read once a step, after its pools are held: a new estimate marks
	// them, and is seen by the step that takes the mark off.
	estimates map[string][]revrec.Estimate
	laws      laws
	made      []revrec.Recognition
	next      map[string]ledger.Date // by pool, from when it is to be measured again
	days      int                    // pool days read so far
}

func (s *poolStep) measure(ctx context.Context, tx Tx, pools []PoolWork) error {
	days, err := tx.PoolDaysSince(ctx, pools)
	if err != nil {
		return err
	}
	booked, err := tx.BookedOfPools(ctx, pools)
	if err != nil {
		return err
	}
	jurisdictions := make([]string, len(pools))
	for i, work := range pools {
		jurisdictions[i] = work.Pool.Jurisdiction
	}
	if err := s.laws.read(ctx, tx, jurisdictions); err != nil {
		return err
	}
	for _, work := range pools {
		policy, err := s.run.policies.of(ctx, tx, work.Pool.PolicyID)
		if err != nil {
			return err
		}
		if s.estimates[policy.ID] == nil {
			if s.estimates[policy.ID], err = estimatesOf(ctx, tx, policy); err != nil {
				return err
			}
		}
		since, estimates, shares := days[work.Pool.ID], s.estimates[policy.ID], s.laws.shares(policy, work.Pool.Jurisdiction)
		s.made = append(s.made, revrec.MeasurePool(work.Pool, shares, estimates, since, work.From, s.run.through, booked[work.Pool.ID])...)
		s.next[work.Pool.ID] = nextMeasure(since, estimates, shares, s.run.through)
		s.days += len(since)
	}
	return nil
}

// estimatesOf returns a policy's estimates in order: its own first rate, then those
// that came later.
func estimatesOf(ctx context.Context, tx Tx, policy Policy) ([]revrec.Estimate, error) {
	later, err := tx.Estimates(ctx, []string{policy.ID})
	if err != nil {
		return nil, err
	}
	all := []revrec.Estimate{{Rate: policy.Breakage.Rate}}
	for _, estimate := range later {
		all = append(all, estimate.Estimate)
	}
	return all, nil
}

// estimatesKnown is estimatesOf, of those that had been approved by an instant.
func estimatesKnown(ctx context.Context, tx Tx, policy Policy, asOf time.Time) ([]revrec.Estimate, error) {
	later, err := EstimatesOf(tx, ctx, []string{policy.ID})
	all := []revrec.Estimate{{Rate: policy.Breakage.Rate}}
	for _, estimate := range later {
		if estimate.Status == EstimateApproved && !estimate.DecidedAt.After(asOf) {
			all = append(all, estimate.Estimate)
		}
	}
	return all, err
}

// nextMeasure returns the first day after through for which the pool has something to
// measure already: a lot's last day, a due date, an estimate or a share of the law's that comes into
// force.
func nextMeasure(days []revrec.PoolDay, estimates []revrec.Estimate, shares revrec.EscheatShares, through ledger.Date) ledger.Date {
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
	for _, share := range shares {
		consider(share.From)
	}
	return next
}
