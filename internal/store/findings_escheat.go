package store

// escheatEntries holds each payment to an authority against its entry, and the other way
// round.
var escheatEntries = comparison{
	subject: "coalesce(CAST(p.id AS TEXT), e.reference)",
	from: `escheat_payments AS p FULL JOIN (SELECT e.reference, n.currency,
			sum(CASE WHEN n.account = 'unclaimed_property' THEN n.amount_minor ELSE 0 END) AS owed,
			sum(CASE WHEN n.account = 'unclaimed_property' THEN n.functional_minor ELSE 0 END) AS functional,
			-sum(CASE WHEN n.account = 'cash' THEN n.functional_minor ELSE 0 END) AS paid, min(e.occurred_on) AS day
			FROM entries AS e JOIN lines AS n ON n.entry_number = e.number WHERE e.kind = 'ESCHEAT' GROUP BY e.reference, n.currency) AS e
		ON e.reference = CAST(p.id AS TEXT)`,
	pairs: []pair{
		{"escheat.amount", "p.currency || ' ' || p.amount_minor", "e.currency || ' ' || e.owed"},
		{"escheat.functional", "p.functional_minor", "e.functional"},
		{"escheat.paid", "p.paid_functional_minor", "e.paid"},
		{"escheat.day", "p.paid_on", "e.day"},
	},
}

// escheatParts holds payments against what they are for.
var escheatParts = comparison{
	subject: "coalesce(CAST(p.id AS TEXT), CAST(t.payment_id AS TEXT))",
	from: `escheat_payments AS p FULL JOIN (SELECT payment_id, sum(amount_minor) AS amount, sum(functional_minor) AS functional
			FROM escheat_payment_parts GROUP BY payment_id) AS t ON t.payment_id = p.id`,
	pairs: []pair{
		{"escheat.parts", "p.amount_minor", "t.amount"},
		{"escheat.partsFunctional", "p.functional_minor", "t.functional"},
	},
}

// unclaimedDerived is what was posted of recognitions for the law, less what was paid over.
const unclaimedDerived = `SELECT r.currency, r.unclaimed_minor AS derived, r.unclaimed_functional_minor AS derived_functional
		FROM recognitions AS r JOIN batches AS b ON b.id = r.batch_id WHERE b.posted_at_us IS NOT NULL
		AND (r.unclaimed_minor <> 0 OR r.unclaimed_functional_minor <> 0)
	UNION ALL SELECT p.currency, -t.amount_minor, -t.functional_minor FROM escheat_payments AS p JOIN escheat_payment_parts AS t ON t.payment_id = p.id`

// unclaimedProperty holds the ledger's account against what was posted of recognitions less
// what was paid over.
var unclaimedProperty = comparison{
	subject: "currency",
	from: `(SELECT currency, -amount_minor AS kept, 0 AS derived, -functional_minor AS functional, 0 AS derived_functional
				FROM lines WHERE account = 'unclaimed_property'
			UNION ALL SELECT u.currency, 0, u.derived, 0, u.derived_functional FROM (` + unclaimedDerived + `) AS u
			UNION ALL SELECT l.currency, 0, -l.amount_minor, 0, -l.functional_minor FROM ` + manualLines + ` AND l.account = 'unclaimed_property'
		) AS moved GROUP BY currency`,
	pairs: []pair{
		{"unclaimedProperty", "sum(kept)", "sum(derived)"},
		{"unclaimedProperty.functional", "sum(functional)", "sum(derived_functional)"},
	},
}
