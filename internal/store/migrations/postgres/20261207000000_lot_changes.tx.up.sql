-- What becomes of a lot besides use, lapse and a refund. lots.refunded counts all credits
-- that were taken out of a lot, by a refund or by a change, so that the indexes of open lots
-- hold as they are; removed is the part of it that changes took, removed_minor what they took
-- out of the carrying amount. origin_lot_id is the lot that one came out of, pool_lot_id the
-- one whose pool it shares where each lot has a pool of its own.
--
-- A purchase that was voided has the status REFUNDED here, for the column takes no other
-- word while two versions serve one database, and voided_at_us tells it apart. lost_minor is
-- what chargebacks took.

ALTER TABLE lots ADD COLUMN IF NOT EXISTS removed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN IF NOT EXISTS removed_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN IF NOT EXISTS removed_functional_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN IF NOT EXISTS origin_lot_id UUID;
ALTER TABLE lots ADD COLUMN IF NOT EXISTS pool_lot_id UUID;
ALTER TABLE lots ADD COLUMN IF NOT EXISTS pool_left_on TEXT COLLATE "C";

ALTER TABLE purchases ADD COLUMN IF NOT EXISTS voided_at_us BIGINT;
ALTER TABLE purchases ADD COLUMN IF NOT EXISTS dispute_status TEXT COLLATE "C";
ALTER TABLE purchases ADD COLUMN IF NOT EXISTS disputed_at_us BIGINT;
ALTER TABLE purchases ADD COLUMN IF NOT EXISTS dispute_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE purchases ADD COLUMN IF NOT EXISTS lost_minor BIGINT NOT NULL DEFAULT 0;

CREATE TABLE IF NOT EXISTS lot_changes (
    customer_id      UUID NOT NULL,
    lot_id           UUID NOT NULL,
    id               UUID NOT NULL,
    kind             TEXT COLLATE "C" NOT NULL,
    at_us            BIGINT NOT NULL,
    day              TEXT COLLATE "C" NOT NULL,
    credits          BIGINT NOT NULL CHECK (credits >= 0),
    amount_minor     BIGINT NOT NULL,
    functional_minor BIGINT NOT NULL,
    to_lot_id        UUID,
    reason           TEXT COLLATE "C",
    PRIMARY KEY (customer_id, lot_id, id)
);

CREATE OR REPLACE TRIGGER lot_changes_no_update BEFORE UPDATE ON lot_changes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER lot_changes_no_delete BEFORE DELETE ON lot_changes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER lot_changes_no_truncate BEFORE TRUNCATE ON lot_changes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON lot_changes FROM PUBLIC, CURRENT_USER;
