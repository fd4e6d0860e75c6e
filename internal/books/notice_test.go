package books_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// silent are the acts that tell nobody, and why.
var silent = map[string]string{
	"usage.record":              "a message would cost more than the event: whoever sends it knows it, and balanceChanged says what is left",
	"usage.void":                "use is not told event by event",
	"opening.import":            "a command of whoever moves in, before other systems go by the book; its lots are thousands",
	"fxrate.set":                "a rate changes no figure before an act uses it, which is told",
	"glAccounts.set":            "moves no figure: exports name accounts by it from a day on",
	"customer.jurisdiction.set": "moves no figure that is booked",
	"escheatRule.set":           "what it changes is booked by the jobs",
	"customer.create":           "the company's own systems say who its customers are",
	"customer.segment":          "changes no figure, only in which cohort what is bought from now on counts",
	"policy.create":             "nothing is sold under it yet, and it never changes",
	"meter.create":              "nothing is rated by it yet",
	"estimate.create":           "not in the API: examples and scenarios set their estimates by it",
	"estimate.attach":           "a paper of a proposal, which is told: who reads the file finds it there",
	"manual.attach":             "a paper of a proposal, which is told: who reads the entry finds it there",
	"alertRule.create":          "what the rule finds is told",
	"alertRule.end":             "what the rule would find is told no more",
	"topUpRule.create":          "what it asks for is told",
	"topUpRule.end":             "it asks for nothing any more",
	"topUp.fail":                "who was told of the request says what came of it",
	"exportTarget.create":       "a list of the finance team's own: what is exported is told",
	"exportTarget.update":       "the same",
	"exportBatch.create":        "it is told when its files can be fetched",
	"exportBatch.deliver":       "whoever takes the files knows it",
	"exportBatch.acknowledge":   "whoever says it is the general ledger",
	"closeTask.create":          "a list of the finance team's own: the closing is told",
	"closeTask.end":             "the same",
	"closeTask.done":            "the same",
	"token.create":              "access is for the audit trail, not for other systems",
	"token.revoke":              "the same",
	"seal.key":                  "the closing that first signs with it is told",
	"settings.start":            "how a server runs is for the audit trail, not for other systems",
	"webhook.create":            "who is told is for those who ask the API",
	"webhook.update":            "the same",
	"webhook.disable":           "the same: it cannot be told to the one that is disabled",
	"webhook.rotate":            "the same",
	"webhook.test":              "tells its endpoint by a message of its own",
	"webhook.replay":            "sends again what was told",
}

// TestEveryActTellsOrSaysWhyNot holds each act in the source against what tells of it: the
// next one cannot be forgotten.
func TestEveryActTellsOrSaysWhyNot(t *testing.T) {
	acts, tells := actsOf(t)
	if len(acts) < 40 || len(tells) < 20 {
		t.Fatalf("%d acts and %d that tell: the source is read wrongly", len(acts), len(tells))
	}
	for act, where := range acts {
		why, isSilent := silent[act]
		switch {
		case tells[act] && isSilent:
			t.Errorf("%s (%s) tells, and is on the list of those that do not (%s)", act, where, why)
		case !tells[act] && !isSilent && act != "job.run":
			t.Errorf("%s (%s) tells nobody: add it to actNotices, or here with the reason", act, where)
		}
	}
	for act := range tells {
		if acts[act] == "" {
			t.Errorf("actNotices has %s, which is no act", act)
		}
	}
	for act, why := range silent {
		if acts[act] == "" || why == "" {
			t.Errorf("%q is on the list of silent acts, which is no act or has no reason", act)
		}
	}
}

// actName is what acts are called.
var actName = regexp.MustCompile(`^[a-zA-Z]+(\.[a-zA-Z]+)+$`)

// actsOf reads the source of the package: each act{"…"}, begin(…, "…") and audit(…, "…"), by
// name with its file, and the keys of actNotices.
func actsOf(t *testing.T) (acts map[string]string, tells map[string]bool) {
	t.Helper()
	acts, tells = map[string]string{}, map[string]bool{}
	for _, name := range done[[]string](t)(filepath.Glob("*.go")) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file := done[*ast.File](t)(parser.ParseFile(token.NewFileSet(), name, nil, 0))
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.CompositeLit:
				if called(node.Type) == "act" && len(node.Elts) > 0 {
					acts[literal(node.Elts[0])] = name
				}
			case *ast.CallExpr:
				if called(node.Fun) != "begin" && called(node.Fun) != "audit" {
					break
				}
				for _, argument := range node.Args {
					if act := literal(argument); actName.MatchString(act) {
						acts[act] = name
					}
				}
			case *ast.ValueSpec:
				if node.Names[0].Name != "actNotices" {
					break
				}
				for _, element := range node.Values[0].(*ast.CompositeLit).Elts {
					tells[literal(element.(*ast.KeyValueExpr).Key)] = true
				}
			}
			return true
		})
	}
	delete(acts, "") // what a variable names is named by a literal elsewhere
	return acts, tells
}

func called(expression ast.Expr) string {
	switch expression := expression.(type) {
	case *ast.Ident:
		return expression.Name
	case *ast.SelectorExpr:
		return expression.Sel.Name
	}
	return ""
}

func literal(expression ast.Expr) string {
	basic, is := expression.(*ast.BasicLit)
	if !is || basic.Kind != token.STRING {
		return ""
	}
	text, _ := strconv.Unquote(basic.Value)
	return text
}

// TestNoticesAreDocumented holds the types that there are against the enum of the schema
// and the table of docs/webhooks.md.
func TestNoticesAreDocumented(t *testing.T) {
	schema := string(done[[]byte](t)(os.ReadFile("../../schema.graphqls")))
	_, schema, _ = strings.Cut(schema, "enum WebhookEvent {")
	schema, _, _ = strings.Cut(schema, "}")
	table := string(done[[]byte](t)(os.ReadFile("../../docs/webhooks.md")))
	types := append(books.NoticeTypes(), books.NoticeTest)
	for _, kind := range types {
		enum := strings.ToUpper(strings.Replace(string(kind), ".", "_", 1))
		if !strings.Contains(schema, "\n  "+enum+"\n") {
			t.Errorf("WebhookEvent lacks %s", enum)
		}
		if !regexp.MustCompile("(?m)^\\| [^|]*`" + regexp.QuoteMeta(string(kind)) + "`").MatchString(table) {
			t.Errorf("the table of docs/webhooks.md lacks %s", kind)
		}
	}
	if values := regexp.MustCompile(`(?m)^  [A-Z_]+$`).FindAllString(schema, -1); len(values) != len(types) {
		t.Errorf("WebhookEvent has %d values, and there are %d types", len(values), len(types))
	}
}

// TestTold has acts happen and reads what is told of each, in order: what was done again or
// refused is not told.
func TestTold(t *testing.T) {
	ctx, now := t.Context(), time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b := newShop(t, &now)
	_, _, err := b.WebhookCreate(ctx, "webhook", books.NewWebhook{URL: "https://example.com", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
	fine(t, err)
	seen := 0
	tell := func(what string, want ...string) {
		t.Helper()
		told := bodiesOf(t, b)[seen:]
		seen += len(told)
		if len(told) != len(want) {
			t.Fatalf("%s: told %q, want %d messages", what, told, len(want))
		}
		for i := range want {
			for word := range strings.SplitSeq(want[i], " ") {
				if !strings.Contains(told[i], word) {
					t.Errorf("%s: told %s, without %s", what, told[i], word)
				}
			}
		}
	}
	day := ledger.NewDate(2024, 3, 11)
	invoice := done[books.Purchased](t)(b.Purchase(ctx, "buy", books.NewPurchase{Customer: "acme", Pack: "standard", Credits: whole(1000), Invoiced: true, DueOn: day}))
	now = now.AddDate(0, 0, 2)
	part := whole(40)
	for range 2 {
		done[books.Purchased](t)(b.Pay(ctx, "part", books.Payment{PurchaseID: invoice.Purchase.ID, Amount: &part}))
	}
	done[books.Purchased](t)(b.Pay(ctx, "rest", books.Payment{PurchaseID: invoice.Purchase.ID}))
	tell("an invoice paid in parts", `"purchase.created"`,
		`"payment.received" "amount":{"amount":"40.00" "received":{"amount":"40.00" "outstanding":{"amount":"60.00" "status":"INVOICED"`,
		`"payment.received" "amount":{"amount":"60.00" "received":{"amount":"100.00" "outstanding":{"amount":"0.00" "status":"PAID"`,
		`"purchase.paid" "status":"PAID"`)

	credits, keep := whole(100), whole(850)
	first := done[books.Hold](t)(b.HoldCreate(ctx, "hold", books.NewHold{Customer: "acme", Credits: &credits, Reference: "job-1"}))
	capture := books.HoldCapture{HoldID: first.ID, ID: "e", Credits: &part}
	for _, key := range []string{"capture", "capture", "the same under another key"} {
		done[books.Captured](t)(b.HoldCapture(ctx, key, capture))
	}
	second := done[books.Hold](t)(b.HoldCreate(ctx, "hold 2", books.NewHold{Customer: "acme", Credits: &credits}))
	done[books.Hold](t)(b.HoldRelease(ctx, "release", books.HoldToEnd{HoldID: second.ID, Reason: "cancelled"}))
	_, err = b.HoldRelease(ctx, "release again", books.HoldToEnd{HoldID: second.ID})
	if books.CodeOf(err) != books.HoldEnded {
		t.Fatalf("released twice: %v", err)
	}
	tell("holds", `"hold.created" "credits":"100" "reference":"job-1" "customer":"acme" "status":"ACTIVE"`,
		`"hold.captured" "used":"40" "status":"CAPTURED" "usageEventId":"evt_`, `"hold.created"`, `"hold.released" "reason":"cancelled"`)

	// 1,000 less 40 used less 10 paid back are 950; a refund of the rest ends a hold of 850.
	some := whole(10)
	done[books.Purchased](t)(b.Refund(ctx, "some", books.RefundRequest{PurchaseID: invoice.Purchase.ID, Amount: whole(1), Credits: &some}))
	done[books.Hold](t)(b.HoldCreate(ctx, "hold 3", books.NewHold{Customer: "acme", Credits: &keep}))
	done[books.Purchased](t)(b.Refund(ctx, "all", books.RefundRequest{PurchaseID: invoice.Purchase.ID, Amount: whole(95)}))
	tell("refunds",
		`"purchase.refunded" "amount":{"amount":"1.00" "refundAmount":{"amount":"1.00" "creditsRefunded":"10" "status":"PAID" "remaining":"950"`,
		`"hold.created"`, `"hold.released" "reason":"the`,
		`"purchase.refunded" "amount":{"amount":"95.00" "refundAmount":{"amount":"96.00" "refundedAt":" "status":"REFUNDED"`)

	limit := whole(500)
	budget := done[books.Budget](t)(b.BudgetCreate(ctx, "budget", books.NewBudget{
		Customer: "acme", Name: "ann", Dimension: books.EventDimension{Key: "user", Value: "ann"}, Limit: limit, Per: books.PerMonth, Mode: books.HardBudget,
	}))
	done[books.Budget](t)(b.BudgetUpdate(ctx, "update", books.BudgetChange{BudgetID: budget.ID, Limit: &keep}))
	done[books.Budget](t)(b.BudgetEnd(ctx, "end", books.BudgetChange{BudgetID: budget.ID}))
	tell("budgets", `"budget.created" "limit":"500" "per":"MONTH" "mode":"HARD" "version":1 "from":"2024-03-12"`,
		`"budget.updated" "limit":"850" "version":2`, `"budget.ended" "ended":true "version":3`)

	done[books.Pack](t)(b.PackRevise(ctx, "revise", books.PackRevision{Code: "standard", Tiers: tiers("1000 120")}))
	done[books.Pack](t)(b.PackRetire(ctx, "retire", books.PackRetirement{Code: "standard"}))
	done[books.Meter](t)(b.MeterCreate(ctx, "meter", books.NewMeter{Code: "units", Credits: whole(1), Per: whole(2)}))
	done[books.RateCard](t)(b.RateCardPublish(ctx, "card", books.NewRateCard{Rates: []books.NewRate{{Meter: "units", Credits: whole(3)}}}))
	tell("the catalogue", `"pack.revised" "code":"standard" "version":2 "tiers":[{"credits":"1000","price":{"amount":"120.00","currency":"USD"}}]`,
		`"pack.retired" "version":3 "tiers":[]`, `"ratecard.published" "number":1 "credits":"3" "per":"1"`)
}

// TestTellOfPeriods closes a month, has it proposed twice to be opened again, turned down and
// approved: each is told once, with what was decided.
func TestTellOfPeriods(t *testing.T) {
	ctx, now := t.Context(), time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	b := newShop(t, &now)
	done[books.Purchased](t)(b.Purchase(ctx, "buy", sale("1000", now)))
	now = time.Date(2024, 4, 2, 12, 0, 0, 0, time.UTC)
	done[books.JobRun](t)(b.RunJob(ctx, books.JobAll, books.RunOptions{}))
	_, _, err := b.WebhookCreate(ctx, "webhook", books.NewWebhook{URL: "https://example.com", Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})
	fine(t, err)
	march := ledger.NewDate(2024, 3, 1).Period()
	ann, bob := books.WithCaller(ctx, books.Caller{Actor: "ann"}), books.WithCaller(ctx, books.Caller{Actor: "bob"})
	propose := func(key string) books.DecideReopening {
		proposed := done[books.Reopening](t)(b.PeriodReopenPropose(ann, key, books.ReopenPeriod{Period: march, Reason: "a file was found"}))
		return books.DecideReopening{ID: proposed.ID}
	}
	done[[]books.GLCode](t)(b.GLAccountsSet(ctx, "gl", books.SampleGLCodes()))
	done[books.Closing](t)(b.PeriodClose(ctx, "close", books.ClosePeriod{Period: march}))
	done[books.Reopening](t)(b.PeriodReopenReject(bob, "no", propose("first")))
	second := propose("second")
	if _, err := b.PeriodReopenApprove(ann, "by herself", second); books.CodeOf(err) != books.SamePerson {
		t.Fatalf("approved by who proposed it: %v", err)
	}
	done[books.Reopening](t)(b.PeriodReopenApprove(bob, "yes", second))
	want := []string{
		`"type":"period.closed" "period":"2024-03" "entries":1 "lastEntry":1 "closedAt":"2024-04-02T12:00:00Z"`,
		`"type":"reopening.proposed" "period":"2024-03" "status":"PROPOSED" "reopeningId":"rop_ "reason":"a`,
		`"type":"reopening.rejected" "status":"REJECTED" "decidedAt"`,
		`"type":"reopening.proposed"`, `"type":"period.reopened" "period":"2024-03" "status":"APPROVED" "decidedAt"`,
	}
	told := bodiesOf(t, b)
	if len(told) != len(want) {
		t.Fatalf("told %q", told)
	}
	for i := range want {
		for word := range strings.SplitSeq(want[i], " ") {
			if !strings.Contains(told[i], word) {
				t.Errorf("told %s, without %s", told[i], word)
			}
		}
	}
}

// bodiesOf returns what was told, in order.
func bodiesOf(t *testing.T, b *books.Books) (bodies []string) {
	t.Helper()
	fine(t, b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		all, err := tx.Deliveries(ctx, books.DeliveryFilter{}, books.Page{})
		for _, delivery := range all {
			bodies = append(bodies, delivery.Message.Body)
		}
		return err
	}))
	return bodies
}
