package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/shopspring/decimal"
	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
)

type estimateFileRow struct {
	bun.BaseModel `bun:"table:estimate_files,alias:estimate_files"`

	PolicyID     string
	EstimateID   string
	Method       string
	Parameters   string
	Through      date    `bun:",type:text"`
	ReadAt       instant `bun:"read_at_us,type:bigint"`
	ComputedRate string  `bun:",nullzero"`
	Narrative    string
	DataHash     []byte
	Data         []byte // gzip
	EvidenceHash []byte
	Evidence     []byte // gzip
}

func (row estimateFileRow) file() (books.EstimateFile, error) {
	file := books.EstimateFile{
		PolicyID: row.PolicyID, EstimateID: row.EstimateID, Method: books.EstimateMethod(row.Method), Parameters: row.Parameters,
		Through: ledger.Date(row.Through), ReadAt: row.ReadAt.time(), Narrative: row.Narrative, DataHash: row.DataHash, EvidenceHash: row.EvidenceHash,
	}
	if row.ComputedRate == "" {
		return file, nil
	}
	rate, err := decimal.NewFromString(row.ComputedRate)
	file.ComputedRate = decimal.NewNullDecimal(rate)
	return file, err
}

func (t *tx) InsertEstimateFile(ctx context.Context, file books.EstimateFile, evidence books.EstimateEvidence) error {
	row := estimateFileRow{
		PolicyID: file.PolicyID, EstimateID: file.EstimateID, Method: string(file.Method), Parameters: file.Parameters,
		Through: date(file.Through), ReadAt: instantOf(file.ReadAt), Narrative: file.Narrative, DataHash: file.DataHash, EvidenceHash: file.EvidenceHash,
	}
	if file.ComputedRate.Valid {
		row.ComputedRate = file.ComputedRate.Decimal.String()
	}
	var err error
	if row.Data, err = packed(evidence.Data); err == nil {
		row.Evidence, err = packed(evidence.Evidence)
	}
	if err != nil {
		return err
	}
	return insert(ctx, t, "keeping the file of an estimate", []estimateFileRow{row})
}

func (t *tx) EstimateFiles(ctx context.Context, policyIDs []string) ([]books.EstimateFile, error) {
	rows, err := ofPolicies[estimateFileRow](ctx, t, "reading the files of estimates", policyIDs, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.ExcludeColumn("data", "evidence").Order("policy_id", "estimate_id")
	})
	if err != nil {
		return nil, err
	}
	files := make([]books.EstimateFile, len(rows))
	for i, row := range rows {
		if files[i], err = row.file(); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func (t *tx) EstimateEvidence(ctx context.Context, policyID, estimateID string) (books.EstimateEvidence, error) {
	evidence := books.EstimateEvidence{PolicyID: policyID, EstimateID: estimateID}
	rows, err := list[estimateFileRow](ctx, t, "reading the evidence of an estimate", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("policy_id = ?", rowID(policyID)).Where("estimate_id = ?", rowID(estimateID))
	})
	if err == nil && len(rows) == 0 {
		err = notFound("file of the estimate", estimateID)
	}
	if err != nil {
		return evidence, err
	}
	if evidence.Data, err = unpacked(rows[0].Data); err == nil {
		evidence.Evidence, err = unpacked(rows[0].Evidence)
	}
	return evidence, err
}

type attachmentRow struct {
	bun.BaseModel `bun:"table:estimate_attachments,alias:estimate_attachments"`

	PolicyID   string
	EstimateID string
	Name       string
	MediaType  string
	Bytes      int64
	Hash       []byte
	Content    []byte
	CreatedAt  instant `bun:"created_at_us,type:bigint"`
	CreatedBy  string
}

func (row attachmentRow) attachment() books.Attachment {
	return books.Attachment{
		FileOf: books.FileOf{PolicyID: row.PolicyID, EstimateID: row.EstimateID}, Name: row.Name, MediaType: row.MediaType, Bytes: row.Bytes, Hash: row.Hash,
		CreatedAt: row.CreatedAt.time(), CreatedBy: row.CreatedBy,
	}
}

func (t *tx) InsertAttachment(ctx context.Context, a books.Attachment, content []byte) error {
	if a.ManualID != "" {
		return insert(ctx, t, "keeping an attachment", []manualAttachmentRow{{
			ManualID: a.ManualID, Name: a.Name, MediaType: a.MediaType, Bytes: a.Bytes, Hash: a.Hash, Content: content,
			CreatedAt: instantOf(a.CreatedAt), CreatedBy: a.CreatedBy,
		}})
	}
	return insert(ctx, t, "keeping an attachment", []attachmentRow{{
		PolicyID: a.PolicyID, EstimateID: a.EstimateID, Name: a.Name, MediaType: a.MediaType, Bytes: a.Bytes, Hash: a.Hash, Content: content,
		CreatedAt: instantOf(a.CreatedAt), CreatedBy: a.CreatedBy,
	}})
}

func (t *tx) Attachments(ctx context.Context, policyIDs []string) ([]books.Attachment, error) {
	rows, err := ofPolicies[attachmentRow](ctx, t, "reading attachments", policyIDs, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.ExcludeColumn("content").Order("policy_id", "estimate_id", "name")
	})
	return convert(rows, attachmentRow.attachment), err
}

func (t *tx) AttachmentContent(ctx context.Context, of books.FileOf, name string) ([]byte, error) {
	if of.ManualID != "" {
		rows, err := list[manualAttachmentRow](ctx, t, "reading an attachment", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("manual_id = ?", rowID(of.ManualID)).Where("name = ?", name)
		})
		if err == nil && len(rows) == 0 {
			err = notFound("attachment", name)
		}
		if err != nil {
			return nil, err
		}
		return rows[0].Content, nil
	}
	rows, err := list[attachmentRow](ctx, t, "reading an attachment", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("policy_id = ?", rowID(of.PolicyID)).Where("estimate_id = ?", rowID(of.EstimateID)).Where("name = ?", name)
	})
	if err == nil && len(rows) == 0 {
		err = notFound("attachment", name)
	}
	if err != nil {
		return nil, err
	}
	return rows[0].Content, nil
}

// ofPolicies reads the rows of policies.
func ofPolicies[R any](ctx context.Context, t *tx, doing string, policyIDs []string, also func(*bun.SelectQuery) *bun.SelectQuery) ([]R, error) {
	return inChunks(policyIDs, func(chunk []string) ([]R, error) {
		return list[R](ctx, t, doing, func(q *bun.SelectQuery) *bun.SelectQuery {
			return also(q.Where("policy_id IN (?)", bun.List(convert(chunk, rowIDOf))))
		})
	})
}

// packed is nil for nothing.
func packed(text []byte) ([]byte, error) {
	if len(text) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err := w.Close()
	return b.Bytes(), err
}

// unpacked refuses what is longer than anything that was packed here: a row may have been
// tampered with.
func unpacked(b []byte) ([]byte, error) {
	if len(b) == 0 {
		return nil, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, books.MaxEstimateData+1))
	if err == nil && len(text) > books.MaxEstimateData {
		err = fmt.Errorf("more than %d bytes unpacked", books.MaxEstimateData)
	}
	return text, err
}

// approvedProposals holds what is in force against what was proposed and approved.
var approvedProposals = comparison{
	subject: "'est_' || p.policy_id || '/' || p.id",
	from:    `estimate_proposals AS p LEFT JOIN estimates AS e ON e.policy_id = p.policy_id AND e.id = p.id`,
	pairs: []pair{
		{"estimate.approved", "CASE WHEN p.status = 'APPROVED' THEN p.in_force_from || ' ' || p.rate END", "e.in_force_from || ' ' || e.rate"},
		{"estimate.decided", "CASE WHEN p.status <> 'PROPOSED' AND p.decided_by IS NOT NULL AND p.decided_at_us IS NOT NULL THEN 'decided' WHEN p.decided_by IS NULL AND p.decided_at_us IS NULL THEN 'proposed' END", "CASE WHEN p.status = 'PROPOSED' THEN 'proposed' ELSE 'decided' END"},
	},
}

// estimateFiles holds data, evidence and attachments of estimates against their hashes.
func (f *findings) estimateFiles(ctx context.Context) error {
	type key struct{ PolicyID, EstimateID, Name string }
	files, err := query[key](ctx, f.tx, "reading which estimates have files", "SELECT policy_id, estimate_id, '' AS name FROM estimate_files ORDER BY policy_id, estimate_id")
	if err != nil {
		return err
	}
	for _, at := range files { // one after the other: each may be long
		rows, err := list[estimateFileRow](ctx, f.tx, "reading the file of an estimate", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("policy_id = ?", rowID(at.PolicyID)).Where("estimate_id = ?", rowID(at.EstimateID))
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			subject := "est_" + row.PolicyID + "/" + row.EstimateID
			f.hashed("estimate.data", subject, row.Data, row.DataHash)
			f.hashed("estimate.evidence", subject, row.Evidence, row.EvidenceHash)
		}
	}
	attachments, err := query[key](ctx, f.tx, "reading which attachments there are", "SELECT policy_id, estimate_id, name FROM estimate_attachments ORDER BY policy_id, estimate_id, name")
	if err != nil {
		return err
	}
	for _, at := range attachments {
		rows, err := list[attachmentRow](ctx, f.tx, "reading an attachment", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("policy_id = ?", rowID(at.PolicyID)).Where("estimate_id = ?", rowID(at.EstimateID)).Where("name = ?", at.Name)
		})
		if err != nil {
			return err
		}
		for _, row := range rows {
			f.attached("est_"+row.PolicyID+"/"+row.EstimateID+" "+row.Name, row.Bytes, row.Hash, row.Content)
		}
	}
	return nil
}

// attached holds an attachment against its hash and its length.
func (f *findings) attached(subject string, long int64, hash, content []byte) {
	sum := sha256.Sum256(content)
	if !bytes.Equal(sum[:], hash) {
		f.add("attachment.hash", subject, hex.EncodeToString(hash), hex.EncodeToString(sum[:]))
	}
	if long != int64(len(content)) {
		f.add("attachment.bytes", subject, fmt.Sprint(long), fmt.Sprint(len(content)))
	}
}

// hashed holds what is packed against its hash; nothing has none.
func (f *findings) hashed(check, subject string, b, hash []byte) {
	text, err := unpacked(b)
	var is []byte
	switch {
	case err != nil:
		f.add(check, subject, "unreadable: "+err.Error(), hex.EncodeToString(hash))
		return
	case len(text) > 0:
		sum := sha256.Sum256(text)
		is = sum[:]
	}
	if !bytes.Equal(is, hash) {
		f.add(check, subject, hex.EncodeToString(hash), hex.EncodeToString(is))
	}
}
