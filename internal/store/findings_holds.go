package store

// latestInstant is when something last happened that goes by holds. Whatever is active in
// the rows and ends later stood then, whatever the clocks of the servers say.
const latestInstant = `(SELECT max(at) FROM (SELECT max(recorded_at_us) AS at FROM usage_events
	UNION ALL SELECT max(created_at_us) FROM holds UNION ALL SELECT max(ended_at_us) FROM holds
	UNION ALL SELECT max(at_us) FROM lot_changes UNION ALL SELECT max(refunded_at_us) FROM purchases) AS latest)`

// holdsOfLots holds what is held of lots against what is unused of them: no credit is held
// twice, and none that is not there. What has lapsed may be less than what is held of it.
var holdsOfLots = comparison{
	subject: "l.id",
	from: `lots AS l
		LEFT JOIN (SELECT p.customer_id, p.lot_id, max(h.ends_at_us) AS until,
				sum(CASE WHEN h.ends_at_us > ` + latestInstant + ` THEN p.credits ELSE 0 END) AS held
				FROM hold_parts AS p JOIN holds AS h ON h.customer_id = p.customer_id AND h.id = p.hold_id
				WHERE h.status = 'ACTIVE' GROUP BY p.customer_id, p.lot_id) AS p
			ON p.customer_id = l.customer_id AND p.lot_id = l.id
		WHERE p.held > 0 AND (l.expires_at_us IS NULL OR l.expires_at_us > ` + latestInstant + `)`,
	pairs: []pair{
		{"lot.held", "p.held", "CASE WHEN p.held > l.granted - l.drawn - l.refunded THEN l.granted - l.drawn - l.refunded ELSE p.held END"},
		{"lot.heldUntil", "l.held_until_us", "CASE WHEN coalesce(l.held_until_us, 0) < p.until THEN p.until ELSE l.held_until_us END"},
	},
}

var holdParts = comparison{
	subject: "h.id",
	from: `holds AS h
		LEFT JOIN (SELECT customer_id, hold_id, sum(credits) AS credits FROM hold_parts GROUP BY customer_id, hold_id) AS p
			ON p.customer_id = h.customer_id AND p.hold_id = h.id
		LEFT JOIN usage_events AS e ON e.customer_id = h.customer_id AND e.id = h.event_id AND e.void_of IS NULL`,
	pairs: []pair{
		{"hold.parts", "h.credits", "coalesce(p.credits, 0)"},
		{"hold.event", "h.event_id", "e.id"},
	},
}

var partsOfHold = comparison{
	subject: "p.hold_id || ' ' || p.lot_id",
	from: `hold_parts AS p LEFT JOIN holds AS h ON h.customer_id = p.customer_id AND h.id = p.hold_id
		LEFT JOIN lots AS l ON l.customer_id = p.customer_id AND l.id = p.lot_id`,
	pairs: []pair{
		{"part.hold", "p.hold_id", "h.id"},
		{"part.lot", "p.lot_id", "l.id"},
	},
}
