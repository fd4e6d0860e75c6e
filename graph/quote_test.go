package graph_test

import (
	"fmt"
	"testing"
)

// TestCreditPrice: $0.001 a call at 80 % is $0.005, and $0.004 leaves 75 %.
func TestCreditPrice(t *testing.T) {
	a := newAPI(t)
	a.must(`{ creditPrice(costPerUnit: "0.001", margin: "0.8") { price { exact rounded places } left { rounded } margin { rounded } } }`).
		is("creditPrice", `{"left":{"rounded":"0.004"},"margin":{"rounded":"0.8"},"price":{"exact":"1/200","places":10,"rounded":"0.005"}}`)
	a.must(`{ creditPrice(costPerUnit: "0.002", creditsPerUnit: "2", price: "0.004") { margin { exact } costPerCredit { rounded } pricePerUnit { rounded } } }`).
		is("creditPrice", `{"costPerCredit":{"rounded":"0.001"},"margin":{"exact":"3/4"},"pricePerUnit":{"rounded":"0.008"}}`)
	if got := a.ask(`{ creditPrice(costPerUnit: "0.001", margin: "80") { price { rounded } } }`); len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "INVALID" {
		t.Errorf("a margin of 80: %s", got.body)
	}
}

// TestPackQuote asks what credits cost and what a budget buys, of growth: 1,000 for 100.00, from
// 10,000 on 0.08 each.
func TestPackQuote(t *testing.T) {
	a := newAPI(t)
	a.sell("acme")
	got := a.must(`{ packQuote(code: "growth", credits: "9999") { price { amount } pricePerCredit { exact rounded places } tier { credits } next { credits more difference { amount } saving { amount } } hint budget { amount } } }`)
	got.is("packQuote", `{"budget":null,"hint":"10,000 credits cost USD 800.00, which is USD 199.90 less than 9,999: buy more for less","next":{"credits":"10000","difference":{"amount":"-199.90"},"more":"1","saving":{"amount":"200.00"}},"price":{"amount":"999.90"},"pricePerCredit":{"exact":"1/10","places":10,"rounded":"0.1"},"tier":{"credits":"1000"}}`)
	a.must(`{ packQuote(code: "growth", budget: "100.07", whole: false) { credits unspent { amount } version { number } pack { code } } }`).
		is("packQuote", `{"credits":"1000.749999","pack":{"code":"growth"},"unspent":{"amount":"0.00"},"version":{"number":1}}`)
	a.must(`{ packQuote(code: "growth", budget: "100.07") { credits unspent { amount } next { credits } hint } }`).
		is("packQuote", `{"credits":"1000","hint":null,"next":{"credits":"10000"},"unspent":{"amount":"0.07"}}`)
	a.must(`{ packQuote(code: "nothing", credits: "1") { reason } }`).is("packQuote", "null")
	for query, field := range map[string]string{
		`{ packQuote(code: "growth", credits: "1") { reason } }`:                   "credits",
		`{ packQuote(code: "growth") { reason } }`:                                 "credits",
		`{ packQuote(code: "growth", budget: "99.99") { reason } }`:                "budget",
		`{ packQuote(code: "growth", budget: "1.001") { reason } }`:                "budget",
		`{ packQuote(code: "growth", credits: "1000", budget: "100") { reason } }`: "credits",
	} {
		got := a.ask(query)
		if len(got.Errors) != 1 || got.Errors[0].Extensions["code"] != "INVALID" || fmt.Sprint(got.Errors[0].Extensions["field"]) != "["+field+"]" {
			t.Errorf("%s: %s, want INVALID of %s", query, got.body, field)
		}
	}
}
