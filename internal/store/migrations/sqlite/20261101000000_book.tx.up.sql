-- The book as it begins. Conventions: ids are UUIDv7 text, so that keys grow in order of
-- insertion; *_us are microseconds since 1970 UTC; days are YYYY-MM-DD; *_minor are minor
-- units of the currency beside them; credits are millionths; NULL is "none".
--
-- Tables scoped to a customer have a primary key that starts with customer_id, hold it in
-- every unique key, and refer to nothing outside that customer.
--
-- IF NOT EXISTS throughout: a crash between this transaction and the mark that it was
-- applied lets it run again.

CREATE TABLE IF NOT EXISTS book (
    only          INTEGER PRIMARY KEY CHECK (only = 1),
    functional    TEXT NOT NULL,
    zone          TEXT NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT;

-- Numbers that must have no gaps are counted here, in the transaction that takes them.
CREATE TABLE IF NOT EXISTS counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL CHECK (value >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS policies (
    id              TEXT PRIMARY KEY,
    code            TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    expires         TEXT,
    short_expiry    TEXT,
    burn_order      TEXT NOT NULL,
    late_usage      TEXT NOT NULL,
    overage_mode    TEXT NOT NULL,
    overage_rate    TEXT NOT NULL,
    breakage_method TEXT NOT NULL,
    pool_by         TEXT,
    breakage_rate   TEXT NOT NULL,
    remote_after    TEXT NOT NULL,
    remote_from     TEXT,
    escheat         TEXT NOT NULL,
    created_at_us   INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS customers (
    id            TEXT PRIMARY KEY,
    external_id   TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    policy_id     TEXT REFERENCES policies (id),
    created_at_us INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS estimates (
    policy_id     TEXT NOT NULL REFERENCES policies (id),
    id            TEXT NOT NULL,
    in_force_from TEXT NOT NULL,
    rate          TEXT NOT NULL,
    reason        TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    PRIMARY KEY (policy_id, id)
) STRICT;

CREATE TABLE IF NOT EXISTS packs (
    id            TEXT PRIMARY KEY,
    code          TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    policy_id     TEXT NOT NULL REFERENCES policies (id),
    currency      TEXT NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS pack_tiers (
    pack_id     TEXT NOT NULL REFERENCES packs (id),
    credits     INTEGER NOT NULL CHECK (credits > 0),
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    PRIMARY KEY (pack_id, credits)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS meters (
    id            TEXT PRIMARY KEY,
    code          TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    unit          TEXT NOT NULL,
    credits       TEXT NOT NULL,
    per           TEXT NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS purchases (
    customer_id          TEXT NOT NULL,
    id                   TEXT NOT NULL,
    pack_id              TEXT,
    policy_id            TEXT NOT NULL,
    lot_id               TEXT NOT NULL,
    status               TEXT NOT NULL CHECK (status IN ('PAID', 'INVOICED', 'REFUNDED')),
    credits              INTEGER NOT NULL CHECK (credits >= 0),
    bonus                INTEGER NOT NULL CHECK (bonus >= 0),
    currency             TEXT NOT NULL,
    price_minor          INTEGER NOT NULL CHECK (price_minor >= 0),
    tax_minor            INTEGER NOT NULL CHECK (tax_minor >= 0),
    fx_rate              TEXT NOT NULL,
    functional_currency  TEXT NOT NULL,
    functional_minor     INTEGER NOT NULL CHECK (functional_minor >= 0),
    functional_tax_minor INTEGER NOT NULL CHECK (functional_tax_minor >= 0),
    purchased_at_us      INTEGER NOT NULL,
    due_on               TEXT,
    cancellable          INTEGER NOT NULL CHECK (cancellable IN (0, 1)),
    due_booked           INTEGER NOT NULL CHECK (due_booked IN (0, 1)),
    paid_at_us           INTEGER,
    refunded_at_us       INTEGER,
    refund_minor         INTEGER NOT NULL CHECK (refund_minor BETWEEN 0 AND price_minor + tax_minor),
    reference            TEXT,
    created_at_us        INTEGER NOT NULL,
    PRIMARY KEY (customer_id, id)
) STRICT;

CREATE INDEX IF NOT EXISTS purchases_id ON purchases (id);
CREATE INDEX IF NOT EXISTS purchases_due ON purchases (due_on)
    WHERE status = 'INVOICED' AND NOT due_booked AND due_on IS NOT NULL;

-- drawn + refunded stay within granted at all times. What is booked as lapsed may run
-- ahead of a late use until the next booking, so it has no such check; verify looks at it.
CREATE TABLE IF NOT EXISTS lots (
    customer_id                 TEXT NOT NULL,
    id                          TEXT NOT NULL,
    purchase_id                 TEXT,
    policy_id                   TEXT NOT NULL,
    kind                        TEXT NOT NULL CHECK (kind IN ('PURCHASE', 'GRANT', 'OVERAGE')),
    reason                      TEXT,
    burn_order                  INTEGER NOT NULL CHECK (burn_order > 0),
    granted                     INTEGER NOT NULL CHECK (granted >= 0),
    currency                    TEXT NOT NULL,
    price_minor                 INTEGER NOT NULL CHECK (price_minor >= 0),
    functional_currency         TEXT NOT NULL,
    functional_minor            INTEGER NOT NULL CHECK (functional_minor >= 0),
    rate_price                  TEXT,
    rate_currency               TEXT,
    purchased_on                TEXT,
    starts_at_us                INTEGER,
    expires_at_us               INTEGER,
    accepts_until_us            INTEGER,
    lapses_on                   TEXT,
    priority                    INTEGER NOT NULL,
    liability_on                TEXT,
    drawn                       INTEGER NOT NULL CHECK (drawn >= 0),
    lapsed                      INTEGER NOT NULL CHECK (lapsed >= 0),
    refunded                    INTEGER NOT NULL CHECK (refunded >= 0),
    refunded_on                 TEXT,
    refunded_minor              INTEGER NOT NULL,
    refunded_functional_minor   INTEGER NOT NULL,
    blocked                     INTEGER NOT NULL CHECK (blocked IN (0, 1)),
    recognised_minor            INTEGER NOT NULL,
    recognised_functional_minor INTEGER NOT NULL,
    released_minor              INTEGER NOT NULL,
    released_functional_minor   INTEGER NOT NULL,
    carrying_minor              INTEGER NOT NULL,
    carrying_functional_minor   INTEGER NOT NULL,
    booked_through              TEXT,
    booked_credits              INTEGER NOT NULL,
    lapse_due                   TEXT,
    remote_due                  TEXT,
    PRIMARY KEY (customer_id, id),
    CHECK (kind = 'OVERAGE' OR drawn + refunded <= granted),
    -- One index serves the balance and the burn because late use is accepted no shorter
    -- than the lot serves.
    CHECK (coalesce(accepts_until_us, 9223372036854775807) >= coalesce(expires_at_us, 9223372036854775807)),
    CHECK (kind <> 'OVERAGE' OR (expires_at_us IS NULL AND accepts_until_us IS NULL))
) STRICT;

CREATE INDEX IF NOT EXISTS lots_id ON lots (id);
-- What a balance reads: used-up and refunded lots leave it, so history costs nothing.
CREATE INDEX IF NOT EXISTS lots_open ON lots (customer_id, coalesce(accepts_until_us, 9223372036854775807))
    WHERE kind = 'OVERAGE' OR granted > drawn + refunded;
CREATE INDEX IF NOT EXISTS lots_expiring ON lots (expires_at_us)
    WHERE expires_at_us IS NOT NULL AND granted > drawn + refunded;
CREATE INDEX IF NOT EXISTS lots_lapse_due ON lots (lapse_due, customer_id, id) WHERE lapse_due IS NOT NULL;
CREATE INDEX IF NOT EXISTS lots_remote_due ON lots (remote_due, customer_id, id) WHERE remote_due IS NOT NULL;
CREATE INDEX IF NOT EXISTS lots_carrying ON lots (customer_id, currency)
    WHERE carrying_minor <> 0 OR carrying_functional_minor <> 0;

CREATE TABLE IF NOT EXISTS usage_events (
    customer_id    TEXT NOT NULL,
    id             TEXT NOT NULL,
    source         TEXT NOT NULL,
    event_id       TEXT NOT NULL,
    meter_id       TEXT,
    quantity       TEXT,
    credits        INTEGER NOT NULL,
    occurred_at_us INTEGER NOT NULL,
    recorded_at_us INTEGER NOT NULL,
    void_of        TEXT,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, source, event_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS usage_events_id ON usage_events (id);
CREATE INDEX IF NOT EXISTS usage_events_void ON usage_events (customer_id, void_of) WHERE void_of IS NOT NULL;

CREATE TABLE IF NOT EXISTS draws (
    customer_id TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    lot_id      TEXT NOT NULL,
    day         TEXT NOT NULL,
    credits     INTEGER NOT NULL CHECK (credits <> 0),
    PRIMARY KEY (customer_id, event_id, lot_id),
    FOREIGN KEY (customer_id, lot_id) REFERENCES lots (customer_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS draws_lot ON draws (customer_id, lot_id, day, event_id);

CREATE TABLE IF NOT EXISTS lot_days (
    customer_id TEXT NOT NULL,
    lot_id      TEXT NOT NULL,
    day         TEXT NOT NULL,
    drawn       INTEGER NOT NULL,
    recognised  INTEGER NOT NULL,
    pending     INTEGER NOT NULL CHECK (pending IN (0, 1)),
    PRIMARY KEY (customer_id, lot_id, day),
    FOREIGN KEY (customer_id, lot_id) REFERENCES lots (customer_id, id)
) STRICT, WITHOUT ROWID;

-- The queue of recognition.
CREATE INDEX IF NOT EXISTS lot_days_pending ON lot_days (customer_id, lot_id, day) WHERE pending;

-- A recognition of a pool belongs to no customer: its customer_id is ''.
CREATE TABLE IF NOT EXISTS recognitions (
    customer_id                TEXT NOT NULL,
    id                         TEXT NOT NULL,
    lot_id                     TEXT,
    pool_id                    TEXT,
    policy_id                  TEXT NOT NULL,
    kind                       TEXT NOT NULL,
    day                        TEXT NOT NULL,
    accounting_date            TEXT NOT NULL,
    credits                    INTEGER NOT NULL,
    currency                   TEXT NOT NULL,
    amount_minor               INTEGER NOT NULL,
    functional_currency        TEXT NOT NULL,
    functional_minor           INTEGER NOT NULL,
    unclaimed_minor            INTEGER NOT NULL,
    unclaimed_functional_minor INTEGER NOT NULL,
    inputs                     TEXT NOT NULL,
    batch_id                   TEXT NOT NULL,
    PRIMARY KEY (customer_id, id),
    CHECK ((lot_id IS NULL) <> (pool_id IS NULL)),
    CHECK ((pool_id IS NOT NULL) = (customer_id = '')),
    FOREIGN KEY (customer_id, lot_id) REFERENCES lots (customer_id, id)
) STRICT;

CREATE INDEX IF NOT EXISTS recognitions_id ON recognitions (id);
CREATE INDEX IF NOT EXISTS recognitions_lot ON recognitions (customer_id, lot_id, day) WHERE lot_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS recognitions_pool ON recognitions (pool_id, day) WHERE pool_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS recognitions_batch ON recognitions (batch_id, accounting_date, day, kind);

CREATE TABLE IF NOT EXISTS pools (
    id                  TEXT PRIMARY KEY,
    policy_id           TEXT NOT NULL REFERENCES policies (id),
    pool_by             TEXT NOT NULL,
    pool_key            TEXT NOT NULL,
    currency            TEXT NOT NULL,
    functional_currency TEXT NOT NULL,
    measure_from        TEXT,
    UNIQUE (policy_id, pool_key, currency)
) STRICT;

CREATE INDEX IF NOT EXISTS pools_unmeasured ON pools (measure_from) WHERE measure_from IS NOT NULL;

CREATE TABLE IF NOT EXISTS pool_days (
    pool_id               TEXT NOT NULL REFERENCES pools (id),
    day                   TEXT NOT NULL,
    sold_minor            INTEGER NOT NULL,
    used_minor            INTEGER NOT NULL,
    sold_functional_minor INTEGER NOT NULL,
    used_functional_minor INTEGER NOT NULL,
    PRIMARY KEY (pool_id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS batches (
    id            TEXT PRIMARY KEY,
    created_at_us INTEGER NOT NULL,
    posted_at_us  INTEGER
) STRICT;

-- At most one batch is open.
CREATE UNIQUE INDEX IF NOT EXISTS batches_open ON batches (coalesce(posted_at_us, 0)) WHERE posted_at_us IS NULL;

-- policy and currency are those of the recognitions that an entry of a batch sums: with
-- batch, kind and the two dates they find them again.
CREATE TABLE IF NOT EXISTS entries (
    number          INTEGER PRIMARY KEY CHECK (number > 0),
    kind            TEXT NOT NULL,
    accounting_date TEXT NOT NULL,
    occurred_on     TEXT NOT NULL,
    posted_at_us    INTEGER NOT NULL,
    batch_id        TEXT,
    policy          TEXT,
    currency        TEXT,
    reference       TEXT,
    description     TEXT NOT NULL,
    CHECK (occurred_on <= accounting_date)
) STRICT;

CREATE INDEX IF NOT EXISTS entries_date ON entries (accounting_date, number);
CREATE INDEX IF NOT EXISTS entries_batch ON entries (batch_id, accounting_date, occurred_on, kind) WHERE batch_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS entries_reference ON entries (reference) WHERE reference IS NOT NULL;

CREATE TABLE IF NOT EXISTS lines (
    entry_number        INTEGER NOT NULL REFERENCES entries (number),
    line                INTEGER NOT NULL CHECK (line > 0),
    account             TEXT NOT NULL,
    currency            TEXT NOT NULL,
    amount_minor        INTEGER NOT NULL,
    functional_currency TEXT NOT NULL,
    functional_minor    INTEGER NOT NULL,
    customer            TEXT,
    policy              TEXT,
    pack                TEXT,
    PRIMARY KEY (entry_number, line)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS lines_account ON lines (account, entry_number);

CREATE TABLE IF NOT EXISTS account_periods (
    account                 TEXT NOT NULL,
    currency                TEXT NOT NULL,
    period                  TEXT NOT NULL,
    debit_minor             INTEGER NOT NULL CHECK (debit_minor >= 0),
    credit_minor            INTEGER NOT NULL CHECK (credit_minor >= 0),
    functional_debit_minor  INTEGER NOT NULL CHECK (functional_debit_minor >= 0),
    functional_credit_minor INTEGER NOT NULL CHECK (functional_credit_minor >= 0),
    PRIMARY KEY (account, currency, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS periods (
    period       TEXT PRIMARY KEY,
    status       TEXT NOT NULL CHECK (status IN ('OPEN', 'CLOSING', 'CLOSED')),
    closed_at_us INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS job_runs (
    id             TEXT PRIMARY KEY,
    job            TEXT NOT NULL,
    started_by     TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('RUNNING', 'SUCCEEDED', 'FAILED')),
    through        TEXT,
    started_at_us  INTEGER NOT NULL,
    finished_at_us INTEGER,
    lots           INTEGER NOT NULL,
    recognitions   INTEGER NOT NULL,
    entries        INTEGER NOT NULL,
    first_entry    INTEGER NOT NULL,
    last_entry     INTEGER NOT NULL,
    error          TEXT,
    holder         TEXT NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS job_runs_job ON job_runs (job, id);
CREATE INDEX IF NOT EXISTS job_runs_running ON job_runs (id) WHERE status = 'RUNNING';

CREATE TABLE IF NOT EXISTS leases (
    name     TEXT PRIMARY KEY,
    holder   TEXT NOT NULL,
    until_us INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS audit_events (
    id         TEXT PRIMARY KEY,
    at_us      INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    action     TEXT NOT NULL,
    subject    TEXT NOT NULL,
    detail     TEXT NOT NULL,
    request_id TEXT
) STRICT;

CREATE INDEX IF NOT EXISTS audit_events_subject ON audit_events (subject, id);

CREATE TABLE IF NOT EXISTS idempotency_keys (
    key           TEXT PRIMARY KEY,
    operation     TEXT NOT NULL,
    hash          BLOB NOT NULL,
    answer        BLOB NOT NULL,
    created_at_us INTEGER NOT NULL
) STRICT;

-- What is written stays: a correction is a new row that names what it corrects.
CREATE TRIGGER IF NOT EXISTS usage_events_no_update BEFORE UPDATE ON usage_events
BEGIN SELECT RAISE(ABORT, 'usage_events is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS usage_events_no_delete BEFORE DELETE ON usage_events
BEGIN SELECT RAISE(ABORT, 'usage_events is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS draws_no_update BEFORE UPDATE ON draws
BEGIN SELECT RAISE(ABORT, 'draws is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS draws_no_delete BEFORE DELETE ON draws
BEGIN SELECT RAISE(ABORT, 'draws is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS recognitions_no_update BEFORE UPDATE ON recognitions
BEGIN SELECT RAISE(ABORT, 'recognitions is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS recognitions_no_delete BEFORE DELETE ON recognitions
BEGIN SELECT RAISE(ABORT, 'recognitions is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS entries_no_update BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'entries is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS entries_no_delete BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'entries is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS lines_no_update BEFORE UPDATE ON lines
BEGIN SELECT RAISE(ABORT, 'lines is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS lines_no_delete BEFORE DELETE ON lines
BEGIN SELECT RAISE(ABORT, 'lines is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS audit_events_no_update BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit_events is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS audit_events_no_delete BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit_events is append-only: correct it with a new row'); END;
