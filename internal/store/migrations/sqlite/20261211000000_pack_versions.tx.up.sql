-- Versions of packs. The first version of a pack is its row in packs with its tiers in
-- pack_tiers, as older programs write and read them, and it is in force from the beginning of
-- time; pack_versions holds the versions after it, each from an instant on. A version without
-- tiers that is retired takes the pack off sale.
--
-- purchases.pack_version is the version that priced a purchase. NULL beside a pack is 1: before
-- there were versions, and while a program from before serves the same database.
--
-- SQLite cannot add a column only where it is missing, so this migration marks itself as
-- applied in its own transaction: a crash leaves all of it or nothing.

CREATE TABLE pack_versions (
    pack_id           TEXT NOT NULL REFERENCES packs (id),
    number            INTEGER NOT NULL CHECK (number > 1),
    effective_from_us INTEGER NOT NULL,
    policy_id         TEXT NOT NULL REFERENCES policies (id),
    retired           INTEGER NOT NULL CHECK (retired IN (0, 1)),
    reason            TEXT,
    created_at_us     INTEGER NOT NULL,
    PRIMARY KEY (pack_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE pack_version_tiers (
    pack_id     TEXT NOT NULL,
    number      INTEGER NOT NULL,
    credits     INTEGER NOT NULL CHECK (credits > 0),
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    PRIMARY KEY (pack_id, number, credits),
    FOREIGN KEY (pack_id, number) REFERENCES pack_versions (pack_id, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER pack_versions_no_update BEFORE UPDATE ON pack_versions
BEGIN SELECT RAISE(ABORT, 'pack_versions is append-only: add a version'); END;
CREATE TRIGGER pack_versions_no_delete BEFORE DELETE ON pack_versions
BEGIN SELECT RAISE(ABORT, 'pack_versions is append-only: add a version'); END;
CREATE TRIGGER pack_version_tiers_no_update BEFORE UPDATE ON pack_version_tiers
BEGIN SELECT RAISE(ABORT, 'pack_version_tiers is append-only: add a version'); END;
CREATE TRIGGER pack_version_tiers_no_delete BEFORE DELETE ON pack_version_tiers
BEGIN SELECT RAISE(ABORT, 'pack_version_tiers is append-only: add a version'); END;

ALTER TABLE purchases ADD COLUMN pack_version INTEGER;

-- As in the statistics of the book before: what a grown book looks like.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('pack_versions', 'pack_versions', '100 5 1'), ('pack_version_tiers', 'pack_version_tiers', '300 15 3 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261211000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
