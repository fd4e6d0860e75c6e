-- What the comparison of the sub-ledger with itself and with the ledger found, run by run. from_day is
-- null where it began with the book. found is the SHA-256 over what differs, null where nothing
-- does; body is every comparison, as JSON.

CREATE TABLE IF NOT EXISTS reconciliations (
    id         UUID PRIMARY KEY,
    at_us      BIGINT NOT NULL,
    run_id     UUID NOT NULL,
    from_day   TEXT COLLATE "C",
    to_day     TEXT COLLATE "C" NOT NULL,
    status     TEXT COLLATE "C" NOT NULL CHECK (status IN ('MATCHED', 'DIFFERENT')),
    differing  BIGINT NOT NULL CHECK (differing >= 0 AND (differing > 0) = (status = 'DIFFERENT')),
    found      TEXT COLLATE "C" CHECK ((found IS NOT NULL) = (status = 'DIFFERENT')),
    took_us    BIGINT NOT NULL,
    body       TEXT COLLATE "C" NOT NULL
);

CREATE INDEX IF NOT EXISTS reconciliations_status ON reconciliations (status, id);

CREATE OR REPLACE TRIGGER reconciliations_no_update BEFORE UPDATE ON reconciliations FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER reconciliations_no_delete BEFORE DELETE ON reconciliations FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER reconciliations_no_truncate BEFORE TRUNCATE ON reconciliations FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON reconciliations FROM PUBLIC, CURRENT_USER;
