-- Cohorts of credits: what was sold together, of one policy, pack, currency and segment of
-- customers, in one month of the book's zone, and what became of it month by month. A lot
-- is in the cohort of the purchase that it came out of, also when it moved on to another
-- customer; bought_by is then who bought it, NULL for the lot's own customer. A grant is in none.
--
-- Lots that stand here have no cohort yet: the jobs file them, step by step, with all that is
-- booked of them. So are those that a program from before sells while both serve this
-- database.
--
-- pack_id is '' for none. opened is 1 for what was taken over from another book, with what
-- was left of it.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE customers ADD COLUMN segment TEXT;

ALTER TABLE lots ADD COLUMN cohort_id TEXT;
ALTER TABLE lots ADD COLUMN bought_by TEXT;

CREATE INDEX lots_cohort ON lots (cohort_id, id) WHERE cohort_id IS NOT NULL;
CREATE INDEX lots_unfiled ON lots (customer_id, id) WHERE kind = 'PURCHASE' AND cohort_id IS NULL;

CREATE TABLE cohorts (
    id        TEXT NOT NULL PRIMARY KEY,
    policy_id TEXT NOT NULL REFERENCES policies (id),
    month     TEXT NOT NULL,
    pack_id   TEXT NOT NULL,
    currency  TEXT NOT NULL,
    segment   TEXT NOT NULL,
    opened    INTEGER NOT NULL CHECK (opened IN (0, 1)),
    sold      INTEGER NOT NULL CHECK (sold >= 0),
    UNIQUE (policy_id, month, pack_id, currency, segment, opened)
) STRICT;

CREATE INDEX cohorts_month ON cohorts (month, id);

CREATE TABLE cohort_months (
    cohort_id TEXT NOT NULL REFERENCES cohorts (id),
    month     TEXT NOT NULL,
    used      INTEGER NOT NULL,
    lapsed    INTEGER NOT NULL,
    refunded  INTEGER NOT NULL,
    other     INTEGER NOT NULL,
    PRIMARY KEY (cohort_id, month)
) STRICT, WITHOUT ROWID;

-- As in the statistics of the book before: what a grown book looks like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('lots', 'lots_cohort', '20000 100 1'), ('lots', 'lots_unfiled', '10 1 1'),
    ('cohorts', 'cohorts_month', '1000 30 1'), ('cohorts', 'sqlite_autoindex_cohorts_1', '1000 1'),
    ('cohorts', 'sqlite_autoindex_cohorts_2', '1000 200 10 3 3 1 1'), ('cohort_months', 'cohort_months', '20000 20 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261219000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
