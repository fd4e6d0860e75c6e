package storetest

import (
	"context"
	"fmt"
	"testing"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// glCodes keeps codes of the general ledger and reads them in order of account, day and entry,
// whatever the order in which they came.
func glCodes(t *testing.T, s *suite) {
	n := 0
	code := func(account ledger.Role, code string, from ledger.Date) books.GLCode {
		n++
		return books.GLCode{
			ID: fmt.Sprintf("018d0000-0000-7000-8000-%012d", n), Account: account, Code: code, Name: "Ertr\u00e4ge", From: from,
			CreatedAt: noon, CreatedBy: "token:controller",
		}
	}
	late, first, again := code(ledger.Cash, "1001", day+10), code(ledger.Cash, "0001000", day), code(ledger.Cash, "1002", day+10)
	other := code(ledger.AccountsReceivable, "1100", day+20)
	other.Subtype, other.Parent, other.Reason = "Other Current Asset", "1000", "a new chart"
	s.update(func(ctx context.Context, tx books.Tx) {
		same(t, []books.GLCode{})(tx.GLCodes(ctx))
		must(t, tx.InsertGLCodes(ctx, []books.GLCode{late, first}))
		must(t, tx.InsertGLCodes(ctx, []books.GLCode{again, other}))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.GLCode{other, first, late, again})(tx.GLCodes(ctx))
	})
}
