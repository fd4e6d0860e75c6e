package books

import (
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
