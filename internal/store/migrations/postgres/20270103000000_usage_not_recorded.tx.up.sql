-- How much usage was sent and not recorded: duplicates, and what was rejected, by code. A row is what one
-- server counted since the row before.

CREATE TABLE IF NOT EXISTS usage_not_recorded (
    id     UUID PRIMARY KEY,
    at_us  BIGINT NOT NULL,
    day    TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL CHECK (status IN ('DUPLICATE', 'REJECTED')),
    code   TEXT COLLATE "C" CHECK ((code IS NOT NULL) = (status = 'REJECTED')),
    events BIGINT NOT NULL CHECK (events > 0)
);

CREATE INDEX IF NOT EXISTS usage_not_recorded_day ON usage_not_recorded (day, status, code);

CREATE OR REPLACE TRIGGER usage_not_recorded_no_update BEFORE UPDATE ON usage_not_recorded FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER usage_not_recorded_no_delete BEFORE DELETE ON usage_not_recorded FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER usage_not_recorded_no_truncate BEFORE TRUNCATE ON usage_not_recorded FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON usage_not_recorded FROM PUBLIC, CURRENT_USER;
