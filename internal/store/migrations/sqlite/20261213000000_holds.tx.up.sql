-- Credits that are kept for a job until it says what it took. A hold is on credits of
-- particular lots, its parts, which never change; it ends when it is captured or released,
-- or by itself at ends_at_us, for which no row is written. lots.held_until_us is the instant
-- by which every hold on the lot has ended, NULL for none: whoever holds a lot knows by it,
-- without a look, whether others hold credits of it.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE lots ADD COLUMN held_until_us INTEGER;

CREATE TABLE holds (
    customer_id   TEXT NOT NULL,
    id            TEXT NOT NULL,
    credits       INTEGER NOT NULL CHECK (credits > 0),
    status        TEXT NOT NULL CHECK (status IN ('ACTIVE', 'CAPTURED', 'RELEASED')),
    reference     TEXT,
    created_at_us INTEGER NOT NULL,
    ends_at_us    INTEGER NOT NULL CHECK (ends_at_us > created_at_us),
    ended_at_us   INTEGER,
    event_id      TEXT,
    end_reason    TEXT,
    PRIMARY KEY (customer_id, id),
    CHECK ((status = 'ACTIVE') = (ended_at_us IS NULL)),
    CHECK ((status = 'CAPTURED') = (event_id IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX holds_id ON holds (id);
CREATE INDEX holds_active ON holds (customer_id, ends_at_us) WHERE status = 'ACTIVE';

CREATE TABLE hold_parts (
    customer_id TEXT NOT NULL,
    hold_id     TEXT NOT NULL,
    lot_id      TEXT NOT NULL,
    credits     INTEGER NOT NULL CHECK (credits > 0),
    PRIMARY KEY (customer_id, hold_id, lot_id),
    FOREIGN KEY (customer_id, hold_id) REFERENCES holds (customer_id, id),
    FOREIGN KEY (customer_id, lot_id) REFERENCES lots (customer_id, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER hold_parts_no_update BEFORE UPDATE ON hold_parts
BEGIN SELECT RAISE(ABORT, 'hold_parts is append-only: end the hold and make another'); END;
CREATE TRIGGER hold_parts_no_delete BEFORE DELETE ON hold_parts
BEGIN SELECT RAISE(ABORT, 'hold_parts is append-only: end the hold and make another'); END;

-- As in the statistics of the book before: what a grown book looks like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('holds', 'holds', '1000000 1000 1'),
    ('holds', 'holds_id', '1000000 1'),
    ('holds', 'holds_active', '100000 100 1'),
    ('hold_parts', 'hold_parts', '1500000 1500 2 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261213000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
