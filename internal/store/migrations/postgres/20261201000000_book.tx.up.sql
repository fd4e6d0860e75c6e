-- The book on PostgreSQL. Conventions: ids are UUIDv7, so that keys grow in order of
-- insertion; *_us are microseconds since 1970 UTC; days are YYYY-MM-DD; *_minor are minor
-- units of the currency beside them; credits are millionths; NULL is "none". Text sorts by
-- its bytes, as Go and SQLite sort it.
--
-- Tables scoped to a customer have a primary key that starts with customer_id, hold it in
-- every unique key, and refer to nothing outside that customer. Between the tables that
-- grow with use there are no foreign keys: each row would be looked up once more, and
-- verify holds every one of them against its lot and event.
--
-- IF NOT EXISTS throughout: a crash between this transaction and the mark that it was
-- applied lets it run again.

CREATE TABLE IF NOT EXISTS book (
    "only"        BIGINT PRIMARY KEY CHECK ("only" = 1),
    functional    TEXT COLLATE "C" NOT NULL,
    zone          TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL
);

-- Numbers that must have no gaps are counted here, in the transaction that takes them.
CREATE TABLE IF NOT EXISTS counters (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value BIGINT NOT NULL CHECK (value >= 0)
);

CREATE TABLE IF NOT EXISTS policies (
    id              UUID PRIMARY KEY,
    code            TEXT COLLATE "C" NOT NULL UNIQUE,
    name            TEXT COLLATE "C" NOT NULL,
    expires         TEXT COLLATE "C",
    short_expiry    TEXT COLLATE "C",
    burn_order      TEXT COLLATE "C" NOT NULL,
    late_usage      TEXT COLLATE "C" NOT NULL,
    overage_mode    TEXT COLLATE "C" NOT NULL,
    overage_rate    TEXT COLLATE "C" NOT NULL,
    breakage_method TEXT COLLATE "C" NOT NULL,
    pool_by         TEXT COLLATE "C",
    breakage_rate   TEXT COLLATE "C" NOT NULL,
    remote_after    TEXT COLLATE "C" NOT NULL,
    remote_from     TEXT COLLATE "C",
    escheat         TEXT COLLATE "C" NOT NULL,
    created_at_us   BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS customers (
    id            UUID PRIMARY KEY,
    external_id   TEXT COLLATE "C" NOT NULL UNIQUE,
    name          TEXT COLLATE "C" NOT NULL,
    policy_id     UUID REFERENCES policies (id),
    created_at_us BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS estimates (
    policy_id     UUID NOT NULL REFERENCES policies (id),
    id            UUID NOT NULL,
    in_force_from TEXT COLLATE "C" NOT NULL,
    rate          TEXT COLLATE "C" NOT NULL,
    reason        TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL,
    PRIMARY KEY (policy_id, id)
);

CREATE TABLE IF NOT EXISTS packs (
    id            UUID PRIMARY KEY,
    code          TEXT COLLATE "C" NOT NULL UNIQUE,
    name          TEXT COLLATE "C" NOT NULL,
    policy_id     UUID NOT NULL REFERENCES policies (id),
    currency      TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS pack_tiers (
    pack_id     UUID NOT NULL REFERENCES packs (id),
    credits     BIGINT NOT NULL CHECK (credits > 0),
    price_minor BIGINT NOT NULL CHECK (price_minor >= 0),
    PRIMARY KEY (pack_id, credits)
);

CREATE TABLE IF NOT EXISTS meters (
    id            UUID PRIMARY KEY,
    code          TEXT COLLATE "C" NOT NULL UNIQUE,
    name          TEXT COLLATE "C" NOT NULL,
    unit          TEXT COLLATE "C" NOT NULL,
    credits       TEXT COLLATE "C" NOT NULL,
    per           TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS purchases (
    customer_id          UUID NOT NULL,
    id                   UUID NOT NULL,
    pack_id              UUID,
    policy_id            UUID NOT NULL,
    lot_id               UUID NOT NULL,
    status               TEXT COLLATE "C" NOT NULL CHECK (status IN ('PAID', 'INVOICED', 'REFUNDED')),
    credits              BIGINT NOT NULL CHECK (credits >= 0),
    bonus                BIGINT NOT NULL CHECK (bonus >= 0),
    currency             TEXT COLLATE "C" NOT NULL,
    price_minor          BIGINT NOT NULL CHECK (price_minor >= 0),
    tax_minor            BIGINT NOT NULL CHECK (tax_minor >= 0),
    fx_rate              TEXT COLLATE "C" NOT NULL,
    functional_currency  TEXT COLLATE "C" NOT NULL,
    functional_minor     BIGINT NOT NULL CHECK (functional_minor >= 0),
    functional_tax_minor BIGINT NOT NULL CHECK (functional_tax_minor >= 0),
    purchased_at_us      BIGINT NOT NULL,
    due_on               TEXT COLLATE "C",
    cancellable          BOOLEAN NOT NULL,
    due_booked           BOOLEAN NOT NULL,
    paid_at_us           BIGINT,
    refunded_at_us       BIGINT,
    refund_minor         BIGINT NOT NULL CHECK (refund_minor BETWEEN 0 AND price_minor + tax_minor),
    reference            TEXT COLLATE "C",
    created_at_us        BIGINT NOT NULL,
    PRIMARY KEY (customer_id, id)
);

CREATE INDEX IF NOT EXISTS purchases_id ON purchases (id);
CREATE INDEX IF NOT EXISTS purchases_due ON purchases (due_on, id)
    WHERE status = 'INVOICED' AND NOT due_booked AND due_on IS NOT NULL;

-- drawn + refunded stay within granted at all times. What is booked as lapsed may run
-- ahead of a late use until the next booking, so it has no such check; verify looks at it.
CREATE TABLE IF NOT EXISTS lots (
    customer_id                 UUID NOT NULL,
    id                          UUID NOT NULL,
    purchase_id                 UUID,
    policy_id                   UUID NOT NULL,
    kind                        TEXT COLLATE "C" NOT NULL CHECK (kind IN ('PURCHASE', 'GRANT', 'OVERAGE')),
    reason                      TEXT COLLATE "C",
    burn_order                  BIGINT NOT NULL CHECK (burn_order > 0),
    granted                     BIGINT NOT NULL CHECK (granted >= 0),
    currency                    TEXT COLLATE "C" NOT NULL,
    price_minor                 BIGINT NOT NULL CHECK (price_minor >= 0),
    functional_currency         TEXT COLLATE "C" NOT NULL,
    functional_minor            BIGINT NOT NULL CHECK (functional_minor >= 0),
    rate_price                  TEXT COLLATE "C",
    rate_currency               TEXT COLLATE "C",
    purchased_on                TEXT COLLATE "C",
    starts_at_us                BIGINT,
    expires_at_us               BIGINT,
    accepts_until_us            BIGINT,
    lapses_on                   TEXT COLLATE "C",
    priority                    BIGINT NOT NULL,
    liability_on                TEXT COLLATE "C",
    drawn                       BIGINT NOT NULL CHECK (drawn >= 0),
    lapsed                      BIGINT NOT NULL CHECK (lapsed >= 0),
    refunded                    BIGINT NOT NULL CHECK (refunded >= 0),
    refunded_on                 TEXT COLLATE "C",
    refunded_minor              BIGINT NOT NULL,
    refunded_functional_minor   BIGINT NOT NULL,
    blocked                     BOOLEAN NOT NULL,
    recognised_minor            BIGINT NOT NULL,
    recognised_functional_minor BIGINT NOT NULL,
    released_minor              BIGINT NOT NULL,
    released_functional_minor   BIGINT NOT NULL,
    carrying_minor              BIGINT NOT NULL,
    carrying_functional_minor   BIGINT NOT NULL,
    booked_through              TEXT COLLATE "C",
    booked_credits              BIGINT NOT NULL,
    lapse_due                   TEXT COLLATE "C",
    remote_due                  TEXT COLLATE "C",
    pending_from                TEXT COLLATE "C",
    -- Two conditions of indexes as columns: an update that leaves them as they are changes
    -- no index (a heap-only update), which an expression over drawn would prevent.
    open                        BOOLEAN GENERATED ALWAYS AS (kind = 'OVERAGE' OR granted > drawn + refunded) STORED,
    carries                     BOOLEAN GENERATED ALWAYS AS (carrying_minor <> 0 OR carrying_functional_minor <> 0) STORED,
    PRIMARY KEY (customer_id, id),
    CHECK (kind = 'OVERAGE' OR drawn + refunded <= granted),
    -- One index serves the balance and the burn because late use is accepted no shorter
    -- than the lot serves.
    CHECK (coalesce(accepts_until_us, 9223372036854775807) >= coalesce(expires_at_us, 9223372036854775807)),
    CHECK (kind <> 'OVERAGE' OR (expires_at_us IS NULL AND accepts_until_us IS NULL))
) WITH (fillfactor = 70);

CREATE INDEX IF NOT EXISTS lots_id ON lots (id);
-- What a balance reads: used-up and refunded lots leave it, so history costs nothing.
CREATE INDEX IF NOT EXISTS lots_open ON lots (customer_id, coalesce(accepts_until_us, 9223372036854775807))
    WHERE open;
CREATE INDEX IF NOT EXISTS lots_expiring ON lots (expires_at_us)
    WHERE expires_at_us IS NOT NULL AND open;
CREATE INDEX IF NOT EXISTS lots_lapse_due ON lots (lapse_due, customer_id, id) WHERE lapse_due IS NOT NULL;
CREATE INDEX IF NOT EXISTS lots_remote_due ON lots (remote_due, customer_id, id) WHERE remote_due IS NOT NULL;
-- The queue of recognition.
CREATE INDEX IF NOT EXISTS lots_pending ON lots (customer_id, id, pending_from) WHERE pending_from IS NOT NULL;
-- Two that sell beyond the balance at once make one lot for it, not two.
CREATE UNIQUE INDEX IF NOT EXISTS lots_overage ON lots (customer_id, policy_id, rate_price, rate_currency) WHERE kind = 'OVERAGE';
CREATE INDEX IF NOT EXISTS lots_carrying ON lots (customer_id, currency)
    WHERE carries;

CREATE TABLE IF NOT EXISTS usage_events (
    customer_id    UUID NOT NULL,
    id             UUID NOT NULL,
    source         TEXT COLLATE "C" NOT NULL,
    event_id       TEXT COLLATE "C" NOT NULL,
    meter_id       UUID,
    quantity       TEXT COLLATE "C",
    credits        BIGINT NOT NULL,
    occurred_at_us BIGINT NOT NULL,
    recorded_at_us BIGINT NOT NULL,
    void_of        UUID,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, source, event_id)
);

CREATE INDEX IF NOT EXISTS usage_events_id ON usage_events (id);
CREATE INDEX IF NOT EXISTS usage_events_void ON usage_events (customer_id, void_of) WHERE void_of IS NOT NULL;

CREATE TABLE IF NOT EXISTS draws (
    customer_id UUID NOT NULL,
    event_id    UUID NOT NULL,
    lot_id      UUID NOT NULL,
    day         TEXT COLLATE "C" NOT NULL,
    credits     BIGINT NOT NULL CHECK (credits <> 0),
    PRIMARY KEY (customer_id, event_id, lot_id)
);

CREATE INDEX IF NOT EXISTS draws_lot ON draws (customer_id, lot_id, day, event_id);

CREATE TABLE IF NOT EXISTS lot_days (
    customer_id UUID NOT NULL,
    lot_id      UUID NOT NULL,
    day         TEXT COLLATE "C" NOT NULL,
    drawn       BIGINT NOT NULL,
    PRIMARY KEY (customer_id, lot_id, day)
) WITH (fillfactor = 80);

-- A recognition of a pool belongs to no customer: its customer_id is the nil UUID.
CREATE TABLE IF NOT EXISTS recognitions (
    customer_id                UUID NOT NULL,
    id                         UUID NOT NULL,
    lot_id                     UUID,
    pool_id                    UUID,
    policy_id                  UUID NOT NULL,
    kind                       TEXT COLLATE "C" NOT NULL,
    day                        TEXT COLLATE "C" NOT NULL,
    accounting_date            TEXT COLLATE "C" NOT NULL,
    credits                    BIGINT NOT NULL,
    currency                   TEXT COLLATE "C" NOT NULL,
    amount_minor               BIGINT NOT NULL,
    functional_currency        TEXT COLLATE "C" NOT NULL,
    functional_minor           BIGINT NOT NULL,
    unclaimed_minor            BIGINT NOT NULL,
    unclaimed_functional_minor BIGINT NOT NULL,
    inputs                     TEXT COLLATE "C" NOT NULL,
    batch_id                   UUID NOT NULL,
    PRIMARY KEY (customer_id, id),
    CHECK ((lot_id IS NULL) <> (pool_id IS NULL)),
    CHECK ((pool_id IS NOT NULL) = (customer_id = '00000000-0000-0000-0000-000000000000'))
);

CREATE INDEX IF NOT EXISTS recognitions_id ON recognitions (id);
CREATE INDEX IF NOT EXISTS recognitions_lot ON recognitions (customer_id, lot_id, day) WHERE lot_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS recognitions_pool ON recognitions (pool_id, day) WHERE pool_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS recognitions_batch ON recognitions (batch_id, accounting_date, day, kind);

CREATE TABLE IF NOT EXISTS pools (
    id                  UUID PRIMARY KEY,
    policy_id           UUID NOT NULL REFERENCES policies (id),
    pool_by             TEXT COLLATE "C" NOT NULL,
    pool_key            TEXT COLLATE "C" NOT NULL,
    currency            TEXT COLLATE "C" NOT NULL,
    functional_currency TEXT COLLATE "C" NOT NULL,
    measure_from        TEXT COLLATE "C",
    UNIQUE (policy_id, pool_key, currency)
);

CREATE INDEX IF NOT EXISTS pools_unmeasured ON pools (measure_from, id) WHERE measure_from IS NOT NULL;

CREATE TABLE IF NOT EXISTS pool_days (
    pool_id               UUID NOT NULL REFERENCES pools (id),
    day                   TEXT COLLATE "C" NOT NULL,
    sold_minor            BIGINT NOT NULL,
    used_minor            BIGINT NOT NULL,
    sold_functional_minor BIGINT NOT NULL,
    used_functional_minor BIGINT NOT NULL,
    PRIMARY KEY (pool_id, day)
);

CREATE TABLE IF NOT EXISTS batches (
    id            UUID PRIMARY KEY,
    created_at_us BIGINT NOT NULL,
    posted_at_us  BIGINT
);

-- At most one batch is open.
CREATE UNIQUE INDEX IF NOT EXISTS batches_open ON batches ((posted_at_us IS NULL)) WHERE posted_at_us IS NULL;

-- policy and currency are those of the recognitions that an entry of a batch sums: with
-- batch, kind and the two dates they find them again.
CREATE TABLE IF NOT EXISTS entries (
    number          BIGINT PRIMARY KEY CHECK (number > 0),
    kind            TEXT COLLATE "C" NOT NULL,
    accounting_date TEXT COLLATE "C" NOT NULL,
    occurred_on     TEXT COLLATE "C" NOT NULL,
    posted_at_us    BIGINT NOT NULL,
    batch_id        UUID,
    policy          TEXT COLLATE "C",
    currency        TEXT COLLATE "C",
    reference       TEXT COLLATE "C",
    description     TEXT COLLATE "C" NOT NULL,
    CHECK (occurred_on <= accounting_date)
);

CREATE INDEX IF NOT EXISTS entries_date ON entries (accounting_date, number);
CREATE INDEX IF NOT EXISTS entries_batch ON entries (batch_id, accounting_date, occurred_on, kind) WHERE batch_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS entries_reference ON entries (reference) WHERE reference IS NOT NULL;

CREATE TABLE IF NOT EXISTS lines (
    entry_number        BIGINT NOT NULL,
    line                BIGINT NOT NULL CHECK (line > 0),
    account             TEXT COLLATE "C" NOT NULL,
    currency            TEXT COLLATE "C" NOT NULL,
    amount_minor        BIGINT NOT NULL,
    functional_currency TEXT COLLATE "C" NOT NULL,
    functional_minor    BIGINT NOT NULL,
    customer            TEXT COLLATE "C",
    policy              TEXT COLLATE "C",
    pack                TEXT COLLATE "C",
    PRIMARY KEY (entry_number, line)
);

CREATE INDEX IF NOT EXISTS lines_account ON lines (account, entry_number);

CREATE TABLE IF NOT EXISTS account_periods (
    account                 TEXT COLLATE "C" NOT NULL,
    currency                TEXT COLLATE "C" NOT NULL,
    period                  TEXT COLLATE "C" NOT NULL,
    debit_minor             BIGINT NOT NULL CHECK (debit_minor >= 0),
    credit_minor            BIGINT NOT NULL CHECK (credit_minor >= 0),
    functional_debit_minor  BIGINT NOT NULL CHECK (functional_debit_minor >= 0),
    functional_credit_minor BIGINT NOT NULL CHECK (functional_credit_minor >= 0),
    PRIMARY KEY (account, currency, period)
);

CREATE TABLE IF NOT EXISTS periods (
    period       TEXT COLLATE "C" PRIMARY KEY,
    status       TEXT COLLATE "C" NOT NULL CHECK (status IN ('OPEN', 'CLOSING', 'CLOSED')),
    closed_at_us BIGINT
);

CREATE TABLE IF NOT EXISTS job_runs (
    id             UUID PRIMARY KEY,
    job            TEXT COLLATE "C" NOT NULL,
    started_by     TEXT COLLATE "C" NOT NULL,
    status         TEXT COLLATE "C" NOT NULL CHECK (status IN ('RUNNING', 'SUCCEEDED', 'FAILED')),
    through        TEXT COLLATE "C",
    started_at_us  BIGINT NOT NULL,
    finished_at_us BIGINT,
    lots           BIGINT NOT NULL,
    recognitions   BIGINT NOT NULL,
    entries        BIGINT NOT NULL,
    first_entry    BIGINT NOT NULL,
    last_entry     BIGINT NOT NULL,
    error          TEXT COLLATE "C",
    holder         TEXT COLLATE "C" NOT NULL
);

CREATE INDEX IF NOT EXISTS job_runs_job ON job_runs (job, id);
CREATE INDEX IF NOT EXISTS job_runs_running ON job_runs (id) WHERE status = 'RUNNING';

CREATE TABLE IF NOT EXISTS leases (
    name     TEXT COLLATE "C" PRIMARY KEY,
    holder   TEXT COLLATE "C" NOT NULL,
    until_us BIGINT NOT NULL
);

CREATE TABLE IF NOT EXISTS audit_events (
    id         UUID PRIMARY KEY,
    at_us      BIGINT NOT NULL,
    actor      TEXT COLLATE "C" NOT NULL,
    action     TEXT COLLATE "C" NOT NULL,
    subject    TEXT COLLATE "C" NOT NULL,
    detail     TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C"
);

CREATE INDEX IF NOT EXISTS audit_events_subject ON audit_events (subject, id);

CREATE TABLE IF NOT EXISTS idempotency_keys (
    key           TEXT COLLATE "C" PRIMARY KEY,
    operation     TEXT COLLATE "C" NOT NULL,
    hash          BYTEA NOT NULL,
    answer        BYTEA NOT NULL,
    created_at_us BIGINT NOT NULL
);

-- What is written stays: a correction is a new row that names what it corrects. Triggers
-- refuse everyone; the grants below refuse whoever is not a superuser, also where triggers
-- cannot be had, and the owner of the tables too.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: correct it with a new row', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER usage_events_no_update BEFORE UPDATE ON usage_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER usage_events_no_delete BEFORE DELETE ON usage_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER usage_events_no_truncate BEFORE TRUNCATE ON usage_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER draws_no_update BEFORE UPDATE ON draws FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER draws_no_delete BEFORE DELETE ON draws FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER draws_no_truncate BEFORE TRUNCATE ON draws FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER recognitions_no_update BEFORE UPDATE ON recognitions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER recognitions_no_delete BEFORE DELETE ON recognitions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER recognitions_no_truncate BEFORE TRUNCATE ON recognitions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER entries_no_update BEFORE UPDATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER entries_no_delete BEFORE DELETE ON entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER entries_no_truncate BEFORE TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER lines_no_update BEFORE UPDATE ON lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER lines_no_delete BEFORE DELETE ON lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER lines_no_truncate BEFORE TRUNCATE ON lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER audit_events_no_update BEFORE UPDATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER audit_events_no_delete BEFORE DELETE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON audit_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON usage_events, draws, recognitions, entries, lines, audit_events FROM PUBLIC, CURRENT_USER;
