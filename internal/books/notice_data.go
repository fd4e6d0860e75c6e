package books

// holdNotice tells of a hold as it stands.
func holdNotice(kind NoticeType, h Hold) notice {
	return notice{kind, []string{h.CustomerID}, func(customers map[string]string) map[string]any {
		data := map[string]any{
			"holdId": "hold_" + h.ID, "customer": customers[h.CustomerID], "status": h.Status, "credits": h.Credits.String(),
			"createdAt": told(h.CreatedAt), "endsAt": told(h.EndsAt),
		}
		if h.Reference != "" {
			data["reference"] = h.Reference
		}
		if !h.EndedAt.IsZero() {
			data["endedAt"] = told(h.EndedAt)
		}
		if h.EventID != "" {
			data["usageEventId"] = "evt_" + h.EventID
		}
		if h.Reason != "" {
			data["reason"] = h.Reason
		}
		return data
	}}
}

// budgetNotice tells what a budget allows by its latest version. Whose it is within the
// customer, a user perhaps, is for the API to say, to those who may read it.
func budgetNotice(kind NoticeType, budget Budget) notice {
	version := budget.Versions[len(budget.Versions)-1]
	return notice{kind, []string{budget.CustomerID}, func(customers map[string]string) map[string]any {
		return map[string]any{
			"budgetId": "bud_" + budget.ID, "customer": customers[budget.CustomerID], "version": version.Number, "from": version.From.String(),
			"limit": version.Limit.String(), "per": budget.Per, "mode": version.Mode, "ended": version.Ended,
		}
	}}
}

// packNotice tells of the latest version of a pack.
func packNotice(kind NoticeType, pack Pack) notice {
	versions := pack.Versions()
	version := versions[len(versions)-1]
	return notice{kind, nil, func(map[string]string) map[string]any {
		tiers := []map[string]any{}
		for _, tier := range version.Tiers {
			tiers = append(tiers, map[string]any{"credits": tier.Credits.String(), "price": moneyOf(tier.Price)})
		}
		return map[string]any{
			"packId": "pack_" + pack.ID, "code": pack.Code, "version": version.Number, "effectiveFrom": told(version.EffectiveFrom),
			"policyId": "pol_" + version.PolicyID, "tiers": tiers,
		}
	}}
}

// maxToldRates bounds the rates of one message.
const maxToldRates = 100

func rateCardNotice(card RateCard) notice {
	return notice{NoticeRateCardPublished, nil, func(map[string]string) map[string]any {
		rates := []map[string]any{}
		for _, rate := range card.Rates[:min(len(card.Rates), maxToldRates)] {
			rates = append(rates, map[string]any{"meterId": "mtr_" + rate.MeterID, "credits": rate.Credits.String(), "per": rate.Per.String()})
		}
		return map[string]any{"number": card.Number, "effectiveFrom": told(card.EffectiveFrom), "rates": rates}
	}}
}

// escheatNotice tells what was paid over to an authority.
func escheatNotice(p EscheatPayment) notice {
	return notice{NoticeEscheatPaid, nil, func(map[string]string) map[string]any {
		data := map[string]any{"paidOn": p.PaidOn.String(), "amount": moneyOf(p.Amount), "reference": p.Reference}
		if p.Jurisdiction != "" {
			data["jurisdiction"] = p.Jurisdiction
		}
		return data
	}}
}

func closingNotice(c Closing) notice {
	return notice{NoticePeriodClosed, nil, func(map[string]string) map[string]any {
		return map[string]any{"period": c.Period.String(), "closedAt": told(c.At), "entries": c.Entries, "lastEntry": c.LastEntry}
	}}
}

// exportNotice tells that the files of a batch can be fetched, or that it does not count.
func exportNotice(kind NoticeType, b ExportBatch) notice {
	return notice{kind, nil, func(map[string]string) map[string]any {
		data := map[string]any{
			"batchId": "xpb_" + b.ID, "targetId": "xtg_" + b.TargetID, "number": b.Number, "fromEntry": b.FromEntry, "toEntry": b.ToEntry, "entries": b.Entries,
		}
		if !b.SealedAt.IsZero() {
			data["sealedAt"] = told(b.SealedAt)
		}
		if !b.VoidedAt.IsZero() {
			data["voidedAt"], data["reason"] = told(b.VoidedAt), b.Reason
		}
		return data
	}}
}

// reopeningNotice tells of a proposal to reopen a period, and of what became of it.
func reopeningNotice(kind NoticeType, r Reopening) notice {
	return notice{kind, nil, func(map[string]string) map[string]any {
		data := map[string]any{"reopeningId": "rop_" + r.ID, "period": r.Period.String(), "status": r.Status, "reason": r.Reason, "proposedAt": told(r.CreatedAt)}
		if !r.DecidedAt.IsZero() {
			data["decidedAt"] = told(r.DecidedAt)
		}
		return data
	}}
}

// manualNotice tells of a manual entry that was proposed, and of what became of it. What it
// moves is for those who may read it.
func manualNotice(kind NoticeType, m ManualEntry) notice {
	return notice{kind, nil, func(map[string]string) map[string]any {
		data := map[string]any{
			"manualEntryId": "man_" + m.ID, "kind": m.Kind, "accountingDate": m.AccountingDate.String(),
			"status": m.Status, "reason": m.Reason, "proposedAt": told(m.CreatedAt),
		}
		if m.Reverses != "" {
			data["reversesId"] = "man_" + m.Reverses
		}
		if m.Number != 0 {
			data["entry"] = m.Number
		}
		if !m.DecidedAt.IsZero() {
			data["decidedAt"] = told(m.DecidedAt)
		}
		return data
	}}
}

// paymentNotices tell of one payment of an invoice: of none where it was about nothing.
func paymentNotices(done Purchased, receipt Receipt) []notice {
	if receipt.Amount.IsZero() {
		return nil
	}
	return []notice{purchaseNotice(NoticePaymentReceived, done).
		with("amount", moneyOf(receipt.Amount)).with("receivedAt", told(receipt.PaidAt)).
		with("received", moneyOf(done.Purchase.Received())).with("outstanding", moneyOf(done.Purchase.Outstanding()))}
}

// refundNotice tells of one refund: of all that was unused, or of some credits.
func refundNotice(done Purchased, refund refunding) notice {
	n := purchaseNotice(NoticePurchaseRefunded, done).with("amount", moneyOf(refund.paid))
	if refund.credits > 0 {
		n = n.with("creditsRefunded", refund.credits.String())
	}
	return n
}
