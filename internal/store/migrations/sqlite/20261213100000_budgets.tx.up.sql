-- How a customer divides its credits. A budget spends what events with its dimension use;
-- what it allows is in its versions, which only grow, each in force from a day. A budget draw
-- is what one event spends from one budget, in the period in which it occurred; a void gives
-- it back there. budget_spends adds them up, and is what two that spend at once wait for.
-- customers.budgeted says that a customer has a budget, or had one.
--
-- A hold may say what its job will spend from.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE customers ADD COLUMN budgeted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE holds ADD COLUMN dimensions TEXT;

CREATE TABLE budgets (
    customer_id     TEXT NOT NULL,
    id              TEXT NOT NULL,
    name            TEXT NOT NULL,
    dimension_key   TEXT NOT NULL,
    dimension_value TEXT NOT NULL,
    per             TEXT NOT NULL CHECK (per IN ('DAY', 'WEEK', 'MONTH', 'TOTAL')),
    created_at_us   INTEGER NOT NULL,
    PRIMARY KEY (customer_id, id),
    UNIQUE (customer_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX budgets_id ON budgets (id);

CREATE TABLE budget_versions (
    customer_id    TEXT NOT NULL,
    budget_id      TEXT NOT NULL,
    number         INTEGER NOT NULL CHECK (number > 0),
    in_force_from  TEXT NOT NULL,
    credits        INTEGER NOT NULL CHECK (credits >= 0),
    mode           TEXT NOT NULL CHECK (mode IN ('HARD', 'SOFT')),
    ended          INTEGER NOT NULL CHECK (ended IN (0, 1)),
    reason         TEXT,
    created_at_us  INTEGER NOT NULL,
    PRIMARY KEY (customer_id, budget_id, number),
    FOREIGN KEY (customer_id, budget_id) REFERENCES budgets (customer_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE budget_spends (
    customer_id TEXT NOT NULL,
    budget_id   TEXT NOT NULL,
    period      TEXT NOT NULL,
    spent       INTEGER NOT NULL CHECK (spent >= 0),
    PRIMARY KEY (customer_id, budget_id, period),
    FOREIGN KEY (customer_id, budget_id) REFERENCES budgets (customer_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE budget_draws (
    customer_id TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    budget_id   TEXT NOT NULL,
    version     INTEGER NOT NULL,
    period      TEXT NOT NULL,
    credits     INTEGER NOT NULL CHECK (credits <> 0),
    PRIMARY KEY (customer_id, event_id, budget_id),
    FOREIGN KEY (customer_id, budget_id) REFERENCES budgets (customer_id, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER budgets_no_update BEFORE UPDATE ON budgets
BEGIN SELECT RAISE(ABORT, 'budgets is append-only: write a version'); END;
CREATE TRIGGER budgets_no_delete BEFORE DELETE ON budgets
BEGIN SELECT RAISE(ABORT, 'budgets is append-only: write a version'); END;
CREATE TRIGGER budget_versions_no_update BEFORE UPDATE ON budget_versions
BEGIN SELECT RAISE(ABORT, 'budget_versions is append-only: write a version'); END;
CREATE TRIGGER budget_versions_no_delete BEFORE DELETE ON budget_versions
BEGIN SELECT RAISE(ABORT, 'budget_versions is append-only: write a version'); END;
CREATE TRIGGER budget_draws_no_update BEFORE UPDATE ON budget_draws
BEGIN SELECT RAISE(ABORT, 'budget_draws is append-only: correct it with a new row'); END;
CREATE TRIGGER budget_draws_no_delete BEFORE DELETE ON budget_draws
BEGIN SELECT RAISE(ABORT, 'budget_draws is append-only: correct it with a new row'); END;

-- As in the statistics of the book before: what a grown book looks like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('budgets', 'budgets', '10000 10 1'),
    ('budgets', 'budgets_id', '10000 1'),
    ('budget_versions', 'budget_versions', '30000 30 3 1'),
    ('budget_spends', 'budget_spends', '100000 100 10 1'),
    ('budget_draws', 'budget_draws', '10000000 10000 2 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261213100000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
