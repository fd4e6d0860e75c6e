package store

var closedThrough = comparison{
	subject: "'closed through'", from: "(SELECT coalesce((SELECT substr(day, 1, 7) FROM closed_through), '') AS last) AS closed",
	pairs: []pair{{"period.closedThrough", "last", "coalesce((SELECT max(period) FROM periods WHERE status = 'CLOSED'), '')"}},
}

var periodStatus = comparison{
	subject: "p.period", from: "periods AS p",
	pairs: []pair{{
		"period.status", "p.status",
		"(SELECT CASE WHEN c.act = 'CLOSED' THEN 'CLOSED' ELSE 'OPEN' END FROM period_closings AS c WHERE c.period = p.period ORDER BY c.id DESC LIMIT 1)",
	}},
}

// inForce says of a closing c that its period is closed by it still.
const inForce = "c.act = 'CLOSED' AND NOT EXISTS (SELECT 1 FROM period_closings AS later WHERE later.period = c.period AND later.id > c.id)"

var closedBalances = comparison{
	subject: "c.period || ' ' || b.account || ' ' || b.currency",
	from: `period_closings AS c JOIN closing_balances AS b ON b.closing_id = c.id
		LEFT JOIN account_periods AS a ON a.account = b.account AND a.currency = b.currency AND a.period = c.period WHERE ` + inForce,
	pairs: []pair{
		{"period.debit", "coalesce(a.debit_minor, 0)", "b.debit_minor"},
		{"period.credit", "coalesce(a.credit_minor, 0)", "b.credit_minor"},
		{"period.functionalDebit", "coalesce(a.functional_debit_minor, 0)", "b.functional_debit_minor"},
		{"period.functionalCredit", "coalesce(a.functional_credit_minor, 0)", "b.functional_credit_minor"},
	},
}

// closedAccounts looks for accounts that moved in a closed period and were not in it when
// it was closed.
var closedAccounts = comparison{
	subject: "c.period || ' ' || a.account || ' ' || a.currency",
	from: `period_closings AS c JOIN account_periods AS a ON a.period = c.period
		LEFT JOIN closing_balances AS b ON b.closing_id = c.id AND b.account = a.account AND b.currency = a.currency WHERE ` + inForce,
	pairs: []pair{{"period.account", "a.account", "b.account"}},
}

var closedEntries = comparison{
	subject: "c.period", from: "period_closings AS c WHERE " + inForce,
	pairs: []pair{{
		"period.entries", "(SELECT count(*) FROM entries AS e WHERE e.accounting_date >= c.period || '-01' AND e.accounting_date <= c.period || '-31')", "c.entries",
	}},
}
