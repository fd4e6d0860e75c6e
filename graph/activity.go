package graph

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
)

// activityCursor begins a cursor of the lines of an account, before it is dressed.
const activityCursor = "activity_"

func (r queryResolver) AccountActivity(ctx context.Context, account ledger.Role, from, to ledger.Date, currency *ledger.Currency, asOf *time.Time, first int, after *string) (*books.AccountActivity, error) {
	if err := checkFirst(first); err != nil {
		return nil, err
	}
	request := books.ActivityRequest{Account: account, Currency: value(currency), From: from, To: to, AsOf: value(asOf), First: first}
	if after != nil {
		text, err := base64.RawURLEncoding.DecodeString(*after)
		key, found := strings.CutPrefix(string(text), activityCursor)
		if err != nil || !found {
			return nil, &books.Error{Code: books.Invalid, Field: "after", Message: fmt.Sprintf("must be an endCursor of an account's activity, not %q", clip(*after))}
		}
		request.After = key
	}
	return report(ctx, func(ctx context.Context, tx books.Tx) (books.AccountActivity, error) {
		activity, err := r.books.AccountActivity(ctx, tx, request)
		for i := range activity.Lines {
			requestOf(ctx).entries.expect(activity.Lines[i].Place.Number)
		}
		return activity, err
	})
}

func (activityResolver) Account(_ context.Context, a *books.AccountActivity) (*ledger.Account, error) {
	return accountOf(a.Account)
}

func (activityResolver) EndCursor(_ context.Context, a *books.AccountActivity) (*string, error) {
	if len(a.Lines) == 0 {
		return nil, nil
	}
	cursor := base64.RawURLEncoding.EncodeToString([]byte(activityCursor + a.Lines[len(a.Lines)-1].Key()))
	return &cursor, nil
}

func (activityLineResolver) AccountingDate(_ context.Context, line *books.ActivityLine) (ledger.Date, error) {
	return line.Place.Day, nil
}

func (activityLineResolver) Entry(ctx context.Context, line *books.ActivityLine) (*ledger.Entry, error) {
	return found(pointer(ctx, requestOf(ctx).entries, line.Place.Number))
}

func (activityLineResolver) Line(_ context.Context, line *books.ActivityLine) (int, error) {
	return int(line.Place.Line), nil
}

func (activityLineResolver) Customer(_ context.Context, line *books.ActivityLine) (*string, error) {
	return text(line.Dimensions.Customer), nil
}

func (activityLineResolver) Policy(_ context.Context, line *books.ActivityLine) (*string, error) {
	return text(line.Dimensions.Policy), nil
}
