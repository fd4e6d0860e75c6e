-- What was added to the months of cohorts and to the days of pools, and when: so that what they were
-- at an instant is what they are, less what came since. The rows marked carried are what was there when these tables
-- came; of instants before them nothing is known.

CREATE TABLE IF NOT EXISTS cohort_moves (
    number    INTEGER PRIMARY KEY,
    cohort_id TEXT NOT NULL REFERENCES cohorts (id),
    at_us     INTEGER NOT NULL,
    month     TEXT NOT NULL,
    sold      INTEGER NOT NULL,
    used      INTEGER NOT NULL,
    lapsed    INTEGER NOT NULL,
    refunded  INTEGER NOT NULL,
    other     INTEGER NOT NULL,
    carried   INTEGER NOT NULL DEFAULT 0 CHECK (carried IN (0, 1))
) STRICT;

CREATE INDEX IF NOT EXISTS cohort_moves_at ON cohort_moves (cohort_id, at_us);
CREATE INDEX IF NOT EXISTS cohort_moves_carried ON cohort_moves (at_us) WHERE carried = 1;

CREATE TABLE IF NOT EXISTS pool_moves (
    number                INTEGER PRIMARY KEY,
    pool_id               TEXT NOT NULL REFERENCES pools (id),
    at_us                 INTEGER NOT NULL,
    day                   TEXT NOT NULL,
    sold_minor            INTEGER NOT NULL,
    used_minor            INTEGER NOT NULL,
    sold_functional_minor INTEGER NOT NULL,
    used_functional_minor INTEGER NOT NULL,
    carried               INTEGER NOT NULL DEFAULT 0 CHECK (carried IN (0, 1))
) STRICT;

CREATE INDEX IF NOT EXISTS pool_moves_at ON pool_moves (pool_id, at_us);
CREATE INDEX IF NOT EXISTS pool_moves_carried ON pool_moves (at_us) WHERE carried = 1;

INSERT INTO cohort_moves (cohort_id, at_us, month, sold, used, lapsed, refunded, other, carried)
    SELECT id, CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), month, sold, 0, 0, 0, 0, 1 FROM cohorts
    UNION ALL SELECT cohort_id, CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), month, 0, used, lapsed, refunded, other, 1 FROM cohort_months;
INSERT INTO pool_moves (pool_id, at_us, day, sold_minor, used_minor, sold_functional_minor, used_functional_minor, carried)
    SELECT pool_id, CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER), day, sold_minor, used_minor, sold_functional_minor, used_functional_minor, 1 FROM pool_days;

CREATE TRIGGER IF NOT EXISTS cohort_moves_no_update BEFORE UPDATE ON cohort_moves
BEGIN SELECT RAISE(ABORT, 'cohort_moves is append-only'); END;
CREATE TRIGGER IF NOT EXISTS cohort_moves_no_delete BEFORE DELETE ON cohort_moves
BEGIN SELECT RAISE(ABORT, 'cohort_moves is append-only'); END;

CREATE TRIGGER IF NOT EXISTS pool_moves_no_update BEFORE UPDATE ON pool_moves
BEGIN SELECT RAISE(ABORT, 'pool_moves is append-only'); END;
CREATE TRIGGER IF NOT EXISTS pool_moves_no_delete BEFORE DELETE ON pool_moves
BEGIN SELECT RAISE(ABORT, 'pool_moves is append-only'); END;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('cohort_moves', 'cohort_moves_at', '1000000 1000 2'),
    ('pool_moves', 'pool_moves_at', '1000000 1000 2');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20270115000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
