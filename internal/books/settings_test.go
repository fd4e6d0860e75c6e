package books_test

import (
	"context"
	"testing"

	"drawdown/internal/books"
	"drawdown/internal/store"
)

// A start with the settings of the last start says nothing; another says what differs.
func TestSettingsStarted(t *testing.T) {
	kept := done[*store.Store](t)(store.OpenMemory(t.Context()))
	defer kept.Close()
	book := done[*books.Books](t)(books.Open(t.Context(), kept, books.Options{}))
	for _, start := range []struct {
		settings map[string]string
		changed  bool
	}{
		{map[string]string{"log": "text", "oidc-roles": "[]"}, true},
		{map[string]string{"oidc-roles": "[]", "log": "text"}, false},
		{map[string]string{"log": "text", "oidc-roles": "[finance=accountant]", "new": ""}, true},
	} {
		if changed := done[bool](t)(book.SettingsStarted(t.Context(), start.settings)); changed != start.changed {
			t.Errorf("%v: changed is %t", start.settings, changed)
		}
	}
	var trail []books.AuditEvent
	err := kept.View(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		trail, err = tx.Audit(ctx, books.AuditFilter{Action: "settings.start"}, books.Page{})
		return err
	})
	if err != nil || len(trail) != 2 {
		t.Fatalf("%v %v", trail, err)
	}
	if trail[0].Before != "" || trail[0].After != `{"log":"text","oidc-roles":"[]"}` {
		t.Errorf("the first start: %+v", trail[0])
	}
	if trail[1].Before != trail[0].After || trail[1].After != `{"log":"text","new":"","oidc-roles":"[finance=accountant]"}` || trail[1].Detail != `{"changed":["new","oidc-roles"]}` {
		t.Errorf("the second start: %+v", trail[1])
	}
}
