-- Periods that close. periods holds how a period stands that was ever closed; the others are
-- open. closed_through is the last day that is closed, in one row, "" or no row where none
-- is: what entries and recognitions are held against as they are written. Each closing and
-- each reopening stays in period_closings, with what the checklist said and, in
-- closing_balances, the trial balance that was closed.

CREATE TABLE IF NOT EXISTS closed_through (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    day TEXT COLLATE "C" NOT NULL
);

CREATE TABLE IF NOT EXISTS period_closings (
    id         UUID PRIMARY KEY,
    period     TEXT COLLATE "C" NOT NULL,
    act        TEXT COLLATE "C" NOT NULL CHECK (act IN ('CLOSED', 'REOPENED')),
    at_us      BIGINT NOT NULL,
    actor      TEXT COLLATE "C" NOT NULL,
    actor_name TEXT COLLATE "C",
    reason     TEXT COLLATE "C",
    reopen_id  UUID,
    entries    BIGINT NOT NULL,
    last_entry BIGINT NOT NULL,
    checks     TEXT COLLATE "C" NOT NULL
);

CREATE INDEX IF NOT EXISTS period_closings_period ON period_closings (period, id);

CREATE TABLE IF NOT EXISTS closing_balances (
    closing_id               UUID NOT NULL,
    account                  TEXT COLLATE "C" NOT NULL,
    currency                 TEXT COLLATE "C" NOT NULL,
    opening_minor            BIGINT NOT NULL,
    debit_minor              BIGINT NOT NULL,
    credit_minor             BIGINT NOT NULL,
    functional_opening_minor BIGINT NOT NULL,
    functional_debit_minor   BIGINT NOT NULL,
    functional_credit_minor  BIGINT NOT NULL,
    PRIMARY KEY (closing_id, account, currency)
);

CREATE TABLE IF NOT EXISTS period_reopens (
    id            UUID PRIMARY KEY,
    period        TEXT COLLATE "C" NOT NULL,
    reason        TEXT COLLATE "C" NOT NULL,
    status        TEXT COLLATE "C" NOT NULL CHECK (status IN ('PROPOSED', 'APPROVED', 'REJECTED')),
    proposer      TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL,
    decided_by    TEXT COLLATE "C",
    decided_at_us BIGINT,
    decision      TEXT COLLATE "C"
);

CREATE INDEX IF NOT EXISTS period_reopens_period ON period_reopens (period, id);

-- What people want done before a period closes, from a period on, and who ticked it.
CREATE TABLE IF NOT EXISTS close_tasks (
    id            UUID PRIMARY KEY,
    name          TEXT COLLATE "C" NOT NULL UNIQUE,
    required      BOOLEAN NOT NULL,
    from_period   TEXT COLLATE "C" NOT NULL,
    to_period     TEXT COLLATE "C",
    created_at_us BIGINT NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL
);

CREATE TABLE IF NOT EXISTS close_task_marks (
    id      UUID PRIMARY KEY,
    task_id UUID NOT NULL REFERENCES close_tasks (id),
    period  TEXT COLLATE "C" NOT NULL,
    at_us   BIGINT NOT NULL,
    actor   TEXT COLLATE "C" NOT NULL,
    comment TEXT COLLATE "C"
);

CREATE INDEX IF NOT EXISTS close_task_marks_period ON close_task_marks (period, id);

-- What was booked later than its own month.
CREATE INDEX IF NOT EXISTS entries_out_of_period ON entries (number) WHERE substr(occurred_on, 1, 7) < substr(accounting_date, 1, 7);

-- Whoever books holds closed_through until its transaction ends, with others; whoever closes
-- or reopens holds it alone. So no period closes between the moment in which a transaction
-- reads what is closed and the one in which what it books is there for all.
CREATE OR REPLACE FUNCTION closed_through_held() RETURNS TEXT LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    LOCK TABLE closed_through IN ROW SHARE MODE;
    RETURN coalesce((SELECT day FROM closed_through WHERE one = 1), '');
END $$;

CREATE OR REPLACE FUNCTION refuse_closed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    through TEXT := closed_through_held();
BEGIN
    IF through <> '' AND EXISTS (SELECT FROM inserted WHERE accounting_date <= through COLLATE "C") THEN
        RAISE EXCEPTION 'the period is closed: book under a day of an open one' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER entries_closed AFTER INSERT ON entries REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed();
CREATE OR REPLACE TRIGGER recognitions_closed AFTER INSERT ON recognitions REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed();

CREATE OR REPLACE TRIGGER period_closings_no_update BEFORE UPDATE ON period_closings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER period_closings_no_delete BEFORE DELETE ON period_closings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER period_closings_no_truncate BEFORE TRUNCATE ON period_closings FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER closing_balances_no_update BEFORE UPDATE ON closing_balances FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER closing_balances_no_delete BEFORE DELETE ON closing_balances FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER closing_balances_no_truncate BEFORE TRUNCATE ON closing_balances FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER close_task_marks_no_update BEFORE UPDATE ON close_task_marks FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER close_task_marks_no_delete BEFORE DELETE ON close_task_marks FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER close_task_marks_no_truncate BEFORE TRUNCATE ON close_task_marks FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON period_closings, closing_balances, close_task_marks FROM PUBLIC, CURRENT_USER;
