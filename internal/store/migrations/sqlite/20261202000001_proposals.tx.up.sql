-- What one person proposes and another decides about. An estimate is in force when it is in
-- estimates, and only then: a proposal that is approved is written there under its id, so a
-- version that does not know of proposals reads what is in force and nothing else.

CREATE TABLE IF NOT EXISTS estimate_proposals (
    policy_id     TEXT NOT NULL REFERENCES policies (id),
    id            TEXT NOT NULL,
    in_force_from TEXT NOT NULL,
    rate          TEXT NOT NULL,
    reason        TEXT NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('PROPOSED', 'APPROVED', 'REJECTED')),
    proposer      TEXT NOT NULL,
    created_at_us INTEGER NOT NULL,
    decided_by    TEXT,
    decided_at_us INTEGER,
    decision      TEXT,
    PRIMARY KEY (policy_id, id)
) STRICT;
