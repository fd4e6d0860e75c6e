package books

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// NoticeType names what others are told of: docs/webhooks.md lists what each holds.
type NoticeType string

// What others are told of.
const (
	NoticePurchaseCreated    NoticeType = "purchase.created"
	NoticePurchasePaid       NoticeType = "purchase.paid"
	NoticePurchaseRefunded   NoticeType = "purchase.refunded"
	NoticePurchaseVoided     NoticeType = "purchase.voided"
	NoticePurchaseDisputed   NoticeType = "purchase.disputed"
	NoticePaymentReceived    NoticeType = "payment.received"
	NoticeLotExtended        NoticeType = "lot.extended"
	NoticeLotReinstated      NoticeType = "lot.reinstated"
	NoticeLotLapsed          NoticeType = "lot.lapsed"
	NoticeLotRolledOver      NoticeType = "lot.rolled_over"
	NoticeCreditsTransferred NoticeType = "credits.transferred"
	NoticeGrantCreated       NoticeType = "grant.created"
	NoticeEstimateProposed   NoticeType = "estimate.proposed"
	NoticeEstimateApproved   NoticeType = "estimate.approved"
	NoticeEstimateRejected   NoticeType = "estimate.rejected"
	NoticeEstimateStale      NoticeType = "estimate.stale"
	NoticeJobFinished        NoticeType = "job.finished"
	NoticeReconciliation     NoticeType = "reconciliation.different"
	NoticeBalanceLow         NoticeType = "balance.low"
	NoticeCreditsExpiring    NoticeType = "credits.expiring"
	NoticeTopUpRequested     NoticeType = "topup.requested"
	NoticeHoldCreated        NoticeType = "hold.created"
	NoticeHoldCaptured       NoticeType = "hold.captured"
	NoticeHoldReleased       NoticeType = "hold.released"
	NoticeBudgetCreated      NoticeType = "budget.created"
	NoticeBudgetUpdated      NoticeType = "budget.updated"
	NoticeBudgetEnded        NoticeType = "budget.ended"
	NoticePackCreated        NoticeType = "pack.created"
	NoticePackRevised        NoticeType = "pack.revised"
	NoticePackRetired        NoticeType = "pack.retired"
	NoticeRateCardPublished  NoticeType = "ratecard.published"
	NoticeEscheatPaid        NoticeType = "escheat.paid"
	NoticePeriodClosed       NoticeType = "period.closed"
	NoticePeriodReopened     NoticeType = "period.reopened"
	NoticeExportSealed       NoticeType = "export.sealed"
	NoticeExportVoided       NoticeType = "export.voided"
	NoticeReopeningProposed  NoticeType = "reopening.proposed"
	NoticeReopeningRejected  NoticeType = "reopening.rejected"
	NoticeManualProposed     NoticeType = "manualentry.proposed"
	NoticeManualApproved     NoticeType = "manualentry.approved"
	NoticeManualRejected     NoticeType = "manualentry.rejected"
	// NoticeTest is sent to one endpoint, on request; none asks for it.
	NoticeTest NoticeType = "webhook.test"
)

// NoticeTypes lists what an endpoint can ask to be told of.
func NoticeTypes() []NoticeType {
	return []NoticeType{
		NoticePurchaseCreated, NoticePurchasePaid, NoticePurchaseRefunded, NoticePurchaseVoided, NoticePurchaseDisputed, NoticePaymentReceived,
		NoticeLotExtended, NoticeLotReinstated, NoticeLotLapsed, NoticeLotRolledOver, NoticeCreditsTransferred, NoticeGrantCreated,
		NoticeEstimateProposed, NoticeEstimateApproved, NoticeEstimateRejected, NoticeEstimateStale,
		NoticeJobFinished, NoticeBalanceLow, NoticeCreditsExpiring, NoticeTopUpRequested,
		NoticeHoldCreated, NoticeHoldCaptured, NoticeHoldReleased, NoticeBudgetCreated, NoticeBudgetUpdated, NoticeBudgetEnded,
		NoticePackCreated, NoticePackRevised, NoticePackRetired, NoticeRateCardPublished,
		NoticeEscheatPaid, NoticePeriodClosed, NoticePeriodReopened, NoticeReopeningProposed, NoticeReopeningRejected,
		NoticeManualProposed, NoticeManualApproved, NoticeManualRejected,
		NoticeExportSealed, NoticeExportVoided,
		NoticeReconciliation,
	}
}

// Message is one thing that others are told, word by word: every endpoint gets the same
// body, and the same again each time it is sent.
type Message struct {
	ID   string
	Type NoticeType
	At   time.Time
	Body string // JSON: type, timestamp, data
}

// notice is a message before anybody is known to want it. Its data is made when somebody
// does: customers gives the external id of each customer in of.
type notice struct {
	kind NoticeType
	of   []string // ids of customers
	data func(customers map[string]string) map[string]any
}

// tell writes what is to be told, in the transaction of the act: a message where any
// endpoint asks for its kind, in force or not, and a delivery to each that is in force. So
// where nobody listens nothing is written, and what an endpoint missed can be sent again.
func (b *Books) tell(ctx context.Context, tx Tx, notices ...notice) error {
	if len(notices) == 0 {
		return nil
	}
	webhooks, err := tx.Webhooks(ctx, WebhookFilter{}, Page{Limit: MaxWebhooks})
	if err != nil || len(webhooks) == 0 {
		return err
	}
	var messages []Message
	var deliveries []Delivery
	for _, n := range notices {
		if !slices.ContainsFunc(webhooks, func(w Webhook) bool { return w.Wants(n.kind) }) {
			continue
		}
		message, err := b.messageOf(ctx, tx, n)
		if err != nil {
			return err
		}
		messages = append(messages, message)
		for _, webhook := range webhooks {
			if webhook.Wants(n.kind) && webhook.DisabledAt.IsZero() {
				deliveries = append(deliveries, newDelivery(webhook.ID, message))
			}
		}
	}
	return tx.InsertMessages(ctx, messages, deliveries)
}

// messageOf writes a notice out.
func (b *Books) messageOf(ctx context.Context, tx Tx, n notice) (Message, error) {
	message := Message{ID: b.newID(), Type: n.kind, At: b.clock()}
	externalIDs := map[string]string{}
	if len(n.of) > 0 {
		customers, err := tx.CustomersByID(ctx, n.of)
		if err != nil {
			return message, err
		}
		for _, customer := range customers {
			externalIDs[customer.ID] = customer.ExternalID
		}
	}
	body, err := json.Marshal(map[string]any{
		"type": n.kind, "timestamp": message.At.Format(time.RFC3339Nano), "data": n.data(externalIDs),
	})
	message.Body = string(body)
	return message, err
}

func purchaseNotice(kind NoticeType, done Purchased) notice {
	p, lot := done.Purchase, done.Lot
	return notice{kind, []string{p.CustomerID}, func(customers map[string]string) map[string]any {
		data := map[string]any{
			"purchaseId": "pur_" + p.ID, "lotId": "lot_" + lot.ID, "customer": customers[p.CustomerID], "status": p.Status,
			"credits": p.Credits.String(), "bonus": p.Bonus.String(), "price": moneyOf(p.Price), "tax": moneyOf(p.Tax),
			"purchasedAt": told(p.PurchasedAt), "expiresAt": told(lot.ExpiresAt), "remaining": lot.Remaining().String(),
		}
		if !p.PaidAt.IsZero() {
			data["paidAt"] = told(p.PaidAt)
		}
		if p.RefundAmount.Minor > 0 || !p.RefundedAt.IsZero() {
			data["refundAmount"] = moneyOf(p.RefundAmount)
		}
		if !p.RefundedAt.IsZero() {
			data["refundedAt"] = told(p.RefundedAt)
		}
		if !p.VoidedAt.IsZero() {
			data["voidedAt"] = told(p.VoidedAt)
		}
		if p.Dispute != "" {
			data["dispute"], data["disputeAmount"], data["lostAmount"] = p.Dispute, moneyOf(p.DisputeAmount), moneyOf(p.LostAmount)
		}
		return data
	}}
}

// with adds a field to what is told.
func (n notice) with(field string, value any) notice {
	data := n.data
	n.data = func(customers map[string]string) map[string]any {
		all := data(customers)
		all[field] = value
		return all
	}
	return n
}

func lotNotice(kind NoticeType, lot revrec.Lot) notice {
	return notice{kind, []string{lot.CustomerID}, func(customers map[string]string) map[string]any { return lotData(lot, customers) }}
}

// lotData is what is told of a lot.
func lotData(lot revrec.Lot, customers map[string]string) map[string]any {
	data := map[string]any{
		"lotId": "lot_" + lot.ID, "customer": customers[lot.CustomerID], "kind": lot.Kind, "granted": lot.Granted.String(),
		"remaining": lot.Remaining().String(), "expiresAt": told(lot.ExpiresAt),
	}
	if lot.PurchaseID != "" {
		data["purchaseId"] = "pur_" + lot.PurchaseID
	}
	if lot.Reason != "" {
		data["reason"] = lot.Reason
	}
	return data
}

// maxToldLots bounds the lots of one message: a message of a few kilobytes is read by
// everybody.
const maxToldLots = 100

func transferNotice(done Transferred, fromID string) notice {
	of := []string{fromID}
	if len(done.Lots) > 0 {
		of = append(of, done.Lots[0].CustomerID)
	}
	return notice{NoticeCreditsTransferred, of, func(customers map[string]string) map[string]any {
		var credits revrec.Credits
		ids := []string{}
		for i, lot := range done.Lots {
			credits += lot.Granted
			if i < maxToldLots {
				ids = append(ids, "lot_"+lot.ID)
			}
		}
		return map[string]any{
			"from": customers[fromID], "to": customers[of[len(of)-1]], "credits": credits.String(), "lotIds": ids,
		}
	}}
}

func estimateNotice(kind NoticeType, e Estimate) notice {
	return notice{kind, nil, func(map[string]string) map[string]any {
		data := map[string]any{"estimateId": "est_" + e.Key(), "policyId": "pol_" + e.PolicyID, "rate": e.Rate.String(), "from": e.From.String()}
		for field, text := range map[string]string{"reason": e.Reason, "proposedBy": e.ProposedBy, "decidedBy": e.DecidedBy, "decision": e.Decision} {
			if text != "" {
				data[field] = text
			}
		}
		return data
	}}
}

// lapseNotices tell of lots that a step of a job just took for lapsed, some lots a message.
func lapseNotices(lapsed []lapse) []notice {
	var notices []notice
	for part := range slices.Chunk(lapsed, maxToldLots) {
		of := make([]string, len(part))
		for i, one := range part {
			of[i] = one.lot.CustomerID
		}
		notices = append(notices, notice{NoticeLotLapsed, slices.Compact(slices.Sorted(slices.Values(of))), func(customers map[string]string) map[string]any {
			lots := make([]map[string]any, len(part))
			for i, one := range part {
				lots[i] = lotData(one.lot, customers)
				lots[i]["lapsed"], lots[i]["lapsedOn"] = one.credits.String(), one.lot.LapsesOn.String()
			}
			return map[string]any{"lots": lots}
		}})
	}
	return notices
}

// rolloverNotices tell of lots in which the share of others lives on, some lots a message.
func rolloverNotices(rolled []*revrec.Lot) []notice {
	var notices []notice
	for part := range slices.Chunk(rolled, maxToldLots) {
		of := make([]string, len(part))
		for i, lot := range part {
			of[i] = lot.CustomerID
		}
		notices = append(notices, notice{NoticeLotRolledOver, slices.Compact(slices.Sorted(slices.Values(of))), func(customers map[string]string) map[string]any {
			lots := make([]map[string]any, len(part))
			for i, lot := range part {
				lots[i] = lotData(*lot, customers)
				lots[i]["originId"], lots[i]["startsAt"] = "lot_"+lot.OriginID, told(lot.StartsAt)
			}
			return map[string]any{"lots": lots}
		}})
	}
	return notices
}

// lapse is credits of a lot that lapsed.
type lapse struct {
	lot     revrec.Lot
	credits revrec.Credits
}

// runNotices tell of a run that booked something or failed: one that found nothing to do,
// as most do that ring every hour, tells nothing.
func runNotices(run JobRun) []notice {
	if run.Status != JobFailed && run.Result == (JobResult{}) {
		return nil
	}
	return []notice{{NoticeJobFinished, nil, func(map[string]string) map[string]any {
		data := map[string]any{
			"runId": "run_" + run.ID, "job": strings.ToUpper(string(run.Job)), "status": run.Status, "trigger": run.Trigger, "through": run.Through.String(),
			"startedAt": told(run.StartedAt), "finishedAt": told(run.FinishedAt), "lots": run.Result.Lots,
			"recognitions": run.Result.Recognitions, "entries": run.Result.Entries,
		}
		if run.Error != "" {
			data["error"] = run.Error
		}
		return data
	}}}
}

// moneyOf and told write amounts and instants as the API does.
func moneyOf(amount ledger.Amount) map[string]any {
	return map[string]any{"amount": amount.Text(), "currency": amount.Currency}
}

func told(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.UTC().Format(time.RFC3339Nano)
}
