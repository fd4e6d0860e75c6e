-- What runs low and what runs out: rules, the alerts that they raised, and requests for more
-- credits. An alert of a low balance ends when the balance is no longer low.

CREATE TABLE IF NOT EXISTS alert_rules (
    id            TEXT PRIMARY KEY,
    kind          TEXT NOT NULL,
    customer_id   TEXT,
    policy_id     TEXT,
    below         INTEGER NOT NULL,
    share         TEXT NOT NULL,
    days_before   TEXT NOT NULL,
    created_by    TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    ended_at_us   INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS alerts (
    customer_id    TEXT NOT NULL,
    id             TEXT NOT NULL,
    rule_id        TEXT NOT NULL,
    kind           TEXT NOT NULL,
    at_us          INTEGER NOT NULL,
    credits        INTEGER NOT NULL,
    below          INTEGER NOT NULL,
    day            TEXT,
    days_before    INTEGER NOT NULL,
    carrying_minor INTEGER NOT NULL,
    currency       TEXT,
    ended_at_us    INTEGER,
    PRIMARY KEY (customer_id, id)
) STRICT;

CREATE INDEX IF NOT EXISTS alerts_id ON alerts (id);
CREATE INDEX IF NOT EXISTS alerts_standing ON alerts (rule_id, customer_id) WHERE ended_at_us IS NULL;

CREATE TABLE IF NOT EXISTS topup_rules (
    customer_id   TEXT NOT NULL,
    id            TEXT NOT NULL,
    below         INTEGER NOT NULL,
    pack          TEXT,
    policy        TEXT,
    credits       INTEGER NOT NULL,
    price_minor   INTEGER NOT NULL,
    currency      TEXT,
    monthly_cap   INTEGER NOT NULL,
    open_hours    INTEGER NOT NULL,
    created_by    TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    ended_at_us   INTEGER,
    PRIMARY KEY (customer_id, id)
) STRICT;

CREATE INDEX IF NOT EXISTS topup_rules_in_force ON topup_rules (id) WHERE ended_at_us IS NULL;

CREATE TABLE IF NOT EXISTS topups (
    customer_id   TEXT NOT NULL,
    id            TEXT NOT NULL,
    rule_id       TEXT NOT NULL,
    status        TEXT NOT NULL,
    balance       INTEGER NOT NULL,
    credits       INTEGER NOT NULL,
    price_minor   INTEGER NOT NULL,
    currency      TEXT NOT NULL,
    at_us         INTEGER NOT NULL,
    ends_at_us    INTEGER NOT NULL,
    decided_at_us INTEGER,
    purchase_id   TEXT,
    reason        TEXT,
    PRIMARY KEY (customer_id, id)
) STRICT;

CREATE INDEX IF NOT EXISTS topups_id ON topups (id);
CREATE INDEX IF NOT EXISTS topups_open ON topups (ends_at_us) WHERE status = 'OPEN';
