-- Of an entry by hand, the SHA-256 of all that was approved: its words, its lines and the SHA-256 of every
-- paper. It is sealed with the entry. Null of other entries, and of those approved before it was
-- kept, whose seals stay as they are.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE entries ADD COLUMN approved_sha256 TEXT;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20270117000001', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
