-- Seals of closed periods. The entries of the book are the leaves of one log, a tree as RFC
-- 6962 defines it: an entry has one leaf for ever, from the first close of its period on.
-- seal_hashes are the hashes of leaves and of whole subtrees, placed as golang.org/x/mod/sumdb/tlog
-- does. A seal is the signed root of the log after a close; acts are the ids of the closings
-- that it is about, its own and the reopenings since the seal before. marks are the first bytes
-- of the hashes of an entry's row, of its lines and of its recognitions, to find what changed.
-- seal_keys has a row for each change of the key that signs.

CREATE TABLE IF NOT EXISTS seal_keys (
    number     INTEGER PRIMARY KEY CHECK (number > 0),
    public_key BLOB NOT NULL,
    since_us   INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    actor_name TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS seals (
    number     INTEGER PRIMARY KEY CHECK (number > 0),
    closing_id TEXT NOT NULL UNIQUE,
    period     TEXT NOT NULL,
    at_us      INTEGER NOT NULL,
    last_entry INTEGER NOT NULL,
    from_size  INTEGER NOT NULL CHECK (from_size >= 0),
    size       INTEGER NOT NULL CHECK (size >= from_size),
    root       BLOB NOT NULL,
    origin     TEXT NOT NULL,
    key_number INTEGER NOT NULL,
    acts       TEXT NOT NULL,
    checkpoint TEXT NOT NULL
) STRICT;

CREATE INDEX IF NOT EXISTS seals_period ON seals (period, number);

CREATE TABLE IF NOT EXISTS seal_leaves (
    leaf_index        INTEGER PRIMARY KEY CHECK (leaf_index >= 0),
    entry_number      INTEGER NOT NULL UNIQUE,
    version           INTEGER NOT NULL,
    recognitions      INTEGER NOT NULL CHECK (recognitions >= 0),
    recognitions_root BLOB NOT NULL,
    marks             BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS seal_hashes (
    position INTEGER PRIMARY KEY CHECK (position >= 0),
    hash     BLOB NOT NULL
) STRICT;

CREATE TRIGGER IF NOT EXISTS seal_keys_no_update BEFORE UPDATE ON seal_keys
BEGIN SELECT RAISE(ABORT, 'seal_keys is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS seal_keys_no_delete BEFORE DELETE ON seal_keys
BEGIN SELECT RAISE(ABORT, 'seal_keys is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS seals_no_update BEFORE UPDATE ON seals
BEGIN SELECT RAISE(ABORT, 'seals is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS seals_no_delete BEFORE DELETE ON seals
BEGIN SELECT RAISE(ABORT, 'seals is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS seal_leaves_no_update BEFORE UPDATE ON seal_leaves
BEGIN SELECT RAISE(ABORT, 'seal_leaves is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS seal_leaves_no_delete BEFORE DELETE ON seal_leaves
BEGIN SELECT RAISE(ABORT, 'seal_leaves is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS seal_hashes_no_update BEFORE UPDATE ON seal_hashes
BEGIN SELECT RAISE(ABORT, 'seal_hashes is append-only: correct it with a new row'); END;
CREATE TRIGGER IF NOT EXISTS seal_hashes_no_delete BEFORE DELETE ON seal_hashes
BEGIN SELECT RAISE(ABORT, 'seal_hashes is append-only: correct it with a new row'); END;
