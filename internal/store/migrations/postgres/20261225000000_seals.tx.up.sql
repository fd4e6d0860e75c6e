-- Seals of closed periods. The entries of the book are the leaves of one log, a tree as RFC
-- 6962 defines it: an entry has one leaf for ever, from the first close of its period on.
-- seal_hashes are the hashes of leaves and of whole subtrees, placed as golang.org/x/mod/sumdb/tlog
-- does. A seal is the signed root of the log after a close; acts are the ids of the closings
-- that it is about, its own and the reopenings since the seal before. marks are the first bytes
-- of the hashes of an entry's row, of its lines and of its recognitions, to find what changed.
-- seal_keys has a row for each change of the key that signs.

CREATE TABLE IF NOT EXISTS seal_keys (
    number     BIGINT PRIMARY KEY CHECK (number > 0),
    public_key BYTEA NOT NULL,
    since_us   BIGINT NOT NULL,
    actor      TEXT COLLATE "C" NOT NULL,
    actor_name TEXT COLLATE "C"
);

CREATE TABLE IF NOT EXISTS seals (
    number     BIGINT PRIMARY KEY CHECK (number > 0),
    closing_id UUID NOT NULL UNIQUE,
    period     TEXT COLLATE "C" NOT NULL,
    at_us      BIGINT NOT NULL,
    last_entry BIGINT NOT NULL,
    from_size  BIGINT NOT NULL CHECK (from_size >= 0),
    size       BIGINT NOT NULL CHECK (size >= from_size),
    root       BYTEA NOT NULL,
    origin     TEXT COLLATE "C" NOT NULL,
    key_number BIGINT NOT NULL,
    acts       TEXT COLLATE "C" NOT NULL,
    checkpoint TEXT COLLATE "C" NOT NULL
);

CREATE INDEX IF NOT EXISTS seals_period ON seals (period, number);

CREATE TABLE IF NOT EXISTS seal_leaves (
    leaf_index        BIGINT PRIMARY KEY CHECK (leaf_index >= 0),
    entry_number      BIGINT NOT NULL UNIQUE,
    version           BIGINT NOT NULL,
    recognitions      BIGINT NOT NULL CHECK (recognitions >= 0),
    recognitions_root BYTEA NOT NULL,
    marks             BYTEA NOT NULL
);

CREATE TABLE IF NOT EXISTS seal_hashes (
    position BIGINT PRIMARY KEY CHECK (position >= 0),
    hash     BYTEA NOT NULL
);

CREATE OR REPLACE TRIGGER seal_keys_no_update BEFORE UPDATE ON seal_keys FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER seal_keys_no_delete BEFORE DELETE ON seal_keys FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER seal_keys_no_truncate BEFORE TRUNCATE ON seal_keys FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER seals_no_update BEFORE UPDATE ON seals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER seals_no_delete BEFORE DELETE ON seals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER seals_no_truncate BEFORE TRUNCATE ON seals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER seal_leaves_no_update BEFORE UPDATE ON seal_leaves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER seal_leaves_no_delete BEFORE DELETE ON seal_leaves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER seal_leaves_no_truncate BEFORE TRUNCATE ON seal_leaves FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER seal_hashes_no_update BEFORE UPDATE ON seal_hashes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER seal_hashes_no_delete BEFORE DELETE ON seal_hashes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER seal_hashes_no_truncate BEFORE TRUNCATE ON seal_hashes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON seal_keys, seals, seal_leaves, seal_hashes FROM PUBLIC, CURRENT_USER;
