-- What was added to the months of cohorts and to the days of pools, and when: so that what they were
-- at an instant is what they are, less what came since. The rows marked carried are what was there when these tables
-- came; of instants before them nothing is known.

CREATE TABLE IF NOT EXISTS cohort_moves (
    number    BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    cohort_id UUID NOT NULL REFERENCES cohorts (id),
    at_us     BIGINT NOT NULL,
    month     TEXT COLLATE "C" NOT NULL,
    sold      BIGINT NOT NULL,
    used      BIGINT NOT NULL,
    lapsed    BIGINT NOT NULL,
    refunded  BIGINT NOT NULL,
    other     BIGINT NOT NULL,
    carried   BIGINT NOT NULL DEFAULT 0 CHECK (carried IN (0, 1))
);

CREATE INDEX IF NOT EXISTS cohort_moves_at ON cohort_moves (cohort_id, at_us);
CREATE INDEX IF NOT EXISTS cohort_moves_carried ON cohort_moves (at_us) WHERE carried = 1;

CREATE TABLE IF NOT EXISTS pool_moves (
    number                BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pool_id               UUID NOT NULL REFERENCES pools (id),
    at_us                 BIGINT NOT NULL,
    day                   TEXT COLLATE "C" NOT NULL,
    sold_minor            BIGINT NOT NULL,
    used_minor            BIGINT NOT NULL,
    sold_functional_minor BIGINT NOT NULL,
    used_functional_minor BIGINT NOT NULL,
    carried               BIGINT NOT NULL DEFAULT 0 CHECK (carried IN (0, 1))
);

CREATE INDEX IF NOT EXISTS pool_moves_at ON pool_moves (pool_id, at_us);
CREATE INDEX IF NOT EXISTS pool_moves_carried ON pool_moves (at_us) WHERE carried = 1;

INSERT INTO cohort_moves (cohort_id, at_us, month, sold, used, lapsed, refunded, other, carried)
    SELECT id, CAST(extract(epoch FROM now()) * 1000000 AS BIGINT), month, sold, 0, 0, 0, 0, 1 FROM cohorts
    UNION ALL SELECT cohort_id, CAST(extract(epoch FROM now()) * 1000000 AS BIGINT), month, 0, used, lapsed, refunded, other, 1 FROM cohort_months;
INSERT INTO pool_moves (pool_id, at_us, day, sold_minor, used_minor, sold_functional_minor, used_functional_minor, carried)
    SELECT pool_id, CAST(extract(epoch FROM now()) * 1000000 AS BIGINT), day, sold_minor, used_minor, sold_functional_minor, used_functional_minor, 1 FROM pool_days;

CREATE OR REPLACE TRIGGER cohort_moves_no_update BEFORE UPDATE ON cohort_moves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER cohort_moves_no_delete BEFORE DELETE ON cohort_moves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER cohort_moves_no_truncate BEFORE TRUNCATE ON cohort_moves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER pool_moves_no_update BEFORE UPDATE ON pool_moves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER pool_moves_no_delete BEFORE DELETE ON pool_moves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER pool_moves_no_truncate BEFORE TRUNCATE ON pool_moves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON cohort_moves, pool_moves FROM PUBLIC, CURRENT_USER;
