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

ALTER TABLE customers ADD COLUMN IF NOT EXISTS segment TEXT COLLATE "C";

ALTER TABLE lots ADD COLUMN IF NOT EXISTS cohort_id UUID;
ALTER TABLE lots ADD COLUMN IF NOT EXISTS bought_by UUID;

CREATE INDEX IF NOT EXISTS lots_cohort ON lots (cohort_id, id) WHERE cohort_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS lots_unfiled ON lots (customer_id, id) WHERE kind = 'PURCHASE' AND cohort_id IS NULL;

CREATE TABLE IF NOT EXISTS cohorts (
    id        UUID PRIMARY KEY,
    policy_id UUID NOT NULL REFERENCES policies (id),
    month     TEXT COLLATE "C" NOT NULL,
    pack_id   TEXT COLLATE "C" NOT NULL,
    currency  TEXT COLLATE "C" NOT NULL,
    segment   TEXT COLLATE "C" NOT NULL,
    opened    BIGINT NOT NULL CHECK (opened IN (0, 1)),
    sold      BIGINT NOT NULL CHECK (sold >= 0),
    UNIQUE (policy_id, month, pack_id, currency, segment, opened)
) WITH (fillfactor = 70);

CREATE INDEX IF NOT EXISTS cohorts_month ON cohorts (month, id);

CREATE TABLE IF NOT EXISTS cohort_months (
    cohort_id UUID NOT NULL REFERENCES cohorts (id),
    month     TEXT COLLATE "C" NOT NULL,
    used      BIGINT NOT NULL,
    lapsed    BIGINT NOT NULL,
    refunded  BIGINT NOT NULL,
    other     BIGINT NOT NULL,
    PRIMARY KEY (cohort_id, month)
) WITH (fillfactor = 70);
