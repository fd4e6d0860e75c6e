-- How far the daily reconciliation is through the days before those that each run compares, as JSON:
-- the round, and the parts of it that the run compared. Null where the book has no such days, and of
-- what was kept before it went through them.

ALTER TABLE reconciliations ADD COLUMN IF NOT EXISTS older TEXT COLLATE "C";
