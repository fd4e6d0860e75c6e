package books

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// What an auditor reads is written by hand here: names as in the API, money and credits as
// decimals, no secret and no hash of one.
func TestTrailText(t *testing.T) {
	at := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	rate := decimal.RequireFromString("0.20")
	for _, test := range []struct {
		name string
		of   any
		want string
	}{
		{
			"a token without its hash",
			Token{ID: "1", Name: "ci", Hash: []byte("secret"), Roles: []Role{Viewer}, Owner: "ann", CustomerID: "c", CreatedAt: at},
			`{"id":"1","name":"ci","roles":["VIEWER"],"owner":"ann","customerId":"c","makers":[],"createdBy":"","createdAt":"2025-03-01T12:00:00Z","expiresAt":null,"lastUsedAt":null,"revokedAt":null,"revokedBy":""}`,
		},
		{
			"an endpoint without its secrets",
			Webhook{ID: "1", URL: "https://x", Secret: "whsec_1", PreviousSecret: "whsec_0", Fingerprint: "ab"},
			`{"id":"1","url":"https://x","description":"","events":[],"fingerprint":"ab","previousUntil":null,"createdBy":"","createdAt":null,"disabledAt":null,"disabledReason":"","failingSince":null}`,
		},
		{
			"what is embedded stands among the rest",
			Estimate{Estimate: revrec.Estimate{ID: "e", From: ledger.NewDate(2025, 1, 1), Rate: rate}, PolicyID: "p"},
			`{"id":"e","from":"2025-01-01","rate":"0.2","inOne":false,"policyId":"p","reason":"","createdAt":null,"status":"","proposedBy":"","decidedBy":"","decidedAt":null,"decision":"","supersededBy":"","supersededOn":null}`,
		},
		{"money", struct{ Price, None ledger.Amount }{Price: ledger.Money(1999, "USD")}, `{"price":{"amount":"19.99","currency":"USD"},"none":null}`},
		{"yen", struct{ Price ledger.Amount }{ledger.Money(1999, "JPY")}, `{"price":{"amount":"1999","currency":"JPY"}}`},
		{"credits", struct{ Limit revrec.Credits }{1_500_000}, `{"limit":"1.5"}`},
		{"months", closedThrough{ledger.NewDate(2025, 2, 1).Period()}, `{"closedThrough":"2025-02"}`},
		{"nothing", struct{ To ledger.Period }{}, `{"to":null}`},
		{"a pointer", struct{ Cost, None *Cost }{Cost: &Cost{rate, decimal.NewFromInt(1)}}, `{"cost":{"amount":"0.2","per":"1"},"none":null}`},
		{"settings", map[string]string{"b": "2", "a": "1"}, `{"a":"1","b":"2"}`},
	} {
		got, err := trailText(test.of)
		if err != nil || got != test.want || !json.Valid([]byte(got)) {
			t.Errorf("%s:\n got %s\nwant %s\n%v", test.name, got, test.want, err)
		}
	}
}

// What somebody asked is written as people write it, and what they did not say is not there.
func TestAskedText(t *testing.T) {
	july, zero := ledger.NewDate(2026, 7, 1), decimal.RequireFromString("0")
	price := decimal.NewFromInt(100)
	for _, test := range []struct {
		name string
		of   any
		want string
	}{
		{"a month", ClosePeriod{july.Period()}, `{"period":"2026-07"}`},
		{"a month that was not given", NewCloseTask{Name: "bank"}, `{"name":"bank","required":false}`},
		{"a task", NewCloseTask{Name: "bank", Required: true, From: july.Period()}, `{"name":"bank","required":true,"from":"2026-07"}`},
		{"a task that was done", DoCloseTask{ID: "t", Period: july.Period(), Comment: "seen"}, `{"id":"t","period":"2026-07","comment":"seen"}`},
		{"a purchase", NewPurchase{Customer: "acme", Pack: "large", Price: &price, DueOn: july}, `{"customer":"acme","pack":"large","price":"100","neverExpires":false,"invoiced":false,"dueOn":"2026-07-01","cancellable":false}`},
		{"instants", NewGrant{Customer: "acme", Credits: price, GrantedAt: july.Start(time.UTC)}, `{"customer":"acme","credits":"100","grantedAt":"2026-07-01T00:00:00Z","neverExpires":false}`},
		{"0 that was given", NewEstimate{Policy: "p", From: july, Rate: zero}, `{"policy":"p","from":"2026-07-01","rate":"0"}`},
		{"0 that stands for a default", NewMeter{Code: "m", Credits: zero}, `{"code":"m","credits":"0"}`},
		{"none, which was asked for", CustomerSegment{Customer: "acme"}, `{"customer":"acme","segment":""}`},
		{"a run of history", NewEstimate{Policy: "p", Run: &EstimateRequest{Through: july.Period()}}, `{"policy":"p","run":{"through":"2026-07"}}`},
		{"debit and credit", NewManualEntry{Lines: []NewManualLine{{Account: ledger.Cash, Amount: price}, {Account: ledger.Refunds, Credit: true, Amount: price}}}, `{"lines":[{"account":"cash","credit":false,"amount":"100"},{"account":"refunds","credit":true,"amount":"100"}]}`},
		{"a run of jobs", askedRun{Job: JobAll}, `{"job":"all"}`},
		{"a token without its hash", NewToken{Name: "ci", Hash: []byte("secret")}, `{"name":"ci"}`},
	} {
		got, err := askedText(test.of)
		if err != nil || got != test.want || !json.Valid([]byte(got)) {
			t.Errorf("%s:\n got %s\nwant %s\n%v", test.name, got, test.want, err)
		}
	}
}

// A request is known again by the bytes that it had when its key was first used, whatever the trail shows.
func TestRequestsAreKnownAgain(t *testing.T) {
	july := ledger.NewDate(2026, 7, 1)
	for _, test := range []struct {
		act  act
		text string
	}{
		{act{"period.close", "k", ClosePeriod{july.Period()}}, `{"period":24318}`},
		{act{"closeTask.create", "k", NewCloseTask{Name: "bank", From: july.Period()}}, `{"name":"bank","required":false,"from":24318}`},
		{act{"estimate.propose", "k", NewEstimate{Policy: "p", From: july, Rate: decimal.NewFromInt(0), Reason: "r"}}, `{"policy":"p","from":"2026-07-01","rate":"0","reason":"r"}`},
		{act{"grant.create", "k", NewGrant{Customer: "acme"}}, `{"customer":"acme","policy":"","credits":"0","reason":"","grantedAt":"0001-01-01T00:00:00Z","expiresAt":"0001-01-01T00:00:00Z","expiresAfter":null,"neverExpires":false,"shortExpiry":"","priority":null}`},
		{act{"job.run", "k", askedRun{JobAll, july}}, `{"job":"all","through":"2026-07-01"}`},
		{act{"job.run", "k", askedRun{Job: JobAll}}, `{"job":"all","through":""}`},
	} {
		want := sha256.Sum256([]byte(test.act.operation + "\n" + test.text))
		if got, err := test.act.hash(); err != nil || !bytes.Equal(got, want[:]) {
			t.Errorf("%s is not the hash of %s: %v", test.act.operation, test.text, err)
		}
	}
}

func TestTrailNames(t *testing.T) {
	for name, want := range map[string]string{"ID": "id", "CustomerID": "customerId", "URL": "url", "FXRate": "fxRate", "InOne": "inOne", "At": "at", "OIDCName": "oidcName"} {
		if got := trailName(name); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
}

func TestReasonOf(t *testing.T) {
	for asked, want := range map[string]string{
		`{"reason":"too high"}`: "too high", `{"note":"new prices"}`: "new prices", `{"comment":"done"}`: "done",
		`{"reason":""}`: "", `{"reason":null,"note":"n"}`: "n", `{"name":"x"}`: "", `"text"`: "", `{"reason":{"a":1}}`: "",
	} {
		if got := reasonOf([]byte(asked)); got != want {
			t.Errorf("%s has the reason %q, not %q", asked, got, want)
		}
	}
}
