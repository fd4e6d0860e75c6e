-- What one person proposes and another decides about. An estimate is in force when it is in
-- estimates, and only then: a proposal that is approved is written there under its id, so a
-- version that does not know of proposals reads what is in force and nothing else.

CREATE TABLE IF NOT EXISTS estimate_proposals (
    policy_id     UUID NOT NULL REFERENCES policies (id),
    id            UUID NOT NULL,
    in_force_from TEXT COLLATE "C" NOT NULL,
    rate          TEXT COLLATE "C" NOT NULL,
    reason        TEXT COLLATE "C" NOT NULL,
    status        TEXT COLLATE "C" NOT NULL CHECK (status IN ('PROPOSED', 'APPROVED', 'REJECTED')),
    proposer      TEXT COLLATE "C" NOT NULL,
    created_at_us BIGINT NOT NULL,
    decided_by    TEXT COLLATE "C",
    decided_at_us BIGINT,
    decision      TEXT COLLATE "C",
    PRIMARY KEY (policy_id, id)
);
