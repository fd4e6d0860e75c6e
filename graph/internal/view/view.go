package view

import (
	"context"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

// Node is anything with an id of its own: a pointer to one of the domain's structs.
type Node any

// Edge is a row of a page with its cursor.
type Edge[T any] struct {
	Cursor string
	Node   *T
}

// Connection is a page of a list. What is made of its rows is made when it is asked for.
type Connection[T any] struct {
	Rows []T
	// More says whether rows follow, Behind whether some came before.
	More, Behind bool
	// CursorOf returns the cursor of a row.
	CursorOf func(*T) string
	// Count returns how many rows the list has in all.
	Count func(context.Context) (int64, error)
}

// Nodes returns the rows without their cursors.
func (c *Connection[T]) Nodes() []*T {
	nodes := make([]*T, len(c.Rows))
	for i := range c.Rows {
		nodes[i] = &c.Rows[i]
	}
	return nodes
}

// Edges returns the rows with their cursors.
func (c *Connection[T]) Edges() []Edge[T] {
	edges := make([]Edge[T], len(c.Rows))
	for i := range c.Rows {
		edges[i] = Edge[T]{Cursor: c.CursorOf(&c.Rows[i]), Node: &c.Rows[i]}
	}
	return edges
}

// PageInfo says where the page stands in its list.
func (c *Connection[T]) PageInfo() PageInfo {
	info := PageInfo{HasNextPage: c.More, HasPreviousPage: c.Behind}
	if n := len(c.Rows); n > 0 {
		start, end := c.CursorOf(&c.Rows[0]), c.CursorOf(&c.Rows[n-1])
		info.StartCursor, info.EndCursor = &start, &end
	}
	return info
}

// PageInfo says where a page stands in its list.
type PageInfo struct {
	HasNextPage, HasPreviousPage bool
	StartCursor, EndCursor       *string
}

// TotalCount counts the list.
func (c *Connection[T]) TotalCount(ctx context.Context) (int64, error) { return c.Count(ctx) }

// The pages and edges of the API, by the names of the schema.
//
//nolint:revive // one comment says it of all
type (
	CustomerConnection        = Connection[books.Customer]
	CustomerEdge              = Edge[books.Customer]
	PolicyConnection          = Connection[books.Policy]
	PolicyEdge                = Edge[books.Policy]
	PackConnection            = Connection[books.Pack]
	PackEdge                  = Edge[books.Pack]
	MeterConnection           = Connection[books.Meter]
	MeterEdge                 = Edge[books.Meter]
	RateCardConnection        = Connection[books.RateCard]
	RateCardEdge              = Edge[books.RateCard]
	PurchaseConnection        = Connection[books.Purchase]
	PurchaseEdge              = Edge[books.Purchase]
	LotConnection             = Connection[revrec.Lot]
	LotEdge                   = Edge[revrec.Lot]
	HoldConnection            = Connection[books.Hold]
	HoldEdge                  = Edge[books.Hold]
	UsageEventConnection      = Connection[books.UsageEvent]
	UsageEventEdge            = Edge[books.UsageEvent]
	DrawConnection            = Connection[books.Draw]
	DrawEdge                  = Edge[books.Draw]
	RecognitionConnection     = Connection[revrec.Recognition]
	RecognitionEdge           = Edge[revrec.Recognition]
	EntryConnection           = Connection[ledger.Entry]
	EntryEdge                 = Edge[ledger.Entry]
	ManualEntryConnection     = Connection[books.ManualEntry]
	ManualEntryEdge           = Edge[books.ManualEntry]
	DeferredRevenueConnection = Connection[books.Deferred]
	DeferredRevenueEdge       = Edge[books.Deferred]
	AlertRuleConnection       = Connection[books.AlertRule]
	AlertRuleEdge             = Edge[books.AlertRule]
	AlertConnection           = Connection[books.Alert]
	AlertEdge                 = Edge[books.Alert]
	TopUpRuleConnection       = Connection[books.TopUpRule]
	TopUpRuleEdge             = Edge[books.TopUpRule]
	TopUpConnection           = Connection[books.TopUp]
	TopUpEdge                 = Edge[books.TopUp]
	ExpiringConnection        = Connection[books.Expiring]
	ExpiringEdge              = Edge[books.Expiring]
	StatementLineConnection   = Connection[books.StatementLine]
	StatementLineEdge         = Edge[books.StatementLine]
	JobRunConnection          = Connection[books.JobRun]
	JobRunEdge                = Edge[books.JobRun]
	TokenConnection           = Connection[books.Token]
	TokenEdge                 = Edge[books.Token]
	WebhookConnection         = Connection[books.Webhook]
	WebhookEdge               = Edge[books.Webhook]
	WebhookDeliveryConnection = Connection[books.Delivery]
	WebhookDeliveryEdge       = Edge[books.Delivery]
	AuditEventConnection      = Connection[books.AuditEvent]
	AuditEventEdge            = Edge[books.AuditEvent]
	ExportBatchConnection     = Connection[books.ExportBatch]
	ExportBatchEdge           = Edge[books.ExportBatch]
)

// TrialBalance is a trial balance whose rows know their span.
type TrialBalance struct {
	From, To           ledger.Period
	AsOf               time.Time
	PostedThrough      int64
	FunctionalCurrency ledger.Currency
	Rows               []TrialBalanceRow
}

// TrialBalanceRow is one account in one currency over the span.
type TrialBalanceRow struct {
	ledger.Balance
	From, To ledger.Period
}

// Side is a side of the journal.
type Side string

// The sides.
const (
	Debit  Side = "DEBIT"
	Credit Side = "CREDIT"
)

// Job is a job under its name.
type Job struct {
	Name books.JobName
}

// UserError is a refusal with the path of the argument that is to blame.
type UserError struct {
	Field   []string
	Code    books.Code
	Message string
}

// BonusTerms is how a bonus that is a lot of its own came by its part of the price.
type BonusTerms struct {
	Lot                  *revrec.Lot
	Price                ledger.Amount
	Likelihood           decimal.Decimal
	StandAlonePrice      ledger.Amount
	BonusStandAlonePrice *ledger.Amount
}
