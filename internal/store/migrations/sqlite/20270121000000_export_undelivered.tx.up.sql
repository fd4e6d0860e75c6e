-- Why a sealed batch was not put at the destination of its target when that was last tried. Null where it
-- was not tried or nothing keeps it, and of batches that have gone further.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE export_batches ADD COLUMN undelivered TEXT;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20270121000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
