-- How much usage was sent and not recorded: duplicates, and what was rejected, by code. A row is what one
-- server counted since the row before.

CREATE TABLE IF NOT EXISTS usage_not_recorded (
    id     TEXT PRIMARY KEY,
    at_us  INTEGER NOT NULL,
    day    TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('DUPLICATE', 'REJECTED')),
    code   TEXT CHECK ((code IS NOT NULL) = (status = 'REJECTED')),
    events INTEGER NOT NULL CHECK (events > 0)
) STRICT;

CREATE INDEX IF NOT EXISTS usage_not_recorded_day ON usage_not_recorded (day, status, code);

CREATE TRIGGER IF NOT EXISTS usage_not_recorded_no_update BEFORE UPDATE ON usage_not_recorded
BEGIN SELECT RAISE(ABORT, 'usage_not_recorded is append-only'); END;
CREATE TRIGGER IF NOT EXISTS usage_not_recorded_no_delete BEFORE DELETE ON usage_not_recorded
BEGIN SELECT RAISE(ABORT, 'usage_not_recorded is append-only'); END;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('usage_not_recorded', 'sqlite_autoindex_usage_not_recorded_1', '1000 1'),
    ('usage_not_recorded', 'usage_not_recorded_day', '1000 50 25 10');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20270103000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
