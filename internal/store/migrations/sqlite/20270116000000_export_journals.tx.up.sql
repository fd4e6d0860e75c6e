-- What the journals of a summary debit, in each currency as its file has it, and (in_book) in that of the book: so that what the
-- general ledger says of them can be held against it. Batches sealed before have none.

CREATE TABLE IF NOT EXISTS export_journals (
    batch_id    TEXT NOT NULL REFERENCES export_batches (id),
    journal     TEXT NOT NULL,
    in_book     INTEGER NOT NULL CHECK (in_book IN (0, 1)),
    currency    TEXT NOT NULL,
    debit_minor INTEGER NOT NULL CHECK (debit_minor >= 0),
    PRIMARY KEY (batch_id, journal, in_book, currency)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS export_journals_sealed BEFORE INSERT ON export_journals
WHEN NOT EXISTS (SELECT 1 FROM export_batches WHERE id = NEW.batch_id AND status = 'DRAFT')
BEGIN SELECT RAISE(ABORT, 'a batch that is sealed does not change: void it'); END;
CREATE TRIGGER IF NOT EXISTS export_journals_no_update BEFORE UPDATE ON export_journals
BEGIN SELECT RAISE(ABORT, 'export_journals is append-only'); END;
CREATE TRIGGER IF NOT EXISTS export_journals_no_delete BEFORE DELETE ON export_journals
BEGIN SELECT RAISE(ABORT, 'export_journals is append-only'); END;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20270116000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
