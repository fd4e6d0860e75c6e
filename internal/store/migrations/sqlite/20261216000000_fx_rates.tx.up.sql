-- Exchange rates by day: how much of the functional currency one unit of another is, as a
-- plain decimal, and who says so. What was booked by a rate stays, so a rate does not change.
--
-- What the planner goes by is written here too, so this migration marks itself as applied in
-- its own transaction: a crash leaves all of it or nothing.

CREATE TABLE fx_rates (
    currency      TEXT NOT NULL,
    day           TEXT NOT NULL,
    rate          TEXT NOT NULL,
    source        TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    created_by    TEXT NOT NULL,
    PRIMARY KEY (currency, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX fx_rates_day ON fx_rates (day, currency);

CREATE TRIGGER fx_rates_no_update BEFORE UPDATE ON fx_rates
BEGIN SELECT RAISE(ABORT, 'fx_rates is append-only'); END;
CREATE TRIGGER fx_rates_no_delete BEFORE DELETE ON fx_rates
BEGIN SELECT RAISE(ABORT, 'fx_rates is append-only'); END;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('fx_rates', 'fx_rates', '20000 2500 1'),
    ('fx_rates', 'fx_rates_day', '20000 8 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261216000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
