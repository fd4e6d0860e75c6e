-- What of unused credits lives on after their expiry: the share and the time of a policy.
-- rolled_accepts_until_us is set while a lot is to roll over: it is until when the lot will
-- accept late use once it has. accepts_until_us is NULL so long, so that the index of open
-- lots still finds a lot that has expired and that nobody has had to hold since.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE policies ADD COLUMN rollover_share TEXT;
ALTER TABLE policies ADD COLUMN rollover_extend TEXT;

ALTER TABLE lots ADD COLUMN rolled_accepts_until_us INTEGER;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261208000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
