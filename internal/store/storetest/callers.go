package storetest

import (
	"context"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

func audit(t *testing.T, s *suite) {
	event := func(subject, actor, action string, at time.Time) books.AuditEvent {
		return books.AuditEvent{
			ID: newID(), At: at, Actor: actor, ActorName: "Ann O'Neil", Kind: books.ByOIDC, Address: "192.0.2.1",
			Action: action, Subject: subject, Detail: `{"name":"O'Neil"}`, RequestID: "r1",
		}
	}
	a := event("x", "oidc:ann", "customer.create", noon)
	b := event("y", "token:ci", "customer.create", noon.Add(time.Hour))
	a.Reason, a.After = "moved in", `{"name":"O'Neil"}`
	b.RequestID, b.Kind, b.Before, b.After = "r2", books.ByToken, `{"n":1}`, `{"n":2}`
	c := event("x", "token:ci", "pack.create", noon.Add(2*time.Hour))
	c.RequestID, c.ActorName, c.Kind, c.Address = "", "", "", "" // as versions before wrote it
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.AppendAudit(ctx))
		must(t, tx.AppendAudit(ctx, a, b))
		must(t, tx.AppendAudit(ctx, c))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.AuditEvent{a, c})(tx.Audit(ctx, books.AuditFilter{Subject: "x"}, books.Page{}))
		sameIDs(t, auditID, c.ID, b.ID)(tx.Audit(ctx, books.AuditFilter{}, books.Page{Limit: 2, Reverse: true}))
		sameIDs(t, auditID, a.ID)(tx.Audit(ctx, books.AuditFilter{Subject: "x"}, books.Page{After: c.ID, Reverse: true}))
		sameIDs(t, auditID, b.ID, c.ID)(tx.Audit(ctx, books.AuditFilter{Actor: "token:ci"}, books.Page{}))
		sameIDs(t, auditID, c.ID)(tx.Audit(ctx, books.AuditFilter{Actor: "token:ci", Action: "pack.create"}, books.Page{}))
		sameIDs(t, auditID, b.ID)(tx.Audit(ctx, books.AuditFilter{From: b.At, Before: c.At}, books.Page{}))
		same(t, []books.AuditEvent{b})(tx.Audit(ctx, books.AuditFilter{RequestID: "r2"}, books.Page{}))
		sameIDs(t, auditID, a.ID)(tx.Audit(ctx, books.AuditFilter{Kind: books.ByOIDC}, books.Page{}))
		sameIDs(t, auditID, b.ID, a.ID)(tx.Audit(ctx, books.AuditFilter{ActionPrefix: "customer."}, books.Page{Reverse: true}))
		sameIDs(t, auditID, c.ID)(tx.Audit(ctx, books.AuditFilter{ActionPrefix: "pack"}, books.Page{}))
		same(t, int64(0))(tx.CountAudit(ctx, books.AuditFilter{ActionPrefix: "pack.create."}))
		same(t, int64(2))(tx.CountAudit(ctx, books.AuditFilter{Before: c.At}))
		same(t, int64(3))(tx.CountAudit(ctx, books.AuditFilter{}))
	})
}

func tokens(t *testing.T, s *suite) {
	token := func(name string, roles ...books.Role) books.Token {
		return books.Token{
			ID: newID(), Name: name, Hash: []byte("hash of " + name + "\x00\xff"), Roles: roles, Owner: "Ann O'Neil",
			Makers: []string{"cli:root", "it's \"quoted\""}, CreatedBy: "cli:root", CreatedAt: noon,
		}
	}
	all := token("all", books.Operator, books.Accountant)
	ends := token("ends", books.Viewer)
	ends.CustomerID, ends.Owner, ends.ExpiresAt = c1, "bolt_", noon.Add(time.Hour)
	over := token("over", books.Admin)
	s.update(func(ctx context.Context, tx books.Tx) {
		for _, token := range []books.Token{all, ends, over} {
			must(t, tx.InsertToken(ctx, token))
		}
	})
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.InsertToken(ctx, token("all", books.Viewer)) }), books.AlreadyExists)
	refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error { return tx.RevokeToken(ctx, newID(), noon, "x") }), books.NotFound)
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.RevokeToken(ctx, over.ID, noon, "token:all"))
		must(t, tx.RevokeToken(ctx, over.ID, noon.Add(time.Hour), "token:other")) // stays as it is
		must(t, tx.TouchTokens(ctx, map[string]time.Time{all.ID: noon.Add(time.Minute), newID(): noon}))
		must(t, tx.TouchTokens(ctx, map[string]time.Time{all.ID: noon})) // what is later stays
	})
	over.RevokedAt, over.RevokedBy = noon, "token:all"
	all.LastUsedAt = noon.Add(time.Minute)
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Token{all, ends, over})(tx.Tokens(ctx, books.TokenFilter{}, books.Page{}))
		same(t, []books.Token{over})(tx.Tokens(ctx, books.TokenFilter{}, books.Page{Limit: 1, Reverse: true}))
		same(t, []books.Token{ends})(tx.TokensByID(ctx, []string{ends.ID, newID()}))
		same(t, []books.Token{all})(tx.TokensByHash(ctx, [][]byte{all.Hash, []byte("none")}))
		sameIDs(t, tokenID, all.ID)(tx.Tokens(ctx, books.TokenFilter{Role: books.Accountant}, books.Page{}))
		sameIDs(t, tokenID, ends.ID)(tx.Tokens(ctx, books.TokenFilter{CustomerID: c1}, books.Page{}))
		sameIDs(t, tokenID, ends.ID)(tx.Tokens(ctx, books.TokenFilter{Search: "BOLT_"}, books.Page{}))
		sameIDs(t, tokenID, all.ID, ends.ID)(tx.Tokens(ctx, books.TokenFilter{InForceAt: noon}, books.Page{}))
		sameIDs(t, tokenID, all.ID)(tx.Tokens(ctx, books.TokenFilter{InForceAt: ends.ExpiresAt}, books.Page{}))
		sameIDs(t, tokenID, ends.ID, over.ID)(tx.Tokens(ctx, books.TokenFilter{OverAt: ends.ExpiresAt}, books.Page{}))
		same(t, int64(1))(tx.CountTokens(ctx, books.TokenFilter{Search: "over", OverAt: noon}))
	})
}

func tokenID(t books.Token) string { return t.ID }

func proposals(t *testing.T, s *suite) {
	policy, other := aPolicy("pooled"), aPolicy("other")
	proposal := func(policyID string, from ledger.Date, rate string) books.Proposal {
		return books.Proposal{
			Estimate: books.Estimate{
				Estimate: revrec.Estimate{ID: newID(), From: from, Rate: dec(rate)}, PolicyID: policyID, Reason: "history",
				CreatedAt: noon, Status: books.EstimateProposed, ProposedBy: "token:ann",
			},
			Proposer: books.Party{Actor: "token:ann", Persons: []string{"token:ann", "Ann O'Neil"}, Makers: []string{"cli:root"}},
		}
	}
	later, sooner, elsewhere := proposal(policy.ID, day+1, "0.2"), proposal(policy.ID, day, "0.1234567891"), proposal(other.ID, day, "0")
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertPolicy(ctx, policy))
		must(t, tx.InsertPolicy(ctx, other))
		for _, p := range []books.Proposal{later, sooner, elsewhere} {
			must(t, tx.InsertProposal(ctx, p))
		}
		same(t, later)(tx.LockProposal(ctx, policy.ID, later.ID))
	})
	files := proposalFiles(t, s, later, sooner)
	for _, key := range [][2]string{{other.ID, later.ID}, {policy.ID, newID()}, {"0", "none"}} {
		refused(t, s.tryUpdate(func(ctx context.Context, tx books.Tx) error {
			_, err := tx.LockProposal(ctx, key[0], key[1])
			return err
		}), books.NotFound)
	}
	sooner.Status, sooner.DecidedBy, sooner.DecidedAt, sooner.Decision = books.EstimateRejected, "oidc:bob", noon.Add(time.Hour), "too low"
	s.update(func(ctx context.Context, tx books.Tx) { must(t, tx.DecideProposal(ctx, sooner.Estimate)) })
	files.decided(t, s)
	s.view(func(ctx context.Context, tx books.Tx) {
		same(t, []books.Proposal{sooner, later})(tx.Proposals(ctx, []string{policy.ID}))
		same(t, []books.Proposal{sooner, later, elsewhere})(tx.Proposals(ctx, []string{other.ID, policy.ID, newID()}))
		same(t, []books.Estimate{})(tx.Estimates(ctx, []string{policy.ID})) // none is in force
	})
}
