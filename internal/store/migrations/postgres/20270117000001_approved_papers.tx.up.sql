-- Of an entry by hand, the SHA-256 of all that was approved: its words, its lines and the SHA-256 of every
-- paper. It is sealed with the entry. Null of other entries, and of those approved before it was
-- kept, whose seals stay as they are.

ALTER TABLE entries ADD COLUMN IF NOT EXISTS approved_sha256 TEXT COLLATE "C";
