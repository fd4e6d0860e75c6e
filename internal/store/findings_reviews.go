package store

// reviewed holds reviews against the estimate that they are of: it exists, and its rate is
// the one that was reviewed.
var reviewed = comparison{
	subject: "r.id",
	from: `estimate_reviews AS r JOIN policies AS p ON p.id = r.policy_id
		LEFT JOIN estimates AS e ON e.policy_id = r.policy_id AND CAST(e.id AS TEXT) = r.estimate_id`,
	pairs: []pair{
		{"review.estimate", "r.estimate_id || ' ' || r.rate", "CASE WHEN r.estimate_id = '' THEN ' ' || p.breakage_rate ELSE CAST(e.id AS TEXT) || ' ' || e.rate END"},
		{
			"review.figures", "r.stale || ' ' || CASE WHEN r.ratio IS NULL THEN 'none' ELSE 'some' END",
			"CASE WHEN r.findings = '' THEN 0 ELSE 1 END || ' ' || CASE WHEN r.expected > 0 THEN 'some' ELSE 'none' END",
		},
	},
}
