-- What the law of a jurisdiction claims of breakage. A customer has a jurisdiction, NULL where
-- none is known; a lot keeps that of its purchase, and a pool holds lots of one alone. Rules
-- are in force from a day and never change: of two of one day, that with the greater id counts.
-- A payment is what was paid over to an authority; its parts say for what lapsed on which day,
-- in the currency of the contracts and as the book carried it.

ALTER TABLE customers ADD COLUMN IF NOT EXISTS jurisdiction TEXT COLLATE "C";
ALTER TABLE lots ADD COLUMN IF NOT EXISTS jurisdiction TEXT COLLATE "C";
ALTER TABLE pools ADD COLUMN IF NOT EXISTS jurisdiction TEXT COLLATE "C";

CREATE INDEX IF NOT EXISTS lots_jurisdiction ON lots (jurisdiction, lapses_on) WHERE jurisdiction IS NOT NULL;
CREATE INDEX IF NOT EXISTS recognitions_unclaimed ON recognitions (accounting_date) WHERE unclaimed_minor <> 0 OR unclaimed_functional_minor <> 0;

CREATE TABLE IF NOT EXISTS escheat_rules (
    id            UUID PRIMARY KEY,
    jurisdiction  TEXT COLLATE "C" NOT NULL,
    in_force_from TEXT COLLATE "C" NOT NULL,
    share         TEXT COLLATE "C" NOT NULL,
    dormancy      TEXT COLLATE "C" NOT NULL,
    reason        TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL
);

CREATE INDEX IF NOT EXISTS escheat_rules_day ON escheat_rules (jurisdiction, in_force_from, id);

CREATE TABLE IF NOT EXISTS escheat_payments (
    id                    UUID PRIMARY KEY,
    jurisdiction          TEXT COLLATE "C",
    paid_on               TEXT COLLATE "C" NOT NULL,
    currency              TEXT COLLATE "C" NOT NULL,
    amount_minor          BIGINT NOT NULL CHECK (amount_minor > 0),
    functional_currency   TEXT COLLATE "C" NOT NULL,
    functional_minor      BIGINT NOT NULL,
    paid_functional_minor BIGINT NOT NULL,
    reference             TEXT COLLATE "C" NOT NULL,
    created_at_us         BIGINT NOT NULL,
    created_by            TEXT COLLATE "C" NOT NULL
);

CREATE TABLE IF NOT EXISTS escheat_payment_parts (
    payment_id       UUID NOT NULL,
    lapsed_on        TEXT COLLATE "C" NOT NULL,
    amount_minor     BIGINT NOT NULL,
    functional_minor BIGINT NOT NULL,
    PRIMARY KEY (payment_id, lapsed_on)
);

CREATE OR REPLACE TRIGGER escheat_rules_no_update BEFORE UPDATE ON escheat_rules FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER escheat_rules_no_delete BEFORE DELETE ON escheat_rules FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER escheat_rules_no_truncate BEFORE TRUNCATE ON escheat_rules FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER escheat_payments_no_update BEFORE UPDATE ON escheat_payments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER escheat_payments_no_delete BEFORE DELETE ON escheat_payments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER escheat_payments_no_truncate BEFORE TRUNCATE ON escheat_payments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER escheat_payment_parts_no_update BEFORE UPDATE ON escheat_payment_parts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER escheat_payment_parts_no_delete BEFORE DELETE ON escheat_payment_parts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER escheat_payment_parts_no_truncate BEFORE TRUNCATE ON escheat_payment_parts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON escheat_rules, escheat_payments, escheat_payment_parts FROM PUBLIC, CURRENT_USER;
