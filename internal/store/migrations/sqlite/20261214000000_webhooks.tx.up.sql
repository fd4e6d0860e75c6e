-- Telling others: endpoints, what they are told (written in the transaction of the act), and
-- how each delivery stands. Messages are kept for some weeks, so none of this is
-- append-only. A claim is the lease of whoever sends a delivery now: until next_at_us.

CREATE TABLE IF NOT EXISTS webhooks (
    id                TEXT PRIMARY KEY,
    url               TEXT NOT NULL,
    description       TEXT,
    events            TEXT NOT NULL,
    secret            TEXT NOT NULL,
    previous_secret   TEXT,
    previous_until_us INTEGER,
    created_by        TEXT NOT NULL,
    created_at_us     INTEGER NOT NULL,
    disabled_at_us    INTEGER,
    disabled_reason   TEXT,
    failing_since_us  INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS outbox_messages (
    id    TEXT PRIMARY KEY,
    type  TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    body  TEXT NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS outbox_messages_at ON outbox_messages (at_us);

CREATE TABLE IF NOT EXISTS webhook_deliveries (
    message_id      TEXT NOT NULL,
    webhook_id      TEXT NOT NULL,
    status          TEXT NOT NULL,
    attempts        INTEGER NOT NULL,
    created_at_us   INTEGER NOT NULL,
    next_at_us      INTEGER,
    claim           TEXT,
    first_at_us     INTEGER,
    last_at_us      INTEGER,
    delivered_at_us INTEGER,
    response_code   INTEGER NOT NULL,
    response        TEXT,
    error           TEXT,
    PRIMARY KEY (message_id, webhook_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS webhook_deliveries_of ON webhook_deliveries (webhook_id, message_id);
CREATE INDEX IF NOT EXISTS webhook_deliveries_pending ON webhook_deliveries (webhook_id, next_at_us) WHERE status = 'PENDING';
