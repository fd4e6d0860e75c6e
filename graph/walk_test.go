package graph_test

import "testing"

// The walk of the README: buy, use, run the job, read balance, entries and explanation.
func TestBuyUseBookRead(t *testing.T) {
	a := newAPI(t)
	purchase := a.sell("acme")
	a.use("acme", "evt-1", "2500")
	a.must(`{ customer(externalId: "acme") { balance { credits lots { id remaining } } } }`).is("customer.balance.credits", `"7500"`)
	a.run()
	got := a.must(`query($id: ID!) { purchase(id: $id) { status price { amount currency } customer { externalId policy { code expires } } pack { code }
		entries { totalCount nodes { number kind lines { account { role naturalSide } side debit { amount } credit { amount } customer { externalId } } } }
		lot { granted drawn carrying { amount } days { day drawn recognised pending } draws { nodes { credits event { eventId source } } }
			recognitions { nodes { kind day amount { amount currency } entry { number kind recognitions { nodes { id } } } draws { nodes { event { eventId } } } explanation { rule paragraph formula inputs { name value } } } } }
	} trialBalance { rows { account { role } opening { amount } debits { amount } credits { amount } closing { amount } signedClosing { amount } entries { totalCount } } }
	  deferredRevenue { totalCount nodes { customer { externalId } currency unused carrying { amount } } }
	  lapsing(withinDays: 400) { nodes { unused carrying { amount } lapsesOn } }
	  jobs { name description lastRun { status entries firstEntry { number } } }
	}`, map[string]any{"id": purchase})
	got.is("purchase.entries.nodes.0.lines", `[{"account":{"naturalSide":"DEBIT","role":"CASH"},"credit":null,"customer":{"externalId":"acme"},"debit":{"amount":"800.00"},"side":"DEBIT"},`+
		`{"account":{"naturalSide":"CREDIT","role":"DEFERRED_REVENUE"},"credit":{"amount":"800.00"},"customer":{"externalId":"acme"},"debit":null,"side":"CREDIT"}]`)
	got.is("purchase.lot.carrying.amount", `"600.00"`)
	got.is("purchase.lot.days", `[{"day":"2024-01-15","drawn":"2500","pending":false,"recognised":"2500"}]`)
	got.is("purchase.lot.draws.nodes", `[{"credits":"2500","event":{"eventId":"evt-1","source":"api"}}]`)
	const recognition = "purchase.lot.recognitions.nodes.0."
	got.is(recognition+"amount", `{"amount":"200.00","currency":"USD"}`)
	got.is(recognition+"entry.number", "2")
	got.is(recognition+"draws.nodes.0.event.eventId", `"evt-1"`)
	got.is(recognition+"explanation.paragraph", `"ASC 606-10-55-46; IFRS 15.B44"`)
	got.is(recognition+"explanation.inputs", `[{"name":"price","value":"800.00"},{"name":"granted","value":"10000"},{"name":"used","value":"2500"},{"name":"booked","value":"0.00"},{"name":"usedBefore","value":"0"}]`)
	got.is("trialBalance.rows.1", `{"account":{"role":"DEFERRED_REVENUE"},"closing":{"amount":"600.00"},"credits":{"amount":"800.00"},"debits":{"amount":"200.00"},"entries":{"totalCount":2},"opening":{"amount":"0.00"},"signedClosing":{"amount":"-600.00"}}`)
	got.is("deferredRevenue.nodes.0", `{"carrying":{"amount":"600.00"},"currency":"USD","customer":{"externalId":"acme"},"unused":"7500"}`)
	got.is("lapsing.nodes.0", `{"carrying":{"amount":"600.00"},"lapsesOn":"2025-01-15","unused":"7500"}`)
	got.is("jobs.0.lastRun", `{"entries":1,"firstEntry":{"number":2},"status":"SUCCEEDED"}`)
	got.is("jobs.1.lastRun", "null")
}
