package graph

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// batch looks rows up by key, many at once and each once. It waits for nobody: whoever
// reads rows that refer to others says so (expect), and the first look-up fetches all
// that was expected until then. So a page of rows, in nodes or in edges, costs one
// statement per kind of row that it refers to, however many rows it has, and the same
// request takes the same statements every time.
type batch[K comparable, V any] struct {
	fetch func(context.Context, []K) (map[K]V, error)

	fetching sync.Mutex // held while fetching, so that others wait for the answer

	mu       sync.Mutex // guards what follows; never held while fetching
	expected map[K]struct{}
	order    []K // expected, in the order in which it was
	found    map[K]V
	missing  map[K]struct{}
}

func newBatch[K comparable, V any](fetch func(context.Context, []K) (map[K]V, error)) *batch[K, V] {
	return &batch[K, V]{fetch: fetch}
}

// prepare makes the maps: most batches of a request are never asked anything.
func (b *batch[K, V]) prepare() {
	if b.found == nil {
		b.expected, b.found, b.missing = map[K]struct{}{}, map[K]V{}, map[K]struct{}{}
	}
}

// expect says that the keys may be looked up. The zero key names nothing.
func (b *batch[K, V]) expect(keys ...K) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range keys {
		b.expectLocked(key)
	}
}

func (b *batch[K, V]) expectLocked(key K) {
	var nothing K
	_, found := b.found[key]
	_, missing := b.missing[key]
	_, expected := b.expected[key]
	if key == nothing || found || missing || expected {
		return
	}
	b.prepare()
	b.expected[key] = struct{}{}
	b.order = append(b.order, key)
}

// known returns what was fetched for the key, and whether it was.
func (b *batch[K, V]) known(key K) (value V, exists, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if value, exists = b.found[key]; exists {
		return value, true, true
	}
	_, known = b.missing[key]
	return value, false, known
}

// load returns the value of the key, and whether there is one.
func (b *batch[K, V]) load(ctx context.Context, key K) (value V, exists bool, err error) {
	return b.loadWith(ctx, key, func() []K { return nil })
}

// loadWith does so, and where it has to fetch, it fetches the keys of others too.
func (b *batch[K, V]) loadWith(ctx context.Context, key K, others func() []K) (value V, exists bool, err error) {
	var nothing K
	if key == nothing {
		return value, false, nil
	}
	if value, exists, known := b.known(key); known {
		return value, exists, nil
	}
	b.fetching.Lock()
	defer b.fetching.Unlock()
	if value, exists, known := b.known(key); known { // somebody fetched it meanwhile
		return value, exists, nil
	}
	b.expect(others()...)
	b.mu.Lock()
	b.expectLocked(key)
	keys := slices.Clone(b.order)
	b.mu.Unlock()

	found, err := b.fetch(ctx, keys)
	if err != nil {
		return value, false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range keys {
		if value, exists := found[key]; exists {
			b.found[key] = value
		} else {
			b.missing[key] = struct{}{}
		}
		delete(b.expected, key)
	}
	b.order = slices.DeleteFunc(b.order, func(key K) bool { _, waits := b.expected[key]; return !waits })
	value, exists = b.found[key]
	return value, exists, nil
}

// pointer returns the loaded value, or nil where there is none.
func pointer[K comparable, V any](ctx context.Context, b *batch[K, V], key K) (*V, error) {
	value, exists, err := b.load(ctx, key)
	if err != nil || !exists {
		return nil, err
	}
	return &value, nil
}

// reader runs act on the request's snapshot.
type reader func(ctx context.Context, act func(context.Context, books.Tx) error) error

// loaders are the look-ups of one request.
type loaders struct {
	customers   *batch[string, books.Customer] // by id
	customersBy *batch[string, books.Customer] // by external id
	policies    *batch[string, books.Policy]
	policiesBy  *batch[string, books.Policy] // by code
	packs       *batch[string, books.Pack]
	packsBy     *batch[string, books.Pack] // by code
	meters      *batch[string, books.Meter]
	metersBy    *batch[string, books.Meter]      // by code
	cards       *batch[int, books.RateCard]      // by number
	cardsOf     *batch[string, []books.RateCard] // with the rates of a meter, by its id
	estimates   *batch[string, []books.Estimate]
	// Of the files of estimates, by policy: what is long in them is not there.
	estimateFiles *batch[string, []books.EstimateFile]
	attachments   *batch[string, []books.Attachment]
	purchases     *batch[string, books.Purchase]
	paymentsOf    *batch[string, []books.Receipt] // by purchase
	lots          *batch[string, revrec.Lot]
	holds         *batch[string, books.Hold]
	budgets       *batch[string, books.Budget]
	budgetsOf     *batch[string, []books.Budget] // by customer
	budgetsLeft   *batch[balanceKey, []books.BudgetBalance]
	lotDays       *batch[books.LotKey, []books.LotDay]
	changesOf     *batch[books.LotKey, []revrec.Change]
	bookedOf      *batch[books.LotKey, map[ledger.Date]revrec.Credits] // of the use of a lot, by day
	events        *batch[string, books.UsageEvent]
	voids         *batch[books.EventRow, books.UsageEvent]
	drawsOf       *batch[string, []books.Draw] // by event
	pools         *batch[string, revrec.Pool]
	cohortMonths  *batch[cohortKey, []books.CohortMonth]
	recognitions  *batch[string, revrec.Recognition]
	entries       *batch[int64, ledger.Entry]
	entriesOf     *batch[sumKey, int64]
	manual        *batch[string, books.ManualEntry]
	reversalsOf   *batch[string, []books.ManualEntry] // by what they take back
	papersOf      *batch[string, []books.Attachment]  // by manual entry
	reversedBy    *batch[int64, int64]                // by number of entry
	jobRuns       *batch[string, books.JobRun]
	webhooks      *batch[string, books.Webhook]
	exportTargets *batch[string, books.ExportTarget]
	exportBatches *batch[string, books.ExportBatch]
	// Of batches: thousands of files may be in one, which a list does not read unasked.
	exportFiles    *batch[string, []books.ExportFile]
	exportAnswered *batch[string, int64]
	periodTotals   *batch[ledger.Period, books.PeriodTotal]
	glChart        *batch[bool, books.GLChart]
	closings       *batch[ledger.Period, []books.Closing]
	reopenings     *batch[ledger.Period, []books.Reopening]
	balances       *batch[balanceKey, books.Balance]
	// exportStandings say what targets have.
	exportStandings *batch[string, exportStands]

	// Rows that were read together, by what names them where lists are below them.
	customerKin    kin[string]
	policyKin      kin[string]
	packKin        kin[string]
	meterKin       kin[string]
	purchaseKin    kin[string]
	soldKin        kin[soldTo]
	lotKin         kin[books.LotKey]
	recognitionKin kin[drawnOn]
	poolKin        kin[string]
	cohortKin      kin[string]
	entryKin       kin[int64]
	balanceRowKin  kin[accountSpan]
	jobKin         kin[books.JobName]
}

type (
	// drawnOn is a lot and a day.
	drawnOn struct {
		books.LotKey
		day ledger.Date
	}
	// soldTo is a purchase and its customer.
	soldTo struct {
		customerID, purchaseID string
	}
	// accountSpan is an account over months.
	accountSpan struct {
		account  ledger.Role
		from, to ledger.Period
	}
	// exportStands is the last entry that a target has, and how many it lacks.
	exportStands struct{ through, waiting int64 }
	// balanceKey asks for a balance.
	balanceKey struct {
		customerID string
		at         time.Time
	}
	// sumKey names the entry that sums a recognition: what is summed together.
	sumKey struct {
		batch               string
		accountingDate, day ledger.Date
		kind                revrec.Kind
		currency            ledger.Currency
		policyID            string
	}
)

func newLoaders(book *books.Books, read reader) *loaders {
	l := &loaders{}
	l.customers = rowsBy(read, books.Tx.CustomersByID, func(c *books.Customer) string { return c.ID }, l.sawCustomers)
	l.customersBy = rowsBy(read, books.Tx.CustomersByExternalID, func(c *books.Customer) string { return c.ExternalID }, l.sawCustomers)
	l.policies = rowsBy(read, books.Tx.PoliciesByID, func(p *books.Policy) string { return p.ID }, l.sawPolicies)
	l.policiesBy = rowsBy(read, books.Tx.PoliciesByCode, func(p *books.Policy) string { return p.Code }, l.sawPolicies)
	l.packs = rowsBy(read, books.Tx.PacksByID, func(p *books.Pack) string { return p.ID }, l.sawPacks)
	l.packsBy = rowsBy(read, books.Tx.PacksByCode, func(p *books.Pack) string { return p.Code }, l.sawPacks)
	l.meters = rowsBy(read, books.Tx.MetersByID, func(m *books.Meter) string { return m.ID }, l.sawMeters)
	l.metersBy = rowsBy(read, books.Tx.MetersByCode, func(m *books.Meter) string { return m.Code }, l.sawMeters)
	l.cards = rowsBy(read, books.Tx.RateCardsByNumber, func(c *books.RateCard) int { return c.Number }, l.sawCards)
	l.cardsOf = newBatch(func(ctx context.Context, ids []string) (map[string][]books.RateCard, error) {
		cards, err := findAll(ctx, read, books.Tx.RateCardsOf, ids, l.sawCards)
		found := make(map[string][]books.RateCard, len(ids))
		for _, id := range ids {
			found[id] = cards
		}
		return found, err
	})
	l.purchases = rowsBy(read, books.Tx.PurchasesByID, func(p *books.Purchase) string { return p.ID }, l.sawPurchases)
	l.lots = rowsBy(read, books.Tx.LotsByID, func(lot *revrec.Lot) string { return lot.ID }, l.sawLots)
	l.holds = rowsBy(read, books.Tx.HoldsByID, func(h *books.Hold) string { return h.ID }, l.sawHolds)
	l.events = rowsBy(read, books.Tx.EventsByID, func(e *books.UsageEvent) string { return e.ID }, l.sawEvents)
	l.pools = rowsBy(read, books.Tx.PoolsByID, func(p *revrec.Pool) string { return p.ID }, l.sawPools)
	l.cohortMonths = newBatch(func(ctx context.Context, keys []cohortKey) (months map[cohortKey][]books.CohortMonth, err error) {
		err = read(ctx, func(ctx context.Context, tx books.Tx) error {
			months, err = cohortMonthsAt(ctx, tx, keys)
			return err
		})
		return months, err
	})
	l.recognitions = rowsBy(read, books.Tx.RecognitionsByID, func(r *revrec.Recognition) string { return r.ID }, l.sawRecognitions)
	l.entries = rowsBy(read, books.Tx.EntriesByNumber, func(e *ledger.Entry) int64 { return e.Number }, l.sawEntries)
	l.jobRuns = rowsBy(read, books.Tx.JobRunsByID, func(r *books.JobRun) string { return r.ID }, l.sawJobRuns)
	l.webhooks = rowsBy(read, books.Tx.WebhooksByID, func(w *books.Webhook) string { return w.ID }, func([]books.Webhook) {})
	l.exportTargets = rowsBy(read, books.Tx.ExportTargetsByID, func(t *books.ExportTarget) string { return t.ID }, nil)
	l.exportStandings = newBatch(func(ctx context.Context, ids []string) (map[string]exportStands, error) {
		found := make(map[string]exportStands, len(ids))
		err := read(ctx, func(ctx context.Context, tx books.Tx) error {
			for _, id := range ids { // of a book there are few
				through, waiting, err := books.ExportStanding(ctx, tx, id)
				if err != nil {
					return err
				}
				found[id] = exportStands{through, waiting}
			}
			return nil
		})
		return found, err
	})
	l.exportBatches = rowsBy(read, books.Tx.ExportBatchesByID, func(b *books.ExportBatch) string { return b.ID }, l.sawExportBatches)
	l.exportFiles = groupsBy(read, books.Tx.ExportFiles, func(f *books.ExportFile) string { return f.BatchID }, nil)
	l.exportAnswered = newBatch(func(ctx context.Context, ids []string) (answered map[string]int64, err error) {
		err = read(ctx, func(ctx context.Context, tx books.Tx) error {
			answered, err = tx.ExportAnswered(ctx, ids)
			return err
		})
		return answered, err
	})
	l.periodTotals = rowsBy(read, books.Tx.PeriodTotals, func(t *books.PeriodTotal) ledger.Period { return t.Period }, nil)
	l.closings = groupsBy(read, books.Tx.Closings, func(c *books.Closing) ledger.Period { return c.Period }, nil)
	l.reopenings = groupsBy(read, books.Tx.Reopenings, func(r *books.Reopening) ledger.Period { return r.Period }, nil)
	l.drawsOf = groupsBy(read, books.Tx.DrawsOfEvents, func(d *books.Draw) string { return d.EventID }, l.sawDraws)
	l.paymentsOf = groupsBy(read, books.Tx.PaymentsOf, func(r *books.Receipt) string { return r.PurchaseID }, func([]books.Receipt) {})
	l.lotDays = groupsBy(read, books.Tx.LotDays, lotKeyOfDay, l.sawLotDays)
	l.bookedOf = newBatch(func(ctx context.Context, keys []books.LotKey) (found map[books.LotKey]map[ledger.Date]revrec.Credits, err error) {
		err = read(ctx, func(ctx context.Context, tx books.Tx) error {
			found, err = books.BookedDays(ctx, tx, keys)
			return err
		})
		return found, err
	})
	l.changesOf = newBatch(func(ctx context.Context, keys []books.LotKey) (map[books.LotKey][]revrec.Change, error) {
		found := map[books.LotKey][]revrec.Change{}
		err := read(ctx, func(ctx context.Context, tx books.Tx) error {
			changes, err := tx.LotChanges(ctx, keys)
			for _, of := range changes {
				key := books.LotKey{CustomerID: of[0].CustomerID, LotID: of[0].LotID}
				found[key] = of
				for _, change := range of {
					l.lots.expect(change.ToLotID)
				}
			}
			return err
		})
		return found, err
	})
	l.budgets = rowsBy(read, books.Tx.BudgetsByID, func(b *books.Budget) string { return b.ID }, l.sawBudgets)
	l.budgetsOf = groupsBy(read, books.Tx.BudgetsOf, func(b *books.Budget) string { return b.CustomerID }, l.sawBudgets)
	l.budgetsLeft = l.budgetBalances(read, book.Zone())
	l.others(book, read)
	return l
}

// rowsBy looks rows up by their key.
func rowsBy[K comparable, V any](read reader, find func(books.Tx, context.Context, []K) ([]V, error), key func(*V) K, saw func([]V)) *batch[K, V] {
	return newBatch(func(ctx context.Context, keys []K) (map[K]V, error) {
		rows, err := findAll(ctx, read, find, keys, saw)
		found := make(map[K]V, len(rows))
		for i := range rows {
			found[key(&rows[i])] = rows[i]
		}
		return found, err
	})
}

// groupsBy looks up all rows under their key.
func groupsBy[K comparable, V any](read reader, find func(books.Tx, context.Context, []K) ([]V, error), key func(*V) K, saw func([]V)) *batch[K, []V] {
	return newBatch(func(ctx context.Context, keys []K) (map[K][]V, error) {
		rows, err := findAll(ctx, read, find, keys, saw)
		found := make(map[K][]V, len(keys))
		for i := range rows {
			found[key(&rows[i])] = append(found[key(&rows[i])], rows[i])
		}
		return found, err
	})
}

func findAll[K comparable, V any](ctx context.Context, read reader, find func(books.Tx, context.Context, []K) ([]V, error), keys []K, saw func([]V)) (rows []V, err error) {
	err = read(ctx, func(ctx context.Context, tx books.Tx) error {
		rows, err = find(tx, ctx, keys)
		return err
	})
	if err == nil && saw != nil {
		saw(rows)
	}
	return rows, err
}

// others makes the look-ups that are not rows by a key.
func (l *loaders) others(book *books.Books, read reader) {
	l.manual = rowsBy(read, books.Tx.ManualEntriesByID, func(m *books.ManualEntry) string { return m.ID }, l.sawManual)
	l.reversalsOf = groupsBy(read, books.Tx.ReversalsOfManual, func(m *books.ManualEntry) string { return m.Reverses }, l.sawManual)
	l.papersOf = groupsBy(read, books.Tx.ManualAttachments, func(a *books.Attachment) string { return a.ManualID }, nil)
	l.reversedBy = newBatch(func(ctx context.Context, numbers []int64) (by map[int64]int64, err error) {
		err = read(ctx, func(ctx context.Context, tx books.Tx) error {
			by, err = tx.ReversedBy(ctx, numbers)
			return err
		})
		for _, number := range by {
			l.entries.expect(number)
		}
		return by, err
	})
	l.estimates = groupsBy(read, books.EstimatesOf, func(e *books.Estimate) string { return e.PolicyID }, l.sawEstimates)
	// The whole chart by one statement, under its one key.
	l.glChart = newBatch(func(ctx context.Context, _ []bool) (map[bool]books.GLChart, error) {
		var chart books.GLChart
		err := read(ctx, func(ctx context.Context, tx books.Tx) (err error) {
			chart, err = books.ReadGLChart(ctx, tx)
			return err
		})
		return map[bool]books.GLChart{true: chart}, err
	})
	l.estimateFiles = groupsBy(read, books.Tx.EstimateFiles, func(f *books.EstimateFile) string { return f.PolicyID }, nil)
	l.attachments = groupsBy(read, books.Tx.Attachments, func(a *books.Attachment) string { return a.PolicyID }, nil)
	l.voids = rowsBy(read, books.Tx.VoidsOf, func(e *books.UsageEvent) books.EventRow {
		return books.EventRow{CustomerID: e.CustomerID, ID: e.VoidOf}
	}, l.sawEvents)
	l.entriesOf = newBatch(func(ctx context.Context, keys []sumKey) (found map[sumKey]int64, err error) {
		sums := make([]revrec.Recognition, len(keys))
		for i, key := range keys {
			sums[i] = revrec.Recognition{
				Batch: key.batch, AccountingDate: key.accountingDate, Day: key.day, Kind: key.kind,
				Amount: ledger.Money(0, key.currency), PolicyID: key.policyID,
			}
		}
		found = make(map[sumKey]int64, len(keys))
		err = read(ctx, func(ctx context.Context, tx books.Tx) error {
			numbers, err := tx.EntriesOfRecognitions(ctx, sums)
			for i, number := range numbers {
				if number != 0 {
					found[keys[i]] = number
				}
			}
			l.entries.expect(numbers...)
			return err
		})
		return found, err
	})
	l.balances = newBatch(func(ctx context.Context, keys []balanceKey) (found map[balanceKey]books.Balance, err error) {
		byInstant := map[time.Time][]string{}
		for _, key := range keys {
			byInstant[key.at] = append(byInstant[key.at], key.customerID)
		}
		found = make(map[balanceKey]books.Balance, len(keys))
		err = read(ctx, func(ctx context.Context, tx books.Tx) error {
			for at, customerIDs := range byInstant {
				balances, err := book.Balances(ctx, tx, customerIDs, at)
				if err != nil {
					return err
				}
				var lots []revrec.Lot
				for _, balance := range balances {
					found[balanceKey{balance.CustomerID, at}] = balance
					lots = append(lots, balance.Lots...)
				}
				l.sawLots(lots)
			}
			return nil
		})
		return found, err
	})
}

func sumKeyOf(r *revrec.Recognition) sumKey {
	return sumKey{r.Batch, r.AccountingDate, r.Day, r.Kind, r.Amount.Currency, r.PolicyID}
}

func drawnOnOf(r *revrec.Recognition) drawnOn {
	return drawnOn{books.LotKey{CustomerID: r.CustomerID, LotID: r.LotID}, r.Day}
}

// keysOf returns the key of each row.
func keysOf[K comparable, T any](rows []T, key func(*T) K) []K {
	keys := make([]K, len(rows))
	for i := range rows {
		keys[i] = key(&rows[i])
	}
	return keys
}

func lotKeyOf(lot *revrec.Lot) books.LotKey {
	return books.LotKey{CustomerID: lot.CustomerID, LotID: lot.ID}
}

func lotKeyOfDay(day *books.LotDay) books.LotKey {
	return books.LotKey{CustomerID: day.CustomerID, LotID: day.LotID}
}

// What follows says, for each kind of row, which others it refers to.

func (l *loaders) sawCustomers(rows []books.Customer) {
	l.customerKin.met(keysOf(rows, func(c *books.Customer) string { return c.ID }))
	for i := range rows {
		l.policies.expect(rows[i].PolicyID)
	}
}

func (l *loaders) sawPolicies(rows []books.Policy) {
	l.policyKin.met(keysOf(rows, func(p *books.Policy) string { return p.ID }))
	for i := range rows {
		l.estimates.expect(rows[i].ID)
	}
}

func (l *loaders) sawMeters(rows []books.Meter) {
	l.meterKin.met(keysOf(rows, func(m *books.Meter) string { return m.ID }))
	for i := range rows {
		l.cardsOf.expect(rows[i].ID)
	}
}

func (l *loaders) sawCards(rows []books.RateCard) {
	for i := range rows {
		for _, rate := range rows[i].Rates {
			l.cards.expect(rate.RateCard)
			l.meters.expect(rate.MeterID)
		}
	}
}

func (l *loaders) sawEstimates(rows []books.Estimate) {
	for i := range rows {
		l.policies.expect(rows[i].PolicyID)
		l.estimates.expect(rows[i].PolicyID)
		l.estimateFiles.expect(rows[i].PolicyID)
		l.attachments.expect(rows[i].PolicyID)
	}
}

func (l *loaders) sawPacks(rows []books.Pack) {
	l.packKin.met(keysOf(rows, func(p *books.Pack) string { return p.ID }))
	for i := range rows {
		l.policies.expect(rows[i].PolicyID)
		for _, version := range rows[i].Later {
			l.policies.expect(version.PolicyID)
		}
	}
}

func (l *loaders) sawPurchases(rows []books.Purchase) {
	l.purchaseKin.met(keysOf(rows, func(p *books.Purchase) string { return p.ID }))
	l.soldKin.met(keysOf(rows, func(p *books.Purchase) soldTo { return soldTo{p.CustomerID, p.ID} }))
	for i := range rows {
		l.customers.expect(rows[i].CustomerID)
		l.packs.expect(rows[i].PackID)
		l.policies.expect(rows[i].PolicyID)
		l.lots.expect(rows[i].LotID)
		l.lots.expect(rows[i].BonusLotID)
		l.paymentsOf.expect(rows[i].ID)
	}
}

func (l *loaders) sawLots(rows []revrec.Lot) {
	l.lotKin.met(keysOf(rows, lotKeyOf))
	for i := range rows {
		l.customers.expect(rows[i].CustomerID)
		l.purchases.expect(rows[i].PurchaseID)
		l.policies.expect(rows[i].PolicyID)
		l.lotDays.expect(lotKeyOf(&rows[i]))
		l.changesOf.expect(lotKeyOf(&rows[i]))
		l.lots.expect(rows[i].OriginID)
	}
}

// budgetBalances looks up what is left of budgets.
func (l *loaders) budgetBalances(read reader, zone *time.Location) *batch[balanceKey, []books.BudgetBalance] {
	return newBatch(func(ctx context.Context, keys []balanceKey) (map[balanceKey][]books.BudgetBalance, error) {
		byInstant := map[time.Time][]string{}
		for _, key := range keys {
			byInstant[key.at] = append(byInstant[key.at], key.customerID)
		}
		found := map[balanceKey][]books.BudgetBalance{}
		err := read(ctx, func(ctx context.Context, tx books.Tx) error {
			for at, customerIDs := range byInstant {
				balances, err := books.BudgetBalances(ctx, tx, customerIDs, at, zone)
				if err != nil {
					return err
				}
				for customerID, of := range balances {
					found[balanceKey{customerID, at}] = of
				}
			}
			return nil
		})
		return found, err
	})
}

func (l *loaders) sawBudgets(rows []books.Budget) {
	for i := range rows {
		l.customers.expect(rows[i].CustomerID)
	}
}

func (l *loaders) sawHolds(rows []books.Hold) {
	for i := range rows {
		l.customers.expect(rows[i].CustomerID)
		l.events.expect(rows[i].EventID)
		for _, part := range rows[i].Parts {
			l.lots.expect(part.LotID)
		}
	}
}

func (l *loaders) sawLotDays(rows []books.LotDay) {
	for i := range rows {
		l.lots.expect(rows[i].LotID)
		l.bookedOf.expect(lotKeyOfDay(&rows[i]))
	}
}

func (l *loaders) sawEvents(rows []books.UsageEvent) {
	for i := range rows {
		l.customers.expect(rows[i].CustomerID)
		l.meters.expect(rows[i].MeterID)
		l.cards.expect(rows[i].RateCard)
		l.events.expect(rows[i].VoidOf)
		l.drawsOf.expect(rows[i].ID)
		if rows[i].VoidOf == "" {
			l.voids.expect(books.EventRow{CustomerID: rows[i].CustomerID, ID: rows[i].ID})
		}
	}
}

func (l *loaders) sawDraws(rows []books.Draw) {
	for i := range rows {
		l.events.expect(rows[i].EventID)
		l.lots.expect(rows[i].LotID)
	}
}

func (l *loaders) sawRecognitions(rows []revrec.Recognition) {
	l.recognitionKin.met(keysOf(rows, drawnOnOf))
	for i := range rows {
		l.customers.expect(rows[i].CustomerID)
		l.lots.expect(rows[i].LotID)
		l.pools.expect(rows[i].PoolID)
		l.policies.expect(rows[i].PolicyID)
		l.entriesOf.expect(sumKeyOf(&rows[i]))
	}
}

func (l *loaders) sawPools(rows []revrec.Pool) {
	l.poolKin.met(keysOf(rows, func(p *revrec.Pool) string { return p.ID }))
	for i := range rows {
		l.policies.expect(rows[i].PolicyID)
	}
}

func (l *loaders) sawEntries(rows []ledger.Entry) {
	l.entryKin.met(keysOf(rows, func(e *ledger.Entry) int64 { return e.Number }))
	for i := range rows {
		if rows[i].Kind.Manual() {
			l.manual.expect(rows[i].Reference)
			l.entries.expect(rows[i].Reverses)
			l.reversedBy.expect(rows[i].Number)
		} else {
			l.purchases.expect(rows[i].Reference)
		}
		l.sawLines(rows[i].Lines)
	}
}

func (l *loaders) sawLines(lines []ledger.Line) {
	for _, line := range lines {
		l.customersBy.expect(line.Dimensions.Customer)
		l.policiesBy.expect(line.Dimensions.Policy)
		l.packsBy.expect(line.Dimensions.Pack)
	}
}

func (l *loaders) sawManual(rows []books.ManualEntry) {
	for i := range rows {
		l.manual.expect(rows[i].Reverses)
		l.reversalsOf.expect(rows[i].ID)
		l.papersOf.expect(rows[i].ID)
		l.entries.expect(rows[i].Number)
		l.sawLines(rows[i].Lines)
	}
}

func (l *loaders) sawDeferred(rows []books.Deferred) {
	for i := range rows {
		l.customers.expect(rows[i].CustomerID)
	}
}

// sawExportBatches does not expect batches that replace others or are replaced: they come with their files.
func (l *loaders) sawExportBatches(rows []books.ExportBatch) {
	for i := range rows {
		l.exportTargets.expect(rows[i].TargetID)
		l.exportFiles.expect(rows[i].ID)
		l.exportAnswered.expect(rows[i].ID)
	}
}

func (l *loaders) sawJobRuns(rows []books.JobRun) {
	for i := range rows {
		l.entries.expect(rows[i].Result.FirstEntry)
		l.entries.expect(rows[i].Result.LastEntry)
	}
}

// inOrderOf sorts the draws of an event by the purchase of their lots, which is the order
// of lot ids.
func inOrderOf(draws []books.Draw) []books.Draw {
	return slices.SortedFunc(slices.Values(draws), func(a, b books.Draw) int { return cmp.Compare(a.LotID, b.LotID) })
}

// entryNumber reads the number in the key of an entry; 0 where it is none, or is written
// otherwise than we do: an entry has one id.
func entryNumber(key string) int64 {
	number, err := strconv.ParseInt(key, 10, 64)
	if err != nil || number < 1 || strconv.FormatInt(number, 10) != key {
		return 0
	}
	return number
}
