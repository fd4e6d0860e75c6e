package books_test

import (
	"context"
	"math/big"

	"pgregory.net/rapid"

	"drawdown/internal/books"
	"drawdown/revrec"
)

// checkNothingDiffers holds invariants 1, 2 and 3: verify derives all again.
func (p *playedBook) checkNothingDiffers(t *rapid.T, h history) {
	findings, err := p.Verify(context.Background())
	must(t, err)
	if len(findings) > 0 {
		t.Fatalf("verify: %+v\n%s", findings, h)
	}
	deferred, err := p.Reconcile(context.Background())
	must(t, err)
	for _, d := range deferred {
		if minor, functional := d.Difference(); minor != 0 || functional != 0 {
			t.Fatalf("reconcile: %+v\n%s", d, h)
		}
	}
	must(t, p.View(context.Background(), func(ctx context.Context, tx books.Tx) error {
		owed, err := p.UnclaimedProperty(ctx, tx, books.UnclaimedRequest{On: p.Yesterday() + 1})
		for _, check := range owed.Checks {
			if check.Difference().Minor != 0 || check.FunctionalDifference().Minor != 0 {
				t.Fatalf("unclaimed property does not foot: %+v\n%s", check, h)
			}
		}
		if err != nil {
			return err
		}
		// The jobs compared the last two months, day after day; all of them once, here.
		latest, err := tx.LatestReconciliation(ctx)
		if err != nil {
			return err
		}
		all, err := p.Reconciliation(ctx, tx, books.ReconcileRequest{})
		if latest.Differing != 0 || all.Status() != books.ReconcileMatched {
			t.Fatalf("the sub-ledger does not match: %+v %+v\n%s", latest, all, h)
		}
		return err
	}))
	status, err := p.Status(context.Background())
	must(t, err)
	for queue, lag := range status.Lag {
		if lag != 0 {
			t.Fatalf("%s waits for %s after the jobs ran\n%s", queue, lag, h)
		}
	}
}

// checkAssets holds what stands as a contract asset in the end against the closed form: what
// each lot has earned beyond what is there of its contract liability, which is all of its
// price from the day on which that is whole.
func (p *playedBook) checkAssets(t *rapid.T, h history) {
	assets := map[string]int64{}
	for _, r := range p.recognitions(t) {
		switch r.Kind { //nolint:exhaustive // the others move no contract asset
		case revrec.UsageUnbilled:
			assets[r.LotID] += r.Amount.Minor
		case revrec.Clearing:
			assets[r.LotID] -= r.Amount.Minor
		}
	}
	yesterday := p.Yesterday()
	for _, lot := range p.lots(t) {
		if lot.Kind != revrec.PurchaseLot {
			continue
		}
		var there int64
		for _, step := range lot.Steps {
			if step.Day <= yesterday {
				there += step.Minor
			}
		}
		if lot.LiabilityOn != 0 && lot.LiabilityOn <= yesterday {
			there = lot.Price.Minor
		}
		if want := max(lot.Recognised.Minor-there, 0); assets[lot.ID] != want {
			t.Fatalf("lot %s: a contract asset of %d, %d by the closed form\n%s", lot.ID, assets[lot.ID], want, h)
		}
	}
}

// checkLots holds invariant 4 against figures made here, in rational numbers: what a lot
// earned is its price in the proportion of its use; its parts never exceed its price; and
// once it has lapsed or is used up they are its price.
func (p *playedBook) checkLots(t *rapid.T) {
	parts := map[string]int64{}
	for _, r := range p.recognitions(t) {
		if r.Kind != revrec.Clearing {
			parts[r.LotID] += r.Amount.Minor
		}
	}
	yesterday := p.Yesterday()
	for _, lot := range p.lots(t) {
		if lot.Kind == revrec.OverageLot {
			rate, _ := new(big.Rat).SetString(lot.Rate.Price)
			if want := rounded(rate.Mul(rate, big.NewRat(int64(lot.Drawn), 10_000))); parts[lot.ID] != want {
				t.Fatalf("overage of %s credits at %s: %d booked, %d earned", lot.Drawn, lot.Rate.Price, parts[lot.ID], want)
			}
			continue
		}
		earned := rounded(new(big.Rat).Mul(big.NewRat(lot.Price.Minor, 1), big.NewRat(int64(lot.Drawn), int64(lot.Granted))))
		if lot.Recognised.Minor != earned {
			t.Fatalf("lot %s: %d booked as used, %d earned by %s of %s credits at %s", lot.ID, lot.Recognised.Minor, earned, lot.Drawn, lot.Granted, lot.Price)
		}
		total := parts[lot.ID] + lot.RefundedAmount.Minor + lot.RemovedAmount.Minor
		if total < 0 || total > lot.Price.Minor || lot.Released.Minor < 0 {
			t.Fatalf("invariant 4: the parts of lot %s come to %d of %s", lot.ID, total, lot.Price)
		}
		over := lot.LapsesOn != 0 && lot.LapsesOn <= yesterday || lot.Unused() == 0
		payable := lot.Kind == revrec.PurchaseLot && lot.LiabilityOn != 0 && lot.LiabilityOn <= yesterday
		if over && payable && total != lot.Price.Minor {
			t.Fatalf("invariant 4: lot %s is over, and its parts come to %d, not %s", lot.ID, total, lot.Price)
		}
	}
}

// checkPools holds the early breakage that is booked of each pool against the formula,
// computed here in rational numbers from the lots themselves.
func (p *playedBook) checkPools(t *rapid.T, h history) {
	ctx, yesterday, lots := context.Background(), p.Yesterday(), p.lots(t)
	revenue, unclaimed := map[string]int64{}, map[string]int64{}
	for _, r := range p.recognitions(t) {
		if r.PoolID != "" {
			revenue[r.PoolID] += r.Amount.Sub(r.Unclaimed).Minor
			unclaimed[r.PoolID] += r.Unclaimed.Minor
		}
	}
	must(t, p.View(ctx, func(ctx context.Context, tx books.Tx) error {
		pools, err := tx.Pools(ctx, "", books.Page{Limit: 100})
		must(t, err)
		void := map[string]bool{}
		voided, err := tx.Purchases(ctx, books.PurchaseFilter{Status: books.PurchaseVoided}, books.Page{Limit: 100})
		must(t, err)
		for _, purchase := range voided {
			void[purchase.ID] = true
		}
		for _, pool := range pools {
			policies, err := tx.PoliciesByID(ctx, []string{pool.PolicyID})
			must(t, err)
			estimates, err := tx.Estimates(ctx, []string{pool.PolicyID})
			must(t, err)
			r := policies[0].Breakage.Rate.Rat()
			for _, e := range estimates {
				r = e.Rate.Rat()
			}
			g, u := new(big.Rat), new(big.Rat)
			for _, lot := range lots {
				in := lot.PolicyID == pool.PolicyID && lot.Kind == revrec.PurchaseLot &&
					revrec.PoolKey(pool.By, lot) == pool.Key && lot.Price.Currency == pool.Currency
				lapsed := lot.LapsesOn != 0 && lot.LapsesOn <= yesterday
				if void[lot.PurchaseID] && lot.LiabilityOn != 0 && lot.PoolLeftOn == 0 {
					t.Fatalf("lot %s is void and still in its pool\n%s", lot.ID, h)
				}
				if !in || lapsed || lot.PoolLeftOn != 0 || void[lot.PurchaseID] {
					continue
				}
				if lot.LiabilityOn != 0 && lot.LiabilityOn <= yesterday {
					g.Add(g, big.NewRat(lot.Price.Sub(lot.RefundedAmount).Sub(lot.RemovedAmount).Minor, 1))
					u.Add(u, big.NewRat(lot.Recognised.Minor, 1))
					continue
				}
				var there int64 // what was paid ahead
				for _, step := range lot.Steps {
					if step.Day <= yesterday {
						there += step.Minor
					}
				}
				g.Add(g, big.NewRat(there, 1))
				u.Add(u, big.NewRat(min(there, lot.Recognised.Minor), 1))
			}
			p.checkSensitivity(ctx, t, tx, h, policies[0].Code)
			early := expectedEarly(g, u, r)
			laws, err := tx.EscheatRulesOf(ctx, []string{pool.Jurisdiction})
			must(t, err)
			e := policies[0].Breakage.Escheat.Rat()
			for _, law := range laws { // none is of a day to come
				if law.From <= yesterday {
					e = law.Share.Rat()
				}
			}
			if want := rounded(new(big.Rat).Mul(early, e)); unclaimed[pool.ID] != want {
				t.Fatalf("pool %s %s: %d unclaimed, %d by the formula\n%s", pool.By, pool.Key, unclaimed[pool.ID], want, h)
			}
			e.Sub(big.NewRat(1, 1), e)
			// Both parts round half away from zero; together they never pass what is carried.
			want := min(rounded(new(big.Rat).Mul(early, e)), rounded(new(big.Rat).Sub(g, u))-unclaimed[pool.ID])
			if revenue[pool.ID] != want {
				t.Fatalf("pool %s %s: %d early, %d by the formula\n%s", pool.By, pool.Key, revenue[pool.ID], want, h)
			}
		}
		return nil
	}))
}

// checkSensitivity holds that what is booked is what the rate in force comes to.
func (p *playedBook) checkSensitivity(ctx context.Context, t *rapid.T, tx books.Tx, h history, policy string) {
	report, err := p.Sensitivity(ctx, tx, books.SensitivityRequest{Policy: policy, ByPool: true})
	must(t, err)
	for _, group := range report.Groups {
		if report.Waiting || group.Difference().Minor != 0 || group.FunctionalDifference().Minor != 0 {
			t.Fatalf("of %s %s is booked, %s more than its rate comes to; waiting: %t\n%s", policy, group.Booked, group.Difference(), report.Waiting, h)
		}
	}
}

// expectedEarly is ACCOUNTING section 5 in rational numbers.
func expectedEarly(g, u, r *big.Rat) *big.Rat {
	rest := new(big.Rat).Sub(g, u)
	b := new(big.Rat).Mul(r, g)
	if b.Cmp(rest) > 0 {
		b.Set(rest)
	}
	left := new(big.Rat).Sub(g, b)
	if left.Sign() == 0 {
		return new(big.Rat)
	}
	early := new(big.Rat).Mul(b, u)
	early.Quo(early, left)
	if early.Cmp(rest) > 0 {
		return rest
	}
	return early
}

// rounded rounds half away from zero.
func rounded(r *big.Rat) int64 {
	twice := new(big.Int).Mul(r.Num(), big.NewInt(2))
	sign := int64(twice.Sign())
	twice.Abs(twice).Add(twice, r.Denom())
	return sign * twice.Quo(twice, new(big.Int).Mul(r.Denom(), big.NewInt(2))).Int64()
}
