package storetest

import (
	"context"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
)

// filed is two proposals with their files.
type filed struct{ computed, judged books.Proposal }

// proposalFiles keeps and reads the files of two proposals of one policy.
func proposalFiles(t *testing.T, s *suite, computed, judged books.Proposal) filed {
	policyID := computed.PolicyID
	file := books.EstimateFile{
		PolicyID: policyID, EstimateID: computed.ID, Method: "CHAIN_LADDER", Parameters: `{"seed":"1"}`, Through: day, ReadAt: noon,
		ComputedRate: decimal.NewNullDecimal(dec("0.1234")), Narrative: "Two years.\nO'Neil", DataHash: []byte{1, 0, 2}, EvidenceHash: []byte{0xff},
	}
	evidence := books.EstimateEvidence{PolicyID: policyID, EstimateID: computed.ID, Data: []byte(strings.Repeat("data\x00", 100_000)), Evidence: []byte(`{"rate":"0.1234"}`)}
	byHand := books.EstimateFile{PolicyID: policyID, EstimateID: judged.ID, Method: books.Judgement, Parameters: "{}"}
	attachment := func(p books.Proposal, name string, content string) books.Attachment {
		return books.Attachment{
			FileOf: books.FileOf{PolicyID: policyID, EstimateID: p.ID}, Name: name, MediaType: "text/plain", Bytes: int64(len(content)), Hash: []byte(content[:1]), CreatedAt: noon, CreatedBy: "token:ann",
		}
	}
	memo, minutes, other := attachment(computed, "memo ä.txt", "memo"), attachment(computed, "minutes", "\x00\xff"), attachment(judged, "memo ä.txt", "other")
	s.update(func(ctx context.Context, tx books.Tx) {
		must(t, tx.InsertEstimateFile(ctx, file, evidence))
		must(t, tx.InsertEstimateFile(ctx, byHand, books.EstimateEvidence{}))
		must(t, tx.InsertAttachment(ctx, minutes, []byte("\x00\xff")))
		must(t, tx.InsertAttachment(ctx, memo, []byte("memo")))
		must(t, tx.InsertAttachment(ctx, other, []byte("other")))
	})
	s.view(func(ctx context.Context, tx books.Tx) {
		files, attachments := []books.EstimateFile{file, byHand}, []books.Attachment{memo, minutes, other}
		if judged.ID < computed.ID {
			files, attachments = []books.EstimateFile{byHand, file}, []books.Attachment{other, memo, minutes}
		}
		same(t, files)(tx.EstimateFiles(ctx, []string{policyID, newID()}))
		same(t, attachments)(tx.Attachments(ctx, []string{policyID, newID()}))
		same(t, evidence)(tx.EstimateEvidence(ctx, policyID, computed.ID))
		same(t, books.EstimateEvidence{PolicyID: policyID, EstimateID: judged.ID})(tx.EstimateEvidence(ctx, policyID, judged.ID))
		same(t, []byte("\x00\xff"))(tx.AttachmentContent(ctx, minutes.FileOf, "minutes"))
		same(t, []byte("other"))(tx.AttachmentContent(ctx, other.FileOf, "memo ä.txt"))
	})
	for _, missing := range []func(context.Context, books.Tx) error{
		func(ctx context.Context, tx books.Tx) error {
			_, err := tx.EstimateEvidence(ctx, policyID, newID())
			return err
		},
		func(ctx context.Context, tx books.Tx) error {
			_, err := tx.AttachmentContent(ctx, other.FileOf, "minutes")
			return err
		},
	} {
		refused(t, s.tryUpdate(missing), books.NotFound)
	}
	return filed{computed, judged}
}

// decided holds that the database takes nothing for what is decided, and decides it once.
func (f filed) decided(t *testing.T, s *suite) {
	t.Helper()
	for what, act := range map[string]func(context.Context, books.Tx) error{
		"attaching": func(ctx context.Context, tx books.Tx) error {
			return tx.InsertAttachment(ctx, books.Attachment{FileOf: books.FileOf{PolicyID: f.judged.PolicyID, EstimateID: f.judged.ID}, Name: "late", MediaType: "text/plain", Bytes: 1, Hash: []byte{1}, CreatedAt: noon, CreatedBy: "x"}, []byte("x"))
		},
		"deciding again": func(ctx context.Context, tx books.Tx) error {
			again := f.judged.Estimate
			again.Status, again.DecidedBy, again.DecidedAt = books.EstimateApproved, "token:eve", noon
			return tx.DecideProposal(ctx, again)
		},
		"taking back": func(ctx context.Context, tx books.Tx) error {
			back := f.computed.Estimate
			back.Status = books.EstimateProposed
			return tx.DecideProposal(ctx, back)
		},
	} {
		if err := s.tryUpdate(act); err == nil || !strings.Contains(err.Error(), "decided") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
