-- Who is calling: tokens, of whose secrets the hash alone is kept, and what the audit trail
-- says of who acted and from where.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

CREATE TABLE tokens (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL UNIQUE,
    hash            BLOB NOT NULL UNIQUE,
    roles           TEXT NOT NULL,
    owner           TEXT NOT NULL,
    customer_id     TEXT,
    makers          TEXT NOT NULL,
    created_by      TEXT NOT NULL,
    created_at_us   INTEGER NOT NULL,
    expires_at_us   INTEGER,
    last_used_at_us INTEGER,
    revoked_at_us   INTEGER,
    revoked_by      TEXT
) STRICT;

ALTER TABLE audit_events ADD COLUMN actor_name TEXT;
ALTER TABLE audit_events ADD COLUMN kind TEXT;
ALTER TABLE audit_events ADD COLUMN address TEXT;

CREATE INDEX audit_events_actor ON audit_events (actor, id);
CREATE INDEX audit_events_action ON audit_events (action, id);
CREATE INDEX audit_events_at ON audit_events (at_us);

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261202000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
