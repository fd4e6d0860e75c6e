-- The cut-over at which a purchase was taken over from another book, with what was left of
-- it; none for one that was made here. What was taken over is named by its reference, once.

ALTER TABLE purchases ADD COLUMN IF NOT EXISTS opening_on TEXT COLLATE "C";
CREATE INDEX IF NOT EXISTS purchases_opening ON purchases (reference) WHERE opening_on IS NOT NULL;
