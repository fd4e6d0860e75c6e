-- A bonus on terms of its own is a second lot of its purchase. What the split of the price came
-- from stands with the purchase, so that it can be derived again: NULL is no such bonus, and of
-- the stand-alone prices that none was given.

ALTER TABLE purchases ADD COLUMN IF NOT EXISTS bonus_lot_id UUID;
ALTER TABLE purchases ADD COLUMN IF NOT EXISTS bonus_likelihood TEXT COLLATE "C";
ALTER TABLE purchases ADD COLUMN IF NOT EXISTS stand_alone_minor BIGINT;
ALTER TABLE purchases ADD COLUMN IF NOT EXISTS bonus_stand_alone_minor BIGINT;
