-- Periods that close. periods holds how a period stands that was ever closed; the others are
-- open. closed_through is the last day that is closed, in one row, "" or no row where none
-- is: what entries and recognitions are held against as they are written. Each closing and
-- each reopening stays in period_closings, with what the checklist said and, in
-- closing_balances, the trial balance that was closed.

CREATE TABLE IF NOT EXISTS closed_through (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    day TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS period_closings (
    id         TEXT PRIMARY KEY,
    period     TEXT NOT NULL,
    act        TEXT NOT NULL CHECK (act IN ('CLOSED', 'REOPENED')),
    at_us      INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    actor_name TEXT,
    reason     TEXT,
    reopen_id  TEXT,
    entries    INTEGER NOT NULL,
    last_entry INTEGER NOT NULL,
    checks     TEXT NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS period_closings_period ON period_closings (period, id);

CREATE TABLE IF NOT EXISTS closing_balances (
    closing_id               TEXT NOT NULL REFERENCES period_closings (id),
    account                  TEXT NOT NULL,
    currency                 TEXT NOT NULL,
    opening_minor            INTEGER NOT NULL,
    debit_minor              INTEGER NOT NULL,
    credit_minor             INTEGER NOT NULL,
    functional_opening_minor INTEGER NOT NULL,
    functional_debit_minor   INTEGER NOT NULL,
    functional_credit_minor  INTEGER NOT NULL,
    PRIMARY KEY (closing_id, account, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS period_reopens (
    id            TEXT PRIMARY KEY,
    period        TEXT NOT NULL,
    reason        TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('PROPOSED', 'APPROVED', 'REJECTED')),
    proposer      TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    decided_by    TEXT,
    decided_at_us INTEGER,
    decision      TEXT
) STRICT;

CREATE INDEX IF NOT EXISTS period_reopens_period ON period_reopens (period, id);

-- What people want done before a period closes, from a period on, and who ticked it.
CREATE TABLE IF NOT EXISTS close_tasks (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    required      INTEGER NOT NULL,
    from_period   TEXT NOT NULL,
    to_period     TEXT,
    created_at_us INTEGER NOT NULL,
    created_by    TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS close_task_marks (
    id      TEXT PRIMARY KEY,
    task_id TEXT NOT NULL REFERENCES close_tasks (id),
    period  TEXT NOT NULL,
    at_us   INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    comment TEXT
) STRICT;

CREATE INDEX IF NOT EXISTS close_task_marks_period ON close_task_marks (period, id);

-- What was booked later than its own month.
CREATE INDEX IF NOT EXISTS entries_out_of_period ON entries (number) WHERE substr(occurred_on, 1, 7) < substr(accounting_date, 1, 7);

CREATE TRIGGER IF NOT EXISTS entries_closed AFTER INSERT ON entries
WHEN NEW.accounting_date <= (SELECT day FROM closed_through WHERE one = 1)
BEGIN SELECT RAISE(ABORT, 'the period is closed: book under a day of an open one'); END;
CREATE TRIGGER IF NOT EXISTS recognitions_closed AFTER INSERT ON recognitions
WHEN NEW.accounting_date <= (SELECT day FROM closed_through WHERE one = 1)
BEGIN SELECT RAISE(ABORT, 'the period is closed: book under a day of an open one'); END;

CREATE TRIGGER IF NOT EXISTS period_closings_no_update BEFORE UPDATE ON period_closings
BEGIN SELECT RAISE(ABORT, 'period_closings is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS period_closings_no_delete BEFORE DELETE ON period_closings
BEGIN SELECT RAISE(ABORT, 'period_closings is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS closing_balances_no_update BEFORE UPDATE ON closing_balances
BEGIN SELECT RAISE(ABORT, 'closing_balances is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS closing_balances_no_delete BEFORE DELETE ON closing_balances
BEGIN SELECT RAISE(ABORT, 'closing_balances is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS close_task_marks_no_update BEFORE UPDATE ON close_task_marks
BEGIN SELECT RAISE(ABORT, 'close_task_marks is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS close_task_marks_no_delete BEFORE DELETE ON close_task_marks
BEGIN SELECT RAISE(ABORT, 'close_task_marks is append-only: correct it with a new row'); END;

-- As in the statistics of the book before: what a grown book looks like.
DELETE FROM sqlite_stat1 WHERE tbl IN ('period_closings', 'closing_balances') OR idx = 'entries_out_of_period';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('period_closings', 'period_closings_period', '200 2 1'),
    ('closing_balances', 'closing_balances', '4000 20 2 1'),
    ('entries', 'entries_out_of_period', '50000 1');
ANALYZE sqlite_schema;
