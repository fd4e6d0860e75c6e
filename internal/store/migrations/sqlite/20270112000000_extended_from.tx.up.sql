-- The last day that a lot had before it was extended, so that what is looked at as of an earlier
-- day has it again. Null of other changes, and of extensions from before it was kept: these count
-- with the last day that they gave.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE lot_changes ADD COLUMN was_lapses_on TEXT;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20270112000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
