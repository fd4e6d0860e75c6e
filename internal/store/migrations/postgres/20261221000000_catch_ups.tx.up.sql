-- Whether what an estimate moves at once, its catch-up, is booked apart from what its day moves
-- otherwise. Not that of an estimate from before: what its day moved is booked as one figure, in
-- a month that may be closed, and stays so. A program of before writes none that is.

ALTER TABLE estimates ADD COLUMN IF NOT EXISTS apart BOOLEAN NOT NULL DEFAULT false;
