-- A bonus on terms of its own is a second lot of its purchase. What the split of the price came
-- from stands with the purchase, so that it can be derived again: NULL is no such bonus, and of
-- the stand-alone prices that none was given.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE purchases ADD COLUMN bonus_lot_id TEXT;
ALTER TABLE purchases ADD COLUMN bonus_likelihood TEXT;
ALTER TABLE purchases ADD COLUMN stand_alone_minor INTEGER;
ALTER TABLE purchases ADD COLUMN bonus_stand_alone_minor INTEGER;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261211000001', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
