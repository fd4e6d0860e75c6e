-- Entries that people write: proposed by one, approved by another, and in the journal then, under
-- the number entry_number. A reversal takes another back, once, and names it in reverses, as its
-- entry does. What reverses itself waits in reverse_due from its approval until the jobs have
-- reversed it. What was proposed does not change, and is decided once.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE entries ADD COLUMN reverses INTEGER;

CREATE INDEX entries_reverses ON entries (reverses) WHERE reverses IS NOT NULL;

CREATE TABLE manual_entries (
    id               TEXT PRIMARY KEY,
    kind             TEXT NOT NULL CHECK (kind IN ('MANUAL', 'MANUAL_REVERSAL')),
    accounting_date  TEXT NOT NULL,
    reason           TEXT NOT NULL,
    description      TEXT NOT NULL,
    control_accounts TEXT,
    reverse_on       TEXT,
    reverse_due      TEXT,
    reverses         TEXT REFERENCES manual_entries (id),
    entry_number     INTEGER,
    status           TEXT NOT NULL CHECK (status IN ('PROPOSED', 'APPROVED', 'REJECTED')),
    proposer         TEXT NOT NULL,
    created_at_us    INTEGER NOT NULL,
    decided_by       TEXT,
    decided_at_us    INTEGER,
    decision         TEXT
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX manual_entries_reverses ON manual_entries (reverses) WHERE reverses IS NOT NULL AND status <> 'REJECTED';
CREATE UNIQUE INDEX manual_entries_number ON manual_entries (entry_number) WHERE entry_number IS NOT NULL;
CREATE INDEX manual_entries_due ON manual_entries (reverse_due, id) WHERE reverse_due IS NOT NULL;
CREATE INDEX manual_entries_status ON manual_entries (status, accounting_date);

CREATE TABLE manual_entry_lines (
    manual_id           TEXT NOT NULL REFERENCES manual_entries (id),
    line                INTEGER NOT NULL,
    account             TEXT NOT NULL,
    currency            TEXT NOT NULL,
    amount_minor        INTEGER NOT NULL,
    functional_currency TEXT NOT NULL,
    functional_minor    INTEGER NOT NULL,
    customer            TEXT,
    policy              TEXT,
    pack                TEXT,
    PRIMARY KEY (manual_id, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE manual_attachments (
    manual_id     TEXT NOT NULL REFERENCES manual_entries (id),
    name          TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    bytes         INTEGER NOT NULL,
    hash          BLOB NOT NULL,
    content       BLOB NOT NULL,
    created_at_us INTEGER NOT NULL,
    created_by    TEXT NOT NULL,
    PRIMARY KEY (manual_id, name)
) STRICT;

CREATE TRIGGER manual_entries_decided BEFORE UPDATE ON manual_entries
WHEN NEW.id <> OLD.id OR NEW.kind <> OLD.kind OR NEW.accounting_date <> OLD.accounting_date OR NEW.reason <> OLD.reason OR NEW.description <> OLD.description
    OR NEW.control_accounts IS DISTINCT FROM OLD.control_accounts OR NEW.reverse_on IS DISTINCT FROM OLD.reverse_on OR NEW.reverses IS DISTINCT FROM OLD.reverses
    OR NEW.proposer <> OLD.proposer OR NEW.created_at_us <> OLD.created_at_us
    OR NOT (OLD.status = 'PROPOSED' AND NEW.status IN ('APPROVED', 'REJECTED')
        OR OLD.status = 'APPROVED' AND NEW.status = 'APPROVED' AND NEW.reverse_due IS NULL AND NEW.entry_number IS NOT DISTINCT FROM OLD.entry_number
            AND NEW.decided_by IS NOT DISTINCT FROM OLD.decided_by AND NEW.decided_at_us IS NOT DISTINCT FROM OLD.decided_at_us AND NEW.decision IS NOT DISTINCT FROM OLD.decision)
BEGIN SELECT RAISE(ABORT, 'a manual entry is decided once, and does not change otherwise: propose another'); END;
CREATE TRIGGER manual_entries_no_delete BEFORE DELETE ON manual_entries
BEGIN SELECT RAISE(ABORT, 'what was proposed stays'); END;
CREATE TRIGGER manual_entry_lines_no_update BEFORE UPDATE ON manual_entry_lines
BEGIN SELECT RAISE(ABORT, 'manual_entry_lines is append-only'); END;
CREATE TRIGGER manual_entry_lines_no_delete BEFORE DELETE ON manual_entry_lines
BEGIN SELECT RAISE(ABORT, 'manual_entry_lines is append-only'); END;
CREATE TRIGGER manual_attachments_no_update BEFORE UPDATE ON manual_attachments
BEGIN SELECT RAISE(ABORT, 'manual_attachments is append-only'); END;
CREATE TRIGGER manual_attachments_no_delete BEFORE DELETE ON manual_attachments
BEGIN SELECT RAISE(ABORT, 'manual_attachments is append-only'); END;
CREATE TRIGGER manual_entry_lines_decided BEFORE INSERT ON manual_entry_lines
WHEN NOT EXISTS (SELECT 1 FROM manual_entries AS m WHERE m.id = NEW.manual_id AND m.status = 'PROPOSED')
BEGIN SELECT RAISE(ABORT, 'the entry is decided: it takes no more'); END;
CREATE TRIGGER manual_attachments_decided BEFORE INSERT ON manual_attachments
WHEN NOT EXISTS (SELECT 1 FROM manual_entries AS m WHERE m.id = NEW.manual_id AND m.status = 'PROPOSED')
BEGIN SELECT RAISE(ABORT, 'the entry is decided: it takes no more'); END;

-- As in the statistics of the book before: what a grown book looks like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('entries', 'entries_reverses', '1000 1'),
    ('manual_entries', 'manual_entries', '2000 1'),
    ('manual_entries', 'manual_entries_reverses', '1000 1'),
    ('manual_entries', 'manual_entries_number', '2000 1'),
    ('manual_entries', 'manual_entries_due', '20 2 1'),
    ('manual_entries', 'manual_entries_status', '2000 700 20'),
    ('manual_entry_lines', 'manual_entry_lines', '8000 4 1'),
    ('manual_attachments', 'sqlite_autoindex_manual_attachments_1', '4000 2 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261226000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
