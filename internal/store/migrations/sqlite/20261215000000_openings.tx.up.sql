-- The cut-over at which a purchase was taken over from another book, with what was left of
-- it; none for one that was made here. What was taken over is named by its reference, once.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE purchases ADD COLUMN opening_on TEXT;

CREATE INDEX purchases_opening ON purchases (reference) WHERE opening_on IS NOT NULL;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('purchases', 'purchases_opening', '20000 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261215000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
