-- Exports to general ledgers. A target has versions, each a profile with a schedule; the latest holds.
-- A batch is a range of entries, by number, for one target: its batches that are not voided
-- follow each other without gap and never share an entry. Its files are kept in pieces of a
-- mebibyte each, packed, so that what was sealed is the same bytes for ever; while a batch is a
-- draft they come and go. What a general ledger answers is kept beside, and only grows.
-- export_link_key signs links to files; it is a row, so that all servers of a book know it.

CREATE TABLE IF NOT EXISTS export_targets (
    id            UUID PRIMARY KEY,
    code          TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at_us BIGINT NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL
);

CREATE TABLE IF NOT EXISTS export_target_versions (
    target_id     UUID NOT NULL,
    number        BIGINT NOT NULL,
    profile       TEXT COLLATE "C" NOT NULL,
    schedule      TEXT COLLATE "C" NOT NULL,
    destination   TEXT COLLATE "C",
    ended         BOOLEAN NOT NULL,
    reason        TEXT COLLATE "C",
    created_at_us BIGINT NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (target_id, number)
);

CREATE TABLE IF NOT EXISTS export_batches (
    id                 UUID PRIMARY KEY,
    target_id          UUID NOT NULL,
    number             BIGINT NOT NULL,
    version            BIGINT NOT NULL,
    status             TEXT COLLATE "C" NOT NULL CHECK (status IN ('DRAFT', 'SEALED', 'DELIVERED', 'ACKNOWLEDGED', 'VOIDED')),
    from_entry         BIGINT NOT NULL,
    to_entry           BIGINT NOT NULL,
    trigger_kind       TEXT COLLATE "C" NOT NULL,
    created_at_us      BIGINT NOT NULL,
    created_by         TEXT COLLATE "C" NOT NULL,
    progress           BIGINT NOT NULL,
    problem            TEXT COLLATE "C",
    sealed_at_us       BIGINT,
    entries            BIGINT NOT NULL,
    lines              BIGINT NOT NULL,
    manifest           TEXT COLLATE "C",
    manifest_hash      BYTEA,
    delivered_at_us    BIGINT,
    delivered_to       TEXT COLLATE "C",
    acknowledged_at_us BIGINT,
    acknowledged_by    TEXT COLLATE "C",
    voided_at_us       BIGINT,
    voided_by          TEXT COLLATE "C",
    reason             TEXT COLLATE "C",
    replaces           UUID,
    replaced_by        UUID,
    claim              TEXT COLLATE "C",
    claim_until_us     BIGINT,
    UNIQUE (target_id, number),
    CHECK (from_entry >= 1 AND to_entry >= from_entry)
);

CREATE TABLE IF NOT EXISTS export_files (
    batch_id   UUID NOT NULL,
    place      BIGINT NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    media_type TEXT COLLATE "C" NOT NULL,
    bytes      BIGINT NOT NULL,
    row_count  BIGINT NOT NULL,
    hash       BYTEA NOT NULL,
    PRIMARY KEY (batch_id, place)
);

CREATE TABLE IF NOT EXISTS export_pieces (
    batch_id UUID NOT NULL,
    file     BIGINT NOT NULL,
    place    BIGINT NOT NULL,
    packed   BYTEA NOT NULL,
    PRIMARY KEY (batch_id, file, place)
);

CREATE TABLE IF NOT EXISTS export_link_key (
    one    BIGINT PRIMARY KEY CHECK (one = 1),
    secret BYTEA NOT NULL
);

CREATE TABLE IF NOT EXISTS export_answers (
    batch_id    UUID NOT NULL,
    journal     TEXT COLLATE "C" NOT NULL,
    external_id TEXT COLLATE "C" NOT NULL,
    at_us       BIGINT NOT NULL,
    actor       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (batch_id, journal)
);

CREATE UNIQUE INDEX IF NOT EXISTS export_batches_from ON export_batches (target_id, from_entry) WHERE status <> 'VOIDED';
CREATE UNIQUE INDEX IF NOT EXISTS export_batches_to ON export_batches (target_id, to_entry) WHERE status <> 'VOIDED';
CREATE INDEX IF NOT EXISTS export_batches_draft ON export_batches (id) WHERE status IN ('DRAFT', 'SEALED');

CREATE OR REPLACE TRIGGER export_target_versions_no_update BEFORE UPDATE ON export_target_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER export_target_versions_no_delete BEFORE DELETE ON export_target_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER export_target_versions_no_truncate BEFORE TRUNCATE ON export_target_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER export_answers_no_update BEFORE UPDATE ON export_answers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER export_answers_no_delete BEFORE DELETE ON export_answers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER export_answers_no_truncate BEFORE TRUNCATE ON export_answers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE FUNCTION refuse_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id IS DISTINCT FROM OLD.id OR NEW.target_id IS DISTINCT FROM OLD.target_id OR NEW.number IS DISTINCT FROM OLD.number OR NEW.from_entry IS DISTINCT FROM OLD.from_entry OR NEW.to_entry IS DISTINCT FROM OLD.to_entry OR NEW.trigger_kind IS DISTINCT FROM OLD.trigger_kind OR NEW.created_at_us IS DISTINCT FROM OLD.created_at_us OR NEW.created_by IS DISTINCT FROM OLD.created_by OR NEW.replaces IS DISTINCT FROM OLD.replaces
        OR OLD.status = 'VOIDED' AND NEW.status <> 'VOIDED' OR OLD.status <> 'DRAFT' AND NEW.status = 'DRAFT'
        OR OLD.sealed_at_us IS NOT NULL AND (NEW.version IS DISTINCT FROM OLD.version OR NEW.sealed_at_us IS DISTINCT FROM OLD.sealed_at_us OR NEW.entries IS DISTINCT FROM OLD.entries OR NEW.lines IS DISTINCT FROM OLD.lines OR NEW.manifest IS DISTINCT FROM OLD.manifest OR NEW.manifest_hash IS DISTINCT FROM OLD.manifest_hash OR NEW.progress IS DISTINCT FROM OLD.progress OR NEW.problem IS DISTINCT FROM OLD.problem) THEN
        RAISE EXCEPTION 'a batch that is sealed does not change: void it' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION refuse_sealed_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' OR NOT EXISTS (SELECT FROM export_batches AS b
        WHERE b.id = CASE TG_OP WHEN 'DELETE' THEN OLD.batch_id ELSE NEW.batch_id END AND b.status = 'DRAFT') THEN
        RAISE EXCEPTION 'a batch that is sealed does not change: void it' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE OR REPLACE FUNCTION refuse_batch_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a batch stays: void it' USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER export_batches_sealed BEFORE UPDATE ON export_batches FOR EACH ROW EXECUTE FUNCTION refuse_sealed();
CREATE OR REPLACE TRIGGER export_batches_no_delete BEFORE DELETE ON export_batches FOR EACH STATEMENT EXECUTE FUNCTION refuse_batch_removal();
CREATE OR REPLACE TRIGGER export_batches_no_truncate BEFORE TRUNCATE ON export_batches FOR EACH STATEMENT EXECUTE FUNCTION refuse_batch_removal();
CREATE OR REPLACE TRIGGER export_files_sealed BEFORE INSERT OR UPDATE OR DELETE ON export_files FOR EACH ROW EXECUTE FUNCTION refuse_sealed_file();
CREATE OR REPLACE TRIGGER export_files_no_truncate BEFORE TRUNCATE ON export_files FOR EACH STATEMENT EXECUTE FUNCTION refuse_batch_removal();
CREATE OR REPLACE TRIGGER export_pieces_sealed BEFORE INSERT OR UPDATE OR DELETE ON export_pieces FOR EACH ROW EXECUTE FUNCTION refuse_sealed_file();
CREATE OR REPLACE TRIGGER export_pieces_no_truncate BEFORE TRUNCATE ON export_pieces FOR EACH STATEMENT EXECUTE FUNCTION refuse_batch_removal();

REVOKE UPDATE, DELETE, TRUNCATE ON export_target_versions, export_answers FROM PUBLIC, CURRENT_USER;
