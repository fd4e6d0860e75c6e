package books_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"drawdown/internal/books"
)

// changedKey is a signer whose key is another one from a day on.
type changedKey struct{ books.Signer }

// provedUnderTwoKeys are the proofs of a book whose January is sealed by one key and whose February by
// another: of a recognition of February, and that February goes on from January.
func provedUnderTwoKeys(t *testing.T) (recognition, consistency books.SealProof) {
	t.Helper()
	signer := &changedKey{sealSigner}
	b, _, now := closingWith(t, signer)
	done[books.Closing](t)(b.PeriodClose(t.Context(), "close", books.ClosePeriod{Period: january}))
	signer.Signer = books.KeySigner(otherKey)
	price, used := whole(9), whole(1)
	var use []books.UsageInput
	for _, customer := range []string{"x", "y", "z"} {
		done[books.Customer](t)(b.CustomerCreate(t.Context(), customer, books.NewCustomer{ExternalID: customer}))
		done[books.Purchased](t)(b.Purchase(t.Context(), customer+" buys", books.NewPurchase{Customer: customer, Credits: whole(9), Price: &price}))
		use = append(use, books.UsageInput{ID: customer, Customer: customer, Credits: &used})
	}
	done[[]books.UsageOutcome](t)(b.RecordUsage(t.Context(), use))
	*now = now.AddDate(0, 1, 0)
	done[books.JobRun](t)(b.RunJob(t.Context(), books.JobAll, books.RunOptions{}))
	done[books.Closing](t)(b.PeriodClose(t.Context(), "february", books.ClosePeriod{Period: february}))
	err := b.View(t.Context(), func(ctx context.Context, tx books.Tx) error {
		summed, err := tx.Recognitions(ctx, books.RecognitionFilter{Entry: 6}, books.Page{})
		if err != nil || len(summed) != 3 {
			return fmt.Errorf("entry 6 sums %d recognitions, want 3: %w", len(summed), err)
		}
		if recognition, err = books.SealProofOf(ctx, tx, 6, summed[1].ID); err != nil {
			return err
		}
		consistency, err = books.SealConsistency(ctx, tx, 1, 2)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return recognition, consistency
}

// Each checkpoint of a proof is signed by a key that is known, whichever of those it is.
func TestSealsUnderTwoKeys(t *testing.T) {
	_, proof := provedUnderTwoKeys(t)
	older, newer := proof.BeforeKey, proof.Key
	stranger := mustVerifier(t, otherKey)
	for name, test := range map[string]struct {
		keys []string
		says string // "" where the proof holds
	}{
		"both":                {[]string{newer, older}, ""},
		"the other way round": {[]string{older, newer}, ""},
		"one of them twice":   {[]string{older, newer, older}, ""},
		"and a third":         {[]string{older, stranger, newer}, ""},
		"the newer alone":     {[]string{newer}, "the earlier checkpoint is signed by " + older[:strings.LastIndex(older, "+")] + ", which is none of the keys that are known"},
		"the older alone":     {[]string{older}, "the checkpoint is signed by " + newer[:strings.LastIndex(newer, "+")] + ", which is none of the keys that are known"},
		"a stranger's":        {[]string{stranger}, "none of the keys that are known"},
		"none":                {nil, "none of the keys that are known"},
		"no key":              {[]string{"foo"}, `"foo", which is no key`},
	} {
		_, err := proof.Check(test.keys...)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
	if got := proof.Keys(); !slices.Equal(got, []string{newer, older}) {
		t.Errorf("the proof brings %q", got)
	}
}

// All that a proof says is held against what is proven: with any of it changed, left out or added it
// does not hold.
func TestEveryWordOfAProof(t *testing.T) {
	recognition, consistency := provedUnderTwoKeys(t)
	for name, proof := range map[string]books.SealProof{"recognition": recognition, "consistency": consistency} {
		keys := []string{consistency.Key, consistency.BeforeKey}
		holds := func(text []byte) bool {
			read, err := books.ReadSealProof(text)
			if err == nil {
				_, err = read.Check(keys...)
			}
			return err == nil
		}
		text := done[[]byte](t)(json.Marshal(proof))
		if !holds(text) {
			t.Fatalf("%s does not hold:\n%s", name, text)
		}
		var whole map[string]any
		if err := json.Unmarshal(text, &whole); err != nil {
			t.Fatal(err)
		}
		said := 0
		spoil(t, whole, name, func(what string) {
			said++
			if what == "recognition.recognition is left out" {
				return // what is left is the proof of its entry
			}
			if spoilt := done[[]byte](t)(json.Marshal(whole)); holds(spoilt) {
				t.Errorf("%s, and the proof holds:\n%s", what, spoilt)
			}
		})
		if said < 30 {
			t.Errorf("only %d changes of %s were tried", said, name)
		}
		for _, twice := range []string{`"format"`, `"key"`, `"checkpoint"`} {
			if holds([]byte(strings.Replace(string(text), twice+`:`, twice+`:"another",`+twice+`:`, 1))) {
				t.Errorf("%s has %s twice and holds", name, twice)
			}
		}
	}
	// What is proven of one does not stand in for the other.
	both := recognition
	both.Hashes = consistency.Hashes
	if _, err := both.Check(consistency.Key); err == nil {
		t.Error("hashes that prove nothing are taken")
	}
	both = recognition
	both.BeforeKey = consistency.BeforeKey
	if _, err := both.Check(consistency.Key); err == nil {
		t.Error("the key of no checkpoint is taken")
	}
	both = recognition
	both.Entry = nil
	if _, err := both.Check(consistency.Key); err == nil {
		t.Error("a recognition of no entry is taken")
	}
	both = consistency
	both.Recognition = recognition.Recognition
	if _, err := both.Check(consistency.Key, consistency.BeforeKey); err == nil {
		t.Error("a recognition of no entry is taken beside what holds")
	}
}

// spoil changes each value below one of JSON, one at a time, and has the change looked at.
func spoil(t *testing.T, of any, path string, look func(what string)) {
	t.Helper()
	change := func(set func(value any), before, after any) {
		set(after)
		look(fmt.Sprintf("%s is %v instead of %v", path, after, before))
		set(before)
	}
	below := func(at string, value any, set func(value any)) {
		t.Helper()
		outer := path
		path = outer + "." + at
		defer func() { path = outer }()
		switch value := value.(type) {
		case float64:
			for _, other := range []float64{value + 1, value - 1, 999, 1e18, -1} {
				change(set, value, other)
			}
		case string:
			for _, other := range others(value) {
				change(set, value, other)
			}
		default:
			spoil(t, value, path, look)
		}
	}
	switch of := of.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(of)) {
			value := of[name]
			below(name, value, func(value any) { of[name] = value })
			delete(of, name)
			look(path + "." + name + " is left out")
			of[name] = value
		}
		of["about"] = "revenue of a million"
		look(path + " says more")
		delete(of, "about")
	case []any:
		for i, value := range of {
			below(fmt.Sprint(i), value, func(value any) { of[i] = value })
		}
	}
}

// others are texts that say something else: another letter in each line, and of bytes other bytes.
func others(text string) (all []string) {
	if raw, err := base64.StdEncoding.DecodeString(text); err == nil && len(raw) > 0 {
		for _, at := range []int{0, len(raw) / 2, len(raw) - 1} {
			other := slices.Clone(raw)
			other[at] ^= 1
			all = append(all, base64.StdEncoding.EncodeToString(other))
		}
		return append(all, base64.StdEncoding.EncodeToString(append(raw, 0)), "")
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line == "" {
			continue
		}
		other := slices.Clone(lines)
		middle := len(line) / 2
		replacement := "x"
		if line[middle] == 'x' {
			replacement = "y"
		}
		other[i] = line[:middle] + replacement + line[middle+1:]
		all = append(all, strings.Join(other, "\n"))
	}
	return append(all, text+"x", "")
}
