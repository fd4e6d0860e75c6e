-- What the law of a jurisdiction claims of breakage. A customer has a jurisdiction, NULL where
-- none is known; a lot keeps that of its purchase, and a pool holds lots of one alone. Rules
-- are in force from a day and never change: of two of one day, that with the greater id counts.
-- A payment is what was paid over to an authority; its parts say for what lapsed on which day,
-- in the currency of the contracts and as the book carried it.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE customers ADD COLUMN jurisdiction TEXT;
ALTER TABLE lots ADD COLUMN jurisdiction TEXT;
ALTER TABLE pools ADD COLUMN jurisdiction TEXT;

CREATE INDEX lots_jurisdiction ON lots (jurisdiction, lapses_on) WHERE jurisdiction IS NOT NULL;
CREATE INDEX recognitions_unclaimed ON recognitions (accounting_date) WHERE unclaimed_minor <> 0 OR unclaimed_functional_minor <> 0;

CREATE TABLE escheat_rules (
    id            TEXT PRIMARY KEY,
    jurisdiction  TEXT NOT NULL,
    in_force_from TEXT NOT NULL,
    share         TEXT NOT NULL,
    dormancy      TEXT NOT NULL,
    reason        TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    created_by    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX escheat_rules_day ON escheat_rules (jurisdiction, in_force_from, id);

CREATE TRIGGER escheat_rules_no_update BEFORE UPDATE ON escheat_rules
BEGIN SELECT RAISE(ABORT, 'escheat_rules is append-only: a later rule takes the place of one'); END;
CREATE TRIGGER escheat_rules_no_delete BEFORE DELETE ON escheat_rules
BEGIN SELECT RAISE(ABORT, 'escheat_rules is append-only: a later rule takes the place of one'); END;

CREATE TABLE escheat_payments (
    id                    TEXT PRIMARY KEY,
    jurisdiction          TEXT,
    paid_on               TEXT NOT NULL,
    currency              TEXT NOT NULL,
    amount_minor          INTEGER NOT NULL CHECK (amount_minor > 0),
    functional_currency   TEXT NOT NULL,
    functional_minor      INTEGER NOT NULL,
    paid_functional_minor INTEGER NOT NULL,
    reference             TEXT NOT NULL,
    created_at_us         INTEGER NOT NULL,
    created_by            TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER escheat_payments_no_update BEFORE UPDATE ON escheat_payments
BEGIN SELECT RAISE(ABORT, 'escheat_payments is append-only'); END;
CREATE TRIGGER escheat_payments_no_delete BEFORE DELETE ON escheat_payments
BEGIN SELECT RAISE(ABORT, 'escheat_payments is append-only'); END;

CREATE TABLE escheat_payment_parts (
    payment_id       TEXT NOT NULL REFERENCES escheat_payments (id),
    lapsed_on        TEXT NOT NULL,
    amount_minor     INTEGER NOT NULL,
    functional_minor INTEGER NOT NULL,
    PRIMARY KEY (payment_id, lapsed_on)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER escheat_payment_parts_no_update BEFORE UPDATE ON escheat_payment_parts
BEGIN SELECT RAISE(ABORT, 'escheat_payment_parts is append-only'); END;
CREATE TRIGGER escheat_payment_parts_no_delete BEFORE DELETE ON escheat_payment_parts
BEGIN SELECT RAISE(ABORT, 'escheat_payment_parts is append-only'); END;

-- As in the statistics of the book before: what a grown book looks like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('lots', 'lots_jurisdiction', '1000000 20000 50 1'),
    ('recognitions', 'recognitions_unclaimed', '1000000 1000 1'),
    ('escheat_rules', 'escheat_rules', '200 1'),
    ('escheat_rules', 'escheat_rules_day', '200 4 1 1'),
    ('escheat_payments', 'escheat_payments', '2000 1'),
    ('escheat_payment_parts', 'escheat_payment_parts', '200000 100 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261222000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
