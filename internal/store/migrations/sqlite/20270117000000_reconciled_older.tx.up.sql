-- How far the daily reconciliation is through the days before those that each run compares, as JSON:
-- the round, and the parts of it that the run compared. Null where the book has no such days, and of
-- what was kept before it went through them.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE reconciliations ADD COLUMN older TEXT;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20270117000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
