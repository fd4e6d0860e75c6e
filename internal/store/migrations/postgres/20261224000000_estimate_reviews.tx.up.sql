-- What came about, month by month, against the estimate that was in force: a row for each
-- review of a month, the latest of which counts. estimate_id is '' for a policy's own first rate.

CREATE TABLE IF NOT EXISTS estimate_reviews (
    id              UUID PRIMARY KEY,
    policy_id       UUID NOT NULL REFERENCES policies (id),
    estimate_id     TEXT COLLATE "C" NOT NULL,
    month           TEXT COLLATE "C" NOT NULL,
    at_us           BIGINT NOT NULL,
    rate            TEXT COLLATE "C" NOT NULL,
    cells           BIGINT NOT NULL,
    actual          BIGINT NOT NULL,
    expected        BIGINT NOT NULL,
    ratio           TEXT COLLATE "C",
    standardised    TEXT COLLATE "C",
    outcome_cohorts BIGINT NOT NULL,
    outcome_net     BIGINT NOT NULL,
    outcome_used    BIGINT NOT NULL,
    beyond          BIGINT NOT NULL,
    beyond_cohorts  BIGINT NOT NULL,
    findings        TEXT COLLATE "C" NOT NULL,
    stale           BIGINT NOT NULL CHECK (stale IN (0, 1) AND (stale = 1) = (findings <> ''))
);

CREATE INDEX IF NOT EXISTS estimate_reviews_policy ON estimate_reviews (policy_id, id);

CREATE OR REPLACE TRIGGER estimate_reviews_no_update BEFORE UPDATE ON estimate_reviews FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER estimate_reviews_no_delete BEFORE DELETE ON estimate_reviews FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER estimate_reviews_no_truncate BEFORE TRUNCATE ON estimate_reviews FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON estimate_reviews FROM PUBLIC, CURRENT_USER;
