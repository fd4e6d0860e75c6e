package books

import (
	"context"

	"drawdown/revrec"
)

// actNotices say what each idempotent act tells, by its operation. What is not here is told
// to nobody: the rest of the catalogue and access, whose readers ask when they need it, and
// use, which is told of by what it leads to, for a message an event would cost more than the
// event.
var actNotices = map[string]func(answer any, subject string) []notice{
	"purchase.create":       ofPurchase(NoticePurchaseCreated),
	"purchase.pay":          ofPaid,
	"purchase.refund":       tellsItself,
	"purchase.void":         ofPurchase(NoticePurchaseVoided),
	"purchase.dispute":      ofPurchase(NoticePurchaseDisputed),
	"purchase.extend":       ofAnswer(func(p Purchased, _ string) notice { return lotNotice(NoticeLotExtended, p.Lot) }),
	"purchase.reinstate":    ofAnswer(func(r Reinstated, _ string) notice { return lotNotice(NoticeLotReinstated, r.Lot) }),
	"grant.create":          ofAnswer(func(lot revrec.Lot, _ string) notice { return lotNotice(NoticeGrantCreated, lot) }),
	"credits.transfer":      ofAnswer(transferNotice),
	"topUp.confirm":         tellsItself,
	"hold.create":           ofAnswer(func(h Hold, _ string) notice { return holdNotice(NoticeHoldCreated, h) }),
	"hold.capture":          tellsItself,
	"hold.release":          ofAnswer(func(h Hold, _ string) notice { return holdNotice(NoticeHoldReleased, h) }),
	"budget.create":         ofBudget(NoticeBudgetCreated),
	"budget.update":         ofBudget(NoticeBudgetUpdated),
	"budget.end":            ofBudget(NoticeBudgetEnded),
	"estimate.propose":      ofEstimate(NoticeEstimateProposed),
	"estimate.approve":      ofEstimate(NoticeEstimateApproved),
	"estimate.reject":       ofEstimate(NoticeEstimateRejected),
	"pack.create":           ofPack(NoticePackCreated),
	"pack.revise":           ofPack(NoticePackRevised),
	"pack.retire":           ofPack(NoticePackRetired),
	"ratecard.publish":      ofAnswer(func(card RateCard, _ string) notice { return rateCardNotice(card) }),
	"escheat.pay":           ofAnswer(func(p EscheatPayment, _ string) notice { return escheatNotice(p) }),
	"exportBatch.void":      ofAnswer(func(b ExportBatch, _ string) notice { return exportNotice(NoticeExportVoided, b) }),
	"period.close":          ofAnswer(func(c Closing, _ string) notice { return closingNotice(c) }),
	"period.reopen.propose": ofReopening(NoticeReopeningProposed),
	"period.reopen.approve": ofReopening(NoticePeriodReopened),
	"period.reopen.reject":  ofReopening(NoticeReopeningRejected),
	"manual.propose":        ofAnswer(func(m ManualEntry, _ string) notice { return manualNotice(NoticeManualProposed, m) }),
	"manual.reverse":        ofAnswer(func(m ManualEntry, _ string) notice { return manualNotice(NoticeManualProposed, m) }),
	"manual.approve":        ofAnswer(func(d ManualDecision, _ string) notice { return manualNotice(NoticeManualApproved, d.Entry) }),
	"manual.reverseItself":  ofAnswer(func(m ManualEntry, _ string) notice { return manualNotice(NoticeManualApproved, m) }),
	"manual.reject":         ofAnswer(func(d ManualDecision, _ string) notice { return manualNotice(NoticeManualRejected, d.Entry) }),
}

// ofAnswer is what tells of an act with an answer of the type.
func ofAnswer[A any](tells func(answer A, subject string) notice) func(any, string) []notice {
	return func(answer any, subject string) []notice {
		typed, is := answer.(A)
		if !is {
			return nil
		}
		return []notice{tells(typed, subject)}
	}
}

// tellsItself is of an act that tells on its way: what is not in its answer, or not whenever
// there is one.
func tellsItself(any, string) []notice { return nil }

// tellAct tells of an act that was just done.
func (b *Books) tellAct(ctx context.Context, tx Tx, operation string, answer any, subject string) error {
	tells, known := actNotices[operation]
	if !known {
		return nil
	}
	return b.tell(ctx, tx, tells(answer, subject)...)
}

func ofPurchase(kind NoticeType) func(any, string) []notice {
	return ofAnswer(func(p Purchased, _ string) notice { return purchaseNotice(kind, p) })
}

// ofPaid tells of a purchase once nothing of it is outstanding: who delivers then may go by
// it. Each payment is told as such, on its way.
func ofPaid(answer any, subject string) []notice {
	if paid, ok := answer.(Purchased); ok && paid.Purchase.Status != PurchasePaid {
		return nil
	}
	return ofPurchase(NoticePurchasePaid)(answer, subject)
}

func ofBudget(kind NoticeType) func(any, string) []notice {
	return ofAnswer(func(budget Budget, _ string) notice { return budgetNotice(kind, budget) })
}

func ofEstimate(kind NoticeType) func(any, string) []notice {
	return ofAnswer(func(e Estimate, _ string) notice { return estimateNotice(kind, e) })
}

func ofPack(kind NoticeType) func(any, string) []notice {
	return ofAnswer(func(pack Pack, _ string) notice { return packNotice(kind, pack) })
}

func ofReopening(kind NoticeType) func(any, string) []notice {
	return ofAnswer(func(r Reopening, _ string) notice { return reopeningNotice(kind, r) })
}
