package books

import (
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// Book is what is settled once for a book and never changes.
type Book struct {
	Functional ledger.Currency // the currency in which the company reports
	Zone       string          // IANA name; an accounting date is a calendar day there
	CreatedAt  time.Time
}

// Customer is somebody who buys credits. ExternalID is the company's own id of them.
type Customer struct {
	ID         string
	ExternalID string
	Name       string
	// PolicyID is the policy of the latest purchase (or of the first grant, before
	// any): its burn order and overage rule govern the customer's use. "" before.
	PolicyID string
	// Budgeted is true once the customer has had a budget.
	Budgeted  bool
	CreatedAt time.Time
	// Segment groups customers as the company likes, "" for none. A purchase keeps the one
	// of its day: it is that of its cohort.
	Segment string
	// Jurisdiction is the country, or the part of one, whose law on unclaimed property holds
	// for what the customer buys: a code of ISO 3166 such as DE or US-DE; "" where nobody said.
	Jurisdiction string
}

// Policy is a credit policy under its code.
type Policy struct {
	ID   string
	Code string
	Name string
	revrec.Policy
	CreatedAt time.Time
}

// Pack is a catalogue item: credits by volume tier under a policy. PolicyID and Tiers are
// those of its first version; Later holds the versions after it, in order.
type Pack struct {
	ID        string
	Code      string
	Name      string
	PolicyID  string
	Currency  ledger.Currency
	Tiers     []Tier // by credits, smallest first
	CreatedAt time.Time
	Later     []PackVersion
	// AsOf is the instant at which somebody looks at the pack, who is shown the version in
	// force then; now where zero.
	AsOf time.Time `json:"-"`
}

// Tier is a price for so many credits; any number from there to the next tier costs
// the same per credit.
type Tier struct {
	Credits revrec.Credits
	Price   ledger.Amount
}

// Meter turns a quantity of something into credits: Credits for every Per units.
type Meter struct {
	ID        string
	Code      string
	Name      string
	Unit      string
	Credits   decimal.Decimal
	Per       decimal.Decimal
	CreatedAt time.Time
}

// PurchaseStatus says where a purchase stands with its payment.
type PurchaseStatus string

// The statuses of a purchase.
const (
	PurchasePaid     PurchaseStatus = "PAID"
	PurchaseInvoiced PurchaseStatus = "INVOICED" // not paid; its due date may have come
	PurchaseRefunded PurchaseStatus = "REFUNDED"
	PurchaseVoided   PurchaseStatus = "VOIDED" // called off before it was paid
)

// DisputeStatus says where a chargeback stands.
type DisputeStatus string

// The statuses of a chargeback.
const (
	DisputeOpen DisputeStatus = "OPEN" // claimed: the credits serve no use meanwhile
	DisputeWon  DisputeStatus = "WON"  // the company keeps the money
	DisputeLost DisputeStatus = "LOST" // the customer has it back
)

// Purchase is credits sold, with the lot that they make, or two.
type Purchase struct {
	ID          string
	CustomerID  string
	PackID      string // "" for a custom deal
	PackVersion int    // the version of the pack that priced it; 0 for a custom deal
	PolicyID    string
	LotID       string
	Status      PurchaseStatus
	Credits     revrec.Credits // bought
	Bonus       revrec.Credits // on top: on the same terms, or in a lot of its own
	// BonusLotID is the lot of a bonus on terms of its own, "" where there is none. Its part
	// of the price comes from BonusLikelihood, and from what was bought and the bonus cost alone:
	// StandAlone and BonusStandAlone where they were given, zero where not.
	BonusLotID                  string
	BonusLikelihood             decimal.Decimal
	StandAlone, BonusStandAlone ledger.Amount
	Price                       ledger.Amount // without tax
	Tax                         ledger.Amount
	FXRate                      decimal.Decimal // functional currency per unit of the price's currency
	// Functional and FunctionalTax are Price and Tax at FXRate.
	Functional, FunctionalTax ledger.Amount
	PurchasedAt               time.Time
	// DueOn is the day on which payment falls due, of an invoiced purchase; zero where
	// none was agreed, it is cancellable, or it was paid at once.
	DueOn       ledger.Date
	Cancellable bool
	// DueBooked is true once the receivable of an invoiced purchase is in the journal.
	DueBooked bool
	PaidAt    time.Time // zero while it is not wholly paid
	// InParts is what came in for an invoiced purchase: see Received.
	InParts      ledger.Amount
	RefundedAt   time.Time // zero unless all that was unused was refunded
	RefundAmount ledger.Amount
	VoidedAt     time.Time // zero unless voided
	// Dispute is where the latest chargeback of the purchase stands, "" where there was
	// none; DisputeAmount is what it claims, LostAmount what all of them took.
	Dispute                   DisputeStatus
	DisputedAt                time.Time // zero without a chargeback
	DisputeAmount, LostAmount ledger.Amount
	Reference                 string // the company's own reference, an invoice number say
	// OpeningOn is the cut-over at which the purchase was taken over from another book, with
	// what was left of it; zero for one that was made here.
	OpeningOn ledger.Date
	CreatedAt time.Time
}

// UsageEvent is one use, or the void of one. Source and EventID name it.
type UsageEvent struct {
	ID         string
	CustomerID string
	Source     string
	EventID    string
	MeterID    string          // "" where the event gave credits itself
	Quantity   decimal.Decimal // of the meter's unit; zero without a meter
	Credits    revrec.Credits  // negative for a void
	OccurredAt time.Time
	RecordedAt time.Time
	// VoidOf is the id of the event that this one takes back; "" for a use.
	VoidOf string
	// RateCard is the number of the version that was in force when it occurred; 0 where none
	// was, and without a meter.
	RateCard   int
	Dimensions EventDimensions
}

// Draw is the part of an event that one lot served; negative for a void.
type Draw struct {
	CustomerID string
	EventID    string // the UsageEvent's ID
	LotID      string
	Day        ledger.Date
	Credits    revrec.Credits
}

// LotDay is what was drawn from a lot on one day, net of voids.
type LotDay struct {
	CustomerID string
	LotID      string
	Day        ledger.Date
	Drawn      revrec.Credits
}

// Batch gathers recognitions until they are posted together.
type Batch struct {
	ID        string
	CreatedAt time.Time
	PostedAt  time.Time // zero while open
}

// BatchSum is what the recognitions of a batch add up to for one entry.
type BatchSum struct {
	Day, AccountingDate            ledger.Date
	Kind                           revrec.Kind
	PolicyID                       string
	Currency                       ledger.Currency
	Count                          int64
	Credits                        revrec.Credits
	Minor, Functional              int64
	Unclaimed, UnclaimedFunctional int64
}

// JobStatus says how a run of a job ended.
type JobStatus string

// The statuses of a job run.
const (
	JobRunningNow JobStatus = "RUNNING"
	JobSucceeded  JobStatus = "SUCCEEDED"
	JobFailed     JobStatus = "FAILED"
)

// JobName names a recurring job.
type JobName string

// The jobs, in the order in which `all` runs them.
const (
	JobDue       JobName = "due"       // invoices whose due date has come
	JobRecognise JobName = "recognise" // what was used
	JobExpire    JobName = "expire"    // what lapsed
	JobBreakage  JobName = "breakage"  // what is expected to lapse, and what has become remote
	JobAlerts    JobName = "alerts"    // what runs low or out, and requests for more credits; books nothing
	JobReview    JobName = "review"    // estimates against what came about; books nothing
	JobReconcile JobName = "reconcile" // the sub-ledger against itself and the ledger; books nothing
	JobAll       JobName = "all"       // all of them in this order
)

// JobNames lists the jobs that can be run by hand.
func JobNames() []JobName {
	return []JobName{JobAll, JobDue, JobRecognise, JobExpire, JobBreakage, JobAlerts, JobReview, JobReconcile}
}

// JobRun is one run of a job and what it did.
type JobRun struct {
	ID         string
	Job        JobName
	Trigger    string // START, SCHEDULE or MANUAL
	Status     JobStatus
	Through    ledger.Date // books every day up to and including it
	StartedAt  time.Time
	FinishedAt time.Time // zero while running
	Result     JobResult
	Error      string // what stopped it; "" unless failed
	Holder     string // the process that ran it
}

// JobResult counts what a run did.
type JobResult struct {
	Lots         int64 // lots and pools looked at
	Recognitions int64
	Entries      int64
	FirstEntry   int64 // number of the first entry posted; 0 where none was
	LastEntry    int64
}

// AuditEvent says who changed what, when and why.
type AuditEvent struct {
	ID        string
	At        time.Time
	Actor     string     // as Caller.Actor
	ActorName string     // what people call the actor; "" where nobody said
	Kind      CallerKind // "" of what was written before kinds were
	Address   string     // from where; "" within the process
	Action    string     // such as "purchase.create"
	Subject   string     // id of what was acted on
	Detail    string     // JSON: the request as it was understood
	RequestID string
	Reason    string // why, where the request says so; "" where not
	// Before and After are what was changed, in JSON: as it stood, "" where it is new, and as
	// it stands; both "" of acts that are records themselves (OwnRecord).
	Before, After string
}

// Page asks for a part of a list, in its natural order (of id; of number, for entries) or
// in another that it has.
type Page struct {
	By         Order  // "" is the natural order
	After      string // id after which to go on; "" from the beginning
	AfterValue string // the place of that row in the order By, where By is not ""
	Limit      int    // at most this many
	Reverse    bool   // the last first
}

// LotFilter narrows a list of lots. Zero fields do not narrow.
type LotFilter struct {
	CustomerID, PurchaseID, PolicyID string
	Kind                             revrec.LotKind
	// OpenAt keeps lots that can be used at the instant and have credits left.
	OpenAt time.Time
	// Kinds keeps lots of one of several kinds.
	Kinds    []revrec.LotKind
	Currency ledger.Currency // of the price; of the rate, for overage
	// HasUnused keeps lots that have credits left unused, lapsed or not, or those that
	// have none.
	HasUnused *bool
	// ExpiresFrom and ExpiresBefore keep lots that lapse in [from, before) and have
	// credits left unused.
	ExpiresFrom, ExpiresBefore time.Time
	// PurchasedFrom and PurchasedTo keep lots bought or given on the days, both included.
	PurchasedFrom, PurchasedTo ledger.Date
	CohortID                   string
}

// PurchaseFilter narrows a list of purchases.
type PurchaseFilter struct {
	CustomerID, PackID, PolicyID string
	Status                       PurchaseStatus
	Statuses                     []PurchaseStatus
	Currency                     ledger.Currency
	Reference                    string    // how the reference begins, case of a to z ignored
	From, Before                 time.Time // purchased in [From, Before)
	// PriceFrom and PriceTo keep purchases whose price in the functional currency is
	// within both, in minor units.
	PriceFrom, PriceTo *int64
}

// EventFilter narrows a list of usage events.
type EventFilter struct {
	CustomerID, Source, EventID, MeterID string
	From, Before                         time.Time      // occurred in [From, Before)
	Dimension                            EventDimension // has this one; any where its Key is ""
}

// DrawFilter narrows a list of draws. One of the fields is set. Page.After of draws is
// "<event id>/<lot id>".
type DrawFilter struct {
	CustomerID string
	EventID    string
	LotID      string
	Day        ledger.Date
}

// RecognitionFilter narrows a list of recognitions.
type RecognitionFilter struct {
	CustomerID, LotID, PoolID, PolicyID string
	Kind                                revrec.Kind
	Kinds                               []revrec.Kind
	Currency                            ledger.Currency
	From, To                            ledger.Date // accounting dates, both included
	// Entry keeps the recognitions that the entry of this number sums.
	Entry int64
}

// EntryFilter narrows a list of entries.
type EntryFilter struct {
	From, To  ledger.Date // accounting dates, both included
	Kind      ledger.EntryKind
	Kinds     []ledger.EntryKind
	Reference string
	Batch     string
	Account   ledger.Role // entries with a line on the account
	// OutOfPeriod keeps entries of what happened in an earlier month than they are booked in,
	// or those of what did not.
	OutOfPeriod *bool
}

// AuditFilter narrows the audit trail.
type AuditFilter struct {
	Actor, Subject string
	Action         string     // one kind of act, such as "purchase.create"
	ActionPrefix   string     // those whose kind begins so, such as "purchase."
	Kind           CallerKind // how the actor showed who they are
	RequestID      string
	From, Before   time.Time // written in [From, Before)
}

// ByAction narrows to one kind of act, or with * at its end to all that begin so.
func (f *AuditFilter) ByAction(action string) {
	if prefix, all := strings.CutSuffix(action, "*"); all {
		f.ActionPrefix = prefix
	} else {
		f.Action = action
	}
}

// CustomerFilter narrows a list of customers.
type CustomerFilter struct {
	ID           string
	Search       string // part of the external id or the name
	PolicyID     string
	From, Before time.Time // added in [From, Before)
}

// CatalogFilter narrows a list of policies, packs or meters.
type CatalogFilter struct {
	Search string // part of the code or the name
}

// DeferredFilter narrows what is deferred.
type DeferredFilter struct {
	CustomerID string
	Currency   ledger.Currency // of the contracts
}

// JobFilter narrows a list of job runs.
type JobFilter struct {
	Job          JobName
	Status       JobStatus
	Statuses     []JobStatus
	From, Before time.Time // started in [From, Before)
}

// Deferred is what deferred revenue holds for one customer in one currency, before the
// early breakage of pools, which belongs to no customer.
type Deferred struct {
	CustomerID string
	Currency   ledger.Currency
	Lots       int64
	Unused     revrec.Credits
	Carrying   ledger.Amount
	Functional ledger.Amount
}
