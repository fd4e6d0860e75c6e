-- A contract liability that appears in steps, where an invoice is paid in parts ahead of its due day.
-- payments.ahead: the payment brought the liability, or a part of it; it settled no receivable.
-- lots.liability_steps: what appeared on which day, as JSON, where it did not appear at once; the
-- other two columns are the sums of it.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE payments ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0 CHECK (ahead IN (0, 1));
ALTER TABLE lots ADD COLUMN liability_steps TEXT;
ALTER TABLE lots ADD COLUMN stepped_minor INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lots ADD COLUMN stepped_functional_minor INTEGER NOT NULL DEFAULT 0;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261217000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
