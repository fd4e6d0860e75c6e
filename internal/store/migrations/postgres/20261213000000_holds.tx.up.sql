-- Credits that are kept for a job until it says what it took. A hold is on credits of
-- particular lots, its parts, which never change; it ends when it is captured or released,
-- or by itself at ends_at_us, for which no row is written. lots.held_until_us is the instant
-- by which every hold on the lot has ended, NULL for none: whoever holds a lot knows by it,
-- without a look, whether others hold credits of it.

ALTER TABLE lots ADD COLUMN IF NOT EXISTS held_until_us BIGINT;

CREATE TABLE IF NOT EXISTS holds (
    customer_id   UUID NOT NULL,
    id            UUID NOT NULL,
    credits       BIGINT NOT NULL CHECK (credits > 0),
    status        TEXT COLLATE "C" NOT NULL CHECK (status IN ('ACTIVE', 'CAPTURED', 'RELEASED')),
    reference     TEXT COLLATE "C",
    created_at_us BIGINT NOT NULL,
    ends_at_us    BIGINT NOT NULL CHECK (ends_at_us > created_at_us),
    ended_at_us   BIGINT,
    event_id      UUID,
    end_reason    TEXT COLLATE "C",
    PRIMARY KEY (customer_id, id),
    CHECK ((status = 'ACTIVE') = (ended_at_us IS NULL)),
    CHECK ((status = 'CAPTURED') = (event_id IS NOT NULL))
);

CREATE INDEX IF NOT EXISTS holds_id ON holds (id);
CREATE INDEX IF NOT EXISTS holds_active ON holds (customer_id, ends_at_us) WHERE status = 'ACTIVE';

CREATE TABLE IF NOT EXISTS hold_parts (
    customer_id UUID NOT NULL,
    hold_id     UUID NOT NULL,
    lot_id      UUID NOT NULL,
    credits     BIGINT NOT NULL CHECK (credits > 0),
    PRIMARY KEY (customer_id, hold_id, lot_id)
);

CREATE OR REPLACE TRIGGER hold_parts_no_update BEFORE UPDATE ON hold_parts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER hold_parts_no_delete BEFORE DELETE ON hold_parts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER hold_parts_no_truncate BEFORE TRUNCATE ON hold_parts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON hold_parts FROM PUBLIC, CURRENT_USER;
