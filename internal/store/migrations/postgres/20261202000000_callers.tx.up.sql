-- Who is calling: tokens, of whose secrets the hash alone is kept, and what the audit trail
-- says of who acted and from where.

CREATE TABLE IF NOT EXISTS tokens (
    id              UUID PRIMARY KEY,
    name            TEXT COLLATE "C" NOT NULL UNIQUE,
    hash            BYTEA NOT NULL UNIQUE,
    roles           TEXT COLLATE "C" NOT NULL,
    owner           TEXT COLLATE "C" NOT NULL,
    customer_id     UUID,
    makers          TEXT COLLATE "C" NOT NULL,
    created_by      TEXT COLLATE "C" NOT NULL,
    created_at_us   BIGINT NOT NULL,
    expires_at_us   BIGINT,
    last_used_at_us BIGINT,
    revoked_at_us   BIGINT,
    revoked_by      TEXT COLLATE "C"
);

ALTER TABLE audit_events ADD COLUMN IF NOT EXISTS actor_name TEXT COLLATE "C";
ALTER TABLE audit_events ADD COLUMN IF NOT EXISTS kind TEXT COLLATE "C";
ALTER TABLE audit_events ADD COLUMN IF NOT EXISTS address TEXT COLLATE "C";

CREATE INDEX IF NOT EXISTS audit_events_actor ON audit_events (actor, id);
CREATE INDEX IF NOT EXISTS audit_events_action ON audit_events (action, id);
CREATE INDEX IF NOT EXISTS audit_events_at ON audit_events (at_us);
