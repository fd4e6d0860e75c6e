-- Versions of what units of meters come to in credits and cost to serve, each from an instant
-- on. A meter that a version does not name keeps its rate; before any names it, the one that
-- stands in meters holds, as older programs read and write it.
--
-- usage_events.rate_card is the version that was in force when a metered event occurred; NULL
-- where none was. usage_events.dimensions is what reports tell the event apart by: a JSON
-- object without spaces, keys in order; NULL where it has none.

CREATE TABLE IF NOT EXISTS rate_cards (
    number            BIGINT PRIMARY KEY CHECK (number > 0),
    effective_from_us BIGINT NOT NULL,
    note              TEXT COLLATE "C",
    created_at_us     BIGINT NOT NULL
);

-- No foreign key to rate_cards: to check it takes the right to change them, which nobody has.
CREATE TABLE IF NOT EXISTS rates (
    rate_card BIGINT NOT NULL,
    meter_id  UUID NOT NULL REFERENCES meters (id),
    credits   TEXT COLLATE "C" NOT NULL,
    per       TEXT COLLATE "C" NOT NULL,
    cost      TEXT COLLATE "C",
    cost_per  TEXT COLLATE "C",
    PRIMARY KEY (rate_card, meter_id),
    CHECK ((cost IS NULL) = (cost_per IS NULL))
);

CREATE OR REPLACE TRIGGER rate_cards_no_update BEFORE UPDATE ON rate_cards FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER rate_cards_no_delete BEFORE DELETE ON rate_cards FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER rate_cards_no_truncate BEFORE TRUNCATE ON rate_cards FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER rates_no_update BEFORE UPDATE ON rates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER rates_no_delete BEFORE DELETE ON rates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER rates_no_truncate BEFORE TRUNCATE ON rates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON rate_cards, rates FROM PUBLIC, CURRENT_USER;

ALTER TABLE usage_events ADD COLUMN IF NOT EXISTS rate_card BIGINT;
ALTER TABLE usage_events ADD COLUMN IF NOT EXISTS dimensions TEXT COLLATE "C";
