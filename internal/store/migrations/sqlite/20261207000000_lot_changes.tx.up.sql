-- What becomes of a lot besides use, lapse and a refund. lots.refunded counts all credits
-- that were taken out of a lot, by a refund or by a change, so that the indexes of open lots
-- hold as they are; removed is the part of it that changes took, removed_minor what they took
-- out of the carrying amount. origin_lot_id is the lot that one came out of, pool_lot_id the
-- one whose pool it shares where each lot has a pool of its own.
--
-- A purchase that was voided has the status REFUNDED here, for the column takes no other
-- word, and voided_at_us tells it apart. lost_minor is what chargebacks took.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE lots ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN removed_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN removed_functional_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN origin_lot_id TEXT;
ALTER TABLE lots ADD COLUMN pool_lot_id TEXT;
ALTER TABLE lots ADD COLUMN pool_left_on TEXT;

ALTER TABLE purchases ADD COLUMN voided_at_us INTEGER;
ALTER TABLE purchases ADD COLUMN dispute_status TEXT;
ALTER TABLE purchases ADD COLUMN disputed_at_us INTEGER;
ALTER TABLE purchases ADD COLUMN dispute_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE purchases ADD COLUMN lost_minor INTEGER NOT NULL DEFAULT 0;

CREATE TABLE lot_changes (
    customer_id      TEXT NOT NULL,
    lot_id           TEXT NOT NULL,
    id               TEXT NOT NULL,
    kind             TEXT NOT NULL,
    at_us            INTEGER NOT NULL,
    day              TEXT NOT NULL,
    credits          INTEGER NOT NULL CHECK (credits >= 0),
    amount_minor     INTEGER NOT NULL,
    functional_minor INTEGER NOT NULL,
    to_lot_id        TEXT,
    reason           TEXT,
    PRIMARY KEY (customer_id, lot_id, id),
    FOREIGN KEY (customer_id, lot_id) REFERENCES lots (customer_id, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER lot_changes_no_update BEFORE UPDATE ON lot_changes
BEGIN SELECT RAISE(ABORT, 'lot_changes is append-only: correct it with a new row'); END;
CREATE TRIGGER lot_changes_no_delete BEFORE DELETE ON lot_changes
BEGIN SELECT RAISE(ABORT, 'lot_changes is append-only: correct it with a new row'); END;

-- As in the statistics of the book before: what a grown book looks like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('lot_changes', 'lot_changes', '100000 10 2 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261207000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
