-- Telling others: endpoints, what they are told (written in the transaction of the act), and
-- how each delivery stands. Messages are kept for some weeks, so none of this is
-- append-only. A claim is the lease of whoever sends a delivery now: until next_at_us.

CREATE TABLE IF NOT EXISTS webhooks (
    id                UUID PRIMARY KEY,
    url               TEXT COLLATE "C" NOT NULL,
    description       TEXT COLLATE "C",
    events            TEXT COLLATE "C" NOT NULL,
    secret            TEXT COLLATE "C" NOT NULL,
    previous_secret   TEXT COLLATE "C",
    previous_until_us BIGINT,
    created_by        TEXT COLLATE "C" NOT NULL,
    created_at_us     BIGINT NOT NULL,
    disabled_at_us    BIGINT,
    disabled_reason   TEXT COLLATE "C",
    failing_since_us  BIGINT
);

CREATE TABLE IF NOT EXISTS outbox_messages (
    id    UUID PRIMARY KEY,
    type  TEXT COLLATE "C" NOT NULL,
    at_us BIGINT NOT NULL,
    body  TEXT COLLATE "C" NOT NULL
);

CREATE INDEX IF NOT EXISTS outbox_messages_at ON outbox_messages (at_us);

CREATE TABLE IF NOT EXISTS webhook_deliveries (
    message_id      UUID NOT NULL,
    webhook_id      UUID NOT NULL,
    status          TEXT COLLATE "C" NOT NULL,
    attempts        BIGINT NOT NULL,
    created_at_us   BIGINT NOT NULL,
    next_at_us      BIGINT,
    claim           UUID,
    first_at_us     BIGINT,
    last_at_us      BIGINT,
    delivered_at_us BIGINT,
    response_code   BIGINT NOT NULL,
    response        TEXT COLLATE "C",
    error           TEXT COLLATE "C",
    PRIMARY KEY (message_id, webhook_id)
);

CREATE INDEX IF NOT EXISTS webhook_deliveries_of ON webhook_deliveries (webhook_id, message_id);
CREATE INDEX IF NOT EXISTS webhook_deliveries_pending ON webhook_deliveries (webhook_id, next_at_us) WHERE status = 'PENDING';
