-- What came in for invoiced purchases: a payment, or parts of one. functional_minor is what it
-- was worth on its day, settled_functional_minor what the receivable it cleared was booked
-- at; the difference is an exchange gain or loss. purchases.received_minor is the sum of the
-- payments of a purchase; a purchase that was paid when it was made has none.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE purchases ADD COLUMN received_minor INTEGER NOT NULL DEFAULT 0;

CREATE TABLE payments (
    customer_id              TEXT NOT NULL,
    purchase_id              TEXT NOT NULL,
    id                       TEXT NOT NULL,
    paid_at_us               INTEGER NOT NULL,
    currency                 TEXT NOT NULL,
    amount_minor             INTEGER NOT NULL CHECK (amount_minor > 0),
    functional_currency      TEXT NOT NULL,
    functional_minor         INTEGER NOT NULL CHECK (functional_minor >= 0),
    settled_functional_minor INTEGER NOT NULL CHECK (settled_functional_minor >= 0),
    fx_rate                  TEXT NOT NULL,
    created_at_us            INTEGER NOT NULL,
    PRIMARY KEY (customer_id, purchase_id, id),
    FOREIGN KEY (customer_id, purchase_id) REFERENCES purchases (customer_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX payments_purchase ON payments (purchase_id);

CREATE TRIGGER payments_no_update BEFORE UPDATE ON payments
BEGIN SELECT RAISE(ABORT, 'payments is append-only'); END;
CREATE TRIGGER payments_no_delete BEFORE DELETE ON payments
BEGIN SELECT RAISE(ABORT, 'payments is append-only'); END;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('payments', 'payments', '100000 100 1 1'),
    ('payments', 'payments_purchase', '100000 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261210000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
