-- Which account of the company's general ledger each account of the journal is, from an
-- accounting date on. Rows never change: of two of one account and day, that with the greater
-- id counts.

CREATE TABLE IF NOT EXISTS gl_codes (
    id            TEXT PRIMARY KEY,
    account       TEXT NOT NULL,
    code          TEXT NOT NULL,
    name          TEXT NOT NULL,
    subtype       TEXT,
    parent        TEXT,
    in_force_from TEXT NOT NULL,
    reason        TEXT,
    created_at_us INTEGER NOT NULL,
    created_by    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS gl_codes_no_update BEFORE UPDATE ON gl_codes
BEGIN SELECT RAISE(ABORT, 'gl_codes is append-only: a later code takes the place of one'); END;
CREATE TRIGGER IF NOT EXISTS gl_codes_no_delete BEFORE DELETE ON gl_codes
BEGIN SELECT RAISE(ABORT, 'gl_codes is append-only: a later code takes the place of one'); END;
