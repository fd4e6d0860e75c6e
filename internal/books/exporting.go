package books

import (
	"context"
	"time"

	"drawdown/ledger"
)

// ExportTarget is a general ledger that entries are exported to. How is in its versions,
// which only grow: the latest holds.
type ExportTarget struct {
	ID        string
	Code      string // unique
	CreatedAt time.Time
	CreatedBy string
	Versions  []ExportTargetVersion // by number, the first is 1
}

// Latest is the version that holds.
func (t ExportTarget) Latest() ExportTargetVersion { return t.Versions[len(t.Versions)-1] }

// ExportTargetVersion says how entries reach a target, for batches that are made from then on.
type ExportTargetVersion struct {
	Number      int
	Profile     string // an export.Profile in JSON, as it was given and checked
	Schedule    ExportSchedule
	Destination string // the name of one of the server; "" for none: files are fetched
	Ended       bool   // no batch is made any more
	Reason      string
	CreatedAt   time.Time
	CreatedBy   string
}

// ExportSchedule says when batches are made without being asked for.
type ExportSchedule string

// The schedules of a target.
const (
	ExportByHand     ExportSchedule = "BY_HAND"
	ExportHourly     ExportSchedule = "HOURLY"
	ExportDaily      ExportSchedule = "DAILY"       // once a day of the book's zone has ended
	ExportAfterClose ExportSchedule = "AFTER_CLOSE" // once a period is closed: what was posted until then
)

// ExportSchedules lists the schedules.
func ExportSchedules() []ExportSchedule {
	return []ExportSchedule{ExportByHand, ExportHourly, ExportDaily, ExportAfterClose}
}

// ExportBatch is a range of entries that goes to a target together.
type ExportBatch struct {
	ID                   string
	TargetID             string
	Number               int64 // within the target, from 1, without gaps
	Version              int   // of the target, by which it was written; while it is a draft the one that will be
	Status               ExportStatus
	FromEntry, ToEntry   int64 // both included
	Trigger              string
	CreatedAt            time.Time
	CreatedBy            string
	Progress             int64  // how many entries of a draft are written
	Problem              string // why a draft could not be written, or what is sealed not be put at its destination; "" while nothing keeps it
	SealedAt             time.Time
	Entries, Lines       int64
	Manifest             string // JSON, of what is sealed
	ManifestHash         []byte // SHA-256 of it
	DeliveredAt          time.Time
	DeliveredTo          string
	AcknowledgedAt       time.Time
	AcknowledgedBy       string
	VoidedAt             time.Time
	VoidedBy             string
	Reason               string // why it was voided
	Replaces, ReplacedBy string // ids of batches of the same range
	Files                []ExportFile
	Answers              int64 // how many journals the general ledger answered for
}

// ExportStatus says how far a batch has come.
type ExportStatus string

// The statuses of a batch, in their order.
const (
	ExportDraft        ExportStatus = "DRAFT"        // its range is fixed, its files are being written
	ExportSealed       ExportStatus = "SEALED"       // its files are written, and do not change
	ExportDelivered    ExportStatus = "DELIVERED"    // they have left the book
	ExportAcknowledged ExportStatus = "ACKNOWLEDGED" // the general ledger has all of it
	ExportVoided       ExportStatus = "VOIDED"       // it does not count; its range goes into another one
)

// Live reports whether the entries of the batch count as exported by it.
func (s ExportStatus) Live() bool { return s != ExportVoided }

// ExportFile is one file of a batch.
type ExportFile struct {
	BatchID   string
	Place     int // from 1
	Name      string
	MediaType string
	Bytes     int64
	Rows      int64
	Hash      []byte // SHA-256
}

// ExportPieceBytes is how many bytes of a file are in each of its pieces but the last.
const ExportPieceBytes = 1 << 20

// ExportPiece is a part of a file.
type ExportPiece struct {
	BatchID string
	File    int // the place of the file
	Place   int // from 0
	Bytes   []byte
}

// ExportAnswer is what a general ledger calls a journal of a batch.
type ExportAnswer struct {
	BatchID    string
	Journal    string // our name of it: of an entry JE-000001, or of a summary
	ExternalID string
	At         time.Time
	Actor      string
}

// ExportJournal is what a journal of a summary debits in a currency: as its file has it, or where InBook in the
// functional currency.
type ExportJournal struct {
	BatchID string
	Journal string
	InBook  bool
	Debit   ledger.Amount
}

// ExportBatchFilter narrows a list of batches.
type ExportBatchFilter struct {
	TargetID string
	Status   ExportStatus
	Entry    int64 // in its range
}

// AccountStanding is the balance of an account in a currency, debit positive.
type AccountStanding struct {
	Account            ledger.Role
	Amount, Functional ledger.Amount
}

// exportTx keeps exports. Whoever makes, writes or changes a batch holds its target.
type exportTx interface {
	// InsertExportTarget keeps a target with its first version. Errors: ALREADY_EXISTS for a
	// code that is taken.
	InsertExportTarget(ctx context.Context, target ExportTarget) error
	InsertExportTargetVersion(ctx context.Context, targetID string, version ExportTargetVersion) error
	// LockExportTarget returns the target and holds it until the transaction ends.
	// Errors: NOT_FOUND.
	LockExportTarget(ctx context.Context, id string) (ExportTarget, error)
	ExportTargetsByID(ctx context.Context, ids []string) ([]ExportTarget, error)
	// ExportTargets returns all of them, in order of code.
	ExportTargets(ctx context.Context) ([]ExportTarget, error)

	InsertExportBatch(ctx context.Context, batch ExportBatch) error
	// UpdateExportBatch writes all that can change. Errors: NOT_FOUND.
	UpdateExportBatch(ctx context.Context, batch ExportBatch) error
	// ExportBatchesByID returns batches with their files and how many answers they have; ExportBatches
	// without, in order of id, which is that in which they were made.
	ExportBatchesByID(ctx context.Context, ids []string) ([]ExportBatch, error)
	ExportBatches(ctx context.Context, filter ExportBatchFilter, page Page) ([]ExportBatch, error)
	CountExportBatches(ctx context.Context, filter ExportBatchFilter) (int64, error)
	// ExportFiles returns the files of batches, those of each in order; ExportAnswered how many journals of
	// batches the general ledger answered for, without those that have none.
	ExportFiles(ctx context.Context, batchIDs []string) ([]ExportFile, error)
	ExportAnswered(ctx context.Context, batchIDs []string) (map[string]int64, error)
	// LastExport returns the last entry in a live batch of a target, and the highest number of
	// all of its batches; zero where there is none.
	LastExport(ctx context.Context, targetID string) (entry, number int64, err error)
	// VoidedExports returns the voided batches of a target that nothing replaces yet, by range.
	VoidedExports(ctx context.Context, targetID string) ([]ExportBatch, error)

	// ClaimExportDraft gives a draft without a problem, and that no other writer has, the claim
	// until an instant, and takes away what was written of it before; found is false where there
	// is none, of any target where batchID is "". RenewExportClaim renews it; held is false where another writer has it.
	ClaimExportDraft(ctx context.Context, batchID, claim string, now, until time.Time) (batch ExportBatch, found bool, err error)
	RenewExportClaim(ctx context.Context, batchID, claim string, until time.Time, progress int64) (held bool, err error)
	InsertExportPieces(ctx context.Context, pieces []ExportPiece) error
	// DeleteExportPieces takes away what was written of a draft.
	DeleteExportPieces(ctx context.Context, batchID string) error
	InsertExportFiles(ctx context.Context, files []ExportFile) error
	// InsertExportJournals keeps what the journals of a summary debit, while it is a draft. ExportJournals returns
	// that of journals, in order of journal, those of the file first, and by currency.
	InsertExportJournals(ctx context.Context, journals []ExportJournal) error
	ExportJournals(ctx context.Context, batchID string, journals []string) ([]ExportJournal, error)
	// ExportPiece returns a piece of a file. Errors: NOT_FOUND.
	ExportPiece(ctx context.Context, batchID string, file, place int) ([]byte, error)

	// ExportLinkKey returns what links to files are signed with; nil where SaveExportLinkKey
	// keeps none yet, which keeps the first.
	ExportLinkKey(ctx context.Context) ([]byte, error)
	SaveExportLinkKey(ctx context.Context, secret []byte) error
	InsertExportAnswers(ctx context.Context, answers []ExportAnswer) error
	// ExportAnswers returns those for journals of a batch, or all of them in order of journal
	// after one where journals is nil.
	ExportAnswers(ctx context.Context, batchID string, journals []string, page Page) ([]ExportAnswer, error)

	// StandingBefore returns what the accounts stood at before an entry, in the order of the chart
	// of accounts: from running balances, less what was posted since.
	StandingBefore(ctx context.Context, entry int64) ([]AccountStanding, error)
	// EntriesBetween returns the entries of numbers, both included, with their lines.
	EntriesBetween(ctx context.Context, first, last int64) ([]ledger.Entry, error)
}
