-- An entry of a closed period takes no line more. Who proposed to open a month, and why, stays; it is decided once.

CREATE OR REPLACE FUNCTION refuse_closed_lines() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    through TEXT := closed_through_held();
BEGIN
    IF through <> '' AND EXISTS (SELECT FROM entries AS e WHERE e.number IN (SELECT entry_number FROM inserted) AND e.accounting_date <= through COLLATE "C") THEN
        RAISE EXCEPTION 'the period is closed: book under a day of an open one' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION refuse_reopen_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.period <> OLD.period OR NEW.reason <> OLD.reason OR NEW.proposer <> OLD.proposer OR NEW.created_at_us <> OLD.created_at_us
        OR NOT (OLD.status = 'PROPOSED' AND NEW.status IN ('APPROVED', 'REJECTED')) THEN
        RAISE EXCEPTION 'what was proposed is decided once, and does not change otherwise: propose again' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER lines_closed AFTER INSERT ON lines REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION refuse_closed_lines();
CREATE OR REPLACE TRIGGER period_reopens_decided BEFORE UPDATE ON period_reopens FOR EACH ROW EXECUTE FUNCTION refuse_reopen_change();
CREATE OR REPLACE TRIGGER period_reopens_no_delete BEFORE DELETE ON period_reopens FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();
CREATE OR REPLACE TRIGGER period_reopens_no_truncate BEFORE TRUNCATE ON period_reopens FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();
