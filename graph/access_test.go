package graph_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"drawdown/graph"
	"drawdown/internal/books"
)

// The callers of the matrix.
const (
	viewer     = string(books.Viewer)
	operator   = string(books.Operator)
	accountant = string(books.Accountant)
	auditor    = string(books.Auditor)
	admin      = string(books.Admin)
)

// Who may have what.
var (
	everybody   = []string{viewer, operator, accountant, auditor, admin}
	operators   = []string{operator, admin}
	accountants = []string{accountant, admin}
	auditors    = []string{auditor, admin}
	admins      = []string{admin}
)

// matrix says of each root field how it is asked for and who may. KEY is another text in
// each request.
var matrix = map[string]struct {
	ask string
	may []string
}{
	"Subscription.balanceChanged": {`balanceChanged(customers: ["acme"]) { credits }`, everybody},
	"Subscription.jobRunProgress": {`jobRunProgress(id: "RUN") { status }`, everybody},
	"Subscription.jobRunChanged":  {`jobRunChanged { status }`, everybody},
	"Subscription.entriesPosted":  {`entriesPosted { count }`, everybody},

	"Query.alertRules":            {`alertRules { nodes { id } }`, everybody},
	"Query.alerts":                {`alerts { nodes { id } }`, everybody},
	"Query.topUpRules":            {`topUpRules { nodes { id } }`, everybody},
	"Query.topUps":                {`topUps { nodes { id } }`, everybody},
	"Query.runOut":                {`runOut(customer: "acme") { day }`, everybody},
	"Mutation.alertRuleCreate":    {`alertRuleCreate(input: {kind: CREDITS_EXPIRING, customer: "acme"}, idempotencyKey: "KEY") { rule { id } userErrors { code } }`, operators},
	"Mutation.alertRuleEnd":       {`alertRuleEnd(alertRuleId: "alr_0", idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Mutation.topUpRuleCreate":    {`topUpRuleCreate(input: {customer: "acme", below: "1", pack: "growth", credits: "1000"}, idempotencyKey: "KEY") { rule { id } userErrors { code } }`, operators},
	"Mutation.topUpRuleEnd":       {`topUpRuleEnd(topUpRuleId: "tur_0/0", idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Mutation.customerSegmentSet": {`customerSegmentSet(externalId: "acme", segment: "smb", idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Mutation.topUpConfirm":       {`topUpConfirm(topUpId: "tup_0/0", idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Mutation.topUpFail":          {`topUpFail(topUpId: "tup_0/0", idempotencyKey: "KEY") { userErrors { code } }`, operators},

	"Query.me":                         {`me { actor roles }`, everybody},
	"Query.tokens":                     {`tokens { nodes { id } }`, admins},
	"Query.webhooks":                   {`webhooks { nodes { id } }`, admins},
	"Query.webhookDeliveries":          {`webhookDeliveries { nodes { id } }`, admins},
	"Query.auditEvents":                {`auditEvents { nodes { id } }`, auditors},
	"Query.book":                       {`book { timeZone }`, everybody},
	"Query.node":                       {`node(id: "cus_0") { id }`, everybody},
	"Query.customer":                   {`customer(externalId: "acme") { id }`, everybody},
	"Query.customers":                  {`customers { nodes { id } }`, everybody},
	"Query.policy":                     {`policy(code: "annual") { id }`, everybody},
	"Query.policies":                   {`policies { nodes { id } }`, everybody},
	"Query.pack":                       {`pack(code: "growth") { id }`, everybody},
	"Query.packs":                      {`packs { nodes { id } }`, everybody},
	"Query.creditPrice":                {`creditPrice(costPerUnit: "0.001", margin: "0.8") { price { rounded } }`, everybody},
	"Query.packQuote":                  {`packQuote(code: "growth", credits: "1000") { price { amount } }`, everybody},
	"Query.meter":                      {`meter(code: "tokens") { id }`, everybody},
	"Query.meters":                     {`meters { nodes { id } }`, everybody},
	"Query.rateCards":                  {`rateCards { nodes { number } }`, everybody},
	"Query.escheatRules":               {`escheatRules { nodes { share } }`, everybody},
	"Query.estimate":                   {`estimate(id: "est_0/0") { id }`, everybody},
	"Query.estimateRun":                {`estimateRun(policy: "pooled") { through }`, everybody},
	"Query.estimates":                  {`estimates { nodes { id } }`, everybody},
	"Query.unclaimedProperty":          {`unclaimedProperty { on }`, everybody},
	"Query.fxRates":                    {`fxRates { nodes { rate } }`, everybody},
	"Query.rateCard":                   {`rateCard { rates { credits } }`, everybody},
	"Query.purchase":                   {`purchase(id: "pur_0") { id }`, everybody},
	"Query.purchases":                  {`purchases { nodes { id } }`, everybody},
	"Query.lot":                        {`lot(id: "lot_0") { id }`, everybody},
	"Query.lots":                       {`lots { nodes { id } }`, everybody},
	"Query.lapsing":                    {`lapsing(withinDays: 30) { nodes { id } }`, everybody},
	"Query.expiring":                   {`expiring(to: "2024-12-31") { nodes { day } }`, everybody},
	"Query.cohorts":                    {`cohorts { nodes { sold } }`, everybody},
	"Query.expiringMonths":             {`expiringMonths(to: "2024-12-31") { month }`, everybody},
	"Query.usageEvent":                 {`usageEvent(id: "evt_0") { id }`, everybody},
	"Query.usageEvents":                {`usageEvents { nodes { id } }`, everybody},
	"Query.draws":                      {`draws(customer: "acme") { nodes { day } }`, everybody},
	"Query.recognition":                {`recognition(id: "rec_0") { id }`, everybody},
	"Query.recognitions":               {`recognitions { nodes { id } }`, everybody},
	"Query.entry":                      {`entry(number: 1) { id }`, everybody},
	"Query.entries":                    {`entries { nodes { id } }`, everybody},
	"Query.accounts":                   {`accounts { name }`, everybody},
	"Query.reports":                    {`reports { name }`, everybody},
	"Query.trialBalance":               {`trialBalance { functionalCurrency }`, everybody},
	"Query.accountActivity":            {`accountActivity(account: CASH, from: "2024-01-01", to: "2024-01-31") { postedThrough }`, everybody},
	"Query.usageOverTime":              {`usageOverTime(from: "2024-01-01", to: "2024-01-31") { total }`, everybody},
	"Query.revenueOverTime":            {`revenueOverTime(from: "2024-01-01", to: "2024-01-31") { functionalTotal { amount } }`, everybody},
	"Query.purchasesOverTime":          {`purchasesOverTime(from: "2024-01-01", to: "2024-01-31") { functionalTotal { amount } }`, everybody},
	"Query.marginOverTime":             {`marginOverTime(from: "2024-01-01", to: "2024-01-31") { total { uncosted } }`, everybody},
	"Query.accountOverTime":            {`accountOverTime(account: CASH, from: "2024-01-01", to: "2024-01-31") { series { currency } }`, everybody},
	"Query.activeCustomersOverTime":    {`activeCustomersOverTime(from: "2024-01-01", to: "2024-01-31") { total }`, everybody},
	"Query.deferredRevenue":            {`deferredRevenue { nodes { lots } }`, everybody},
	"Query.estimateReview":             {`estimateReview(policy: "pooled", month: "2023-01") { review { stale } }`, everybody},
	"Query.estimateReviews":            {`estimateReviews { nodes { stale } }`, everybody},
	"Query.breakage":                   {`breakage(through: "2024-01") { rows { sold } }`, everybody},
	"Query.deferredRevenueRollForward": {`deferredRevenueRollForward(from: "2024-01-01", to: "2024-01-31") { entryCount }`, everybody},
	"Query.earlyBreakageRollForward":   {`earlyBreakageRollForward(from: "2024-01-01", to: "2024-01-31") { postedThrough }`, everybody},
	"Query.estimateChanges":            {`estimateChanges(from: "2024-01-01", to: "2024-01-31") { postedThrough }`, everybody},
	"Query.waterfall":                  {`waterfall(from: "2024-01", to: "2024-02") { postedThrough }`, everybody},
	"Query.income":                     {`income(from: "2024-01-01", to: "2024-01-31") { postedThrough }`, everybody},
	"Query.revenueFromOpeningBalance":  {`revenueFromOpeningBalance(from: "2024-01-01", to: "2024-01-31") { postedThrough }`, everybody},
	"Query.outOfPeriod":                {`outOfPeriod(from: "2024-01-01", to: "2024-01-31") { postedThrough }`, everybody},
	"Query.cutOff":                     {`cutOff(period: "2024-01") { asOf }`, everybody},
	"Query.exceptions":                 {`exceptions(from: "2024-01-01", to: "2024-01-31") { postedThrough }`, everybody},
	"Query.remainingObligation":        {`remainingObligation(on: "2024-01-31") { postedThrough }`, everybody},
	"Query.breakageSensitivity":        {`breakageSensitivity(policy: "pooled") { rate }`, everybody},
	"Query.statement":                  {`statement(customer: "acme", from: "2024-01-01", to: "2024-01-31") { from }`, everybody},
	"Query.jobs":                       {`jobs { name }`, everybody},
	"Query.jobRuns":                    {`jobRuns { nodes { id } }`, everybody},

	"Mutation.customerCreate":          {`customerCreate(input: {externalId: "KEY"}, idempotencyKey: "KEY") { customer { id } userErrors { code } }`, operators},
	"Mutation.policyCreate":            {`policyCreate(input: {code: "KEY"}, idempotencyKey: "KEY") { policy { id } userErrors { code } }`, accountants},
	"Mutation.estimatePropose":         {`estimatePropose(input: {policy: "pooled", rate: "0.1"}, idempotencyKey: "KEY") { estimate { id } userErrors { code } }`, accountants},
	"Mutation.estimateApprove":         {`estimateApprove(estimateId: "est_0/0", idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.estimateReject":          {`estimateReject(estimateId: "est_0/0", idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.packCreate":              {`packCreate(input: {code: "KEY", policy: "annual", tiers: [{credits: "1", price: "1"}]}, idempotencyKey: "KEY") { pack { id } userErrors { code } }`, accountants},
	"Mutation.packRevise":              {`packRevise(code: "none", input: {tiers: [{credits: "1", price: "1"}]}, idempotencyKey: "KEY") { pack { id } userErrors { code } }`, accountants},
	"Mutation.packRetire":              {`packRetire(code: "none", idempotencyKey: "KEY") { pack { id } userErrors { code } }`, accountants},
	"Mutation.meterCreate":             {`meterCreate(input: {code: "KEY", credits: "1"}, idempotencyKey: "KEY") { meter { id } userErrors { code } }`, accountants},
	"Mutation.customerJurisdictionSet": {`customerJurisdictionSet(externalId: "acme", jurisdiction: "US-DE", idempotencyKey: "KEY") { customer { id } userErrors { code } }`, operators},
	"Mutation.escheatRuleSet":          {`escheatRuleSet(input: {jurisdiction: "US-DE", share: "0.4", reason: "12 Del. C. 1133"}, idempotencyKey: "KEY") { rule { from } userErrors { code } }`, accountants},
	"Mutation.escheatPay":              {`escheatPay(input: {jurisdiction: "US-DE", amount: "1.00", reference: "r"}, idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.glAccountsSet":           {`glAccountsSet(accounts: [{account: CASH, code: "1000", name: "Cash"}], idempotencyKey: "KEY") { codes { code } userErrors { code } }`, accountants},
	"Mutation.fxRateSet":               {`fxRateSet(rates: [{currency: EUR, day: "2024-01-02", rate: "1.1", source: "bank"}], idempotencyKey: "KEY") { rates { rate } userErrors { code } }`, accountants},
	"Mutation.rateCardPublish":         {`rateCardPublish(input: {rates: [{meter: "tokens", credits: "1"}]}, idempotencyKey: "KEY") { rateCard { number } userErrors { code } }`, accountants},
	"Mutation.purchaseCreate":          {`purchaseCreate(input: {customer: "acme", pack: "growth", credits: "1000"}, idempotencyKey: "KEY") { purchase { id } userErrors { code } }`, operators},
	"Mutation.purchasePay":             {`purchasePay(purchaseId: "pur_0", idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Mutation.purchaseRefund":          {`purchaseRefund(purchaseId: "pur_0", input: {amount: "0"}, idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Mutation.purchaseVoid":            {`purchaseVoid(purchaseId: "pur_0", idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Mutation.purchaseDispute":         {`purchaseDispute(purchaseId: "pur_0", input: {outcome: WON}, idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Mutation.grantCreate":             {`grantCreate(input: {customer: "acme", policy: "annual", credits: "1", reason: PROMO}, idempotencyKey: "KEY") { lot { id } userErrors { code } }`, operators},
	"Mutation.usageRecord":             {`usageRecord(events: [{id: "KEY", customer: "acme", credits: "1"}]) { recorded }`, operators},
	"Mutation.usageVoid":               {`usageVoid(event: {customer: "acme", id: "none"}, idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Mutation.jobRun":                  {`jobRun(job: DUE, idempotencyKey: "KEY") { run { id } userErrors { code } }`, accountants},
	"Mutation.tokenCreate":             {`tokenCreate(input: {name: "KEY", roles: [VIEWER]}, idempotencyKey: "KEY") { token { id } userErrors { code } }`, admins},
	"Mutation.tokenRevoke":             {`tokenRevoke(tokenId: "tok_0", idempotencyKey: "KEY") { userErrors { code } }`, admins},

	"Mutation.webhookCreate":       {`webhookCreate(input: {url: "https://example.com/KEY"}, idempotencyKey: "KEY") { webhook { id } userErrors { code } }`, admins},
	"Mutation.webhookUpdate":       {`webhookUpdate(webhookId: "whk_0", input: {}, idempotencyKey: "KEY") { userErrors { code } }`, admins},
	"Mutation.webhookDisable":      {`webhookDisable(webhookId: "whk_0", idempotencyKey: "KEY") { userErrors { code } }`, admins},
	"Mutation.webhookRotateSecret": {`webhookRotateSecret(webhookId: "whk_0", idempotencyKey: "KEY") { userErrors { code } }`, admins},
	"Mutation.webhookTest":         {`webhookTest(webhookId: "whk_0", idempotencyKey: "KEY") { userErrors { code } }`, admins},
	"Mutation.webhookReplay":       {`webhookReplay(webhookId: "whk_0", input: {}, idempotencyKey: "KEY") { userErrors { code } }`, admins},

	"Query.exportTargets":              {`exportTargets { id }`, everybody},
	"Query.exportTarget":               {`exportTarget(code: "erp") { id }`, everybody},
	"Query.exportBatches":              {`exportBatches { nodes { id } }`, everybody},
	"Query.exportAnswers":              {`exportAnswers(batch: "xpb_0") { journal }`, everybody},
	"Query.exportBatch":                {`exportBatch(id: "xpb_0") { id }`, everybody},
	"Subscription.exportBatchProgress": {`exportBatchProgress(id: "xpb_0") { status }`, everybody},
	"Mutation.exportTargetCreate":      {`exportTargetCreate(input: {code: "KEY", profile: "{}"}, idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.exportTargetUpdate":      {`exportTargetUpdate(targetId: "xtg_0", input: {}, idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.exportBatchCreate":       {`exportBatchCreate(targetId: "xtg_0", input: {}, idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.exportBatchVoid":         {`exportBatchVoid(batchId: "xpb_0", input: {reason: "r"}, idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.exportBatchDeliver":      {`exportBatchDeliver(batchId: "xpb_0", input: {to: "r"}, idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.exportBatchAcknowledge":  {`exportBatchAcknowledge(batchId: "xpb_0", input: {journals: []}, idempotencyKey: "KEY") { userErrors { code } }`, accountants},

	"Query.periods":         {`periods { nodes { period } }`, everybody},
	"Query.period":          {`period(period: "2024-01") { status }`, everybody},
	"Query.reconciliation":  {`reconciliation(period: "2024-01") { status }`, everybody},
	"Query.reconciliations": {`reconciliations { nodes { status } }`, everybody},
	"Query.closeChecklist":  {`closeChecklist(period: "2024-01") { ready }`, everybody},
	"Query.seals":           {`seals { root }`, everybody},
	"Query.seal":            {`seal(period: "2025-01") { root }`, everybody},
	"Query.sealPublicKeys":  {`sealPublicKeys { key }`, everybody},
	"Query.sealProof":       {`sealProof(entry: 1) { document }`, auditors},
	"Query.sealConsistency": {`sealConsistency(from: 1, to: 1) { document }`, auditors},
	"Query.closeTasks":      {`closeTasks { id }`, everybody},

	"Mutation.periodClose":         {`periodClose(period: "2024-01", idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.periodReopenPropose": {`periodReopenPropose(period: "2024-01", input: {reason: "r"}, idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.periodReopenApprove": {`periodReopenApprove(reopeningId: "rop_0", idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.periodReopenReject":  {`periodReopenReject(reopeningId: "rop_0", idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.closeTaskDone":       {`closeTaskDone(taskId: "tsk_0", period: "2024-01", idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.closeTaskEnd":        {`closeTaskEnd(taskId: "tsk_0", after: "2024-01", idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.closeTaskCreate":     {`closeTaskCreate(input: {name: "KEY", required: false}, idempotencyKey: "KEY") { task { id } userErrors { code } }`, accountants},

	"Query.manualEntry":           {`manualEntry(id: "man_0") { id }`, everybody},
	"Query.manualEntries":         {`manualEntries { nodes { id } }`, everybody},
	"Mutation.manualEntryPropose": {`manualEntryPropose(input: {accountingDate: "2024-01-01", reason: "r", description: "d", lines: []}, idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.manualEntryApprove": {`manualEntryApprove(manualEntryId: "man_0", idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.manualEntryReject":  {`manualEntryReject(manualEntryId: "man_0", idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.manualEntryReverse": {`manualEntryReverse(manualEntryId: "man_0", input: {accountingDate: "2024-01-01", reason: "r"}, idempotencyKey: "KEY") { userErrors { code } }`, accountants},

	"Mutation.creditsTransfer":   {`creditsTransfer(input: {from: "acme", to: "acme", credits: "1"}, idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Query.budget":               {`budget(id: "bud_0") { id }`, everybody},
	"Mutation.budgetCreate":      {`budgetCreate(input: {customer: "acme", name: "KEY", dimension: {key: "team", value: "a"}, limit: "1"}, idempotencyKey: "KEY") { budget { id } userErrors { code } }`, operators},
	"Mutation.budgetUpdate":      {`budgetUpdate(budgetId: "bud_0", input: {limit: "1"}, idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Mutation.budgetEnd":         {`budgetEnd(budgetId: "bud_0", idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Query.hold":                 {`hold(id: "hold_0") { id }`, everybody},
	"Query.holds":                {`holds { nodes { id } }`, everybody},
	"Mutation.holdCreate":        {`holdCreate(input: {customer: "acme", credits: "1"}, idempotencyKey: "KEY") { hold { id } userErrors { code } }`, operators},
	"Mutation.holdCapture":       {`holdCapture(holdId: "hold_0", input: {id: "KEY", credits: "1"}, idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Mutation.holdRelease":       {`holdRelease(holdId: "hold_0", idempotencyKey: "KEY") { userErrors { code } }`, operators},
	"Mutation.purchaseExtend":    {`purchaseExtend(purchaseId: "pur_0", input: {neverExpires: true, treatment: CATCH_UP, reason: "r"}, idempotencyKey: "KEY") { userErrors { code } }`, accountants},
	"Mutation.purchaseReinstate": {`purchaseReinstate(purchaseId: "pur_0", input: {credits: "1", treatment: ZERO_BASIS, reason: "r"}, idempotencyKey: "KEY") { userErrors { code } }`, accountants},
}

// ofNothing are asked for what this book does not have.
var ofNothing = []string{"Query.sealProof", "Query.sealConsistency", "Subscription.exportBatchProgress"}

// notOfOneCustomer are the queries and subscriptions of everybody that a token for one customer may not have:
// they are about the whole book.
var notOfOneCustomer = []string{
	"Query.earlyBreakageRollForward", "Query.estimateChanges", "Query.breakageSensitivity", "Query.waterfall", "Query.income", "Query.outOfPeriod", "Query.cutOff", "Query.exceptions", "Query.accountActivity", "Query.revenueFromOpeningBalance", "Query.remainingObligation",
	"Query.entry", "Query.entries", "Query.trialBalance", "Query.deferredRevenueRollForward", "Query.accountOverTime", "Query.marginOverTime", "Query.jobRuns",
	"Query.alertRules", "Query.fxRates", "Query.cohorts", "Query.escheatRules", "Query.unclaimedProperty", "Query.estimate", "Query.estimates", "Query.estimateRun",
	"Query.manualEntry", "Query.manualEntries",
	"Query.periods", "Query.period", "Query.closeChecklist", "Query.reconciliation", "Query.reconciliations", "Query.closeTasks", "Query.seals", "Query.seal", "Query.sealPublicKeys", "Query.sealProof", "Query.sealConsistency",
	"Subscription.jobRunProgress", "Subscription.jobRunChanged", "Subscription.entriesPosted",
	"Query.deferredRevenueRollForward", "Query.breakage",
	"Query.estimateReview", "Query.estimateReviews",
	"Query.exportTargets", "Query.exportTarget", "Query.exportBatches", "Query.exportAnswers", "Query.exportBatch", "Subscription.exportBatchProgress",
}

// rootFieldsOf lists the root fields of the schema, as Type.field.
func rootFieldsOf(t *testing.T) (names []string) {
	t.Helper()
	text, err := os.ReadFile("../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := parser.ParseSchema(&ast.Source{Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	for _, definition := range append(schema.Definitions, schema.Extensions...) {
		if slices.Contains([]string{"Query", "Mutation", "Subscription"}, definition.Name) {
			for _, field := range definition.Fields {
				names = append(names, definition.Name+"."+field.Name)
			}
		}
	}
	return names
}

// withToken asks as whoever has the secret; as nobody where it is empty.
func (a *api) withToken(secret, query string) answered {
	a.t.Helper()
	r := post(strings.NewReader(`{"query": ` + quoted(query) + `}`))
	r.Header.Set("Accept", "application/graphql-response+json")
	if secret != "" {
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	handler := a.Handler
	defer func() { a.Handler = handler }()
	a.Handler = a.bare
	if strings.HasPrefix(query, "subscription") {
		return a.firstEvent(r)
	}
	return a.send(r)
}

// token makes a token with the roles and returns its secret.
func (a *api) token(name string, roles ...books.Role) string {
	a.t.Helper()
	return newToken(a.t, a.books, books.NewToken{Name: name, Roles: roles})
}

// code is that of the first error; "" where there is none.
func (got answered) code() string {
	if len(got.Errors) == 0 {
		return ""
	}
	return fmt.Sprint(got.Errors[0].Extensions["code"])
}

// acts counts what was done to the book.
func (a *api) acts() (n int64) {
	a.t.Helper()
	err := a.books.View(a.t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		n, err = tx.CountAudit(ctx, books.AuditFilter{})
		if err == nil {
			var events int64
			events, err = tx.CountEvents(ctx, books.EventFilter{})
			n += events
		}
		return err
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return n
}

// TestWhoMayWhat asks for every root field as every role, and as those who are nobody. A
// root field that the matrix does not know fails it.
func TestWhoMayWhat(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	a.run()
	run := a.must(`{ jobRuns { nodes { id } } }`).text("jobRuns.nodes.0.id")
	a.must(`mutation { policyCreate(input: {code: "pooled", expires: "P12M", breakage: {method: PROPORTIONAL, rate: "0.2"}}, idempotencyKey: "pooled") { userErrors { message } } }`)
	secrets := map[string]string{"nobody": "", "mistyped": "dd_" + strings.Repeat("0", 49), "no token": "abc.def.ghi"}
	for _, role := range books.Roles() {
		secrets[string(role)] = a.token(strings.ToLower(string(role)), role)
	}
	secrets["one customer"] = newToken(t, a.books, books.NewToken{Name: "portal", Roles: []books.Role{books.Viewer}, Customer: "acme"})
	secrets["unknown"] = newToken(t, newAPI(t).books, books.NewToken{Name: "elsewhere", Roles: []books.Role{books.Admin}})
	secrets["revoked"] = a.token("revoked", books.Admin)
	secrets["expired"] = newToken(t, a.books, books.NewToken{Name: "expired", Roles: []books.Role{books.Admin}, ExpiresAt: a.now.Add(time.Second)})
	revoked := a.must(`{ tokens(search: "revoked") { nodes { id } } }`).text("tokens.nodes.0.id")
	a.must(`mutation { tokenRevoke(tokenId: "` + revoked + `", idempotencyKey: "revoke") { userErrors { message } } }`)
	a.now = a.now.Add(time.Second)

	asked := 0
	fields := rootFieldsOf(t)
	for name := range matrix {
		if !slices.Contains(fields, name) {
			t.Errorf("the matrix has a row for %s, which is no root field", name)
		}
	}
	for _, name := range fields {
		row, known := matrix[name]
		if !known {
			t.Errorf("%s has no row in the matrix: say there who may have it", name)
			continue
		}
		for who, secret := range secrets {
			asked++
			kind, _, _ := strings.Cut(strings.ToLower(name), ".")
			before := a.acts()
			ask := strings.NewReplacer("KEY", fmt.Sprintf("key-%d", asked), "RUN", run).Replace(row.ask)
			got := a.withToken(secret, kind+" { "+ask+" }")
			switch {
			case who == "one customer":
				isQuery := kind != "mutation" && slices.Contains(row.may, viewer)
				switch {
				case isQuery && !slices.Contains(notOfOneCustomer, name):
					if got.Status != http.StatusOK || len(got.Errors) > 0 {
						t.Errorf("%s as %s: %d %s", name, who, got.Status, got.body)
					}
				case got.code() != "FORBIDDEN" || len(got.Data) > 0 && !isQuery:
					t.Errorf("%s as %s: %d %s", name, who, got.Status, got.body)
				}
			case !slices.Contains(everybody, who):
				if got.Status != http.StatusUnauthorized || got.code() != "UNAUTHENTICATED" || !strings.HasPrefix(got.Header.Get("WWW-Authenticate"), "Bearer ") {
					t.Errorf("%s as %s: %d %s", name, who, got.Status, got.body)
				}
			case slices.Contains(row.may, who):
				if got.Status != http.StatusOK || len(got.Errors) > 0 && (got.code() != "NOT_FOUND" || !slices.Contains(ofNothing, name)) {
					t.Errorf("%s as %s: %d %s", name, who, got.Status, got.body)
				}
				continue
			case got.Status != http.StatusForbidden || got.code() != "FORBIDDEN" || got.Data != nil:
				t.Errorf("%s as %s: %d %s", name, who, got.Status, got.body)
			}
			if after := a.acts(); after != before {
				t.Errorf("%s as %s was refused and done", name, who)
			}
		}
	}
	if found := regexp.MustCompile(`dd_[0-9A-Za-z]{4}|abc\.def`).FindString(a.logs.String()); found != "" {
		t.Errorf("a token is in the logs: %s", found)
	}
}

// A request of which one root field is not allowed does nothing at all, wherever the field
// hides, and says which role is lacking.
func TestNoHalfOfAMutation(t *testing.T) {
	a := newAPI(t)
	secret := a.token("operator", books.Operator)
	const allowed = `customerCreate(input: {externalId: "zeta"}, idempotencyKey: "z") { customer { id } }`
	const refused = `meterCreate(input: {code: "m", credits: "1"}, idempotencyKey: "m") { meter { id } }`
	before := a.acts()
	for _, query := range []string{
		`mutation { ` + allowed + ` ` + refused + ` }`,
		`mutation { ` + allowed + ` x: ` + refused + ` }`,
		`mutation { ` + allowed + ` ... { ` + refused + ` } }`,
		`mutation { ` + allowed + ` ...M } fragment M on Mutation { ...N } fragment N on Mutation { ` + refused + ` }`,
		`mutation { ` + allowed + ` ` + strings.Replace(refused, `) {`, `) @skip(if: true) {`, 1) + ` }`,
	} {
		got := a.withToken(secret, query)
		if got.code() != "FORBIDDEN" || got.Data != nil || !strings.Contains(got.body, "meterCreate needs the role ACCOUNTANT; you have OPERATOR") {
			t.Errorf("%s\n%d %s", query, got.Status, got.body)
		}
	}
	if a.acts() != before {
		t.Error("something was done")
	}
	// In application/json the status is 200, as for every request error.
	r := post(strings.NewReader(`{"query": ` + quoted("mutation { "+refused+" }") + `}`))
	r.Header.Set("Authorization", "Bearer "+secret)
	if got := a.send(r); got.Status != http.StatusOK || got.code() != "FORBIDDEN" {
		t.Errorf("%d %s", got.Status, got.body)
	}
}

// Who may ask the schema about itself, and /metrics, is said by role; with the explorer, which
// needs the first, everybody with a token may.
func TestIntrospectionByRole(t *testing.T) {
	a := newAPI(t)
	low, high := a.token("low", books.Viewer), a.token("high", books.Admin)
	const query = `{ ...Q } fragment Q on Query { __schema { queryType { name } } __type(name: "Lot") { name } }`
	for _, test := range []struct {
		options graph.Options
		secret  string
		code    string
	}{
		{graph.Options{}, low, ""},
		{graph.Options{}, "", "UNAUTHENTICATED"},
		{graph.Options{Introspection: books.Admin}, low, "FORBIDDEN"},
		{graph.Options{Introspection: books.Admin}, high, ""},
		{graph.Options{Introspection: books.Admin, Explorer: true}, low, ""},
	} {
		a.serve(test.options)
		if got := a.withToken(test.secret, query); got.code() != test.code {
			t.Errorf("%+v: %s", test.options, got.body)
		}
	}
	a.serve(graph.Options{Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("figures")) })})
	a.sell("acme")
	one := newToken(t, a.books, books.NewToken{Name: "portal", Roles: []books.Role{books.Viewer}, Customer: "acme"})
	for secret, want := range map[string]int{"": http.StatusUnauthorized, low: http.StatusOK, one: http.StatusForbidden} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
		if secret != "" {
			r.Header.Set("Authorization", "Bearer "+secret)
		}
		recorder := httptest.NewRecorder()
		a.bare.ServeHTTP(recorder, r)
		if recorder.Code != want || strings.Contains(recorder.Body.String(), "figures") != (want == http.StatusOK) {
			t.Errorf("metrics: %d %s", recorder.Code, recorder.Body)
		}
	}
}
