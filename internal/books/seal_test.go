package books_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"

	"drawdown/internal/books"
)

// sealSigner signs the seals of tests.
var sealSigner = books.KeySigner(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))

func sealsOf(t *testing.T, b *books.Books) (seals []books.Seal, keys []books.SealKey) {
	t.Helper()
	err := b.View(t.Context(), func(ctx context.Context, tx books.Tx) (err error) {
		if seals, err = tx.Seals(ctx, books.SealFilter{}, books.Page{}); err == nil {
			keys, err = tx.SealKeys(ctx)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return seals, keys
}

func orderly(t *testing.T, b *books.Books) {
	t.Helper()
	if found := done[[]books.Finding](t)(b.Verify(t.Context())); len(found) != 0 {
		t.Errorf("findings: %v", found)
	}
}

// TestSeals closes January, opens it again, closes it and February: each seal goes on from
// the one before, and an entry gets one leaf.
func TestSeals(t *testing.T) {
	b, _, now := closing(t)
	done[books.Closing](t)(b.PeriodClose(t.Context(), "close", books.ClosePeriod{Period: january}))
	orderly(t, b)
	proposed := done[books.Reopening](t)(b.PeriodReopenPropose(person(t, "ann"), "propose", books.ReopenPeriod{Period: january, Reason: "late"}))
	done[books.Reopening](t)(b.PeriodReopenApprove(person(t, "bob"), "approve", books.DecideReopening{ID: proposed.ID}))
	orderly(t, b)
	price := whole(7)
	done[books.Purchased](t)(b.Purchase(t.Context(), "late", books.NewPurchase{Customer: "acme", Credits: whole(1), Price: &price, PurchasedAt: now.AddDate(0, 0, -20)}))
	done[books.Closing](t)(b.PeriodClose(t.Context(), "again", books.ClosePeriod{Period: january}))
	orderly(t, b)
	*now = now.AddDate(0, 1, 0)
	done[books.JobRun](t)(b.RunJob(t.Context(), books.JobAll, books.RunOptions{}))
	done[books.Closing](t)(b.PeriodClose(t.Context(), "february", books.ClosePeriod{Period: february}))
	orderly(t, b)

	seals, keys := sealsOf(t, b)
	if len(seals) != 3 || len(keys) != 1 {
		t.Fatalf("%d seals by %d keys, want 3 by one", len(seals), len(keys))
	}
	// A purchase and the use of ten credits; the purchase that came late; nothing more.
	for i, want := range []struct{ from, size int64 }{{0, 2}, {2, 3}, {3, 3}} {
		if s := seals[i]; s.FromSize != want.from || s.Size != want.size || !strings.HasPrefix(s.Checkpoint, s.Origin+"\n") || s.Origin != seals[0].Origin {
			t.Errorf("seal %d is %+v, want leaves %v", i+1, s, want)
		}
	}
	if len(seals[0].Acts) != 1 || len(seals[1].Acts) != 2 { // a reopening before
		t.Errorf("the seals are about %v and %v", seals[0].Acts, seals[1].Acts)
	}
}

// brokenSigner is a key that fails, or signs something else.
type brokenSigner struct {
	books.Signer
	sign func() ([]byte, error)
}

func (s brokenSigner) Sign(context.Context, []byte) ([]byte, error) { return s.sign() }

// TestCloseWithoutSignature holds that nothing is closed that is not sealed.
func TestCloseWithoutSignature(t *testing.T) {
	signer := brokenSigner{Signer: sealSigner}
	signer.sign = func() ([]byte, error) { return nil, errors.New("the device is away") }
	for code, with := range map[books.Code]books.Signer{
		books.NoSealKey:  nil,
		books.SealFailed: signer,
		books.Code("SEAL_FAILED "): brokenSigner{sealSigner, func() ([]byte, error) {
			return make([]byte, ed25519.SignatureSize), nil
		}},
	} {
		t.Run(string(code), func(t *testing.T) {
			b, _, _ := closingWith(t, with)
			_, err := b.PeriodClose(t.Context(), "close", books.ClosePeriod{Period: january})
			if got := books.CodeOf(err); got != books.Code(strings.TrimSpace(string(code))) {
				t.Errorf("closed with %v, want %s", err, code)
			}
			if seals, keys := sealsOf(t, b); len(seals)+len(keys) != 0 {
				t.Errorf("kept %v %v", seals, keys)
			}
			orderly(t, b)
		})
	}
}
