-- A contract liability that appears in steps, where an invoice is paid in parts ahead of its due day.
-- payments.ahead: the payment brought the liability, or a part of it; it settled no receivable.
-- lots.liability_steps: what appeared on which day, as JSON, where it did not appear at once; the
-- other two columns are the sums of it.

ALTER TABLE payments ADD COLUMN IF NOT EXISTS ahead BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE lots ADD COLUMN IF NOT EXISTS liability_steps TEXT COLLATE "C";
ALTER TABLE lots ADD COLUMN IF NOT EXISTS stepped_minor BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN IF NOT EXISTS stepped_functional_minor BIGINT NOT NULL DEFAULT 0;
