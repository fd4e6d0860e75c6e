-- What came about, month by month, against the estimate that was in force: a row for each
-- review of a month, the latest of which counts. estimate_id is '' for a policy's own first rate.

CREATE TABLE IF NOT EXISTS estimate_reviews (
    id              TEXT PRIMARY KEY,
    policy_id       TEXT NOT NULL REFERENCES policies (id),
    estimate_id     TEXT NOT NULL,
    month           TEXT NOT NULL,
    at_us           INTEGER NOT NULL,
    rate            TEXT NOT NULL,
    cells           INTEGER NOT NULL,
    actual          INTEGER NOT NULL,
    expected        INTEGER NOT NULL,
    ratio           TEXT,
    standardised    TEXT,
    outcome_cohorts INTEGER NOT NULL,
    outcome_net     INTEGER NOT NULL,
    outcome_used    INTEGER NOT NULL,
    beyond          INTEGER NOT NULL,
    beyond_cohorts  INTEGER NOT NULL,
    findings        TEXT NOT NULL,
    stale           INTEGER NOT NULL CHECK (stale IN (0, 1) AND (stale = 1) = (findings <> ''))
) STRICT;

CREATE INDEX IF NOT EXISTS estimate_reviews_policy ON estimate_reviews (policy_id, id);

CREATE TRIGGER IF NOT EXISTS estimate_reviews_no_update BEFORE UPDATE ON estimate_reviews
BEGIN SELECT RAISE(ABORT, 'estimate_reviews is append-only'); END;
CREATE TRIGGER IF NOT EXISTS estimate_reviews_no_delete BEFORE DELETE ON estimate_reviews
BEGIN SELECT RAISE(ABORT, 'estimate_reviews is append-only'); END;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('estimate_reviews', 'sqlite_autoindex_estimate_reviews_1', '1000 1'),
    ('estimate_reviews', 'estimate_reviews_policy', '1000 50 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261224000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
