-- What was known of a lot at an instant. lots.created_at_us is when the book got it;
-- lot_changes.written_at_us is when the change was written, which is later than at_us where a lot
-- rolled over: at_us is its expiry then. was_expires_at_us is the expiry before an extension. All are
-- NULL of rows from before: when such a lot came to be is in its purchase, in the change that it
-- came out of, or else in its start.

ALTER TABLE lots ADD COLUMN IF NOT EXISTS created_at_us BIGINT;
ALTER TABLE lot_changes ADD COLUMN IF NOT EXISTS written_at_us BIGINT;
ALTER TABLE lot_changes ADD COLUMN IF NOT EXISTS was_expires_at_us BIGINT;
