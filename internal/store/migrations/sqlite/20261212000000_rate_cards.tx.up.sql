-- Versions of what units of meters come to in credits and cost to serve, each from an instant
-- on. A meter that a version does not name keeps its rate; before any names it, the one that
-- stands in meters holds, as older programs read and write it.
--
-- usage_events.rate_card is the version that was in force when a metered event occurred; NULL
-- where none was. usage_events.dimensions is what reports tell the event apart by: a JSON
-- object without spaces, keys in order; NULL where it has none.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

CREATE TABLE rate_cards (
    number            INTEGER PRIMARY KEY CHECK (number > 0),
    effective_from_us INTEGER NOT NULL,
    note              TEXT,
    created_at_us     INTEGER NOT NULL
) STRICT;

CREATE TABLE rates (
    rate_card INTEGER NOT NULL REFERENCES rate_cards (number),
    meter_id  TEXT NOT NULL REFERENCES meters (id),
    credits   TEXT NOT NULL,
    per       TEXT NOT NULL,
    cost      TEXT,
    cost_per  TEXT,
    PRIMARY KEY (rate_card, meter_id),
    CHECK ((cost IS NULL) = (cost_per IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER rate_cards_no_update BEFORE UPDATE ON rate_cards
BEGIN SELECT RAISE(ABORT, 'rate_cards is append-only: publish a version'); END;
CREATE TRIGGER rate_cards_no_delete BEFORE DELETE ON rate_cards
BEGIN SELECT RAISE(ABORT, 'rate_cards is append-only: publish a version'); END;
CREATE TRIGGER rates_no_update BEFORE UPDATE ON rates
BEGIN SELECT RAISE(ABORT, 'rates is append-only: publish a version'); END;
CREATE TRIGGER rates_no_delete BEFORE DELETE ON rates
BEGIN SELECT RAISE(ABORT, 'rates is append-only: publish a version'); END;

ALTER TABLE usage_events ADD COLUMN rate_card INTEGER;
ALTER TABLE usage_events ADD COLUMN dimensions TEXT;

-- As in the statistics of the book before: what a grown book looks like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('rate_cards', NULL, '50'), ('rates', 'rates', '500 10 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261212000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
