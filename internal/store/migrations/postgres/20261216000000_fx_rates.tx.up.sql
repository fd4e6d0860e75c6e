-- Exchange rates by day: how much of the functional currency one unit of another is, as a
-- plain decimal, and who says so. What was booked by a rate stays, so a rate does not change.

CREATE TABLE IF NOT EXISTS fx_rates (
    currency      TEXT COLLATE "C" NOT NULL,
    day           TEXT COLLATE "C" NOT NULL,
    rate          TEXT COLLATE "C" NOT NULL,
    source        TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (currency, day)
);

CREATE INDEX IF NOT EXISTS fx_rates_day ON fx_rates (day, currency);

CREATE OR REPLACE TRIGGER fx_rates_no_update BEFORE UPDATE ON fx_rates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER fx_rates_no_delete BEFORE DELETE ON fx_rates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER fx_rates_no_truncate BEFORE TRUNCATE ON fx_rates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON fx_rates FROM PUBLIC, CURRENT_USER;
