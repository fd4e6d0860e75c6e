package store

// cohortsSold holds what cohorts say was sold, and what is open of them, against their lots.
var cohortsSold = comparison{
	subject: "c.id",
	from: `cohorts AS c
		LEFT JOIN (SELECT cohort_id, sum(CASE WHEN origin_lot_id IS NULL THEN granted ELSE 0 END) AS sold, sum(granted - booked_credits - lapsed - refunded) AS open
				FROM lots WHERE cohort_id IS NOT NULL GROUP BY cohort_id) AS l ON l.cohort_id = c.id
		LEFT JOIN (SELECT cohort_id, sum(used + lapsed + refunded + other) AS gone FROM cohort_months GROUP BY cohort_id) AS m ON m.cohort_id = c.id`,
	pairs: []pair{
		{"cohort.sold", "c.sold", "coalesce(l.sold, 0)"},
		{"cohort.open", "c.sold - coalesce(m.gone, 0)", "coalesce(l.open, 0)"},
	},
}

// cohortMonths holds what became of cohorts, month by month, against what is booked of their
// lots, what was taken out of them, and what lapsed: credits that were given back for
// nothing, as a grant, have lapsed with the lot that they were sold in.
var cohortMonths = comparison{
	subject: "cohort_id || ' ' || coalesce(month, 'no month')",
	from: `(SELECT cohort_id, month, used, lapsed, refunded, other, 0 AS booked, 0 AS gone, 0 AS back, 0 AS off FROM cohort_months
			UNION ALL SELECT l.cohort_id, substr(r.day, 1, 7), 0, 0, 0, 0, r.credits, 0, 0, 0
				FROM recognitions AS r JOIN lots AS l ON l.customer_id = r.customer_id AND l.id = r.lot_id
				WHERE l.cohort_id IS NOT NULL AND r.kind IN ('USAGE', 'USAGE_UNBILLED')
			UNION ALL SELECT cohort_id, substr(lapses_on, 1, 7), 0, 0, 0, 0, 0, lapsed, 0, 0 FROM lots WHERE cohort_id IS NOT NULL AND lapsed <> 0
			UNION ALL SELECT l.cohort_id, substr(l.lapses_on, 1, 7), 0, 0, 0, 0, 0, c.credits, 0, 0
				FROM lot_changes AS c JOIN lots AS l ON l.customer_id = c.customer_id AND l.id = c.lot_id JOIN lots AS k ON k.id = c.to_lot_id
				WHERE l.cohort_id IS NOT NULL AND c.kind = 'REINSTATED' AND k.kind = 'GRANT'
			UNION ALL SELECT cohort_id, substr(refunded_on, 1, 7), 0, 0, 0, 0, 0, 0, refunded - removed, 0 FROM lots WHERE cohort_id IS NOT NULL AND refunded_on IS NOT NULL
			UNION ALL SELECT l.cohort_id, substr(c.day, 1, 7), 0, 0, 0, 0, 0, 0,
					CASE WHEN c.kind = 'REFUNDED_IN_PART' THEN c.credits ELSE 0 END, CASE WHEN c.kind = 'REFUNDED_IN_PART' THEN 0 ELSE c.credits END
				FROM lot_changes AS c JOIN lots AS l ON l.customer_id = c.customer_id AND l.id = c.lot_id
				WHERE l.cohort_id IS NOT NULL AND c.kind IN ('REFUNDED_IN_PART', 'VOIDED', 'CHARGED_BACK')
		) AS m GROUP BY cohort_id, month`,
	pairs: []pair{
		{"cohort.used", "sum(used)", "sum(booked)"},
		{"cohort.lapsed", "sum(lapsed)", "sum(gone)"},
		{"cohort.refunded", "sum(refunded)", "sum(back)"},
		{"cohort.other", "sum(other)", "sum(off)"},
	},
}

// What cohorts and pools hold is what was ever added to them, instant by instant.
var (
	cohortsMoved = comparison{
		subject: "cohort_id || ' ' || month",
		from: `(SELECT id AS cohort_id, month, sold, 0 AS used, 0 AS lapsed, 0 AS refunded, 0 AS other FROM cohorts
				UNION ALL SELECT cohort_id, month, 0, used, lapsed, refunded, other FROM cohort_months
				UNION ALL SELECT cohort_id, month, -sold, -used, -lapsed, -refunded, -other FROM cohort_moves) AS m GROUP BY cohort_id, month`,
		pairs: []pair{
			{"cohort.moves", "CAST(sum(sold) AS TEXT) || ' ' || sum(used) || ' ' || sum(lapsed) || ' ' || sum(refunded) || ' ' || sum(other)", "'0 0 0 0 0'"},
		},
	}
	poolsMoved = comparison{
		subject: "pool_id || ' ' || day",
		from: `(SELECT pool_id, day, sold_minor, used_minor, sold_functional_minor, used_functional_minor FROM pool_days
				UNION ALL SELECT pool_id, day, -sold_minor, -used_minor, -sold_functional_minor, -used_functional_minor FROM pool_moves) AS m GROUP BY pool_id, day`,
		pairs: []pair{
			{"pool.moves", "CAST(sum(sold_minor) AS TEXT) || ' ' || sum(used_minor) || ' ' || sum(sold_functional_minor) || ' ' || sum(used_functional_minor)", "'0 0 0 0'"},
		},
	}
)

// lotsInCohorts holds lots that were bought against the key of their cohort.
var lotsInCohorts = comparison{
	subject: "l.id",
	from: `lots AS l LEFT JOIN purchases AS p ON p.customer_id = l.customer_id AND p.id = l.purchase_id
		LEFT JOIN cohorts AS c ON c.id = l.cohort_id AND l.kind = 'PURCHASE' AND l.bought_by IS NULL AND c.policy_id = l.policy_id AND c.month = substr(l.purchased_on, 1, 7)
			AND c.pack_id = coalesce(CAST(p.pack_id AS TEXT), '') AND c.currency = l.currency AND c.opened = CASE WHEN p.opening_on IS NULL THEN 0 ELSE 1 END
		WHERE l.cohort_id IS NOT NULL AND l.origin_lot_id IS NULL`,
	pairs: []pair{{"cohort.lot", "l.cohort_id", "c.id"}},
}

// lotsOutOfLots holds those that came out of another against the cohort of that one. A grant
// is in none.
var lotsOutOfLots = comparison{
	subject: "l.id",
	from: `lots AS l JOIN lots AS o ON o.id = l.origin_lot_id
		WHERE l.cohort_id IS NOT NULL AND (o.cohort_id IS NOT NULL OR l.kind <> 'PURCHASE')`,
	pairs: []pair{{
		"cohort.origin", "l.cohort_id || ' ' || coalesce(l.bought_by, l.customer_id)",
		"CASE WHEN l.kind = 'PURCHASE' THEN o.cohort_id || ' ' || coalesce(o.bought_by, o.customer_id) END",
	}},
}
