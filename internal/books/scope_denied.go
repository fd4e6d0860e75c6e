package books

import (
	"context"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
	"drawdown/revrec/estimate"
)

// What a caller who is bound to one customer is not shown, and what writes.

func (scopedTx) SaveBook(context.Context, Book) error { return errScoped }

func (scopedTx) IdempotencyKey(context.Context, string) (IdempotencyRecord, bool, error) {
	return IdempotencyRecord{}, false, errScoped
}
func (scopedTx) SaveIdempotencyKey(context.Context, IdempotencyRecord) error { return errScoped }
func (scopedTx) AppendAudit(context.Context, ...AuditEvent) error            { return errScoped }
func (scopedTx) Audit(context.Context, AuditFilter, Page) ([]AuditEvent, error) {
	return nil, errScoped
}
func (scopedTx) CountAudit(context.Context, AuditFilter) (int64, error)  { return 0, errScoped }
func (scopedTx) InsertCustomer(context.Context, Customer) error          { return errScoped }
func (scopedTx) SetCustomerPolicy(context.Context, string, string) error { return errScoped }
func (scopedTx) SetFirstPolicy(context.Context, string, string) error    { return errScoped }
func (scopedTx) InsertPolicy(context.Context, Policy) error              { return errScoped }
func (scopedTx) InsertEstimate(context.Context, Estimate) error          { return errScoped }
func (scopedTx) Estimates(context.Context, []string) ([]Estimate, error) { return nil, errScoped }
func (scopedTx) InsertProposal(context.Context, Proposal) error          { return errScoped }
func (scopedTx) Proposals(context.Context, []string) ([]Proposal, error) { return nil, errScoped }
func (scopedTx) LockProposal(context.Context, string, string) (Proposal, error) {
	return Proposal{}, errScoped
}

func (scopedTx) InsertEstimateFile(context.Context, EstimateFile, EstimateEvidence) error {
	return errScoped
}

func (scopedTx) EstimateFiles(context.Context, []string) ([]EstimateFile, error) {
	return nil, errScoped
}

func (scopedTx) Attachments(context.Context, []string) ([]Attachment, error) { return nil, errScoped }

func (scopedTx) EstimateEvidence(context.Context, string, string) (EstimateEvidence, error) {
	return EstimateEvidence{}, errScoped
}
func (scopedTx) InsertAttachment(context.Context, Attachment, []byte) error { return errScoped }
func (scopedTx) AttachmentContent(context.Context, FileOf, string) ([]byte, error) {
	return nil, errScoped
}
func (scopedTx) DecideProposal(context.Context, Estimate) error               { return errScoped }
func (scopedTx) InsertPack(context.Context, Pack) error                       { return errScoped }
func (scopedTx) InsertPackVersion(context.Context, string, PackVersion) error { return errScoped }
func (scopedTx) HoldPack(context.Context, string) error                       { return errScoped }
func (scopedTx) SharePack(context.Context, string) error                      { return errScoped }
func (scopedTx) InsertMeter(context.Context, Meter) error                     { return errScoped }
func (scopedTx) NextRateCard(context.Context) (int, error)                    { return 0, errScoped }
func (scopedTx) InsertRateCard(context.Context, RateCard) error               { return errScoped }
func (scopedTx) InsertPurchase(context.Context, Purchase) error               { return errScoped }
func (scopedTx) InsertFXRates(context.Context, []FXRate) error                { return errScoped }
func (scopedTx) FXRatesOn(context.Context, ledger.Currency, []ledger.Date) ([]FXRate, error) {
	return nil, errScoped
}
func (scopedTx) FXRates(context.Context, FXFilter, Page) ([]FXRate, error) { return nil, errScoped }
func (scopedTx) CountFXRates(context.Context, FXFilter) (int64, error)     { return 0, errScoped }

func (scopedTx) InsertGLCodes(context.Context, []GLCode) error { return errScoped }
func (scopedTx) GLCodes(context.Context) ([]GLCode, error)     { return nil, errScoped }

func (scopedTx) SetCustomerJurisdiction(context.Context, string, string) (string, error) {
	return "", errScoped
}
func (scopedTx) InsertEscheatRule(context.Context, EscheatRule) error { return errScoped }
func (scopedTx) EscheatRulesOf(context.Context, []string) ([]EscheatRule, error) {
	return nil, errScoped
}

func (scopedTx) EscheatRules(context.Context, EscheatFilter, Page) ([]EscheatRule, error) {
	return nil, errScoped
}

func (scopedTx) CountEscheatRules(context.Context, EscheatFilter) (int64, error) { return 0, errScoped }

func (scopedTx) HoldEscheat(context.Context) error { return errScoped }

func (scopedTx) InsertEscheatPayment(context.Context, EscheatPayment) error { return errScoped }

func (scopedTx) UnclaimedDays(context.Context, UnclaimedFilter) ([]UnclaimedDay, error) {
	return nil, errScoped
}

func (scopedTx) UnclaimedLedger(context.Context, ledger.Date, int64) ([]UnclaimedDay, error) {
	return nil, errScoped
}
func (scopedTx) MeasurePoolsOf(context.Context, string, ledger.Date) error { return errScoped }
func (scopedTx) ReleaseAgain(context.Context, string, ledger.Date, ledger.Date) error {
	return errScoped
}
func (scopedTx) InsertDispute(context.Context, BookedDispute) error     { return errScoped }
func (scopedTx) UpdatePurchase(context.Context, Purchase) error         { return errScoped }
func (scopedTx) InsertPayment(context.Context, Receipt) error           { return errScoped }
func (scopedTx) LockPurchase(context.Context, string) (Purchase, error) { return Purchase{}, errScoped }

func (scopedTx) OpeningReferences(context.Context, []string) ([]string, error) {
	return nil, errScoped
}

func (scopedTx) MarginRevenue(context.Context, MarginFilter) ([]ChartRow, error) {
	return nil, errScoped
}

func (scopedTx) EachLotDayUse(context.Context, MarginFilter, func(LotDayUse) error) error {
	return errScoped
}

func (scopedTx) UseToCost(context.Context, MarginFilter, []string) ([]UseToCost, error) {
	return nil, errScoped
}

func (scopedTx) DuePurchases(context.Context, ledger.Date, int) ([]Purchase, error) {
	return nil, errScoped
}
func (scopedTx) InsertLot(context.Context, revrec.Lot) error             { return errScoped }
func (scopedTx) InsertLots(context.Context, []*revrec.Lot) error         { return errScoped }
func (scopedTx) UpdateLots(context.Context, []*revrec.Lot) error         { return errScoped }
func (scopedTx) UpdateBooked(context.Context, []*revrec.Lot) error       { return errScoped }
func (scopedTx) UpdateDrawn(context.Context, []*revrec.Lot) error        { return errScoped }
func (scopedTx) InsertLotChanges(context.Context, []revrec.Change) error { return errScoped }
func (scopedTx) LotChangesBetween(context.Context, ledger.Date, ledger.Date, Page) ([]revrec.Change, error) {
	return nil, errScoped
}

func (scopedTx) PaymentsBetween(context.Context, time.Time, time.Time, Page) ([]Receipt, error) {
	return nil, errScoped
}
func (scopedTx) LockLots(context.Context, []LotKey) ([]*revrec.Lot, error) { return nil, errScoped }
func (scopedTx) LockOpenLots(context.Context, []string, time.Time) ([]*revrec.Lot, error) {
	return nil, errScoped
}
func (scopedTx) InsertBudget(context.Context, Budget) error { return errScoped }
func (scopedTx) InsertBudgetVersion(context.Context, Budget, BudgetVersion) error {
	return errScoped
}

func (scopedTx) LockBudgetSpends(context.Context, []BudgetKey) ([]BudgetSpend, error) {
	return nil, errScoped
}
func (scopedTx) UpdateBudgetSpends(context.Context, []BudgetSpend) error { return errScoped }
func (scopedTx) InsertBudgetDraws(context.Context, []BudgetDraw) error   { return errScoped }
func (scopedTx) InsertHold(context.Context, Hold) error                  { return errScoped }
func (scopedTx) EndHold(context.Context, Hold, []LotKey) error           { return errScoped }
func (scopedTx) LockHold(context.Context, string, string) (Hold, error)  { return Hold{}, errScoped }

func (scopedTx) LockHoldsOf(context.Context, []LotKey, time.Time) ([]Hold, error) {
	return nil, errScoped
}
func (scopedTx) InsertEvents(context.Context, []UsageEvent) error { return errScoped }
func (scopedTx) InsertDraws(context.Context, []Draw) error        { return errScoped }
func (scopedTx) AddLotDays(context.Context, []LotDay) error       { return errScoped }
func (scopedTx) PendingLots(context.Context, ledger.Date, LotKey, int) ([]LotKey, error) {
	return nil, errScoped
}

func (scopedTx) LotDaysWithin(context.Context, []LotSpan) ([][]revrec.LotDay, error) {
	return nil, errScoped
}

func (scopedTx) LotDaysAfter(context.Context, []LotSpan) ([]ledger.Date, error) {
	return nil, errScoped
}

func (scopedTx) LapsingLots(context.Context, ledger.Date, int) ([]LotKey, error) {
	return nil, errScoped
}

func (scopedTx) RemoteLots(context.Context, ledger.Date, int) ([]LotKey, error) {
	return nil, errScoped
}
func (scopedTx) InsertRecognitions(context.Context, []revrec.Recognition) error { return errScoped }
func (scopedTx) BookedOfPools(context.Context, []PoolWork) (map[string]revrec.Booked, error) {
	return nil, errScoped
}

func (scopedTx) EnsurePools(context.Context, []revrec.Pool) ([]revrec.Pool, error) {
	return nil, errScoped
}

func (scopedTx) PoolsByID(context.Context, []string) ([]revrec.Pool, error) { return nil, errScoped }

func (scopedTx) Pools(context.Context, string, Page) ([]revrec.Pool, error) { return nil, errScoped }

func (scopedTx) AddPoolDays(context.Context, time.Time, map[string][]revrec.PoolDay) error {
	return errScoped
}

func (scopedTx) PoolDays(context.Context, string) ([]revrec.PoolDay, error) { return nil, errScoped }

func (scopedTx) PoolDaysSince(context.Context, []PoolWork) (map[string][]revrec.PoolDay, error) {
	return nil, errScoped
}
func (scopedTx) MeasurePoolsFrom(context.Context, string, ledger.Date) error { return errScoped }
func (scopedTx) UnmeasuredPools(context.Context, ledger.Date, int) ([]PoolWork, error) {
	return nil, errScoped
}
func (scopedTx) SetPoolsMeasured(context.Context, map[string]ledger.Date) error { return errScoped }
func (scopedTx) OpenBatch(context.Context, string, time.Time) (Batch, error) {
	return Batch{}, errScoped
}
func (scopedTx) CountBatch(context.Context, string) (int64, error)    { return 0, errScoped }
func (scopedTx) SumBatch(context.Context, string) ([]BatchSum, error) { return nil, errScoped }
func (scopedTx) CloseBatch(context.Context, string, time.Time) error  { return errScoped }
func (scopedTx) AppendEntries(context.Context, []ledger.Entry) ([]ledger.Entry, error) {
	return nil, errScoped
}

func (scopedTx) Entries(context.Context, EntryFilter, Page) ([]ledger.Entry, error) {
	return nil, errScoped
}
func (scopedTx) CountEntries(context.Context, EntryFilter) (int64, error) { return 0, errScoped }
func (scopedTx) EntriesBelow(context.Context, []EntryFilter, Page) ([][]ledger.Entry, error) {
	return nil, errScoped
}

func (scopedTx) CountEntriesBelow(context.Context, []EntryFilter) ([]int64, error) {
	return nil, errScoped
}

func (scopedTx) EntriesByNumber(context.Context, []int64) ([]ledger.Entry, error) {
	return nil, errScoped
}

func (scopedTx) EachEntry(context.Context, ledger.Date, ledger.Date, func(ledger.Entry) error) error {
	return errScoped
}

func (scopedTx) AccountChart(context.Context, ledger.Role, ChartFilter) ([]ChartRow, error) {
	return nil, errScoped
}

func (scopedTx) TrialBalance(context.Context, ledger.Period, ledger.Period) (ledger.TrialBalance, error) {
	return ledger.TrialBalance{}, errScoped
}

func (scopedTx) EntriesOfRecognitions(context.Context, []revrec.Recognition) ([]int64, error) {
	return nil, errScoped
}
func (scopedTx) InsertJobRun(context.Context, JobRun) error              { return errScoped }
func (scopedTx) UpdateJobRun(context.Context, JobRun) error              { return errScoped }
func (scopedTx) JobRunsByID(context.Context, []string) ([]JobRun, error) { return nil, errScoped }

func (scopedTx) JobRuns(context.Context, JobFilter, Page) ([]JobRun, error) { return nil, errScoped }
func (scopedTx) CountJobRuns(context.Context, JobFilter) (int64, error)     { return 0, errScoped }
func (scopedTx) JobRunsBelow(context.Context, []JobFilter, Page) ([][]JobRun, error) {
	return nil, errScoped
}

func (scopedTx) CountJobRunsBelow(context.Context, []JobFilter) ([]int64, error) {
	return nil, errScoped
}

func (scopedTx) TakeLease(context.Context, string, string, time.Time, time.Time) (bool, error) {
	return false, errScoped
}
func (scopedTx) DropLease(context.Context, string, string) error              { return errScoped }
func (scopedTx) InsertToken(context.Context, Token) error                     { return errScoped }
func (scopedTx) RevokeToken(context.Context, string, time.Time, string) error { return errScoped }
func (scopedTx) TouchTokens(context.Context, map[string]time.Time) error      { return errScoped }
func (scopedTx) TokensByID(context.Context, []string) ([]Token, error)        { return nil, errScoped }

func (scopedTx) TokensByHash(context.Context, [][]byte) ([]Token, error) { return nil, errScoped }

func (scopedTx) Tokens(context.Context, TokenFilter, Page) ([]Token, error) { return nil, errScoped }

func (scopedTx) CountTokens(context.Context, TokenFilter) (int64, error) { return 0, errScoped }

func (scopedTx) Findings(context.Context, int) ([]Finding, error) { return nil, errScoped }

func (scopedTx) InsertNotRecorded(context.Context, []NotRecorded) error { return errScoped }

func (scopedTx) NotRecorded(context.Context, ledger.Date, ledger.Date, time.Time) ([]NotRecorded, error) {
	return nil, errScoped
}

func (scopedTx) SealFindings(context.Context, int) ([]Finding, error) { return nil, errScoped }

func (scopedTx) OldestWaiting(context.Context, ledger.Date) (Waiting, error) {
	return Waiting{}, errScoped
}

func (scopedTx) ReconcileDeferred(context.Context) ([]DeferredRevenue, error) { return nil, errScoped }

func (scopedTx) InsertWebhook(context.Context, Webhook) error         { return errScoped }
func (scopedTx) UpdateWebhook(context.Context, Webhook) error         { return errScoped }
func (scopedTx) LockWebhook(context.Context, string) (Webhook, error) { return Webhook{}, errScoped }

func (scopedTx) WebhooksByID(context.Context, []string) ([]Webhook, error) { return nil, errScoped }

func (scopedTx) CountWebhooks(context.Context, WebhookFilter) (int64, error)  { return 0, errScoped }
func (scopedTx) WebhookFails(context.Context, string, time.Time) error        { return errScoped }
func (scopedTx) WebhookWorks(context.Context, string) error                   { return errScoped }
func (scopedTx) InsertMessages(context.Context, []Message, []Delivery) error  { return errScoped }
func (scopedTx) PruneMessages(context.Context, time.Time, int) (int64, error) { return 0, errScoped }

func (scopedTx) CountDeliveries(context.Context, DeliveryFilter) (int64, error) { return 0, errScoped }

func (scopedTx) DueWebhooks(context.Context, time.Time) ([]Webhook, error) { return nil, errScoped }
func (scopedTx) ReplayDelivery(context.Context, Delivery) error            { return errScoped }
func (scopedTx) OutboxStatus(context.Context) (OutboxStatus, error)        { return OutboxStatus{}, errScoped }

func (scopedTx) Webhooks(context.Context, WebhookFilter, Page) ([]Webhook, error) {
	return nil, errScoped
}

func (scopedTx) CountMessages(context.Context, []NoticeType, time.Time, time.Time) (int64, error) {
	return 0, errScoped
}

func (scopedTx) Deliveries(context.Context, DeliveryFilter, Page) ([]Delivery, error) {
	return nil, errScoped
}

func (scopedTx) ClaimDeliveries(context.Context, string, string, time.Time, time.Time, int) ([]Delivery, error) {
	return nil, errScoped
}

func (scopedTx) UpdateDelivery(context.Context, Delivery, string) (bool, error) {
	return false, errScoped
}

func (scopedTx) ReplayMessages(context.Context, string, []NoticeType, time.Time, time.Time, time.Time) (int64, error) {
	return 0, errScoped
}

func (scopedTx) BalancesLater(context.Context, ledger.Period, ledger.Period, int64) ([]ledger.Balance, error) {
	return nil, errScoped
}

func (scopedTx) AccountBefore(context.Context, ledger.Role, ActivityPlace, int64) ([]ledger.Balance, error) {
	return nil, errScoped
}

func (scopedTx) AccountLines(context.Context, ActivityFilter) ([]ActivityLine, error) {
	return nil, errScoped
}

func (scopedTx) PostedThrough(context.Context, time.Time) (int64, error) { return 0, errScoped }

func (scopedTx) DeferredBefore(context.Context, ledger.Date, int64, bool) ([]DeferredMovement, error) {
	return nil, errScoped
}

func (scopedTx) DeferredWithin(context.Context, ledger.Date, ledger.Date, int64, time.Time) ([]DeferredMovement, error) {
	return nil, errScoped
}

func (scopedTx) EarlyMovements(context.Context, EarlyFilter) ([]EarlyMovement, error) {
	return nil, errScoped
}

func (scopedTx) DeferredAfter(context.Context, ledger.Date, int64) ([]DeferredMovement, error) {
	return nil, errScoped
}

func (scopedTx) CohortMovements(context.Context, MovementSpan) ([]CohortMovement, error) {
	return nil, errScoped
}

func (scopedTx) CohortMovementsSince(context.Context, MovementSpan) ([]CohortMovement, error) {
	return nil, errScoped
}

func (scopedTx) CohortRest(context.Context) ([]CohortMovement, error) { return nil, errScoped }

func (scopedTx) BonusActs(context.Context, MovementSpan, bool) ([]BonusAct, error) {
	return nil, errScoped
}

func (scopedTx) RevenueBalances(context.Context, MovementSpan) ([]CohortMovement, error) {
	return nil, errScoped
}

func (scopedTx) EachIncome(context.Context, Dimension, MovementSpan, func(IncomePart)) error {
	return errScoped
}

func (scopedTx) OutOfPeriod(context.Context, MovementSpan) ([]OutOfPeriodPart, int64, error) {
	return nil, 0, errScoped
}

func (scopedTx) EachCutOff(context.Context, MovementSpan, []CutOffSlice, func(CutOffPart)) error {
	return errScoped
}

func (scopedTx) OpeningParts(context.Context, MovementSpan) ([]OpeningPart, error) {
	return nil, errScoped
}

func (scopedTx) SharedPools(context.Context, MovementSpan) ([]CohortMovement, error) {
	return nil, errScoped
}

func (scopedTx) EarlierRevenue(context.Context, MovementSpan) ([]CohortMovement, error) {
	return nil, errScoped
}

func (scopedTx) VoidedEarlier(context.Context, MovementSpan, time.Time) ([]LotSum, error) {
	return nil, errScoped
}

func (scopedTx) OutBefore(context.Context, []string, MovementSpan) ([]LotSum, error) {
	return nil, errScoped
}

func (scopedTx) LotEnds(context.Context, MovementSpan, time.Time) ([]LotEnd, error) {
	return nil, errScoped
}

func (scopedTx) NotDue(context.Context, MovementSpan, time.Time) ([]CohortMovement, error) {
	return nil, errScoped
}

func (scopedTx) MovedOn(context.Context, ledger.Date, ledger.Date, time.Time) ([]MovedOn, error) {
	return nil, errScoped
}

func (scopedTx) InsertAlertRule(context.Context, AlertRule) error              { return errScoped }
func (scopedTx) EndAlertRule(context.Context, string, time.Time) error         { return errScoped }
func (scopedTx) InsertAlerts(context.Context, []Alert) error                   { return errScoped }
func (scopedTx) EndAlerts(context.Context, []string, time.Time) error          { return errScoped }
func (scopedTx) InsertTopUpRule(context.Context, TopUpRule) error              { return errScoped }
func (scopedTx) InsertTopUp(context.Context, TopUp) error                      { return errScoped }
func (scopedTx) DecideTopUp(context.Context, TopUp) error                      { return errScoped }
func (scopedTx) ExpireTopUps(context.Context, time.Time) error                 { return errScoped }
func (scopedTx) AlertRulesByID(context.Context, []string) ([]AlertRule, error) { return nil, errScoped }

func (scopedTx) AlertRules(context.Context, AlertRuleFilter, Page) ([]AlertRule, error) {
	return nil, errScoped
}

func (scopedTx) CountAlertRules(context.Context, AlertRuleFilter) (int64, error) {
	return 0, errScoped
}

func (scopedTx) StandingAlerts(context.Context, string, []string, ledger.Date) ([]Alert, error) {
	return nil, errScoped
}

func (scopedTx) EndTopUpRule(context.Context, string, string, time.Time) (TopUpRule, error) {
	return TopUpRule{}, errScoped
}

func (scopedTx) LockTopUp(context.Context, string, string) (TopUp, error) {
	return TopUp{}, errScoped
}

func (scopedTx) AddToCohorts(context.Context, Move, []Cohort) ([]Cohort, error) {
	return nil, errScoped
}
func (scopedTx) AddCohortMonths(context.Context, Move, []CohortMonth) error { return errScoped }
func (scopedTx) CohortsByID(context.Context, []string) ([]Cohort, error)    { return nil, errScoped }
func (scopedTx) CountCohorts(context.Context, CohortFilter) (int64, error)  { return 0, errScoped }
func (scopedTx) UnfiledLots(context.Context, int) ([]LotKey, error)         { return nil, errScoped }
func (scopedTx) FileLots(context.Context, []*revrec.Lot) error              { return errScoped }
func (scopedTx) Cohorts(context.Context, CohortFilter, Page) ([]Cohort, error) {
	return nil, errScoped
}

func (scopedTx) MovesKnownFrom(context.Context) (time.Time, error) { return time.Time{}, errScoped }

func (scopedTx) CohortMonths(context.Context, []string, time.Time) (map[string][]CohortMonth, error) {
	return nil, errScoped
}

func (scopedTx) CohortRecords(context.Context, CohortFilter, ledger.Period, func(estimate.Record) error) error {
	return errScoped
}

func (scopedTx) CohortMoney(context.Context, CohortFilter, ledger.Period) ([]CohortMoney, error) {
	return nil, errScoped
}

func (scopedTx) PoolMeasures(context.Context, MeasureFilter, Page) ([]PoolMeasure, error) {
	return nil, errScoped
}

func (scopedTx) SetCustomerSegment(context.Context, string, string) error { return errScoped }

func (scopedTx) InsertEstimateReview(context.Context, EstimateReview) error { return errScoped }

func (scopedTx) EstimateReviews(context.Context, ReviewFilter, Page) ([]EstimateReview, error) {
	return nil, errScoped
}

func (scopedTx) CountEstimateReviews(context.Context, ReviewFilter) (int64, error) {
	return 0, errScoped
}

func (scopedTx) CountStaleEstimates(context.Context) (int64, error) { return 0, errScoped }

func (scopedTx) ReconcileStream(context.Context, ReconcileStream, ReconcileSpan, func(ReconcileRow) error) error {
	return errScoped
}

func (scopedTx) ReconcileSize(context.Context) (ReconcileSize, error) {
	return ReconcileSize{}, errScoped
}

func (scopedTx) ReconcileAhead(context.Context, ReconcileStream, ReconcileKey, int64) (ReconcileKey, bool, error) {
	return ReconcileKey{}, false, errScoped
}

func (scopedTx) AccountMoves(context.Context, ledger.Date, ledger.Date) ([]AccountMoves, error) {
	return nil, errScoped
}

func (scopedTx) SubledgerBalances(context.Context) ([]SubledgerBalance, error) { return nil, errScoped }

func (scopedTx) VoidedUnbilled(context.Context, ledger.Date, ledger.Date) ([]SubledgerBalance, error) {
	return nil, errScoped
}

func (scopedTx) InsertReconciliation(context.Context, Reconciliation) error { return errScoped }

func (scopedTx) Reconciliations(context.Context, ReconciliationFilter, Page) ([]Reconciliation, error) {
	return nil, errScoped
}

func (scopedTx) CountReconciliations(context.Context, ReconciliationFilter) (int64, error) {
	return 0, errScoped
}

func (scopedTx) LatestReconciliation(context.Context) (LatestReconciliation, error) {
	return LatestReconciliation{}, errScoped
}
