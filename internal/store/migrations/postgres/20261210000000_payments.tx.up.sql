-- What came in for invoiced purchases: a payment, or parts of one. functional_minor is what it
-- was worth on its day, settled_functional_minor what the receivable it cleared was booked
-- at; the difference is an exchange gain or loss. purchases.received_minor is the sum of the
-- payments of a purchase; a purchase that was paid when it was made has none.

ALTER TABLE purchases ADD COLUMN IF NOT EXISTS received_minor BIGINT NOT NULL DEFAULT 0;

CREATE TABLE IF NOT EXISTS payments (
    customer_id              UUID NOT NULL,
    purchase_id              UUID NOT NULL,
    id                       UUID NOT NULL,
    paid_at_us               BIGINT NOT NULL,
    currency                 TEXT COLLATE "C" NOT NULL,
    amount_minor             BIGINT NOT NULL CHECK (amount_minor > 0),
    functional_currency      TEXT COLLATE "C" NOT NULL,
    functional_minor         BIGINT NOT NULL CHECK (functional_minor >= 0),
    settled_functional_minor BIGINT NOT NULL CHECK (settled_functional_minor >= 0),
    fx_rate                  TEXT COLLATE "C" NOT NULL,
    created_at_us            BIGINT NOT NULL,
    PRIMARY KEY (customer_id, purchase_id, id)
);

CREATE INDEX IF NOT EXISTS payments_purchase ON payments (purchase_id);

CREATE OR REPLACE TRIGGER payments_no_update BEFORE UPDATE ON payments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER payments_no_delete BEFORE DELETE ON payments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER payments_no_truncate BEFORE TRUNCATE ON payments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON payments FROM PUBLIC, CURRENT_USER;
