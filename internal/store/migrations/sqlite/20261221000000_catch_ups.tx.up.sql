-- Whether what an estimate moves at once, its catch-up, is booked apart from what its day moves
-- otherwise. Not that of an estimate from before: what its day moved is booked as one figure, in
-- a month that may be closed, and stays so. A program of before writes none that is.
--
-- A column cannot be added twice, so this migration marks itself as applied in its own
-- transaction: a crash leaves all of it or nothing.

ALTER TABLE estimates ADD COLUMN apart INTEGER NOT NULL DEFAULT 0 CHECK (apart IN (0, 1));

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261221000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
