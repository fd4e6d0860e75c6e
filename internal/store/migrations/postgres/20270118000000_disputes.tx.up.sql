-- What was booked of chargebacks, one after the other: purchases has the last alone. Of those from before,
-- the last is all that is known; it stands at the instant at which the chargeback was opened.

CREATE TABLE IF NOT EXISTS disputes (
    number       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id  UUID NOT NULL,
    purchase_id  UUID NOT NULL,
    at_us        BIGINT NOT NULL,
    status       TEXT COLLATE "C" NOT NULL CHECK (status IN ('OPEN', 'WON', 'LOST')),
    amount_minor BIGINT NOT NULL,
    FOREIGN KEY (customer_id, purchase_id) REFERENCES purchases (customer_id, id)
);

CREATE INDEX IF NOT EXISTS disputes_purchase ON disputes (purchase_id, number);

INSERT INTO disputes (customer_id, purchase_id, at_us, status, amount_minor)
    SELECT customer_id, id, disputed_at_us, dispute_status, dispute_minor FROM purchases WHERE dispute_status IS NOT NULL ORDER BY disputed_at_us, id;

CREATE OR REPLACE TRIGGER disputes_no_update BEFORE UPDATE ON disputes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER disputes_no_delete BEFORE DELETE ON disputes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER disputes_no_truncate BEFORE TRUNCATE ON disputes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON disputes FROM PUBLIC, CURRENT_USER;
