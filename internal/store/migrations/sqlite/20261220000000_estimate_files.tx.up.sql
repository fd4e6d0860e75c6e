-- The file of a proposed estimate: how its rate was computed, from which data, and what it came
-- to. data and evidence are kept as they were, packed by gzip, so that the estimate can be
-- computed again when later facts have changed the book; the hashes are of what is packed. An
-- estimate of before there were files has none, and is a judgement.
--
-- What was proposed does not change, and is decided once; what is in force stays as it is.
--
-- What the planner goes by is written here too, so this migration marks itself as applied in
-- its own transaction: a crash leaves all of it or nothing.

CREATE TABLE estimate_files (
    policy_id     TEXT NOT NULL,
    estimate_id   TEXT NOT NULL,
    method        TEXT NOT NULL,
    parameters    TEXT NOT NULL,
    through       TEXT,
    read_at_us    INTEGER,
    computed_rate TEXT,
    narrative     TEXT NOT NULL,
    data_hash     BLOB,
    data          BLOB,
    evidence_hash BLOB,
    evidence      BLOB,
    PRIMARY KEY (policy_id, estimate_id),
    FOREIGN KEY (policy_id, estimate_id) REFERENCES estimate_proposals (policy_id, id)
) STRICT;

CREATE TABLE estimate_attachments (
    policy_id     TEXT NOT NULL,
    estimate_id   TEXT NOT NULL,
    name          TEXT NOT NULL,
    media_type    TEXT NOT NULL,
    bytes         INTEGER NOT NULL,
    hash          BLOB NOT NULL,
    content       BLOB NOT NULL,
    created_at_us INTEGER NOT NULL,
    created_by    TEXT NOT NULL,
    PRIMARY KEY (policy_id, estimate_id, name),
    FOREIGN KEY (policy_id, estimate_id) REFERENCES estimate_proposals (policy_id, id)
) STRICT;

CREATE TRIGGER estimate_files_no_update BEFORE UPDATE ON estimate_files
BEGIN SELECT RAISE(ABORT, 'estimate_files is append-only'); END;
CREATE TRIGGER estimate_files_no_delete BEFORE DELETE ON estimate_files
BEGIN SELECT RAISE(ABORT, 'estimate_files is append-only'); END;
CREATE TRIGGER estimate_attachments_no_update BEFORE UPDATE ON estimate_attachments
BEGIN SELECT RAISE(ABORT, 'estimate_attachments is append-only'); END;
CREATE TRIGGER estimate_attachments_no_delete BEFORE DELETE ON estimate_attachments
BEGIN SELECT RAISE(ABORT, 'estimate_attachments is append-only'); END;
CREATE TRIGGER estimates_no_update BEFORE UPDATE ON estimates
BEGIN SELECT RAISE(ABORT, 'estimates is append-only'); END;
CREATE TRIGGER estimates_no_delete BEFORE DELETE ON estimates
BEGIN SELECT RAISE(ABORT, 'estimates is append-only'); END;

CREATE TRIGGER estimate_files_decided BEFORE INSERT ON estimate_files
WHEN NOT EXISTS (SELECT 1 FROM estimate_proposals AS p WHERE p.policy_id = NEW.policy_id AND p.id = NEW.estimate_id AND p.status = 'PROPOSED')
BEGIN SELECT RAISE(ABORT, 'the estimate is decided: its file takes no more'); END;
CREATE TRIGGER estimate_attachments_decided BEFORE INSERT ON estimate_attachments
WHEN NOT EXISTS (SELECT 1 FROM estimate_proposals AS p WHERE p.policy_id = NEW.policy_id AND p.id = NEW.estimate_id AND p.status = 'PROPOSED')
BEGIN SELECT RAISE(ABORT, 'the estimate is decided: its file takes no more'); END;

CREATE TRIGGER estimate_proposals_decided BEFORE UPDATE ON estimate_proposals
WHEN OLD.status <> 'PROPOSED' OR NEW.status NOT IN ('APPROVED', 'REJECTED')
    OR NEW.policy_id <> OLD.policy_id OR NEW.id <> OLD.id OR NEW.in_force_from <> OLD.in_force_from OR NEW.rate <> OLD.rate
    OR NEW.reason <> OLD.reason OR NEW.proposer <> OLD.proposer OR NEW.created_at_us <> OLD.created_at_us
BEGIN SELECT RAISE(ABORT, 'an estimate is decided once, and does not change otherwise: propose another'); END;
CREATE TRIGGER estimate_proposals_no_delete BEFORE DELETE ON estimate_proposals
BEGIN SELECT RAISE(ABORT, 'what was proposed stays'); END;

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('estimate_files', 'sqlite_autoindex_estimate_files_1', '1000 10 1'),
    ('estimate_attachments', 'sqlite_autoindex_estimate_attachments_1', '3000 30 3 1');
ANALYZE sqlite_schema;

INSERT INTO bun_migrations (name, group_id)
    SELECT '20261220000000', coalesce(max(group_id), 0) + 1 FROM bun_migrations WHERE true
    ON CONFLICT (name) DO NOTHING;
