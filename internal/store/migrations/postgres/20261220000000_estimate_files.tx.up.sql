-- The file of a proposed estimate: how its rate was computed, from which data, and what it came
-- to. data and evidence are kept as they were, packed by gzip, so that the estimate can be
-- computed again when later facts have changed the book; the hashes are of what is packed. An
-- estimate of before there were files has none, and is a judgement.
--
-- What was proposed does not change, and is decided once; what is in force stays as it is.

CREATE TABLE IF NOT EXISTS estimate_files (
    policy_id     UUID NOT NULL,
    estimate_id   UUID NOT NULL,
    method        TEXT COLLATE "C" NOT NULL,
    parameters    TEXT COLLATE "C" NOT NULL,
    through       TEXT COLLATE "C",
    read_at_us    BIGINT,
    computed_rate TEXT COLLATE "C",
    narrative     TEXT COLLATE "C" NOT NULL,
    data_hash     BYTEA,
    data          BYTEA,
    evidence_hash BYTEA,
    evidence      BYTEA,
    PRIMARY KEY (policy_id, estimate_id),
    FOREIGN KEY (policy_id, estimate_id) REFERENCES estimate_proposals (policy_id, id)
);

CREATE TABLE IF NOT EXISTS estimate_attachments (
    policy_id     UUID NOT NULL,
    estimate_id   UUID NOT NULL,
    name          TEXT COLLATE "C" NOT NULL,
    media_type    TEXT COLLATE "C" NOT NULL,
    bytes         BIGINT NOT NULL,
    hash          BYTEA NOT NULL,
    content       BYTEA NOT NULL,
    created_at_us BIGINT NOT NULL,
    created_by    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (policy_id, estimate_id, name),
    FOREIGN KEY (policy_id, estimate_id) REFERENCES estimate_proposals (policy_id, id)
);

CREATE OR REPLACE FUNCTION refuse_filed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM estimate_proposals AS p WHERE p.policy_id = NEW.policy_id AND p.id = NEW.estimate_id AND p.status = 'PROPOSED') THEN
        RAISE EXCEPTION 'the estimate is decided: its file takes no more' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION refuse_decided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'PROPOSED' OR NEW.status NOT IN ('APPROVED', 'REJECTED')
        OR NEW.policy_id <> OLD.policy_id OR NEW.id <> OLD.id OR NEW.in_force_from <> OLD.in_force_from OR NEW.rate <> OLD.rate
        OR NEW.reason <> OLD.reason OR NEW.proposer <> OLD.proposer OR NEW.created_at_us <> OLD.created_at_us THEN
        RAISE EXCEPTION 'an estimate is decided once, and does not change otherwise: propose another' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was proposed stays' USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER estimate_files_no_update BEFORE UPDATE ON estimate_files FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER estimate_files_no_delete BEFORE DELETE ON estimate_files FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER estimate_files_no_truncate BEFORE TRUNCATE ON estimate_files FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER estimate_attachments_no_update BEFORE UPDATE ON estimate_attachments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER estimate_attachments_no_delete BEFORE DELETE ON estimate_attachments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER estimate_attachments_no_truncate BEFORE TRUNCATE ON estimate_attachments FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER estimates_no_update BEFORE UPDATE ON estimates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER estimates_no_delete BEFORE DELETE ON estimates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER estimates_no_truncate BEFORE TRUNCATE ON estimates FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE TRIGGER estimate_files_decided BEFORE INSERT ON estimate_files FOR EACH ROW EXECUTE FUNCTION refuse_filed();
CREATE OR REPLACE TRIGGER estimate_attachments_decided BEFORE INSERT ON estimate_attachments FOR EACH ROW EXECUTE FUNCTION refuse_filed();
CREATE OR REPLACE TRIGGER estimate_proposals_decided BEFORE UPDATE ON estimate_proposals FOR EACH ROW EXECUTE FUNCTION refuse_decided();
CREATE OR REPLACE TRIGGER estimate_proposals_no_delete BEFORE DELETE ON estimate_proposals FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();
CREATE OR REPLACE TRIGGER estimate_proposals_no_truncate BEFORE TRUNCATE ON estimate_proposals FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal();

REVOKE UPDATE, DELETE, TRUNCATE ON estimate_files, estimate_attachments, estimates FROM PUBLIC, CURRENT_USER;
