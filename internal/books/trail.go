package books

import (
	"context"
	"encoding/json"
	"fmt"
)

// ownRecords are the acts of which the trail keeps no before and after, and why: what they did
// stands in rows that never change, or cannot be told from what was asked. Of every other act
// the trail keeps what it changed, so that a new one cannot be forgotten.
var ownRecords = map[string]string{
	"purchase.create":    "the purchase, its lot and its entry",
	"purchase.pay":       "the payment and its entry",
	"purchase.void":      "its entries, and the change of the lot",
	"purchase.refund":    "its entry, and the change of the lot",
	"purchase.dispute":   "its entry, and the change of the lot",
	"purchase.extend":    "the change of the lot",
	"purchase.reinstate": "the change of the lot, and its entry",
	"credits.transfer":   "the changes of both lots",
	"grant.create":       "the lot",
	"usage.void":         "the event that voids, with its draws",
	"hold.create":        "the hold and its parts",
	"hold.capture":       "the event, and the hold that it ended",
	"hold.release":       "the hold, with the reason",
	"topUp.confirm":      "the purchase, and the request that it answers",
	"topUp.fail":         "the request, with the reason",
	"escheat.pay":        "the payment and its entry",
	"opening.import":     "the purchases, lots and entries that were taken over",
	"webhook.test":       "the delivery",
	"webhook.replay":     "the deliveries, which count their attempts",
	"job.run":            "the run, with what it booked",
}

// OwnRecord says why the trail keeps no before and after of an act; "" where it keeps them.
func OwnRecord(action string) string { return ownRecords[action] }

// trailKey is that of the trail in the context of an act.
type trailKey struct{}

// trail is what an act says on its way of what stood before.
type trail struct{ before any }

// trailing returns the context of one attempt of an act, and what it will say.
func trailing(ctx context.Context) (context.Context, *trail) {
	t := &trail{}
	return context.WithValue(ctx, trailKey{}, t), t
}

// was says what an act is about to change, as it stands before: whoever changes something says
// it once it is read, by its value. Nothing is said of what is new.
func was(ctx context.Context, before any) {
	if t, ok := ctx.Value(trailKey{}).(*trail); ok {
		t.before = before
	}
}

// changed writes what an act changed into its event: what was before, and the answer, which is
// what it is now. An answer that holds more says which part that is.
func (t *trail) changed(event *AuditEvent, answer any) (err error) {
	if OwnRecord(event.Action) != "" {
		return nil
	}
	if part, says := answer.(interface{ changed() any }); says {
		answer = part.changed()
	}
	if event.After, err = trailText(answer); err != nil {
		return fmt.Errorf("%s: write what it is now as JSON: %w", event.Action, err)
	}
	if t.before == nil {
		return nil
	}
	if event.Before, err = trailText(t.before); err != nil {
		return fmt.Errorf("%s: write what was before as JSON: %w", event.Action, err)
	}
	return nil
}

// reasonOf returns why something was asked, where the request says so: by a reason, or by
// what stands for one.
func reasonOf(asked []byte) string {
	var said struct {
		Reason, Note, Comment any
	}
	if json.Unmarshal(asked, &said) != nil {
		return "" // a request that is no object has no reason
	}
	for _, text := range []any{said.Reason, said.Note, said.Comment} {
		if text, is := text.(string); is && text != "" {
			return text
		}
	}
	return ""
}
