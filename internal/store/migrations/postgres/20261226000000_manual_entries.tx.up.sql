-- Entries that people write: proposed by one, approved by another, and in the journal then, under
-- the number entry_number. A reversal takes another back, once, and names it in reverses, as its
-- entry does. What reverses itself waits in reverse_due from its approval until the jobs have
-- reversed it. What was proposed does not change, and is decided once.

ALTER TABLE entries ADD COLUMN IF NOT EXISTS reverses BIGINT;

CREATE INDEX IF NOT EXISTS entries_reverses ON entries (reverses) WHERE reverses IS NOT NULL;

CREATE TABLE IF NOT EXISTS manual_entries (
    id               UUID PRIMARY KEY,
    kind             TEXT COLLATE "C" NOT NULL CHECK (kind IN ('MANUAL', 'MANUAL_REVERSAL')),
    accounting_date  TEXT COLLATE "C" NOT NULL,
    reason           TEXT COLLATE "C" NOT NULL,
    description      TEXT COLLATE "C" NOT NULL,
    control_accounts TEXT COLLATE "C",
    reverse_on       TEXT COLLATE "C",
    reverse_due      TEXT COLLATE "C",
    reverses         UUID REFERENCES manual_entries (id),
    entry_number     BIGINT,
    status           TEXT COLLATE "C" NOT NULL CHECK (status IN ('PROPOSED', 'APPROVED', 'REJECTED')),
    proposer         TEXT COLLATE "C" NOT NULL,
    created_at_us    BIGINT NOT NULL,
    decided_by       TEXT COLLATE "C",
    decided_at_us    BIGINT,
    decision         TEXT COLLATE "C"
);

CREATE UNIQUE INDEX IF NOT EXISTS manual_entries_reverses ON manual_entries (reverses) WHERE reverses IS NOT NULL AND status <> 'REJECTED';
CREATE UNIQUE INDEX IF NOT EXISTS manual_entries_number ON manual_entries (entry_number) WHERE entry_number IS NOT NULL;
CREATE INDEX IF NOT EXISTS manual_entries_due ON manual_entries (reverse_due, id) WHERE reverse_due IS NOT NULL;
CREATE INDEX IF NOT EXISTS manual_entries_status ON manual_entries (status, accounting_date);

CREATE TABLE IF NOT EXISTS manual_entry_lines (
    manual_id           UUID NOT NULL REFERENCES manual_entries (id),
    line                BIGINT NOT NULL,
    account             TEXT COLLATE "C" NOT NULL,
    currency            TEXT COLLATE "C" NOT NULL,
    amount_minor        BIGINT NOT NULL,
    functional_currency TEXT COLLATE "C" NOT NULL,
    functional_minor    BIGINT NOT NULL,
    customer            TEXT COLLATE "C",
    policy              TEXT COLLATE "C",
    pack                TEXT COLLATE "C",
    PRIMARY KEY (manual_id, line)
);

CREATE TABLE IF NOT EXISTS manual_attachments (
    manual_id     UUID NOT NULL REFERENCES manual_entries (id),
    name          TEXT COLLATE "C" NOT NULL,
    media_type    TEXT COLLATE "C" NOT NULL,
    bytes         BIGINT NOT NULL,
    hash          BYTEA NOT NULL,
    content       BYTEA NOT NULL,
    created_at_us BIGINT NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (manual_id, name)
);

CREATE OR REPLACE FUNCTION refuse_manual_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.accounting_date <> OLD.accounting_date OR NEW.reason <> OLD.reason OR NEW.description <> OLD.description
    OR NEW.control_accounts IS DISTINCT FROM OLD.control_accounts OR NEW.reverse_on IS DISTINCT FROM OLD.reverse_on OR NEW.reverses IS DISTINCT FROM OLD.reverses
    OR NEW.proposer <> OLD.proposer OR NEW.created_at_us <> OLD.created_at_us
        OR NOT (OLD.status = 'PROPOSED' AND NEW.status IN ('APPROVED', 'REJECTED')
            OR OLD.status = 'APPROVED' AND NEW.status = 'APPROVED' AND NEW.reverse_due IS NULL AND NEW.entry_number IS NOT DISTINCT FROM OLD.entry_number
                AND NEW.decided_by IS NOT DISTINCT FROM OLD.decided_by AND NEW.decided_at_us IS NOT DISTINCT FROM OLD.decided_at_us AND NEW.decision IS NOT DISTINCT FROM OLD.decision) THEN
        RAISE EXCEPTION 'a manual entry is decided once, and does not change otherwise: propose another' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION refuse_manual_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM manual_entries AS m WHERE m.id = NEW.manual_id AND m.status = 'PROPOSED') THEN
        RAISE EXCEPTION 'the entry is decided: it takes no more' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER manual_entries_decided BEFORE UPDATE ON manual_entries FOR EACH ROW EXECUTE FUNCTION refuse_manual_change();
CREATE OR REPLACE TRIGGER manual_entries_no_delete BEFORE DELETE ON manual_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();
CREATE OR REPLACE TRIGGER manual_entries_no_truncate BEFORE TRUNCATE ON manual_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();
CREATE OR REPLACE TRIGGER manual_entry_lines_decided BEFORE INSERT ON manual_entry_lines FOR EACH ROW EXECUTE FUNCTION refuse_manual_more();
CREATE OR REPLACE TRIGGER manual_attachments_decided BEFORE INSERT ON manual_attachments FOR EACH ROW EXECUTE FUNCTION refuse_manual_more();
CREATE OR REPLACE TRIGGER manual_entry_lines_no_update BEFORE UPDATE ON manual_entry_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER manual_entry_lines_no_delete BEFORE DELETE ON manual_entry_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER manual_entry_lines_no_truncate BEFORE TRUNCATE ON manual_entry_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER manual_attachments_no_update BEFORE UPDATE ON manual_attachments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER manual_attachments_no_delete BEFORE DELETE ON manual_attachments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER manual_attachments_no_truncate BEFORE TRUNCATE ON manual_attachments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON manual_entry_lines, manual_attachments FROM PUBLIC, CURRENT_USER;
