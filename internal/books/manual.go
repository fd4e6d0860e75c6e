package books

import (
	"context"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// Bounds of manual entries.
const (
	// maxManualLines bounds one entry: what somebody reads before they approve it.
	maxManualLines = 100
	// maxManualAhead is for how many days ahead an entry can be booked: the next month, of which
	// accruals may be known now. What lies further is a slip in the year.
	maxManualAhead = 31
	// maxManualReverse is within how many days an entry can reverse itself: by the end of the
	// next year's month.
	maxManualReverse = 400
)

// ManualEntry is an entry that one person proposed and another decides about: what no rule
// derives from what happened. It is in the journal once it is approved, with a number.
type ManualEntry struct {
	ID             string
	Kind           ledger.EntryKind // ManualEntry, or ManualReversalEntry of one that takes another back
	AccountingDate ledger.Date
	Reason         string // why it is booked
	Description    string // what it is, as the entry says
	// ControlAccounts says why it is on accounts that lots, pools and purchases derive; "" where
	// it is on none.
	ControlAccounts string
	ReverseOn       ledger.Date // the jobs reverse it on this day; zero for never
	ReverseDue      ledger.Date // ReverseOn from its approval until it is reversed
	Lines           []ledger.Line
	Status          ManualStatus
	Proposer        Party
	CreatedAt       time.Time
	DecidedBy       string    // actor; "" while nobody has
	DecidedAt       time.Time // zero while nobody has
	Decision        string    // why it was approved or rejected
	Reverses        string    // the id of the manual entry that it takes back; "" for none
	Number          int64     // of its entry in the journal; 0 before there is one
}

// ProposedBy returns the actor who proposed it.
func (m ManualEntry) ProposedBy() string { return m.Proposer.Actor }

// ManualStatus says what became of a proposed entry.
type ManualStatus string

// The statuses of a manual entry.
const (
	ManualProposed ManualStatus = "PROPOSED" // waits for another person, and moves nothing
	ManualApproved ManualStatus = "APPROVED" // in the journal
	ManualRejected ManualStatus = "REJECTED" // never in the journal
)

// ManualFilter narrows a list of manual entries; the zero ManualFilter keeps all.
type ManualFilter struct {
	Status   ManualStatus
	Kind     ledger.EntryKind
	From, To ledger.Date // accounting dates, both included
	Account  ledger.Role // with a line on it
}

// NewManualEntry asks for an entry.
type NewManualEntry struct {
	AccountingDate  ledger.Date     `json:"accountingDate"`
	Lines           []NewManualLine `json:"lines"`
	Reason          string          `json:"reason"`
	Description     string          `json:"description"`
	ControlAccounts string          `json:"controlAccounts,omitempty"`
	ReverseOn       ledger.Date     `json:"reverseOn,omitempty"`
}

// NewManualLine is one line of it.
type NewManualLine struct {
	Account ledger.Role     `json:"account"`
	Credit  bool            `json:"credit"` // a debit otherwise
	Amount  decimal.Decimal `json:"amount"`
	// Currency is the book's where empty. Functional is what the amount is in the book's own; by
	// the rate of the day where nil.
	Currency   ledger.Currency  `json:"currency,omitempty"`
	Functional *decimal.Decimal `json:"functionalAmount,omitempty"`
	Customer   string           `json:"customer,omitempty"` // external id
	Policy     string           `json:"policy,omitempty"`   // code
	Pack       string           `json:"pack,omitempty"`     // code
}

// manualTx keeps manual entries.
type manualTx interface {
	// InsertManualEntry keeps a proposed entry with its lines.
	InsertManualEntry(ctx context.Context, m ManualEntry) error
	// LockManualEntry returns the entry and holds it until the transaction ends.
	// Errors: NOT_FOUND.
	LockManualEntry(ctx context.Context, id string) (ManualEntry, error)
	// DecideManualEntry writes status, decision, number and when it is to be reversed.
	// Errors: NOT_FOUND.
	DecideManualEntry(ctx context.Context, decided ManualEntry) error
	// DueReversals holds and returns up to limit entries to be reversed on a day by through, in
	// order of that day; ReversedManual takes one off that queue. Errors: NOT_FOUND.
	DueReversals(ctx context.Context, through ledger.Date, limit int) ([]ManualEntry, error)
	ReversedManual(ctx context.Context, id string) error
	ManualEntriesByID(ctx context.Context, ids []string) ([]ManualEntry, error)
	// ReversalsOfManual returns those that take back any of the entries; what was rejected is
	// left out.
	ReversalsOfManual(ctx context.Context, ids []string) ([]ManualEntry, error)
	// ManualEntries lists them in order of id, which is that in which they were proposed.
	ManualEntries(ctx context.Context, filter ManualFilter, page Page) ([]ManualEntry, error)
	CountManualEntries(ctx context.Context, filter ManualFilter) (int64, error)
	// ManualAttachments returns what is attached to the entries, in order of entry and name.
	ManualAttachments(ctx context.Context, ids []string) ([]Attachment, error)
	// ReversedBy returns, by the number of an entry, the number of the one that reverses it.
	ReversedBy(ctx context.Context, numbers []int64) (map[int64]int64, error)
}

// ManualEntryPropose proposes an entry, which moves nothing before another person approves it.
// Errors: NOT_FOUND, INVALID, TOO_LARGE, CONTROL_ACCOUNT, PERIOD_CLOSED, IDEMPOTENCY_CONFLICT.
func (b *Books) ManualEntryPropose(ctx context.Context, key string, request NewManualEntry) (ManualEntry, error) {
	return once(ctx, b, act{"manual.propose", key, request}, func(ctx context.Context, tx Tx) (ManualEntry, string, error) {
		entry := b.newManual(ctx, ledger.ManualEntry, request.AccountingDate, request.Reason)
		entry.Description, entry.ControlAccounts, entry.ReverseOn = request.Description, request.ControlAccounts, request.ReverseOn
		if err := b.checkManual(ctx, tx, entry); err != nil {
			return entry, "", err
		}
		var err error
		if entry.Lines, err = b.manualLines(ctx, tx, request); err != nil {
			return entry, "", err
		}
		if err := checkControl(entry); err != nil {
			return entry, "", err
		}
		return entry, entry.ID, tx.InsertManualEntry(ctx, entry)
	})
}

// newManual is an entry that the caller proposes.
func (b *Books) newManual(ctx context.Context, kind ledger.EntryKind, on ledger.Date, reason string) ManualEntry {
	return ManualEntry{
		ID: b.newID(), Kind: kind, AccountingDate: on, Reason: reason, Status: ManualProposed,
		Proposer: partyOf(CallerOf(ctx)), CreatedAt: b.clock(),
	}
}

// checkManual checks what is said of an entry beside its lines.
func (b *Books) checkManual(ctx context.Context, tx Tx, m ManualEntry) error {
	if err := checkText("reason", m.Reason, 1, maxNoteLength); err != nil {
		return err
	}
	if err := checkText("description", m.Description, 1, maxTextLength); err != nil {
		return err
	}
	if err := checkText("controlAccounts", m.ControlAccounts, 0, maxNoteLength); err != nil {
		return err
	}
	first, last := ledger.DateOf(earliest, b.zone), b.today()+maxManualAhead
	if m.AccountingDate < first || m.AccountingDate > last {
		return refuse(Invalid, "accountingDate", "must be of 1970 or later, and %s at the latest, not %s", last, m.AccountingDate)
	}
	if on := m.ReverseOn; on != 0 && (on.Period() <= m.AccountingDate.Period() || on > m.AccountingDate+maxManualReverse) {
		return refuse(Invalid, "reverseOn", "must lie in a later month than %s, and at most %d days later, not on %s", m.AccountingDate, maxManualReverse, on)
	}
	return checkManualOpen(ctx, tx, "accountingDate", m)
}

// checkManualOpen refuses a date in a closed period, and says which one would do: what people
// date is not moved. Errors: PERIOD_CLOSED.
func checkManualOpen(ctx context.Context, tx Tx, field string, m ManualEntry) error {
	closed, err := tx.ClosedThrough(ctx)
	if err == nil && closed != 0 && m.AccountingDate.Period() <= closed {
		err = refuse(PeriodClosed, field, "is of %s, which is closed: the first open day is %s", m.AccountingDate.Period(), (closed + 1).First())
	}
	return err
}

// checkControl holds an entry on accounts that lots, pools and purchases derive against what
// was said of that. Errors: CONTROL_ACCOUNT, INVALID.
func checkControl(m ManualEntry) error {
	for i, line := range m.Lines {
		if account, _ := ledger.AccountOf(line.Account); account.Control {
			if m.ControlAccounts == "" {
				return refuse(ControlAccount, "lines."+strconv.Itoa(i)+".account",
					"%s follows from lots, pools and purchases: correct what happened by its own verb, or say in controlAccounts why the ledger is to differ from them", line.Account)
			}
			return nil
		}
	}
	if m.ControlAccounts != "" {
		return refuse(Invalid, "controlAccounts", "goes with a line on an account that lots, pools and purchases derive, and there is none")
	}
	return nil
}

// DecideManual approves or rejects a proposed entry.
type DecideManual struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
	// SHA256 is that of what is approved, see [ManualEntry.SHA256]: needed where papers are attached,
	// which may be added until it is decided. What else was proposed never changes.
	SHA256 string `json:"sha256,omitempty"`
}

// ManualDecision is an entry that was decided about, and how it stood before.
type ManualDecision struct {
	Entry  ManualEntry
	Before ManualStatus
}

// changed is the part that the trail is about.
func (d ManualDecision) changed() any { return d.Entry }

// ManualEntryApprove posts a proposed entry, under its own accounting date.
// Errors: NOT_FOUND, ALREADY_DECIDED, SAME_PERSON, PERIOD_CLOSED, IDEMPOTENCY_CONFLICT, and INVALID where
// it has papers and the request does not name it as it stands.
func (b *Books) ManualEntryApprove(ctx context.Context, key string, request DecideManual) (ManualDecision, error) {
	return b.decideManual(ctx, act{"manual.approve", key, request}, request, func(ctx context.Context, tx Tx, m *ManualEntry) error {
		if err := twoPersons(m.Proposer, partyOf(CallerOf(ctx))); err != nil {
			return err
		}
		if err := checkManualOpen(ctx, tx, "manualEntryId", *m); err != nil {
			return err
		}
		if err := checkSeen(ctx, tx, *m, request.SHA256); err != nil {
			return err
		}
		m.Status, m.ReverseDue = ManualApproved, m.ReverseOn
		return b.postManual(ctx, tx, m, m.AccountingDate)
	})
}

// ManualEntryReject ends a proposal, also by the person who made it.
// Errors: NOT_FOUND, ALREADY_DECIDED, INVALID, IDEMPOTENCY_CONFLICT.
func (b *Books) ManualEntryReject(ctx context.Context, key string, request DecideManual) (ManualDecision, error) {
	return b.decideManual(ctx, act{"manual.reject", key, request}, request, func(_ context.Context, _ Tx, m *ManualEntry) error {
		m.Status = ManualRejected
		return nil
	})
}

// decideManual runs a decision about an entry that waits for one.
func (b *Books) decideManual(ctx context.Context, a act, request DecideManual, decision func(context.Context, Tx, *ManualEntry) error) (ManualDecision, error) {
	return once(ctx, b, a, func(ctx context.Context, tx Tx) (ManualDecision, string, error) {
		if err := checkText("reason", request.Reason, 0, maxNoteLength); err != nil {
			return ManualDecision{}, "", err
		}
		m, err := lockManual(ctx, tx, request.ID)
		if err != nil {
			return ManualDecision{}, "", err
		}
		if m.Status != ManualProposed {
			return ManualDecision{}, "", manualDecided(m)
		}
		before := m.Status
		was(ctx, m)
		m.DecidedBy, m.DecidedAt, m.Decision = CallerOf(ctx).Actor, b.clock(), request.Reason
		if err := decision(ctx, tx, &m); err != nil {
			return ManualDecision{}, "", err
		}
		return ManualDecision{m, before}, m.ID, tx.DecideManualEntry(ctx, m)
	})
}

func lockManual(ctx context.Context, tx Tx, id string) (ManualEntry, error) {
	m, err := tx.LockManualEntry(ctx, id)
	if err != nil && CodeOf(err) == NotFound {
		err = refuse(NotFound, "manualEntryId", "names no manual entry")
	}
	return m, err
}

func manualDecided(m ManualEntry) error {
	return refuse(AlreadyDecided, "manualEntryId", "the entry is %s already, by %s", m.Status, m.DecidedBy)
}

// postManual writes the entry of what was approved: of something that is about a day.
func (b *Books) postManual(ctx context.Context, tx Tx, m *ManualEntry, day ledger.Date) error {
	papers, err := tx.ManualAttachments(ctx, []string{m.ID})
	if err != nil {
		return err
	}
	approved, err := m.SHA256(papers)
	if err != nil {
		return err
	}
	entry := ledger.Entry{
		Kind: m.Kind, AccountingDate: m.AccountingDate, OccurredOn: day, PostedAt: b.clock(),
		Reference: m.ID, Description: m.Description, Approved: approved, Lines: m.Lines,
	}
	if m.Reverses != "" {
		of, err := tx.ManualEntriesByID(ctx, []string{m.Reverses})
		if err != nil {
			return err
		}
		if len(of) == 0 {
			return refuse(Internal, "", "manual entry %s is missing", m.Reverses)
		}
		entry.Reverses = of[0].Number
	}
	posted, err := tx.AppendEntries(ctx, []ledger.Entry{entry})
	if err == nil {
		m.Number = posted[0].Number
	}
	return err
}
