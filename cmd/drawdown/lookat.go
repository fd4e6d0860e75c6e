package main

import (
	"strings"

	"drawdown/internal/demo"
)

// example is a query of the demo that somebody may paste into the explorer.
type example struct {
	says, query string
}

var examples = []example{
	{"A customer, the credits left and what they carry: 35,000 of 50,000 were used by November.", `{
  customer(externalId: "` + demo.Larkspur + `") {
    name
    balance { credits }
    lots { nodes { granted drawn unused expiresAt price { amount currency } recognised { amount } carrying { amount } } }
  }
}`},
	{"Who loses credits within thirty days, and how much money they carry.", `{
  lapsing(withinDays: 30) {
    nodes { customer { name } unused expiresAt carrying { amount currency } }
  }
}`},
	{"From an entry down to the rule that made its figures.", `{
  entries(kind: BREAKAGE_EXPIRY, first: 1) {
    nodes {
      number accountingDate description
      lines { account { role } side amount { amount currency } }
      recognitions { nodes { customer { name } credits amount { amount } explanation { rule paragraph formula inputs { name value } } } }
    }
  }
}`},
}

// lookAt says what there is to see in the demo. The explorer takes the token out of the
// link; what follows # a browser sends to no server.
func lookAt(url, token string) string {
	var text strings.Builder
	text.WriteString("\nOpen " + url + "/#token=" + token + "\nfor the explorer. The API is " + url + "/graphql, with the header\n\n  Authorization: Bearer " + token + "\n\nPaste one of these:\n")
	for _, e := range examples {
		text.WriteString("\n# " + e.says + "\n" + e.query + "\n")
	}
	text.WriteString("\nCustomers with a story:\n\n")
	for _, s := range demo.Stories() {
		text.WriteString("  " + s.Customer + strings.Repeat(" ", max(0, 20-len(s.Customer))) + s.Tells + "\n")
	}
	text.WriteString("\nStop it with Ctrl-C.")
	return text.String()
}
