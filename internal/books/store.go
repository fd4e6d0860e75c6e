package books

import (
	"cmp"
	"context"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
	"drawdown/revrec/estimate"
)

// Store keeps a book. Every method of a Tx reads and writes within its transaction.
// Lists come in order of id; a look-up by ids returns what exists, in no order.
type Store interface {
	// Update runs act in one read-write transaction and commits it, or rolls it back
	// where act returns an error. Where the database asks for it (serialization
	// failure, deadlock, busy), or where another transaction took a key that this one
	// found free, act runs again, a bounded number of times.
	// Errors: UNAVAILABLE, and those of act.
	Update(ctx context.Context, act func(context.Context, Tx) error) error
	// View runs act on one consistent read-only snapshot.
	View(ctx context.Context, act func(context.Context, Tx) error) error
	Close() error
}

// Tx is what a use case may ask of the store.
//
// Where a list has a form Below, it returns a page (or a count) for each of many filters
// in one statement: they differ in the parent that they name (a customer, a lot, an
// entry …) and in nothing else, and each is read by the index that its own page would use.
type Tx interface {
	bookTx
	periodTx
	sealTx
	notRecordedTx
	catalogTx
	purchaseTx
	usageTx
	holdTx
	budgetTx
	bookingTx
	cohortTx
	journalTx
	manualTx
	chartTx
	statementTx
	rollForwardTx
	activityTx
	revenueTx
	exportTx
	runTx
	tokenTx
	tellTx
	runningLowTx
	checkTx
	reconcileTx
}

type bookTx interface {
	// Book returns the settings of the book. Errors: NOT_FOUND before SaveBook.
	Book(ctx context.Context) (Book, error)
	SaveBook(ctx context.Context, book Book) error

	// IdempotencyKey returns what was stored under the key, or found false. Within Update it
	// holds the key until the transaction ends, so that the same request at the same time
	// waits for the answer.
	IdempotencyKey(ctx context.Context, key string) (record IdempotencyRecord, found bool, err error)
	SaveIdempotencyKey(ctx context.Context, record IdempotencyRecord) error
	AppendAudit(ctx context.Context, events ...AuditEvent) error
	Audit(ctx context.Context, filter AuditFilter, page Page) ([]AuditEvent, error)
	CountAudit(ctx context.Context, filter AuditFilter) (int64, error)
}

// IdempotencyRecord is an answered request.
type IdempotencyRecord struct {
	Key       string
	Operation string
	Hash      []byte // SHA-256 of the operation and the request in canonical JSON
	Answer    []byte // JSON of the result
	CreatedAt time.Time
}

type catalogTx interface {
	// InsertCustomer, InsertPolicy, InsertPack and InsertMeter refuse a code (external
	// id) that is taken. Errors: ALREADY_EXISTS.
	InsertCustomer(ctx context.Context, customer Customer) error
	// SetCustomerPolicy writes which policy governs a customer, and nothing else that others
	// may be changing; SetFirstPolicy does so where none governs yet. So does
	// SetCustomerSegment, "" for none. Errors: NOT_FOUND.
	SetCustomerPolicy(ctx context.Context, customerID, policyID string) error
	SetFirstPolicy(ctx context.Context, customerID, policyID string) error
	SetCustomerSegment(ctx context.Context, customerID, segment string) error
	CustomersByID(ctx context.Context, ids []string) ([]Customer, error)
	CustomersByExternalID(ctx context.Context, externalIDs []string) ([]Customer, error)
	Customers(ctx context.Context, filter CustomerFilter, page Page) ([]Customer, error)
	CountCustomers(ctx context.Context, filter CustomerFilter) (int64, error)

	InsertPolicy(ctx context.Context, policy Policy) error
	PoliciesByID(ctx context.Context, ids []string) ([]Policy, error)
	PoliciesByCode(ctx context.Context, codes []string) ([]Policy, error)
	Policies(ctx context.Context, filter CatalogFilter, page Page) ([]Policy, error)
	CountPolicies(ctx context.Context, filter CatalogFilter) (int64, error)
	InsertEstimate(ctx context.Context, estimate Estimate) error
	// Estimates returns the estimates of policies, each's in order of day, then of entry.
	// The policies' own first rates are not among them.
	Estimates(ctx context.Context, policyIDs []string) ([]Estimate, error)
	// A proposal is an estimate that is not in force. Proposals returns those of the
	// policies, decided or not, in order of policy, day and entry.
	InsertProposal(ctx context.Context, proposal Proposal) error
	Proposals(ctx context.Context, policyIDs []string) ([]Proposal, error)
	// LockProposal returns the proposal and holds it until the transaction ends.
	// Errors: NOT_FOUND.
	LockProposal(ctx context.Context, policyID, id string) (Proposal, error)
	// DecideProposal writes status and decision. Errors: NOT_FOUND.
	DecideProposal(ctx context.Context, decided Estimate) error
	// InsertEstimateFile keeps the file of a proposal, with its evidence where it has some.
	InsertEstimateFile(ctx context.Context, file EstimateFile, evidence EstimateEvidence) error
	// EstimateFiles and Attachments return those of the policies' estimates, in order of
	// policy, estimate and name.
	EstimateFiles(ctx context.Context, policyIDs []string) ([]EstimateFile, error)
	Attachments(ctx context.Context, policyIDs []string) ([]Attachment, error)
	// EstimateEvidence and AttachmentContent return what is long. Errors: NOT_FOUND. Attachments
	// of manual entries are written and read as those of estimates are.
	EstimateEvidence(ctx context.Context, policyID, estimateID string) (EstimateEvidence, error)
	InsertAttachment(ctx context.Context, attachment Attachment, content []byte) error
	AttachmentContent(ctx context.Context, of FileOf, name string) ([]byte, error)

	InsertPack(ctx context.Context, pack Pack) error
	PacksByID(ctx context.Context, ids []string) ([]Pack, error)
	PacksByCode(ctx context.Context, codes []string) ([]Pack, error)
	Packs(ctx context.Context, filter CatalogFilter, page Page) ([]Pack, error)
	// InsertPackVersion keeps a version of a pack after its first.
	InsertPackVersion(ctx context.Context, packID string, version PackVersion) error
	// HoldPack holds the versions of a pack, by its code, until the transaction ends: whoever
	// sells it waits. SharePack holds them for many who sell: whoever adds a version waits.
	HoldPack(ctx context.Context, code string) error
	SharePack(ctx context.Context, code string) error
	CountPacks(ctx context.Context, filter CatalogFilter) (int64, error)

	InsertMeter(ctx context.Context, meter Meter) error
	MetersByID(ctx context.Context, ids []string) ([]Meter, error)
	MetersByCode(ctx context.Context, codes []string) ([]Meter, error)
	Meters(ctx context.Context, filter CatalogFilter, page Page) ([]Meter, error)
	CountMeters(ctx context.Context, filter CatalogFilter) (int64, error)

	// NextRateCard returns the number of the next version of the rate card, and keeps others
	// from taking one until the transaction ends.
	NextRateCard(ctx context.Context) (int, error)
	InsertRateCard(ctx context.Context, card RateCard) error
	RateCardsByNumber(ctx context.Context, numbers []int) ([]RateCard, error)
	// RateCardsOf returns all versions in order of number, each with its rates of the meters
	// alone.
	RateCardsOf(ctx context.Context, meterIDs []string) ([]RateCard, error)
	// RateCards lists the versions in order of number, by which Page.After goes on.
	RateCards(ctx context.Context, page Page) ([]RateCard, error)
	CountRateCards(ctx context.Context) (int64, error)

	// InsertFXRates keeps exchange rates. Errors: ALREADY_EXISTS.
	InsertFXRates(ctx context.Context, rates []FXRate) error
	// FXRatesOn returns the rates of a currency on exactly these days.
	FXRatesOn(ctx context.Context, currency ledger.Currency, days []ledger.Date) ([]FXRate, error)
	// FXRates lists rates in order of day and currency; Page.After is one's FXRate.Key.
	FXRates(ctx context.Context, filter FXFilter, page Page) ([]FXRate, error)
	CountFXRates(ctx context.Context, filter FXFilter) (int64, error)

	// InsertGLCodes keeps codes of the general ledger; GLCodes returns all, in order of account,
	// day and entry.
	InsertGLCodes(ctx context.Context, codes []GLCode) error
	GLCodes(ctx context.Context) ([]GLCode, error)

	// SetCustomerJurisdiction writes the jurisdiction of a customer and nothing else, and
	// returns the one before. Errors: NOT_FOUND.
	SetCustomerJurisdiction(ctx context.Context, customerID, jurisdiction string) (before string, err error)
	InsertEscheatRule(ctx context.Context, rule EscheatRule) error
	// EscheatRulesOf returns all rules of jurisdictions, in order of jurisdiction, day and
	// entry.
	EscheatRulesOf(ctx context.Context, jurisdictions []string) ([]EscheatRule, error)
	// EscheatRules lists rules in the same order; Page.After is one's EscheatRule.Key.
	EscheatRules(ctx context.Context, filter EscheatFilter, page Page) ([]EscheatRule, error)
	CountEscheatRules(ctx context.Context, filter EscheatFilter) (int64, error)
	// HoldEscheat keeps others from paying over until the transaction ends.
	HoldEscheat(ctx context.Context) error
	InsertEscheatPayment(ctx context.Context, payment EscheatPayment) error
	// UnclaimedDays adds up what is in the journal for the law, in order of jurisdiction,
	// currency and day of release.
	UnclaimedDays(ctx context.Context, filter UnclaimedFilter) ([]UnclaimedDay, error)
	// UnclaimedLedger returns the balance of the account by currency, as Early, by accounting
	// dates through a day, of entries up to a number.
	UnclaimedLedger(ctx context.Context, on ledger.Date, through int64) ([]UnclaimedDay, error)
}

type purchaseTx interface {
	InsertPurchase(ctx context.Context, purchase Purchase) error
	UpdatePurchase(ctx context.Context, purchase Purchase) error
	InsertDispute(ctx context.Context, dispute BookedDispute) error
	// DisputesOf returns what was booked of chargebacks of the purchases, in the order in which it was.
	DisputesOf(ctx context.Context, purchaseIDs []string) ([]BookedDispute, error)
	// LockPurchase returns the purchase and holds it until the transaction ends.
	// Errors: NOT_FOUND.
	LockPurchase(ctx context.Context, id string) (Purchase, error)
	// OpeningReferences returns those of the references under which purchases were taken over,
	// once for each purchase.
	OpeningReferences(ctx context.Context, references []string) ([]string, error)
	PurchasesByID(ctx context.Context, ids []string) ([]Purchase, error)
	Purchases(ctx context.Context, filter PurchaseFilter, page Page) ([]Purchase, error)
	CountPurchases(ctx context.Context, filter PurchaseFilter) (int64, error)
	PurchasesBelow(ctx context.Context, of []PurchaseFilter, page Page) ([][]Purchase, error)
	CountPurchasesBelow(ctx context.Context, of []PurchaseFilter) ([]int64, error)
	// InsertPayment keeps money that came in for a purchase; PaymentsOf returns what came in
	// for purchases, in the order in which it was booked.
	InsertPayment(ctx context.Context, receipt Receipt) error
	PaymentsOf(ctx context.Context, purchaseIDs []string) ([]Receipt, error)
	// PaymentsBetween lists what was paid in [from, before), in the order in which it was booked.
	PaymentsBetween(ctx context.Context, from, before time.Time, page Page) ([]Receipt, error)
	// DuePurchases locks up to limit invoiced purchases whose due day has come by
	// through and is not booked.
	DuePurchases(ctx context.Context, through ledger.Date, limit int) ([]Purchase, error)

	// InsertLot keeps the lot and gives it the next Order of the book.
	InsertLot(ctx context.Context, lot revrec.Lot) error
	// InsertLots keeps several lots, in this order, and gives each its Order.
	InsertLots(ctx context.Context, lots []*revrec.Lot) error
	// UpdateLots writes all that can change of the lots, by (CustomerID, ID), in bulk.
	UpdateLots(ctx context.Context, lots []*revrec.Lot) error
	// UpdateBooked writes no more than what booking changes of the lots: what is booked of
	// them, Lapsed, Carrying, and from when they wait.
	UpdateBooked(ctx context.Context, lots []*revrec.Lot) error
	// UpdateDrawn writes no more than what use changes of the lots: Drawn, Lapsed,
	// LapseDue, RemoteDue and PendingFrom.
	UpdateDrawn(ctx context.Context, lots []*revrec.Lot) error
	LotsByID(ctx context.Context, ids []string) ([]revrec.Lot, error)
	// InsertLotChanges keeps what became of lots; whoever takes credits out by it has the
	// lot itself written.
	InsertLotChanges(ctx context.Context, changes []revrec.Change) error
	// LotChanges returns the changes of the lots, by lot id and in order.
	LotChanges(ctx context.Context, keys []LotKey) (map[string][]revrec.Change, error)
	// LotChangesBetween lists the changes of the days, both included, in the order in which they
	// were made.
	LotChangesBetween(ctx context.Context, from, to ledger.Date, page Page) ([]revrec.Change, error)
	// LockLots holds and returns the given lots in key order (customer, lot).
	LockLots(ctx context.Context, keys []LotKey) ([]*revrec.Lot, error)
	// LockOpenLots holds and returns, in key order, the lots of the customers that have
	// unused credits and still accept use at the instant or are to roll over, and all their
	// overage lots.
	LockOpenLots(ctx context.Context, customerIDs []string, at time.Time) ([]*revrec.Lot, error)
	// OpenLots returns the lots of the customers that can be used at the instant, or have
	// expired and are to roll over, and have credits left: one indexed read of each customer.
	OpenLots(ctx context.Context, customerIDs []string, at time.Time) ([]revrec.Lot, error)
	Lots(ctx context.Context, filter LotFilter, page Page) ([]revrec.Lot, error)
	CountLots(ctx context.Context, filter LotFilter) (int64, error)
	// LotsBelow and CountLotsBelow need the CustomerID of filters that differ in PurchaseID.
	LotsBelow(ctx context.Context, of []LotFilter, page Page) ([][]revrec.Lot, error)
	CountLotsBelow(ctx context.Context, of []LotFilter) ([]int64, error)
	// DeferredByCustomer returns what is deferred per customer and currency, where it
	// is not nothing, in order of customer id.
	DeferredByCustomer(ctx context.Context, filter DeferredFilter, page Page) ([]Deferred, error)
	CountDeferred(ctx context.Context, filter DeferredFilter) (int64, error)
	// Expiring adds up what expires by day, customer and currency, in this order.
	Expiring(ctx context.Context, filter ExpiringFilter, page Page) ([]Expiring, error)
	CountExpiring(ctx context.Context, filter ExpiringFilter) (int64, error)
	// PaidAround returns the ids of purchases, of all customers where none is named, of which liability appeared by an entry
	// that was posted after an instant, and by one before.
	PaidAround(ctx context.Context, customerID string, asOf time.Time) ([]string, error)
	// ExpiringMonths adds it up by month and currency, in this order.
	ExpiringMonths(ctx context.Context, filter ExpiringFilter) ([]ExpiringMonth, error)
}

// LotKey names a lot.
type LotKey struct {
	CustomerID, LotID string
}

// Compare puts keys in the one order in which lots are locked.
func (k LotKey) Compare(other LotKey) int {
	return cmp.Or(cmp.Compare(k.CustomerID, other.CustomerID), cmp.Compare(k.LotID, other.LotID))
}

// LotSpan is days of a lot: from From through To, both included.
type LotSpan struct {
	LotKey
	From, To ledger.Date
}

// WholeLots returns the spans of all days of the lots.
func WholeLots(keys []LotKey) []LotSpan {
	spans := make([]LotSpan, len(keys))
	for i, key := range keys {
		spans[i] = LotSpan{LotKey: key, To: lastDay}
	}
	return spans
}

// lastDay lies after every day of a book.
var lastDay = ledger.NewDate(9999, 12, 31)

// EventKey names an event within a customer as its sender does.
type EventKey struct {
	CustomerID, Source, EventID string
}

// EventRow names an event by its row.
type EventRow struct {
	CustomerID, ID string
}

type usageTx interface {
	// EventsByKey returns those of the events that exist.
	EventsByKey(ctx context.Context, keys []EventKey) ([]UsageEvent, error)
	EventsByID(ctx context.Context, ids []string) ([]UsageEvent, error)
	// VoidsOf returns the void events of the given events.
	VoidsOf(ctx context.Context, events []EventRow) ([]UsageEvent, error)
	InsertEvents(ctx context.Context, events []UsageEvent) error
	InsertDraws(ctx context.Context, draws []Draw) error
	// AddLotDays adds Drawn to the lot-days and makes those that are missing. The keys are
	// distinct. Whoever adds to a day has its lot wait from there: Lot.PendingFrom.
	AddLotDays(ctx context.Context, days []LotDay) error
	Events(ctx context.Context, filter EventFilter, page Page) ([]UsageEvent, error)
	CountEvents(ctx context.Context, filter EventFilter) (int64, error)
	EventsBelow(ctx context.Context, of []EventFilter, page Page) ([][]UsageEvent, error)
	CountEventsBelow(ctx context.Context, of []EventFilter) ([]int64, error)
	Draws(ctx context.Context, filter DrawFilter, page Page) ([]Draw, error)
	CountDraws(ctx context.Context, filter DrawFilter) (int64, error)
	// DrawsBelow and CountDrawsBelow need the CustomerID of each filter.
	DrawsBelow(ctx context.Context, of []DrawFilter, page Page) ([][]Draw, error)
	CountDrawsBelow(ctx context.Context, of []DrawFilter) ([]int64, error)
	// DrawsOfEvents returns all draws of the events.
	DrawsOfEvents(ctx context.Context, ids []string) ([]Draw, error)
}

type bookingTx interface {
	// OldestWaiting returns the oldest day by through that each queue of the jobs holds: one
	// indexed read for each.
	OldestWaiting(ctx context.Context, through ledger.Date) (Waiting, error)
	// PendingLots returns up to limit lots whose PendingFrom is set and not after
	// through, in key order after a key.
	PendingLots(ctx context.Context, through ledger.Date, after LotKey, limit int) ([]LotKey, error)
	// LotDays returns the lot-days of the lots in order of lot and day.
	LotDays(ctx context.Context, keys []LotKey) ([]LotDay, error)
	// LotDaysWithin returns, for each span, the days of the lot that lie within it, in order.
	LotDaysWithin(ctx context.Context, spans []LotSpan) ([][]revrec.LotDay, error)
	// LotDaysAfter returns, for each span, the first day of the lot after it, zero for none.
	LotDaysAfter(ctx context.Context, spans []LotSpan) ([]ledger.Date, error)
	// DrawnBefore returns, for each span, what was drawn from the lot before it.
	DrawnBefore(ctx context.Context, spans []LotSpan) ([]revrec.Credits, error)
	// LapsingLots and RemoteLots return up to limit lots whose LapseDue (RemoteDue) is
	// set and not after through, the earliest first.
	LapsingLots(ctx context.Context, through ledger.Date, limit int) ([]LotKey, error)
	RemoteLots(ctx context.Context, through ledger.Date, limit int) ([]LotKey, error)

	InsertRecognitions(ctx context.Context, recognitions []revrec.Recognition) error
	// BookedOfLots returns what is booked of the lots for the days of their spans, by lot
	// id: of the kinds given, of all where none is.
	BookedOfLots(ctx context.Context, spans []LotSpan, kinds ...revrec.Kind) (map[string]revrec.Booked, error)
	// BookedOfPools returns what is booked of the pools since their day, by pool id.
	BookedOfPools(ctx context.Context, pools []PoolWork) (map[string]revrec.Booked, error)
	RecognitionsByID(ctx context.Context, ids []string) ([]revrec.Recognition, error)
	Recognitions(ctx context.Context, filter RecognitionFilter, page Page) ([]revrec.Recognition, error)
	CountRecognitions(ctx context.Context, filter RecognitionFilter) (int64, error)
	RecognitionsBelow(ctx context.Context, of []RecognitionFilter, page Page) ([][]revrec.Recognition, error)
	CountRecognitionsBelow(ctx context.Context, of []RecognitionFilter) ([]int64, error)

	// EnsurePools returns, for each pool, the one of the same policy, key and currency; it
	// keeps those of which there was none.
	EnsurePools(ctx context.Context, pools []revrec.Pool) ([]revrec.Pool, error)
	PoolsByID(ctx context.Context, ids []string) ([]revrec.Pool, error)
	Pools(ctx context.Context, policyID string, page Page) ([]revrec.Pool, error)
	// AddPoolDays adds to the days of pools, by pool id, at an instant, and marks each pool to be
	// measured from the first of its days. Errors: NOT_FOUND.
	AddPoolDays(ctx context.Context, at time.Time, days map[string][]revrec.PoolDay) error
	PoolDays(ctx context.Context, poolID string) ([]revrec.PoolDay, error)
	// PoolDaysSince returns the days of the pools since their day, by pool id and in order;
	// all that came before is one day, the one before.
	PoolDaysSince(ctx context.Context, pools []PoolWork) (map[string][]revrec.PoolDay, error)
	// MeasurePoolsFrom marks all pools of the policy to be measured from the day. Whoever
	// measures them meanwhile is waited for, or waits.
	MeasurePoolsFrom(ctx context.Context, policyID string, from ledger.Date) error
	// MeasurePoolsOf marks all pools of lots of the jurisdiction so.
	MeasurePoolsOf(ctx context.Context, jurisdiction string, from ledger.Date) error
	// ReleaseAgain holds the lots of the jurisdiction that were, or may be, released on a day
	// of from through today, and has their release looked at again.
	ReleaseAgain(ctx context.Context, jurisdiction string, from, today ledger.Date) error
	// UnmeasuredPools holds and returns up to limit pools to be measured from a day by
	// through, the earliest first.
	UnmeasuredPools(ctx context.Context, through ledger.Date, limit int) ([]PoolWork, error)
	// SetPoolsMeasured says from which day the pools, by id, are next to be measured; zero
	// is none. Errors: NOT_FOUND.
	SetPoolsMeasured(ctx context.Context, next map[string]ledger.Date) error

	// OpenBatch returns the batch that gathers recognitions, making it where none is open.
	OpenBatch(ctx context.Context, id string, at time.Time) (Batch, error)
	// CountBatch counts the recognitions of the batch.
	CountBatch(ctx context.Context, batchID string) (int64, error)
	// SumBatch adds up the recognitions of the batch per entry, in order of accounting
	// date, day, kind, currency and policy.
	SumBatch(ctx context.Context, batchID string) ([]BatchSum, error)
	CloseBatch(ctx context.Context, batchID string, at time.Time) error
}

// cohortTx keeps what became of the credits that were sold together.
type cohortTx interface {
	// AddToCohorts adds what was sold to the cohorts of the same key, making those that are
	// missing, and returns them: one for each given, in this order.
	AddToCohorts(ctx context.Context, move Move, sold []Cohort) ([]Cohort, error)
	// AddCohortMonths adds to months of cohorts and makes those that are missing. They are
	// written, and so held, when all else of the transaction has been.
	AddCohortMonths(ctx context.Context, move Move, months []CohortMonth) error
	// MovesKnownFrom returns the instant before which it is not known what was added to cohorts
	// and pools, and when; the zero instant where all is.
	MovesKnownFrom(ctx context.Context) (time.Time, error)
	CohortsByID(ctx context.Context, ids []string) ([]Cohort, error)
	// Cohorts lists cohorts in order of month and id; Page.After is one's Key.
	Cohorts(ctx context.Context, filter CohortFilter, page Page) ([]Cohort, error)
	CountCohorts(ctx context.Context, filter CohortFilter) (int64, error)
	// CohortMonths returns the months of cohorts as they were at an instant, by id and in order;
	// as they are where it is zero.
	CohortMonths(ctx context.Context, ids []string, asOf time.Time) (map[string][]CohortMonth, error)
	// UnfiledLots returns up to limit purchased lots that have no cohort yet, those that came
	// out of another after all others; FileLots writes CohortID and BoughtBy of lots.
	UnfiledLots(ctx context.Context, limit int) ([]LotKey, error)
	FileLots(ctx context.Context, lots []*revrec.Lot) error
	// CohortRecords reads who bought what and how it was used, from what is booked of days
	// through the end of a month: for each month of purchase and customer, in this order, one
	// record over all cohorts of the filter. What was taken over from another book is left out:
	// how it was used before, nobody knows. yield asks nothing of the transaction.
	CohortRecords(ctx context.Context, filter CohortFilter, through ledger.Period, yield func(estimate.Record) error) error
	// CohortMoney adds up, by policy, currency and month, what lots of cohorts cost that were there at the
	// filter's instant, and what was recognised of them on days through the end of a month and
	// posted by then.
	CohortMoney(ctx context.Context, filter CohortFilter, through ledger.Period) ([]CohortMoney, error)
	// InsertEstimateReview keeps a review. EstimateReviews lists them in order of id, which is
	// that in which they were made.
	InsertEstimateReview(ctx context.Context, review EstimateReview) error
	EstimateReviews(ctx context.Context, filter ReviewFilter, page Page) ([]EstimateReview, error)
	CountEstimateReviews(ctx context.Context, filter ReviewFilter) (int64, error)
	// CountStaleEstimates counts the policies whose latest review found something.
	CountStaleEstimates(ctx context.Context) (int64, error)
	// PoolMeasures lists pools that were there in order of id, with what had come into them, and was booked of
	// them and posted.
	PoolMeasures(ctx context.Context, filter MeasureFilter, page Page) ([]PoolMeasure, error)
}

// PoolWork is a pool that is to be measured from a day on; the zero day is the first.
type PoolWork struct {
	Pool revrec.Pool
	From ledger.Date
}

type journalTx interface {
	// AppendEntries numbers the entries in the order given, without gaps, adds their
	// lines to the running balances and returns them with their numbers.
	AppendEntries(ctx context.Context, entries []ledger.Entry) ([]ledger.Entry, error)
	// Entries returns entries with their lines, in order of number.
	Entries(ctx context.Context, filter EntryFilter, page Page) ([]ledger.Entry, error)
	CountEntries(ctx context.Context, filter EntryFilter) (int64, error)
	EntriesBelow(ctx context.Context, of []EntryFilter, page Page) ([][]ledger.Entry, error)
	CountEntriesBelow(ctx context.Context, of []EntryFilter) ([]int64, error)
	EntriesByNumber(ctx context.Context, numbers []int64) ([]ledger.Entry, error)
	// EachEntry streams the entries of the accounting dates (both included, zero is
	// open) in order of number.
	EachEntry(ctx context.Context, from, to ledger.Date, yield func(ledger.Entry) error) error
	// TrialBalance reads the running balances of the periods (both included; zero From
	// is since the beginning, zero To is to the end).
	TrialBalance(ctx context.Context, from, to ledger.Period) (ledger.TrialBalance, error)
	// EntriesOfRecognitions returns, for each recognition, the number of the entry that
	// sums it; 0 while it is not posted, or where its sum moved nothing.
	EntriesOfRecognitions(ctx context.Context, recognitions []revrec.Recognition) ([]int64, error)
}

// chartTx adds up over days. The filters of all but AccountChart take a customer: without
// one they add up the whole book; AccountChart always does.
type chartTx interface {
	// UsageChart adds up the credits drawn, by the day of use. By meter it reads event by
	// event, and needs a customer.
	UsageChart(ctx context.Context, filter ChartFilter) ([]ChartRow, error)
	// RevenueChart adds up posted revenue, by accounting date. By customer, or for one, it
	// reads recognitions; otherwise the lines of entries.
	RevenueChart(ctx context.Context, filter ChartFilter) ([]ChartRow, error)
	// PurchaseChart adds up purchases that were not voided, by day of purchase.
	PurchaseChart(ctx context.Context, filter ChartFilter) ([]ChartRow, error)
	// MarginRevenue adds up posted revenue of use by accounting date, in the functional
	// currency; not by meter, for which EachLotDayUse streams what parts it, each day of a lot
	// with its meters in order of their ids.
	MarginRevenue(ctx context.Context, filter MarginFilter) ([]ChartRow, error)
	EachLotDayUse(ctx context.Context, filter MarginFilter, yield func(LotDayUse) error) error
	// UseToCost adds up use by the day of use, event by event: in the groups of the keys, and
	// all others together.
	UseToCost(ctx context.Context, filter MarginFilter, keys []string) ([]UseToCost, error)
	// ActiveCustomers counts the customers that used something in each bucket.
	ActiveCustomers(ctx context.Context, customerID string, buckets []Bucket) ([]int64, error)
	// AccountChart adds up the sides of an account, by accounting date and currency; the
	// balances before From come as rows of the zero day.
	AccountChart(ctx context.Context, account ledger.Role, filter ChartFilter) ([]ChartRow, error)
}

// statementTx reads what a customer's statement is made of, for the lots of one customer.
type statementTx interface {
	// ChangesInto returns the changes out of which lots of the customer came, by lot id.
	ChangesInto(ctx context.Context, customerID string) (map[string]revrec.Change, error)
	// StatementUses adds up what was drawn on the days of a span by events recorded by its instant,
	// by day, lot, meter and direction, or returns it of each event where each is set: at most
	// limit rows.
	StatementUses(ctx context.Context, span StatementSpan, each bool, limit int) ([]StatementUse, error)
	// StatementBookings adds up recognitions of lots that were posted by the instant of a span, by
	// accounting date through its last day, lot and kind; all that came before its first day are
	// under the zero day.
	StatementBookings(ctx context.Context, span StatementSpan) ([]StatementBooking, error)
	// StatementEntries returns what each entry about a purchase of the customer moved, through
	// the last accounting date of a span and the last entry posted by its instant, in order of
	// number.
	StatementEntries(ctx context.Context, span StatementSpan) ([]StatementEntry, error)
	// DrawnSince adds up, by lot of the customer, what events drew that were recorded after an
	// instant, on days before one.
	DrawnSince(ctx context.Context, customerID string, before ledger.Date, since time.Time) (map[string]revrec.Credits, error)
}

// rollForwardTx adds up what moved deferred revenue, of entries up to a number.
type rollForwardTx interface {
	// PostedThrough returns the number of the last entry that was posted by an instant, zero
	// where none was.
	PostedThrough(ctx context.Context, at time.Time) (int64, error)
	// DeferredBefore adds up what the account held when a day began, by currency from running
	// balances; by policy it reads each line of the account.
	DeferredBefore(ctx context.Context, from ledger.Date, through int64, byPolicy bool) ([]DeferredMovement, error)
	// DeferredWithin adds up the entries of accounting dates by policy, currency and kind. asOf
	// says which estimates were known.
	DeferredWithin(ctx context.Context, from, to ledger.Date, through int64, asOf time.Time) ([]DeferredMovement, error)
	// EarlyMovements adds up what is posted of the early breakage of pools, by policy, currency
	// and column, where asked by pool, in order of these; catch-ups by day and period too.
	EarlyMovements(ctx context.Context, filter EarlyFilter) ([]EarlyMovement, error)
	// DeferredAfter adds up the entries of later accounting dates or numbers, by currency.
	DeferredAfter(ctx context.Context, to ledger.Date, through int64) ([]DeferredMovement, error)
	// MovedOn adds up the changes of days that let credits live on in other lots.
	MovedOn(ctx context.Context, from, to ledger.Date, asOf time.Time) ([]MovedOn, error)
}

// activityTx reads accounts as of an instant: of entries up to a number. Amounts are debit positive.
type activityTx interface {
	// BalancesLater adds up what entries behind the number moved, as TrialBalance does: what is to
	// be taken off it.
	BalancesLater(ctx context.Context, from, to ledger.Period, through int64) ([]ledger.Balance, error)
	// AccountBefore returns what the account held up to a place, that included, by currency as Opening.
	AccountBefore(ctx context.Context, account ledger.Role, at ActivityPlace, through int64) ([]ledger.Balance, error)
	// AccountLines returns lines of an account in order of accounting date, entry and line,
	// without what it holds after them.
	AccountLines(ctx context.Context, filter ActivityFilter) ([]ActivityLine, error)
}

// revenueTx adds up revenue, and what is deferred, of accounting dates as of an instant.
type revenueTx interface {
	// CohortMovements adds up what entries moved, by policy, month of purchase, currency,
	// accounting month and kind; CohortMovementsSince all that came after: of later accounting
	// dates, posted later, or recognised and not posted yet. CohortRest is what lots carry now,
	// less early breakage of pools, and what manual entries put there.
	CohortMovements(ctx context.Context, span MovementSpan) ([]CohortMovement, error)
	CohortMovementsSince(ctx context.Context, span MovementSpan) ([]CohortMovement, error)
	CohortRest(ctx context.Context) ([]CohortMovement, error)
	// BonusActs returns, in order of purchase and number, the acts on purchases with a bonus of
	// another policy that have an entry in the span, or since; what was taken out of bonuses
	// before the acts.
	BonusActs(ctx context.Context, span MovementSpan, since bool) ([]BonusAct, error)
	// RevenueBalances reads what all accounts of revenue moved, by currency and month, from
	// running balances: without policy, month of purchase and kind.
	RevenueBalances(ctx context.Context, span MovementSpan) ([]CohortMovement, error)
	// EachIncome adds up revenue by customer, policy, pack or nothing, in order of None, key and
	// currency; by meter all that is no use, which EachLotDayUse streams. yield asks nothing of
	// the transaction.
	EachIncome(ctx context.Context, by Dimension, span MovementSpan, yield func(IncomePart)) error
	// OutOfPeriod adds up the entries of the span about what happened in an earlier month than they
	// are booked in, in order of month booked, month of origin, kind and currency, and counts them.
	OutOfPeriod(ctx context.Context, span MovementSpan) ([]OutOfPeriodPart, int64, error)
	// EachCutOff yields what events drew on lots on days of the span, by slice of their arrival, and what
	// was posted of those days of lots by the instant: by lot, day and slice, what was posted first.
	// An event in no slice is left out. yield asks nothing of the transaction.
	EachCutOff(ctx context.Context, span MovementSpan, slices []CutOffSlice, yield func(CutOffPart)) error
	// OpeningParts adds up what was recognised in the span of lots, and of pools of one lot, by
	// whether their liability was there when it began; lots apart whose liability appeared in steps.
	// SharedPools adds up the revenue of the other pools, by policy, currency, month and kind.
	OpeningParts(ctx context.Context, span MovementSpan) ([]OpeningPart, error)
	SharedPools(ctx context.Context, span MovementSpan) ([]CohortMovement, error)
	// EarlierRevenue adds up revenue of days before the span, and catch-ups, by policy, currency and,
	// as Kind, the EarlierColumn.
	EarlierRevenue(ctx context.Context, span MovementSpan) ([]CohortMovement, error)
	// VoidedEarlier returns, by lot, the credits that voids gave back on days of the span, of use from
	// before the instant at which it began. OutBefore adds up what left lots before.
	VoidedEarlier(ctx context.Context, span MovementSpan, began time.Time) ([]LotSum, error)
	OutBefore(ctx context.Context, lotIDs []string, span MovementSpan) ([]LotSum, error)
	// NotDue adds up, by policy, currency and month of purchase, what was invoiced by the end of the
	// span, which is the instant ended, cannot be cancelled and is neither due nor paid; as Revenue what
	// was earned of it.
	NotDue(ctx context.Context, span MovementSpan, ended time.Time) ([]CohortMovement, error)
	// LotEnds adds up, by policy, currency, month of purchase and month of the last day, what lots carried, and
	// what was not due of them, at the end of the span: with the last day that they had then. Behind it come,
	// by purchase and lot, what appeared of those with a bonus since, which its lots share.
	LotEnds(ctx context.Context, span MovementSpan, ended time.Time) ([]LotEnd, error)
}

type runTx interface {
	InsertJobRun(ctx context.Context, run JobRun) error
	UpdateJobRun(ctx context.Context, run JobRun) error
	JobRunsByID(ctx context.Context, ids []string) ([]JobRun, error)
	JobRuns(ctx context.Context, filter JobFilter, page Page) ([]JobRun, error)
	CountJobRuns(ctx context.Context, filter JobFilter) (int64, error)
	JobRunsBelow(ctx context.Context, of []JobFilter, page Page) ([][]JobRun, error)
	CountJobRunsBelow(ctx context.Context, of []JobFilter) ([]int64, error)
	// TakeLease gives the lease of the name to the holder until an instant, where it is
	// free, over, or the holder's already; taken is false where another holds it.
	TakeLease(ctx context.Context, name, holder string, now, until time.Time) (taken bool, err error)
	DropLease(ctx context.Context, name, holder string) error
}

type tokenTx interface {
	// InsertToken refuses a name that is taken, also by a token that is over.
	// Errors: ALREADY_EXISTS.
	InsertToken(ctx context.Context, token Token) error
	// RevokeToken takes a token out of force, once. Errors: NOT_FOUND.
	RevokeToken(ctx context.Context, id string, at time.Time, by string) error
	// TouchTokens says when tokens were last used, by id; what is later stays.
	TouchTokens(ctx context.Context, at map[string]time.Time) error
	TokensByID(ctx context.Context, ids []string) ([]Token, error)
	TokensByHash(ctx context.Context, hashes [][]byte) ([]Token, error)
	Tokens(ctx context.Context, filter TokenFilter, page Page) ([]Token, error)
	CountTokens(ctx context.Context, filter TokenFilter) (int64, error)
}

// runningLowTx keeps what is said of credits that run low or out.
type runningLowTx interface {
	InsertAlertRule(ctx context.Context, rule AlertRule) error
	// EndAlertRule takes a rule out of force, once. Errors: NOT_FOUND.
	EndAlertRule(ctx context.Context, id string, at time.Time) error
	AlertRulesByID(ctx context.Context, ids []string) ([]AlertRule, error)
	AlertRules(ctx context.Context, filter AlertRuleFilter, page Page) ([]AlertRule, error)
	CountAlertRules(ctx context.Context, filter AlertRuleFilter) (int64, error)
	InsertAlerts(ctx context.Context, alerts []Alert) error
	EndAlerts(ctx context.Context, ids []string, at time.Time) error
	// StandingAlerts returns those of the rule and the customers that stand on the day.
	StandingAlerts(ctx context.Context, ruleID string, customerIDs []string, on ledger.Date) ([]Alert, error)
	Alerts(ctx context.Context, filter AlertFilter, page Page) ([]Alert, error)
	CountAlerts(ctx context.Context, filter AlertFilter) (int64, error)

	InsertTopUpRule(ctx context.Context, rule TopUpRule) error
	// EndTopUpRule takes a rule out of force, once, and returns it. Errors: NOT_FOUND.
	EndTopUpRule(ctx context.Context, customerID, id string, at time.Time) (TopUpRule, error)
	TopUpRules(ctx context.Context, filter TopUpFilter, page Page) ([]TopUpRule, error)
	CountTopUpRules(ctx context.Context, filter TopUpFilter) (int64, error)
	InsertTopUp(ctx context.Context, request TopUp) error
	// LockTopUp returns the request and holds it until the transaction ends. Errors: NOT_FOUND.
	LockTopUp(ctx context.Context, customerID, id string) (TopUp, error)
	// DecideTopUp writes what became of a request. Errors: NOT_FOUND.
	DecideTopUp(ctx context.Context, request TopUp) error
	// ExpireTopUps ends the open requests whose time is over.
	ExpireTopUps(ctx context.Context, now time.Time) error
	TopUps(ctx context.Context, filter TopUpFilter, page Page) ([]TopUp, error)
	CountTopUps(ctx context.Context, filter TopUpFilter) (int64, error)
}

// tellTx keeps what others are told. Endpoints are held before deliveries.
type tellTx interface {
	InsertWebhook(ctx context.Context, webhook Webhook) error
	// UpdateWebhook writes all that can change. Errors: NOT_FOUND.
	UpdateWebhook(ctx context.Context, webhook Webhook) error
	// LockWebhook returns the endpoint and holds it until the transaction ends.
	// Errors: NOT_FOUND.
	LockWebhook(ctx context.Context, id string) (Webhook, error)
	WebhooksByID(ctx context.Context, ids []string) ([]Webhook, error)
	Webhooks(ctx context.Context, filter WebhookFilter, page Page) ([]Webhook, error)
	CountWebhooks(ctx context.Context, filter WebhookFilter) (int64, error)
	// WebhookFails remembers since when an endpoint takes nothing, WebhookWorks that it does.
	WebhookFails(ctx context.Context, id string, at time.Time) error
	WebhookWorks(ctx context.Context, id string) error

	InsertMessages(ctx context.Context, messages []Message, deliveries []Delivery) error
	CountMessages(ctx context.Context, types []NoticeType, from, before time.Time) (int64, error)
	// PruneMessages forgets up to limit messages from before an instant, and their deliveries.
	PruneMessages(ctx context.Context, before time.Time, limit int) (int64, error)
	// Deliveries come in order of message, then of endpoint; Page.After is [Delivery.Key].
	Deliveries(ctx context.Context, filter DeliveryFilter, page Page) ([]Delivery, error)
	CountDeliveries(ctx context.Context, filter DeliveryFilter) (int64, error)
	// DueWebhooks returns the endpoints in force with a delivery that is due at the instant.
	DueWebhooks(ctx context.Context, now time.Time) ([]Webhook, error)
	// ClaimDeliveries gives deliveries that are due, and that no other transaction claims at
	// the same time, the claim until an instant.
	ClaimDeliveries(ctx context.Context, webhookID, claim string, now, until time.Time, limit int) ([]Delivery, error)
	// UpdateDelivery writes how a delivery stands; held is false, and nothing written, where
	// it is not under the claim any more.
	UpdateDelivery(ctx context.Context, delivery Delivery, claim string) (held bool, err error)
	// ReplayDelivery has a delivery begin anew; ReplayMessages all messages of the types of
	// [from, before) for an endpoint, those included that it never got.
	ReplayDelivery(ctx context.Context, delivery Delivery) error
	ReplayMessages(ctx context.Context, webhookID string, types []NoticeType, from, before, now time.Time) (int64, error)
	// OutboxStatus adds up what is to be sent.
	OutboxStatus(ctx context.Context) (OutboxStatus, error)
}

type checkTx interface {
	// ReconcileDeferred adds up deferred revenue, per currency in order: what the ledger says, from
	// running sums, and what lots and pools say.
	ReconcileDeferred(ctx context.Context) ([]DeferredRevenue, error)
	// Findings derives every kept balance and invariant again from the rows below it
	// and returns what differs, at most limit of each check.
	Findings(ctx context.Context, limit int) ([]Finding, error)
	// SealFindings holds what is sealed against the log and its signatures alone: Findings does
	// so first.
	SealFindings(ctx context.Context, limit int) ([]Finding, error)
}

// Finding is one difference between what is kept and what it derives from.
type Finding struct {
	Check   string // such as "lot.drawn"
	Subject string // the row, such as a lot's id
	Kept    string
	Derived string
}

// reconcileTx compares the sub-ledger with itself and with the journal.
type reconcileTx interface {
	// ReconcileStream reads what two sides have under each key, in order of customer and key,
	// and holds no more than one row, or one batch, at a time. keep asks nothing of the
	// transaction.
	ReconcileStream(ctx context.Context, stream ReconcileStream, span ReconcileSpan, keep func(ReconcileRow) error) error
	// ReconcileSize says how much there is to go through.
	ReconcileSize(ctx context.Context) (ReconcileSize, error)
	// ReconcileAhead returns the key of EventsDrawn or DrawsOfDays that lies so many rows, one at
	// least, behind another; ok is false where there are fewer.
	ReconcileAhead(ctx context.Context, stream ReconcileStream, after ReconcileKey, rows int64) (key ReconcileKey, ok bool, err error)
	// AccountMoves returns what the journal has on each account and currency: through to,
	// before from, and now.
	AccountMoves(ctx context.Context, from, to ledger.Date) ([]AccountMoves, error)
	// SubledgerBalances returns what purchases, payments and the law's share of what lapsed
	// make of accounts now. Deferred revenue is ReconcileDeferred.
	SubledgerBalances(ctx context.Context) ([]SubledgerBalance, error)
	// VoidedUnbilled returns what voids under the days took out of the contract asset.
	VoidedUnbilled(ctx context.Context, from, to ledger.Date) ([]SubledgerBalance, error)
	// InsertReconciliation keeps one. Reconciliations lists them in order of id, which is that in
	// which they were made; LatestReconciliation says what the last one found, zero before any.
	InsertReconciliation(ctx context.Context, r Reconciliation) error
	Reconciliations(ctx context.Context, filter ReconciliationFilter, page Page) ([]Reconciliation, error)
	CountReconciliations(ctx context.Context, filter ReconciliationFilter) (int64, error)
	LatestReconciliation(ctx context.Context) (LatestReconciliation, error)
}
