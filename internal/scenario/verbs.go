package scenario

import "drawdown/ledger"

// verb reads the act of a step: the key of that name in the step's mapping.
type verb func(p *parser, path string, step mapping, s Step) act

// verbs lists what a step can do. A verb is one file: how it is read and how it plays.
var verbs map[string]verb

func init() { // the readers name verbs in their messages: a cycle for the compiler
	verbs = map[string]verb{
		"purchase": readPurchase, "pay": readPay, "grant": readGrant,
		"rate": readRate, "rateCard": readRateCard, "usage": readUsage, "usageVoid": readUsageVoid, "refund": readRefund,
		"estimate": readEstimate, "jurisdiction": readJurisdiction, "escheatRule": readEscheatRule, "escheatPay": readEscheatPay, "run": readRun, "expect": readExpect,

		"void": readVoid, "dispute": readDispute, "extend": readExtend, "reinstate": readReinstate, "transfer": readTransfer,
		"hold": readHold, "capture": readCapture, "release": readRelease, "budget": readBudget,
		"pack": readPack, "packRevise": readPackRevise, "packRetire": readPackRetire,
		"topUpRule": readTopUpRule, "topUpRuleEnd": readTopUpRuleEnd, "topUpConfirm": readTopUpConfirm, "topUpFail": readTopUpFail,
		"manual": readManual, "manualReverse": readManualReverse,
		"close": readClose, "reopen": readReopen, "opening": readOpening,
	}
}

// verbNames lists the verbs in the order of the format's table.
func verbNames() []string {
	return []string{
		"opening", "pack", "packRevise", "packRetire", "purchase", "pay", "void", "grant", "rate", "rateCard", "usage", "usageVoid", "refund", "dispute", "extend",
		"reinstate", "transfer", "hold", "capture", "release", "budget",
		"topUpRule", "topUpRuleEnd", "topUpConfirm", "topUpFail", "jurisdiction", "escheatRule", "escheatPay", "estimate", "manual", "manualReverse", "run", "close", "reopen", "expect",
	}
}

// named is a purchase, a grant, a hold or a manual entry that a file gave a name.
type named struct {
	purchase bool
	hold     bool
	manual   bool
	currency ledger.Currency
}

// body returns the mapping under a step's verb.
func body(p *parser, path string, step mapping, s Step, keys ...string) mapping {
	return p.mapping(path, step.values[s.Verb], keys...)
}
