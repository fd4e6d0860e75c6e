package apidocs

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
)

// recordsNothing are the mutations that write no event, and why.
var recordsNothing = map[string]string{
	"usageRecord": "an event of use is a record itself, and there are millions",
}

// makesNew are the acts beside those that create which change nothing that was there, so that there is no
// before. Some set what may have been set already: the examples set it for the first time.
var makesNew = []string{"estimate.propose", "period.reopen.propose", "manual.propose", "manual.reverse", "fxrate.set", "escheatRule.set", "closeTask.done"}

// unread finds what is in no request: an instant that was not given, nothing, a month as its number.
var unread = regexp.MustCompile(`0001-01-01|null|"(?:period|from|after)":[0-9]`)

// TestEveryMutationLeavesATrail sends the examples of all mutations and looks at what each left
// in the audit trail: what was before and what is after, or an act that is a record itself.
// No secret that the server showed, nor a hash of one, is anywhere in the trail.
func TestEveryMutationLeavesATrail(t *testing.T) {
	if testing.Short() {
		t.Skip("makes the demo")
	}
	for engine, open := range map[string]func(t *testing.T) books.Store{
		"sqlite": func(t *testing.T) books.Store {
			kept, err := store.OpenMemory(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return kept
		},
		"postgres": func(t *testing.T) books.Store {
			kept, err := store.Open(t.Context(), pgtest.URL(t), store.Options{})
			if err == nil {
				err = kept.Migrate(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			return kept
		},
	} {
		t.Run(engine, func(t *testing.T) {
			kept := open(t)
			defer func() { _ = kept.Close() }()
			leavesATrail(t, kept)
		})
	}
}

func leavesATrail(t *testing.T, kept books.Store) {
	t.Helper()
	schema, err := ReadSchema(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	_, examples, err := ReadExamples(os.DirFS(root), schema)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	trail, sent, differs := newEvents(t, kept, ""), map[string]bool{}, map[string]bool{}
	last := trail[len(trail)-1].ID
	for _, e := range examples {
		variables, err := s.variables(t.Context(), e)
		if err != nil {
			t.Fatalf("%s: %v", e.File(), err)
		}
		raw, err := s.send(t.Context(), e.Document, variables)
		if err != nil {
			t.Fatalf("%s: %v", e.File(), err)
		}
		shown = append(append(shown, secrets.FindAllString(string(raw), -1)...), webhookSecrets.FindAllString(string(raw), -1)...)
		events := newEvents(t, kept, last)
		if len(events) > 0 {
			last = events[len(events)-1].ID
		}
		trail = append(trail, events...)
		if e.Operation.Operation != ast.Mutation || e.Refused() {
			continue
		}
		sent[e.Field] = true
		if (len(events) == 0) != (recordsNothing[e.Field] != "") {
			t.Errorf("%s left %d events", e.Name, len(events))
		}
		for _, event := range events {
			checkTrailed(t, e.Field, event)
			if event.Before != "" {
				differs[event.Action] = differs[event.Action] || event.Before != event.After
			}
		}
	}
	for _, field := range schema.Mutation.Fields {
		if !sent[field.Name] {
			t.Errorf("%s is looked at by no example", field.Name)
		}
	}
	for action, differs := range differs {
		if !differs {
			t.Errorf("%s has the same before as after in all examples: the act says it too late", action)
		}
	}
	if len(shown) < 3 {
		t.Fatalf("the server showed %d secrets: the test looks for nothing", len(shown))
	}
	shown = append(shown, s.secret)
	for _, secret := range shown {
		sum := sha256.Sum256([]byte(secret))
		for _, form := range []string{
			secret, strings.TrimPrefix(strings.TrimPrefix(secret, "dd_"), "whsec_"), hex.EncodeToString(sum[:]),
			base64.StdEncoding.EncodeToString(sum[:]), base64.RawURLEncoding.EncodeToString(sum[:]),
		} {
			for _, event := range trail {
				text := event.Detail + event.Before + event.After + event.Reason
				if strings.Contains(strings.ReplaceAll(text, `\/`, "/"), form) {
					t.Errorf("the event %s of %s holds a secret or a hash of one", event.ID, event.Action)
				}
			}
		}
	}
}

// checkTrailed holds an event against what its act should say.
func checkTrailed(t *testing.T, mutation string, event books.AuditEvent) {
	t.Helper()
	if found := unread.FindString(event.Detail); found != "" || !json.Valid([]byte(event.Detail)) {
		t.Errorf("%s: %s says what was asked as nobody reads it: %s", mutation, event.Action, event.Detail)
	}
	if why := books.OwnRecord(event.Action); why != "" {
		if event.Before != "" || event.After != "" {
			t.Errorf("%s: %s is a record itself (%s), and has before or after", mutation, event.Action, why)
		}
		return
	}
	if !json.Valid([]byte(event.After)) {
		t.Errorf("%s: %s does not say what stands after: %q", mutation, event.Action, event.After)
	}
	isNew := strings.HasSuffix(event.Action, ".create") || slices.Contains(makesNew, event.Action)
	if !isNew && !json.Valid([]byte(event.Before)) {
		t.Errorf("%s: %s does not say what stood before: call was() in the act, or add it to makesNew: %q", mutation, event.Action, event.Before)
	}
}

// newEvents returns the trail after an event.
func newEvents(t *testing.T, kept books.Store, after string) (events []books.AuditEvent) {
	t.Helper()
	err := kept.View(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		events, err = tx.Audit(ctx, books.AuditFilter{}, books.Page{After: after})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return events
}
