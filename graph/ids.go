package graph

import (
	"fmt"
	"strings"

	"drawdown/internal/books"
)

// noun is the prefix that says what an id names: "cus" in cus_0192f0c1-….
type noun string

// The nouns that have ids.
const (
	customerNoun    noun = "cus"
	policyNoun      noun = "pol"
	estimateNoun    noun = "est"
	packNoun        noun = "pack"
	meterNoun       noun = "mtr"
	purchaseNoun    noun = "pur"
	lotNoun         noun = "lot"
	eventNoun       noun = "evt"
	recognitionNoun noun = "rec"
	poolNoun        noun = "pool"
	holdNoun        noun = "hold"
	budgetNoun      noun = "bud"
	entryNoun       noun = "ent" // with its number
	manualNoun      noun = "man"
	jobRunNoun      noun = "run"
	cohortNoun      noun = "coh" // in cursors with the month before it; node does not know it

	// What only some may see, or nobody looks up alone: node does not know them.
	tokenNoun noun = "tok"
	auditNoun noun = "aud"

	webhookNoun  noun = "whk"
	deliveryNoun noun = "dlv" // message and endpoint

	reopeningNoun noun = "rop"
	closeTaskNoun noun = "tsk"
	periodNoun    noun = "per" // with the month: of cursors

	// Rows without an id of their own have cursors all the same.
	drawNoun     noun = "draw"
	rateNoun     noun = "rate" // with its number
	deferredNoun noun = "def"
	expiringNoun noun = "exp"
	lineNoun     noun = "stl" // of a statement
	fxNoun       noun = "fx"  // day and currency
	reviewNoun   noun = "rev" // of an estimate
	escheatNoun  noun = "esr" // jurisdiction, day and rule

	reconciliationNoun noun = "rcl"

	exportTargetNoun noun = "xtg"
	exportBatchNoun  noun = "xpb"

	alertRuleNoun noun = "alr"
	alertNoun     noun = "alt" // customer and alert
	topUpRuleNoun noun = "tur" // customer and rule
	topUpNoun     noun = "tup" // customer and request
)

// maxKeyLength bounds what stands behind a prefix: two UUIDs with a slash, of a draw.
const maxKeyLength = 80

// id returns the id by which the API names a row.
func (n noun) id(key string) string { return string(n) + "_" + key }

// optional returns the id, or nil for no row.
func (n noun) optional(key string) *string {
	if key == "" {
		return nil
	}
	id := n.id(key)
	return &id
}

// key returns the row's own key out of an id. Errors: INVALID.
func (n noun) key(field, id string) (string, error) {
	of, key, ok := cutID(id)
	if !ok || of != n {
		return "", &books.Error{Code: books.Invalid, Field: field, Message: fmt.Sprintf("must be an id that begins with %s_, such as %s, not %q", n, n.example(), clip(id))}
	}
	return key, nil
}

// example is an id as the API gives it.
func (n noun) example() string {
	const one, other = "0192f0c1-5b1e-7cc0-a6a5-6d9f8f1e2b3c", "0192f0c1-7a2d-7f40-9c31-2b6f0c9d8e7a"
	switch n {
	case entryNoun:
		return n.id("42")
	case estimateNoun, deliveryNoun, topUpRuleNoun, topUpNoun: // of what it belongs to, and its own
		return n.id(one + "/" + other)
	default:
		return n.id(one)
	}
}

// splitID returns what an id of anything names, and the row's own key. Errors: INVALID.
func splitID(field, id string) (noun, string, error) {
	of, key, ok := cutID(id)
	if !ok {
		return "", "", &books.Error{Code: books.Invalid, Field: field, Message: fmt.Sprintf("must be an id as an id field gave it, such as %s, not %q", purchaseNoun.example(), clip(id))}
	}
	return of, key, nil
}

// cutID parts an id into what it names and the row's own key; ok is false where it is none.
func cutID(id string) (of noun, key string, ok bool) {
	prefix, key, found := strings.Cut(id, "_")
	return noun(prefix), key, found && key != "" && len(key) <= maxKeyLength && len(prefix) <= 4 && !strings.ContainsFunc(key, notInKey)
}

func notInKey(r rune) bool {
	letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	return !letter && (r < '0' || r > '9') && !strings.ContainsRune("-_/.", r)
}

// clip keeps a bad value short in a message.
func clip(value string) string {
	const most = 60
	if len(value) <= most {
		return value
	}
	return strings.ToValidUTF8(value[:most], "") + "…"
}
