-- What the comparison of the sub-ledger with itself and with the ledger found, run by run. from_day is
-- null where it began with the book. found is the SHA-256 over what differs, null where nothing
-- does; body is every comparison, as JSON.

CREATE TABLE IF NOT EXISTS reconciliations (
    id         TEXT PRIMARY KEY,
    at_us      INTEGER NOT NULL,
    run_id     TEXT NOT NULL,
    from_day   TEXT,
    to_day     TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('MATCHED', 'DIFFERENT')),
    differing  INTEGER NOT NULL CHECK (differing >= 0 AND (differing > 0) = (status = 'DIFFERENT')),
    found      TEXT CHECK ((found IS NOT NULL) = (status = 'DIFFERENT')),
    took_us    INTEGER NOT NULL,
    body       TEXT NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS reconciliations_status ON reconciliations (status, id);

CREATE TRIGGER IF NOT EXISTS reconciliations_no_update BEFORE UPDATE ON reconciliations
BEGIN SELECT RAISE(ABORT, 'reconciliations is append-only'); END;
CREATE TRIGGER IF NOT EXISTS reconciliations_no_delete BEFORE DELETE ON reconciliations
BEGIN SELECT RAISE(ABORT, 'reconciliations is append-only'); END;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('reconciliations', 'sqlite_autoindex_reconciliations_1', '1000 1'),
    ('reconciliations', 'reconciliations_status', '1000 500 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20270101000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
