package graph_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// An endpoint from its making to a replay, as an admin sees it.
func TestWebhook(t *testing.T) {
	a := newAPI(t)
	made := a.must(`mutation { webhookCreate(input: {url: "https://example.com/hooks", events: [PURCHASE_CREATED, PURCHASE_CREATED, LOT_LAPSED]}, idempotencyKey: "w") {
		secret webhook { id events enabled secretFingerprint } userErrors { message } } }`)
	if secret := made.text("webhookCreate.secret"); !strings.HasPrefix(secret, "whsec_") {
		t.Errorf("the secret is %q", secret)
	}
	id := made.text("webhookCreate.webhook.id")
	again := a.must(`mutation { webhookCreate(input: {url: "https://example.com/hooks", events: [PURCHASE_CREATED, LOT_LAPSED]}, idempotencyKey: "w") { secret webhook { id } } }`)
	if again.at("webhookCreate.secret") != nil || again.text("webhookCreate.webhook.id") != id {
		t.Errorf("asked for again: %v", again)
	}
	rotated := a.must(`mutation($id: ID!) { webhookRotateSecret(webhookId: $id, idempotencyKey: "r") { secret webhook { secretFingerprint previousSecretUntil } } }`, map[string]any{"id": id})
	if rotated.text("webhookRotateSecret.secret") == made.text("webhookCreate.secret") || rotated.at("webhookRotateSecret.webhook.previousSecretUntil") == nil ||
		rotated.text("webhookRotateSecret.webhook.secretFingerprint") == made.text("webhookCreate.webhook.secretFingerprint") {
		t.Errorf("rotated: %v", rotated)
	}
	a.must(`mutation {
		policyCreate(input: {code: "annual", expires: "P12M"}, idempotencyKey: "p") { userErrors { message } }
		customerCreate(input: {externalId: "acme"}, idempotencyKey: "c") { userErrors { message } }
		purchaseCreate(input: {customer: "acme", policy: "annual", credits: "1000", price: "100"}, idempotencyKey: "b") { userErrors { message } }
	}`)
	all := a.must(`{ webhookDeliveries { nodes { id event status attempts payload nextAttemptAt webhook { id } } totalCount } }`)
	if all.text("webhookDeliveries.nodes.0.event") != "PURCHASE_CREATED" || all.text("webhookDeliveries.nodes.0.status") != "PENDING" || all.text("webhookDeliveries.nodes.0.webhook.id") != id {
		t.Fatalf("deliveries: %v", all)
	}
	var message struct {
		Data struct{ PurchaseID, LotID, Customer string }
	}
	if err := json.Unmarshal([]byte(all.text("webhookDeliveries.nodes.0.payload")), &message); err != nil {
		t.Fatal(err)
	}
	// The ids that are told are those of the API.
	named := a.must(`query($p: ID!, $l: ID!) { purchase(id: $p) { customer { externalId } lot { id } } lot(id: $l) { id } }`, map[string]any{"p": message.Data.PurchaseID, "l": message.Data.LotID})
	if named.text("purchase.customer.externalId") != "acme" || named.text("purchase.lot.id") != message.Data.LotID || named.text("lot.id") != message.Data.LotID || message.Data.Customer != "acme" {
		t.Errorf("told of %+v, which is %v", message.Data, named)
	}
	delivery := all.text("webhookDeliveries.nodes.0.id")
	a.must(`mutation($id: ID!, $d: ID!) { webhookReplay(webhookId: $id, input: {deliveryId: $d}, idempotencyKey: "a") { deliveries } }`, map[string]any{"id": id, "d": delivery}).is("webhookReplay.deliveries", "1")
	off := a.ask(`mutation($id: ID!) { webhookDisable(webhookId: $id, input: {reason: "it moves"}, idempotencyKey: "off") { webhook { enabled disabledReason } }
		webhookTest(webhookId: $id, idempotencyKey: "t") { delivery { id } userErrors { field code } } }`, map[string]any{"id": id})
	if off.text("webhookDisable.webhook.disabledReason") != "it moves" || off.text("webhookTest.userErrors.0.code") != "INVALID" || off.text("webhookTest.userErrors.0.field.0") != "webhookId" {
		t.Errorf("disabled: %v", off)
	}
}

// What is refused leaves nothing behind.
func TestWebhookRefusals(t *testing.T) {
	a := newAPI(t)
	id := a.must(`mutation { webhookCreate(input: {url: "https://example.com/"}, idempotencyKey: "w") { webhook { id } } }`).text("webhookCreate.webhook.id")
	for name, test := range map[string]struct{ ask, code, field string }{
		"http":          {`webhookCreate(input: {url: "http://example.com"}, idempotencyKey: "1")`, "INVALID", "input.url"},
		"no host":       {`webhookCreate(input: {url: "https:///x"}, idempotencyKey: "2")`, "INVALID", "input.url"},
		"a password":    {`webhookCreate(input: {url: "https://a:b@example.com"}, idempotencyKey: "3")`, "INVALID", "input.url"},
		"a test event":  {`webhookCreate(input: {url: "https://example.com", events: [WEBHOOK_TEST]}, idempotencyKey: "4")`, "INVALID", "input.events"},
		"nobody":        {`webhookUpdate(webhookId: "whk_0", input: {}, idempotencyKey: "5")`, "NOT_FOUND", "webhookId"},
		"off by update": {`webhookUpdate(webhookId: "` + id + `", input: {enabled: false}, idempotencyKey: "6")`, "INVALID", "input.enabled"},
		"no time":       {`webhookReplay(webhookId: "` + id + `", input: {}, idempotencyKey: "7")`, "INVALID", "input.from"},
		"both":          {`webhookReplay(webhookId: "` + id + `", input: {from: "2024-01-01T00:00:00Z", deliveryId: "dlv_0/0"}, idempotencyKey: "8")`, "INVALID", "input.from"},
		"no delivery":   {`webhookReplay(webhookId: "` + id + `", input: {deliveryId: "dlv_0/0"}, idempotencyKey: "9")`, "NOT_FOUND", "input.deliveryId"},
		"no such id":    {`webhookReplay(webhookId: "` + id + `", input: {deliveryId: "lot_0"}, idempotencyKey: "10")`, "INVALID", "input.deliveryId"},
	} {
		field, _, _ := strings.Cut(test.ask, "(")
		got := a.ask("mutation { " + test.ask + " { userErrors { field code message } } }")
		path, _ := got.at(field + ".userErrors.0.field").([]any)
		var names []string
		for _, part := range path {
			names = append(names, part.(string))
		}
		if code := got.text(field + ".userErrors.0.code"); code != test.code || strings.Join(names, ".") != test.field {
			t.Errorf("%s: %s at %s, not %s at %s", name, code, strings.Join(names, "."), test.code, test.field)
		}
	}
	left := a.must(`{ webhooks { totalCount } webhookDeliveries { totalCount } }`)
	left.is("webhooks.totalCount", "1")
	left.is("webhookDeliveries.totalCount", "0")
}
