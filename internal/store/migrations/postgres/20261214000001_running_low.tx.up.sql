-- What runs low and what runs out: rules, the alerts that they raised, and requests for more
-- credits. An alert of a low balance ends when the balance is no longer low.

CREATE TABLE IF NOT EXISTS alert_rules (
    id            UUID PRIMARY KEY,
    kind          TEXT COLLATE "C" NOT NULL,
    customer_id   UUID,
    policy_id     UUID,
    below         BIGINT NOT NULL,
    share         TEXT COLLATE "C" NOT NULL,
    days_before   TEXT COLLATE "C" NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL,
    ended_at_us   BIGINT
);

CREATE TABLE IF NOT EXISTS alerts (
    customer_id    UUID NOT NULL,
    id             UUID NOT NULL,
    rule_id        UUID NOT NULL,
    kind           TEXT COLLATE "C" NOT NULL,
    at_us          BIGINT NOT NULL,
    credits        BIGINT NOT NULL,
    below          BIGINT NOT NULL,
    day            TEXT COLLATE "C",
    days_before    BIGINT NOT NULL,
    carrying_minor BIGINT NOT NULL,
    currency       TEXT COLLATE "C",
    ended_at_us    BIGINT,
    PRIMARY KEY (customer_id, id)
);

CREATE INDEX IF NOT EXISTS alerts_id ON alerts (id);
CREATE INDEX IF NOT EXISTS alerts_standing ON alerts (rule_id, customer_id) WHERE ended_at_us IS NULL;

CREATE TABLE IF NOT EXISTS topup_rules (
    customer_id   UUID NOT NULL,
    id            UUID NOT NULL,
    below         BIGINT NOT NULL,
    pack          TEXT COLLATE "C",
    policy        TEXT COLLATE "C",
    credits       BIGINT NOT NULL,
    price_minor   BIGINT NOT NULL,
    currency      TEXT COLLATE "C",
    monthly_cap   BIGINT NOT NULL,
    open_hours    BIGINT NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL,
    ended_at_us   BIGINT,
    PRIMARY KEY (customer_id, id)
);

CREATE INDEX IF NOT EXISTS topup_rules_in_force ON topup_rules (id) WHERE ended_at_us IS NULL;

CREATE TABLE IF NOT EXISTS topups (
    customer_id   UUID NOT NULL,
    id            UUID NOT NULL,
    rule_id       UUID NOT NULL,
    status        TEXT COLLATE "C" NOT NULL,
    balance       BIGINT NOT NULL,
    credits       BIGINT NOT NULL,
    price_minor   BIGINT NOT NULL,
    currency      TEXT COLLATE "C" NOT NULL,
    at_us         BIGINT NOT NULL,
    ends_at_us    BIGINT NOT NULL,
    decided_at_us BIGINT,
    purchase_id   UUID,
    reason        TEXT COLLATE "C",
    PRIMARY KEY (customer_id, id)
);

CREATE INDEX IF NOT EXISTS topups_id ON topups (id);
CREATE INDEX IF NOT EXISTS topups_open ON topups (ends_at_us) WHERE status = 'OPEN';
