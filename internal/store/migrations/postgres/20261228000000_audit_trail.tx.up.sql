-- What an act changed: why, what stood before, and what stands after, both as JSON. Null of
-- what was written before it was kept, of what is new, and of acts that are records themselves.

ALTER TABLE audit_events ADD COLUMN IF NOT EXISTS reason TEXT COLLATE "C";
ALTER TABLE audit_events ADD COLUMN IF NOT EXISTS before TEXT COLLATE "C";
ALTER TABLE audit_events ADD COLUMN IF NOT EXISTS after TEXT COLLATE "C";

CREATE INDEX IF NOT EXISTS audit_events_request ON audit_events (request_id, id) WHERE request_id IS NOT NULL;
