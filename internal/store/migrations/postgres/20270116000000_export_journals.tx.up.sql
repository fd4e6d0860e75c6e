-- What the journals of a summary debit, in each currency as its file has it, and (in_book) in that of the book: so that what the
-- general ledger says of them can be held against it. Batches sealed before have none.

CREATE TABLE IF NOT EXISTS export_journals (
    batch_id    UUID NOT NULL REFERENCES export_batches (id),
    journal     TEXT COLLATE "C" NOT NULL,
    in_book     BIGINT NOT NULL CHECK (in_book IN (0, 1)),
    currency    TEXT COLLATE "C" NOT NULL,
    debit_minor BIGINT NOT NULL CHECK (debit_minor >= 0),
    PRIMARY KEY (batch_id, journal, in_book, currency)
);

CREATE OR REPLACE TRIGGER export_journals_sealed BEFORE INSERT ON export_journals FOR EACH ROW EXECUTE FUNCTION refuse_sealed_file();
CREATE OR REPLACE TRIGGER export_journals_no_update BEFORE UPDATE ON export_journals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER export_journals_no_delete BEFORE DELETE ON export_journals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER export_journals_no_truncate BEFORE TRUNCATE ON export_journals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON export_journals FROM PUBLIC, CURRENT_USER;
