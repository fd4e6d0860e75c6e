-- The last day that a lot had before it was extended, so that what is looked at as of an earlier
-- day has it again. Null of other changes, and of extensions from before it was kept: these count
-- with the last day that they gave.

ALTER TABLE lot_changes ADD COLUMN IF NOT EXISTS was_lapses_on TEXT COLLATE "C";
