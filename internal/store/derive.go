package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// verifyChunk is how many lots or pools a pass of verify holds in memory at a time.
const verifyChunk = 500

// lastDay lies after every day of a book.
var lastDay = ledger.NewDate(9999, 12, 31)

// database runs the database's own check and looks for the guards of the append-only
// tables.
func (f *findings) database(ctx context.Context) error {
	faults, err := f.tx.faults(ctx, f.tx)
	if err != nil {
		return err
	}
	for _, fault := range faults {
		f.add("database", "database", fault, "ok")
	}
	guards, err := query[struct{ Name string }](ctx, f.tx, "reading the guards of append-only tables", f.tx.guards)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, guard := range guards {
		have[guard.Name] = true
	}
	against := []string{"_no_update", "_no_delete"}
	if f.tx.replaces {
		against = append(against, "_no_replace")
	}
	for _, table := range appendOnly {
		for _, of := range against {
			if guard := table + of; !have[guard] && guard != "usage_not_recorded_no_replace" { // its counts are sent again
				f.add("database.appendOnly", table, "none", guard)
			}
		}
	}
	for _, table := range []string{"entries", "recognitions", "lines"} {
		if guard := table + "_closed"; !have[guard] {
			f.add("database.closed", table, "none", guard)
		}
	}
	for _, guard := range []string{
		"estimate_proposals_decided", "estimate_proposals_no_delete", "estimate_files_decided", "estimate_attachments_decided",
		"manual_entries_decided", "manual_entries_no_delete", "manual_entry_lines_decided", "manual_attachments_decided", "period_reopens_decided", "period_reopens_no_delete",
	} {
		if !have[guard] {
			f.add("database.appendOnly", guard, "none", guard)
		}
	}
	for _, table := range []string{"estimate_proposals", "manual_entries", "period_reopens"} {
		if guard := table + "_no_replace"; f.tx.replaces && !have[guard] {
			f.add("database.appendOnly", guard, "none", guard)
		}
	}
	return nil
}

// appendOnly lists the tables of which the database refuses to change or delete rows.
var appendOnly = []string{
	"usage_events", "draws", "recognitions", "entries", "lines", "audit_events", "lot_changes", "hold_parts", "budgets", "budget_versions", "budget_draws", "pack_versions", "pack_version_tiers", "rate_cards", "rates",
	"period_closings", "closing_balances", "close_task_marks", "payments", "fx_rates", "escheat_rules", "escheat_payments", "escheat_payment_parts", "estimates", "estimate_files", "estimate_attachments", "estimate_reviews",
	"manual_entry_lines", "manual_attachments",
	"seals", "seal_keys", "seal_leaves", "seal_hashes",
	"export_target_versions", "export_answers", "export_journals",
	"gl_codes", "reconciliations", "usage_not_recorded", "cohort_moves", "pool_moves", "disputes",
}

// postedBatches holds the entries of each posted batch against the sums of its
// recognitions: by account, in both currencies, no entry missing and none too many.
func (f *findings) postedBatches(ctx context.Context) error {
	codes, err := f.policyCodes(ctx)
	if err != nil {
		return err
	}
	batches, err := list[batchRow](ctx, f.tx, "reading batches", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("posted_at_us IS NOT NULL").Order("id")
	})
	if err != nil {
		return err
	}
	for _, batch := range batches {
		if err := f.postedBatch(ctx, batch.ID, codes); err != nil {
			return err
		}
	}
	return nil
}

// entryKey names what one entry of a batch sums.
type entryKey struct {
	accountingDate, day ledger.Date
	kind                ledger.EntryKind
	policy              string
	currency            ledger.Currency
}

func (k entryKey) String() string {
	return fmt.Sprintf("%s %s %s %s %s", k.accountingDate, k.day, k.kind, k.policy, k.currency)
}

// postings is the signed sums of an entry's lines by account: contract, functional.
type postings map[ledger.Role][2]int64

func postingsOf(lines []ledger.Line) postings {
	sums := postings{}
	for _, line := range lines {
		sum := sums[line.Account]
		sums[line.Account] = [2]int64{sum[0] + line.Amount.Minor, sum[1] + line.Functional.Minor}
	}
	return sums
}

func (f *findings) postedBatch(ctx context.Context, id string, codes map[string]string) error {
	sums, err := f.tx.SumBatch(ctx, id)
	if err != nil {
		return err
	}
	rows, err := query[entryRow](ctx, f.tx, "reading the entries of a batch", "SELECT * FROM entries WHERE batch_id = ? ORDER BY number", id)
	if err != nil {
		return err
	}
	entries, err := f.tx.withLines(ctx, rows)
	if err != nil {
		return err
	}
	posted := map[entryKey]ledger.Entry{}
	for i, e := range entries {
		key := entryKey{e.AccountingDate, e.OccurredOn, e.Kind, rows[i].Policy, ledger.Currency(rows[i].Currency)}
		if twin, twice := posted[key]; twice {
			f.add("entry.sums", strconv.FormatInt(e.Number, 10), key.String(), fmt.Sprintf("posted already as %d", twin.Number))
			continue
		}
		posted[key] = e
	}
	for _, sum := range sums {
		key := entryKey{sum.AccountingDate, sum.Day, revrec.EntryKindOf(sum.Kind), codes[sum.PolicyID], sum.Currency}
		want := revrec.LinesOf(sum.Kind, ledger.Money(sum.Minor, ""), ledger.Money(sum.Functional, ""),
			ledger.Money(sum.Unclaimed, ""), ledger.Money(sum.UnclaimedFunctional, ""), ledger.Dimensions{})
		entry, found := posted[key]
		delete(posted, key)
		kept, derived := fmt.Sprint(postingsOf(entry.Lines)), fmt.Sprint(postingsOf(want))
		switch {
		case !found && len(want) > 0:
			f.add("entry.missing", "batch "+id+" "+key.String(), "none", derived)
		case found && kept != derived:
			f.add("entry.sums", strconv.FormatInt(entry.Number, 10), kept, derived)
		}
	}
	for key, entry := range posted {
		f.add("entry.sums", strconv.FormatInt(entry.Number, 10), key.String(), "no recognitions")
	}
	return nil
}

func (f *findings) policies(ctx context.Context) (map[string]books.Policy, error) {
	policies, err := f.tx.Policies(ctx, books.CatalogFilter{}, books.Page{})
	byID := map[string]books.Policy{}
	for _, policy := range policies {
		byID[policy.ID] = policy
	}
	return byID, err
}

func (f *findings) policyCodes(ctx context.Context) (map[string]string, error) {
	policies, err := f.policies(ctx)
	codes := map[string]string{}
	for id, policy := range policies {
		codes[id] = policy.Code
	}
	return codes, err
}

// derivedLots makes the recognitions of every lot again by the rules of revrec, up to the
// first day that waits to be booked, and finds what is missing or too much.
func (f *findings) derivedLots(ctx context.Context) error {
	policies, err := f.policies(ctx)
	if err != nil {
		return err
	}
	if f.laws, err = f.tx.rulesBy(ctx); err != nil {
		return err
	}
	book, err := f.tx.Book(ctx)
	switch {
	case books.CodeOf(err) == books.NotFound: // nor has it lots
		return nil
	case err != nil:
		return err
	}
	zone, err := time.LoadLocation(book.Zone)
	if err != nil {
		return err
	}
	f.poolDays = poolTotals{}
	last := books.LotKey{CustomerID: firstID, LotID: firstID}
	for {
		rows, err := query[lotRow](ctx, f.tx, "reading lots to verify",
			"SELECT * FROM lots WHERE (customer_id, id) > (?, ?) ORDER BY customer_id, id LIMIT ?", last.CustomerID, last.LotID, verifyChunk)
		if err != nil || len(rows) == 0 {
			return err
		}
		keys := convert(rows, func(row lotRow) books.LotKey { return books.LotKey{CustomerID: row.CustomerID, LotID: row.ID} })
		days, err := f.tx.LotDays(ctx, keys)
		if err != nil {
			return err
		}
		booked, err := f.tx.BookedOfLots(ctx, books.WholeLots(keys))
		if err != nil {
			return err
		}
		changes, err := f.tx.LotChanges(ctx, keys)
		if err != nil {
			return err
		}
		f.steppedSums(rows)
		lots := convert(rows, lotRow.lot)
		if err := f.rolledOver(ctx, lots, policies, changes); err != nil {
			return err
		}
		byLot := map[string][]books.LotDay{}
		for _, day := range days {
			byLot[day.LotID] = append(byLot[day.LotID], day)
		}
		for _, lot := range lots {
			policy := policies[lot.PolicyID]
			if last := ledger.LastDateBefore(lot.ExpiresAt, zone); !lot.ExpiresAt.IsZero() && lot.LapsesOn != last {
				f.add("lot.lapsesOn", lot.ID, lot.LapsesOn.String(), last.String())
			}
			f.derivedLot(lot, policy, byLot[lot.ID], changes[lot.ID], booked[lot.ID])
			if policy.Breakage.Method == revrec.Proportional && lot.Kind == revrec.PurchaseLot {
				f.poolDays.add(policy, lot, changes[lot.ID], booked[lot.ID])
			}
		}
		last = keys[len(keys)-1]
	}
}

func (f *findings) derivedLot(lot revrec.Lot, policy books.Policy, lotDays []books.LotDay, changes []revrec.Change, booked revrec.Booked) {
	days := make([]revrec.LotDay, len(lotDays))
	for i, day := range lotDays {
		days[i] = revrec.LotDay{Day: day.Day, Drawn: day.Drawn}
	}
	through := lastDay
	if lot.PendingFrom != 0 {
		through = lot.PendingFrom - 1
	}
	usage := revrec.UsageBooked(bookedThrough(booked, through), 0)
	f.differences("lot.usage", lot.ID, revrec.RecogniseUsage(lot, 0, days, 0, through, usage))

	through = lastDay
	for _, due := range []ledger.Date{lot.LapseDue, lot.RemoteDue} {
		if due != 0 {
			through = min(through, due-1)
		}
	}
	f.differences("lot.release", lot.ID, revrec.ReleaseRest(lot, policy.Breakage, books.EscheatSharesOf(policy, f.laws[lot.Jurisdiction]), days, changes, through, bookedThrough(booked, through)))
}

func bookedThrough(booked revrec.Booked, through ledger.Date) revrec.Booked {
	kept := revrec.Booked{}
	for key, sum := range booked {
		if key.Day <= through {
			kept[key] = sum
		}
	}
	return kept
}

// differences reports what the rules would still book.
func (f *findings) differences(check, subject string, missing []revrec.Recognition) {
	for _, r := range missing {
		f.add(check, subject+" "+r.Day.String()+" "+string(r.Kind), "booked", fmt.Sprintf(
			"%s credits, %d (%d functional), unclaimed %d (%d functional) more",
			r.Credits, r.Amount.Minor, r.Functional.Minor, r.Unclaimed.Minor, r.UnclaimedFunctional.Minor))
	}
}

// poolTotals is what lots bring into pools, by day. It holds a row for each day of a pool,
// however many lots share it.
type poolTotals map[poolName]map[ledger.Date]revrec.PoolDay

type poolName struct {
	policyID, key string
	currency      ledger.Currency
}

func (p poolTotals) add(policy books.Policy, lot revrec.Lot, changes []revrec.Change, booked revrec.Booked) {
	name := poolName{policy.ID, revrec.PoolKey(policy.Breakage.Pool, lot), lot.Price.Currency}
	if p[name] == nil {
		p[name] = map[ledger.Date]revrec.PoolDay{}
	}
	for _, day := range revrec.BookedInPool(lot, changes, booked) {
		sum := p[name][day.Day]
		sum.Day = day.Day
		sum.SoldMinor += day.SoldMinor
		sum.UsedMinor += day.UsedMinor
		sum.SoldFunctional += day.SoldFunctional
		sum.UsedFunctional += day.UsedFunctional
		p[name][day.Day] = sum
	}
}

// derivedPools holds the days of pools against what lots bring into them, and makes the
// recognitions of pools again, up to the day from which a pool is to be measured.
func (f *findings) derivedPools(ctx context.Context) error {
	policies, err := f.policies(ctx)
	if err != nil {
		return err
	}
	last := firstID
	for {
		rows, err := query[poolRow](ctx, f.tx, "reading pools to verify", "SELECT * FROM pools WHERE id > ? ORDER BY id LIMIT ?", last, verifyChunk)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			if err := f.derivedPool(ctx, row, policies[row.PolicyID]); err != nil {
				return err
			}
		}
		last = rows[len(rows)-1].ID
	}
	for name, days := range f.poolDays { // of pools that do not exist
		f.comparePoolDays(name.policyID+" "+name.key, nil, days)
	}
	return nil
}

func (f *findings) derivedPool(ctx context.Context, row poolRow, policy books.Policy) error {
	pool := row.pool()
	days, err := f.tx.PoolDays(ctx, pool.ID)
	if err != nil {
		return err
	}
	name := poolName{pool.PolicyID, pool.Key, pool.Currency}
	f.comparePoolDays(pool.ID, days, f.poolDays[name])
	delete(f.poolDays, name)

	later, err := f.tx.Estimates(ctx, []string{pool.PolicyID})
	if err != nil {
		return err
	}
	estimates := append([]revrec.Estimate{{Rate: policy.Breakage.Rate}},
		convert(later, func(e books.Estimate) revrec.Estimate { return e.Estimate })...)
	all, err := f.tx.BookedOfPools(ctx, []books.PoolWork{{Pool: pool}})
	if err != nil {
		return err
	}
	booked := all[pool.ID]
	through := lastDay
	if row.MeasureFrom != 0 {
		through = ledger.Date(row.MeasureFrom) - 1
	}
	f.differences("pool.early", pool.ID,
		revrec.MeasurePool(pool, books.EscheatSharesOf(policy, f.laws[pool.Jurisdiction]), estimates, days, 0, through, bookedThrough(booked, through)))
	return nil
}

func (f *findings) comparePoolDays(subject string, kept []revrec.PoolDay, derived map[ledger.Date]revrec.PoolDay) {
	for _, day := range kept {
		want := derived[day.Day]
		want.Day = day.Day
		if day != want {
			f.add("pool.days", subject+" "+day.Day.String(), fmt.Sprint(day), fmt.Sprint(want))
		}
	}
	missing := []revrec.PoolDay{}
	for _, day := range derived {
		exists := slices.ContainsFunc(kept, func(k revrec.PoolDay) bool { return k.Day == day.Day })
		if !exists && day != (revrec.PoolDay{Day: day.Day}) {
			missing = append(missing, day)
		}
	}
	slices.SortFunc(missing, func(a, b revrec.PoolDay) int { return cmp.Compare(a.Day, b.Day) })
	for _, day := range missing {
		f.add("pool.days", subject+" "+day.Day.String(), "none", fmt.Sprint(day))
	}
}
