-- How a customer divides its credits. A budget spends what events with its dimension use;
-- what it allows is in its versions, which only grow, each in force from a day. A budget draw
-- is what one event spends from one budget, in the period in which it occurred; a void gives
-- it back there. budget_spends adds them up, and is what two that spend at once wait for.
-- customers.budgeted says that a customer has a budget, or had one.
--
-- A hold may say what its job will spend from.

ALTER TABLE customers ADD COLUMN IF NOT EXISTS budgeted BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE holds ADD COLUMN IF NOT EXISTS dimensions TEXT COLLATE "C";

CREATE TABLE IF NOT EXISTS budgets (
    customer_id     UUID NOT NULL,
    id              UUID NOT NULL,
    name            TEXT COLLATE "C" NOT NULL,
    dimension_key   TEXT COLLATE "C" NOT NULL,
    dimension_value TEXT COLLATE "C" NOT NULL,
    per             TEXT COLLATE "C" NOT NULL CHECK (per IN ('DAY', 'WEEK', 'MONTH', 'TOTAL')),
    created_at_us   BIGINT NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, name)
);

CREATE INDEX IF NOT EXISTS budgets_id ON budgets (id);

CREATE TABLE IF NOT EXISTS budget_versions (
    customer_id    UUID NOT NULL,
    budget_id      UUID NOT NULL,
    number         BIGINT NOT NULL CHECK (number > 0),
    in_force_from  TEXT COLLATE "C" NOT NULL,
    credits        BIGINT NOT NULL CHECK (credits >= 0),
    mode           TEXT COLLATE "C" NOT NULL CHECK (mode IN ('HARD', 'SOFT')),
    ended          BOOLEAN NOT NULL,
    reason         TEXT COLLATE "C",
    created_at_us  BIGINT NOT NULL,
    PRIMARY KEY (customer_id, budget_id, number)
);

CREATE TABLE IF NOT EXISTS budget_spends (
    customer_id UUID NOT NULL,
    budget_id   UUID NOT NULL,
    period      TEXT COLLATE "C" NOT NULL,
    spent       BIGINT NOT NULL CHECK (spent >= 0),
    PRIMARY KEY (customer_id, budget_id, period)
) WITH (fillfactor = 80);

CREATE TABLE IF NOT EXISTS budget_draws (
    customer_id UUID NOT NULL,
    event_id    UUID NOT NULL,
    budget_id   UUID NOT NULL,
    version     BIGINT NOT NULL,
    period      TEXT COLLATE "C" NOT NULL,
    credits     BIGINT NOT NULL CHECK (credits <> 0),
    PRIMARY KEY (customer_id, event_id, budget_id)
);

CREATE OR REPLACE TRIGGER budgets_no_update BEFORE UPDATE ON budgets FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER budgets_no_delete BEFORE DELETE ON budgets FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER budgets_no_truncate BEFORE TRUNCATE ON budgets FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER budget_versions_no_update BEFORE UPDATE ON budget_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER budget_versions_no_delete BEFORE DELETE ON budget_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER budget_versions_no_truncate BEFORE TRUNCATE ON budget_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER budget_draws_no_update BEFORE UPDATE ON budget_draws FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER budget_draws_no_delete BEFORE DELETE ON budget_draws FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER budget_draws_no_truncate BEFORE TRUNCATE ON budget_draws FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON budgets, budget_versions, budget_draws FROM PUBLIC, CURRENT_USER;
