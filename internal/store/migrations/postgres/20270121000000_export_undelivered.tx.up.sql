-- Why a sealed batch was not put at the destination of its target when that was last tried. Null where it
-- was not tried or nothing keeps it, and of batches that have gone further.

ALTER TABLE export_batches ADD COLUMN IF NOT EXISTS undelivered TEXT COLLATE "C";
