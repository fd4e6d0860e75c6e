-- The queue of recognition moves from the days of a lot to the lot: pending_from is the
-- first day whose use is not booked yet, or has changed since it was; NULL where nothing
-- waits. lot_days holds sums of draws alone; what is booked of a day, recognitions say.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE lots ADD COLUMN pending_from TEXT;

UPDATE lots SET pending_from = waits.day
    FROM (SELECT customer_id, lot_id, min(day) AS day FROM lot_days WHERE pending GROUP BY customer_id, lot_id) AS waits
    WHERE lots.customer_id = waits.customer_id AND lots.id = waits.lot_id;

-- In key order, so that what is booked of lots is written in the order of its indexes.
CREATE INDEX lots_pending ON lots (customer_id, id, pending_from) WHERE pending_from IS NOT NULL;

-- Queues are read in the order of their index.
DROP INDEX pools_unmeasured;
CREATE INDEX pools_unmeasured ON pools (measure_from, id) WHERE measure_from IS NOT NULL;
DROP INDEX purchases_due;
CREATE INDEX purchases_due ON purchases (due_on, id)
    WHERE status = 'INVOICED' AND NOT due_booked AND due_on IS NOT NULL;

CREATE TABLE lot_day_sums (
    customer_id TEXT NOT NULL,
    lot_id      TEXT NOT NULL,
    day         TEXT NOT NULL,
    drawn       INTEGER NOT NULL,
    PRIMARY KEY (customer_id, lot_id, day),
    FOREIGN KEY (customer_id, lot_id) REFERENCES lots (customer_id, id)
) STRICT, WITHOUT ROWID;

INSERT INTO lot_day_sums SELECT customer_id, lot_id, day, drawn FROM lot_days ORDER BY customer_id, lot_id, day;
DROP TABLE lot_days;
ALTER TABLE lot_day_sums RENAME TO lot_days;

-- As in the statistics of the book before: what a grown book looks like.
DELETE FROM sqlite_stat1 WHERE tbl IN ('lot_days', 'lot_day_sums') OR idx IN ('lots_pending', 'pools_unmeasured', 'purchases_due');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('lots', 'lots_pending', '100000 5 1 1'),
    ('pools', 'pools_unmeasured', '1000 100 1'),
    ('purchases', 'purchases_due', '1000 10 1'),
    ('lot_days', 'lot_days', '10000000 1000 60 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261201000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
