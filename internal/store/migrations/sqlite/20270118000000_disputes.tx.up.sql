-- What was booked of chargebacks, one after the other: purchases has the last alone. Of those from before,
-- the last is all that is known; it stands at the instant at which the chargeback was opened.
--
-- SQLite marks itself as applied in its own transaction, as the migrations before.

CREATE TABLE IF NOT EXISTS disputes (
    number       INTEGER PRIMARY KEY,
    customer_id  TEXT NOT NULL,
    purchase_id  TEXT NOT NULL,
    at_us        INTEGER NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('OPEN', 'WON', 'LOST')),
    amount_minor INTEGER NOT NULL,
    FOREIGN KEY (customer_id, purchase_id) REFERENCES purchases (customer_id, id)
) STRICT;

CREATE INDEX IF NOT EXISTS disputes_purchase ON disputes (purchase_id, number);

INSERT INTO disputes (customer_id, purchase_id, at_us, status, amount_minor)
    SELECT customer_id, id, disputed_at_us, dispute_status, dispute_minor FROM purchases WHERE dispute_status IS NOT NULL ORDER BY disputed_at_us, id;

CREATE TRIGGER IF NOT EXISTS disputes_no_update BEFORE UPDATE ON disputes
BEGIN SELECT RAISE(ABORT, 'disputes is append-only'); END;
CREATE TRIGGER IF NOT EXISTS disputes_no_delete BEFORE DELETE ON disputes
BEGIN SELECT RAISE(ABORT, 'disputes is append-only'); END;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('disputes', 'disputes_purchase', '10000 2 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20270118000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
