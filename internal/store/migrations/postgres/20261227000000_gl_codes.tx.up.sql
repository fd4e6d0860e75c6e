-- Which account of the company's general ledger each account of the journal is, from an
-- accounting date on. Rows never change: of two of one account and day, that with the greater
-- id counts.

CREATE TABLE IF NOT EXISTS gl_codes (
    id            UUID PRIMARY KEY,
    account       TEXT COLLATE "C" NOT NULL,
    code          TEXT COLLATE "C" NOT NULL,
    name          TEXT COLLATE "C" NOT NULL,
    subtype       TEXT COLLATE "C",
    parent        TEXT COLLATE "C",
    in_force_from TEXT COLLATE "C" NOT NULL,
    reason        TEXT COLLATE "C",
    created_at_us BIGINT NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL
);

CREATE OR REPLACE TRIGGER gl_codes_no_update BEFORE UPDATE ON gl_codes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER gl_codes_no_delete BEFORE DELETE ON gl_codes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER gl_codes_no_truncate BEFORE TRUNCATE ON gl_codes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON gl_codes FROM PUBLIC, CURRENT_USER;
