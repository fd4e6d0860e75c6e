-- The orders and spans by which dashboards ask for lists and charts. usage_events and draws
-- get none: each event would pay for it, and their ids are in order of arrival.

CREATE INDEX IF NOT EXISTS customers_name ON customers (lower(name), id);
CREATE INDEX IF NOT EXISTS customers_created ON customers (created_at_us);
CREATE INDEX IF NOT EXISTS purchases_purchased ON purchases (purchased_at_us, id);
CREATE INDEX IF NOT EXISTS purchases_price ON purchases (functional_minor, id);
CREATE INDEX IF NOT EXISTS purchases_reference ON purchases (lower(reference), id) WHERE reference IS NOT NULL;
CREATE INDEX IF NOT EXISTS lots_expiry ON lots (coalesce(expires_at_us, 9223372036854775807), id);
-- A lot has a row of a day once, whatever is drawn on it: what changes is not in the index.
CREATE INDEX IF NOT EXISTS lot_days_day ON lot_days (day);
CREATE INDEX IF NOT EXISTS recognitions_accounting ON recognitions (accounting_date, id);
CREATE INDEX IF NOT EXISTS job_runs_started ON job_runs (started_at_us);
