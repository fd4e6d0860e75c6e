package store

import (
	"context"
	"encoding/json"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type proposalRow struct {
	bun.BaseModel `bun:"table:estimate_proposals,alias:estimate_proposals"`

	PolicyID    string
	ID          string
	InForceFrom date   `bun:",type:text"`
	Rate        number `bun:",type:text"`
	Reason      string
	Status      string
	Proposer    string  // a JSON object
	CreatedAt   instant `bun:"created_at_us,type:bigint"`
	DecidedBy   string  `bun:",nullzero"`
	DecidedAt   instant `bun:"decided_at_us,type:bigint"`
	Decision    string  `bun:",nullzero"`
}

func (row proposalRow) proposal() (books.Proposal, error) {
	p := books.Proposal{Estimate: books.Estimate{
		Estimate: revrec.Estimate{ID: row.ID, From: ledger.Date(row.InForceFrom), Rate: row.Rate.Decimal},
		PolicyID: row.PolicyID, Reason: row.Reason, CreatedAt: row.CreatedAt.time(), Status: books.EstimateStatus(row.Status),
		DecidedBy: row.DecidedBy, DecidedAt: row.DecidedAt.time(), Decision: row.Decision,
	}}
	err := json.Unmarshal([]byte(row.Proposer), &p.Proposer)
	p.ProposedBy = p.Proposer.Actor
	return p, err
}

func proposals(rows []proposalRow, err error) ([]books.Proposal, error) {
	if err != nil {
		return nil, err
	}
	found := make([]books.Proposal, len(rows))
	for i, row := range rows {
		if found[i], err = row.proposal(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (t *tx) InsertProposal(ctx context.Context, p books.Proposal) error {
	proposer, err := json.Marshal(p.Proposer)
	if err != nil {
		return err
	}
	return insert(ctx, t, "keeping a proposed estimate", []proposalRow{{
		PolicyID: p.PolicyID, ID: p.ID, InForceFrom: date(p.From), Rate: number{p.Rate}, Reason: p.Reason,
		Status: string(p.Status), Proposer: string(proposer), CreatedAt: instantOf(p.CreatedAt),
		DecidedBy: p.DecidedBy, DecidedAt: instantOf(p.DecidedAt), Decision: p.Decision,
	}})
}

func (t *tx) Proposals(ctx context.Context, policyIDs []string) ([]books.Proposal, error) {
	return proposals(inChunks(policyIDs, func(chunk []string) ([]proposalRow, error) {
		return list[proposalRow](ctx, t, "reading proposed estimates", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("policy_id IN (?)", bun.List(convert(chunk, rowIDOf))).Order("policy_id", "in_force_from", "id")
		})
	}))
}

func (t *tx) LockProposal(ctx context.Context, policyID, id string) (books.Proposal, error) {
	found, err := proposals(query[proposalRow](ctx, t, "holding a proposed estimate",
		"SELECT * FROM estimate_proposals WHERE policy_id = ? AND id = ?"+t.holding("estimate_proposals"), rowID(policyID), rowID(id)))
	if err == nil && len(found) == 0 {
		err = notFound("proposed estimate", id)
	}
	if err != nil {
		return books.Proposal{}, err
	}
	return found[0], nil
}

func (t *tx) DecideProposal(ctx context.Context, e books.Estimate) error {
	touched, err := t.exec(ctx, "deciding about a proposed estimate",
		"UPDATE estimate_proposals SET status = ?, decided_by = ?, decided_at_us = ?, decision = ? WHERE policy_id = ? AND id = ?",
		string(e.Status), e.DecidedBy, instantOf(e.DecidedAt), e.Decision, rowID(e.PolicyID), rowID(e.ID))
	return wroteOne("proposed estimate", e.ID, touched, err)
}
