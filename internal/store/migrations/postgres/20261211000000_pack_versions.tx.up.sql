-- Versions of packs. The first version of a pack is its row in packs with its tiers in
-- pack_tiers, as older programs write and read them, and it is in force from the beginning of
-- time; pack_versions holds the versions after it, each from an instant on. A version without
-- tiers that is retired takes the pack off sale.
--
-- purchases.pack_version is the version that priced a purchase. NULL beside a pack is 1: before
-- there were versions, and while a program from before serves the same database.

CREATE TABLE IF NOT EXISTS pack_versions (
    pack_id           UUID NOT NULL REFERENCES packs (id),
    number            BIGINT NOT NULL CHECK (number > 1),
    effective_from_us BIGINT NOT NULL,
    policy_id         UUID NOT NULL REFERENCES policies (id),
    retired           BOOLEAN NOT NULL,
    reason            TEXT COLLATE "C",
    created_at_us     BIGINT NOT NULL,
    PRIMARY KEY (pack_id, number)
);

-- No foreign key to pack_versions: to check it takes the right to change them, which nobody has.
CREATE TABLE IF NOT EXISTS pack_version_tiers (
    pack_id     UUID NOT NULL,
    number      BIGINT NOT NULL,
    credits     BIGINT NOT NULL CHECK (credits > 0),
    price_minor BIGINT NOT NULL CHECK (price_minor >= 0),
    PRIMARY KEY (pack_id, number, credits)
);

CREATE OR REPLACE TRIGGER pack_versions_no_update BEFORE UPDATE ON pack_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER pack_versions_no_delete BEFORE DELETE ON pack_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER pack_versions_no_truncate BEFORE TRUNCATE ON pack_versions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER pack_version_tiers_no_update BEFORE UPDATE ON pack_version_tiers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER pack_version_tiers_no_delete BEFORE DELETE ON pack_version_tiers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER pack_version_tiers_no_truncate BEFORE TRUNCATE ON pack_version_tiers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

REVOKE UPDATE, DELETE, TRUNCATE ON pack_versions FROM PUBLIC, CURRENT_USER;
REVOKE UPDATE, DELETE, TRUNCATE ON pack_version_tiers FROM PUBLIC, CURRENT_USER;

ALTER TABLE purchases ADD COLUMN IF NOT EXISTS pack_version BIGINT;
