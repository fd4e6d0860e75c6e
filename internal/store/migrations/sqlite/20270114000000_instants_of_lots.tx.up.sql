-- What was known of a lot at an instant. lots.created_at_us is when the book got it;
-- lot_changes.written_at_us is when the change was written, which is later than at_us where a lot
-- rolled over: at_us is its expiry then. was_expires_at_us is the expiry before an extension. All are
-- NULL of rows from before: when such a lot came to be is in its purchase, in the change that it
-- came out of, or else in its start.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

ALTER TABLE lots ADD COLUMN created_at_us INTEGER;
ALTER TABLE lot_changes ADD COLUMN written_at_us INTEGER;
ALTER TABLE lot_changes ADD COLUMN was_expires_at_us INTEGER;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20270114000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
