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
		lot { granted drawn carrying { amount } days { day drawn pending } draws { nodes { credits event { eventId source } } }
			recognitions { nodes { kind day amount { amount currency } entry { number kind recognitions { nodes { id } } } draws { nodes { event { eventId } } } explanation { rule paragraph formula inputs { name value } } } } }
	} trialBalance { rows { account { role } opening { amount } debits { amount } credits { amount } closing { amount } signedClosing { amount } entries { totalCount } } }
	  deferredRevenue { totalCount nodes { customer { externalId } currency unused carrying { amount } } }
	  lapsing(withinDays: 400) { nodes { unused carrying { amount } lapsesOn } }
	  jobs { name description lastRun { status entries firstEntry { number } } }
	}`, map[string]any{"id": purchase})
	t.Log(got.body)
}
