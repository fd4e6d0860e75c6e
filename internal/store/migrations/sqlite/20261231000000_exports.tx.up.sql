-- Exports to general ledgers. A target has versions, each a profile with a schedule; the latest holds.
-- A batch is a range of entries, by number, for one target: its batches that are not voided
-- follow each other without gap and never share an entry. Its files are kept in pieces of a
-- mebibyte each, packed, so that what was sealed is the same bytes for ever; while a batch is a
-- draft they come and go. What a general ledger answers is kept beside, and only grows.
-- export_link_key signs links to files; it is a row, so that all servers of a book know it.

CREATE TABLE IF NOT EXISTS export_targets (
    id            TEXT PRIMARY KEY,
    code          TEXT NOT NULL UNIQUE,
    created_at_us INTEGER NOT NULL,
    created_by    TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS export_target_versions (
    target_id     TEXT NOT NULL,
    number        INTEGER NOT NULL,
    profile       TEXT NOT NULL,
    schedule      TEXT NOT NULL,
    destination   TEXT,
    ended         INTEGER NOT NULL,
    reason        TEXT,
    created_at_us INTEGER NOT NULL,
    created_by    TEXT NOT NULL,
    PRIMARY KEY (target_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS export_batches (
    id                 TEXT PRIMARY KEY,
    target_id          TEXT NOT NULL,
    number             INTEGER NOT NULL,
    version            INTEGER NOT NULL,
    status             TEXT NOT NULL CHECK (status IN ('DRAFT', 'SEALED', 'DELIVERED', 'ACKNOWLEDGED', 'VOIDED')),
    from_entry         INTEGER NOT NULL,
    to_entry           INTEGER NOT NULL,
    trigger_kind       TEXT NOT NULL,
    created_at_us      INTEGER NOT NULL,
    created_by         TEXT NOT NULL,
    progress           INTEGER NOT NULL,
    problem            TEXT,
    sealed_at_us       INTEGER,
    entries            INTEGER NOT NULL,
    lines              INTEGER NOT NULL,
    manifest           TEXT,
    manifest_hash      BLOB,
    delivered_at_us    INTEGER,
    delivered_to       TEXT,
    acknowledged_at_us INTEGER,
    acknowledged_by    TEXT,
    voided_at_us       INTEGER,
    voided_by          TEXT,
    reason             TEXT,
    replaces           TEXT,
    replaced_by        TEXT,
    claim              TEXT,
    claim_until_us     INTEGER,
    UNIQUE (target_id, number),
    CHECK (from_entry >= 1 AND to_entry >= from_entry)
) STRICT;

CREATE TABLE IF NOT EXISTS export_files (
    batch_id   TEXT NOT NULL,
    place      INTEGER NOT NULL,
    name       TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes      INTEGER NOT NULL,
    row_count  INTEGER NOT NULL,
    hash       BLOB NOT NULL,
    PRIMARY KEY (batch_id, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS export_pieces (
    batch_id TEXT NOT NULL,
    file     INTEGER NOT NULL,
    place    INTEGER NOT NULL,
    packed   BLOB NOT NULL,
    PRIMARY KEY (batch_id, file, place)
) STRICT;

CREATE TABLE IF NOT EXISTS export_link_key (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    secret BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS export_answers (
    batch_id    TEXT NOT NULL,
    journal     TEXT NOT NULL,
    external_id TEXT NOT NULL,
    at_us       INTEGER NOT NULL,
    actor       TEXT NOT NULL,
    PRIMARY KEY (batch_id, journal)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX IF NOT EXISTS export_batches_from ON export_batches (target_id, from_entry) WHERE status <> 'VOIDED';
CREATE UNIQUE INDEX IF NOT EXISTS export_batches_to ON export_batches (target_id, to_entry) WHERE status <> 'VOIDED';
CREATE INDEX IF NOT EXISTS export_batches_draft ON export_batches (id) WHERE status IN ('DRAFT', 'SEALED');

CREATE TRIGGER IF NOT EXISTS export_target_versions_no_update BEFORE UPDATE ON export_target_versions
BEGIN SELECT RAISE(ABORT, 'export_target_versions is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS export_target_versions_no_delete BEFORE DELETE ON export_target_versions
BEGIN SELECT RAISE(ABORT, 'export_target_versions is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS export_answers_no_update BEFORE UPDATE ON export_answers
BEGIN SELECT RAISE(ABORT, 'export_answers is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS export_answers_no_delete BEFORE DELETE ON export_answers
BEGIN SELECT RAISE(ABORT, 'export_answers is append-only: correct it with a new row'); END;

CREATE TRIGGER IF NOT EXISTS export_batches_sealed BEFORE UPDATE ON export_batches
WHEN NEW.id IS NOT OLD.id OR NEW.target_id IS NOT OLD.target_id OR NEW.number IS NOT OLD.number OR NEW.from_entry IS NOT OLD.from_entry OR NEW.to_entry IS NOT OLD.to_entry OR NEW.trigger_kind IS NOT OLD.trigger_kind OR NEW.created_at_us IS NOT OLD.created_at_us OR NEW.created_by IS NOT OLD.created_by OR NEW.replaces IS NOT OLD.replaces
    OR OLD.status = 'VOIDED' AND NEW.status <> 'VOIDED' OR OLD.status <> 'DRAFT' AND NEW.status = 'DRAFT'
    OR OLD.sealed_at_us IS NOT NULL AND (NEW.version IS NOT OLD.version OR NEW.sealed_at_us IS NOT OLD.sealed_at_us OR NEW.entries IS NOT OLD.entries OR NEW.lines IS NOT OLD.lines OR NEW.manifest IS NOT OLD.manifest OR NEW.manifest_hash IS NOT OLD.manifest_hash OR NEW.progress IS NOT OLD.progress OR NEW.problem IS NOT OLD.problem)
BEGIN SELECT RAISE(ABORT, 'a batch that is sealed does not change: void it'); END;
CREATE TRIGGER IF NOT EXISTS export_batches_no_delete BEFORE DELETE ON export_batches
BEGIN SELECT RAISE(ABORT, 'a batch stays: void it'); END;
CREATE TRIGGER IF NOT EXISTS export_files_sealed_insert BEFORE INSERT ON export_files
WHEN NOT EXISTS (SELECT 1 FROM export_batches WHERE id = NEW.batch_id AND status = 'DRAFT')
BEGIN SELECT RAISE(ABORT, 'a batch that is sealed does not change: void it'); END;
CREATE TRIGGER IF NOT EXISTS export_files_sealed_delete BEFORE DELETE ON export_files
WHEN NOT EXISTS (SELECT 1 FROM export_batches WHERE id = OLD.batch_id AND status = 'DRAFT')
BEGIN SELECT RAISE(ABORT, 'a batch that is sealed does not change: void it'); END;
CREATE TRIGGER IF NOT EXISTS export_files_no_update BEFORE UPDATE ON export_files
BEGIN SELECT RAISE(ABORT, 'a file is written once: void the batch'); END;
CREATE TRIGGER IF NOT EXISTS export_pieces_sealed_insert BEFORE INSERT ON export_pieces
WHEN NOT EXISTS (SELECT 1 FROM export_batches WHERE id = NEW.batch_id AND status = 'DRAFT')
BEGIN SELECT RAISE(ABORT, 'a batch that is sealed does not change: void it'); END;
CREATE TRIGGER IF NOT EXISTS export_pieces_sealed_delete BEFORE DELETE ON export_pieces
WHEN NOT EXISTS (SELECT 1 FROM export_batches WHERE id = OLD.batch_id AND status = 'DRAFT')
BEGIN SELECT RAISE(ABORT, 'a batch that is sealed does not change: void it'); END;
CREATE TRIGGER IF NOT EXISTS export_pieces_no_update BEFORE UPDATE ON export_pieces
BEGIN SELECT RAISE(ABORT, 'a file is written once: void the batch'); END;
