package store

import (
	"context"
	"strings"

	"github.com/shopspring/decimal"
	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type customerRow struct {
	bun.BaseModel `bun:"table:customers,alias:customers"`

	ID         string
	ExternalID string
	Name       string
	PolicyID   string  `bun:",nullzero"`
	CreatedAt  instant `bun:"created_at_us,type:bigint"`
	Budgeted   bool
	Segment    string `bun:",nullzero"`

	Jurisdiction string `bun:",nullzero"`
}

func customerRowOf(c books.Customer) customerRow {
	return customerRow{ID: c.ID, ExternalID: c.ExternalID, Name: c.Name, PolicyID: c.PolicyID, CreatedAt: instantOf(c.CreatedAt), Segment: c.Segment, Jurisdiction: c.Jurisdiction}
}

func (row customerRow) customer() books.Customer {
	return books.Customer{ID: row.ID, ExternalID: row.ExternalID, Name: row.Name, PolicyID: row.PolicyID, CreatedAt: row.CreatedAt.time(), Budgeted: row.Budgeted, Segment: row.Segment, Jurisdiction: row.Jurisdiction}
}

func (t *tx) InsertCustomer(ctx context.Context, customer books.Customer) error {
	err := insert(ctx, t, "keeping a customer", []customerRow{customerRowOf(customer)})
	return takenAs("externalId", "is the id of another customer: "+customer.ExternalID, err)
}

func (t *tx) SetCustomerPolicy(ctx context.Context, customerID, policyID string) error {
	touched, err := t.exec(ctx, "changing a customer", "UPDATE customers SET policy_id = ? WHERE id = ?", policyID, customerID)
	return wroteOne("customer", customerID, touched, err)
}

func (t *tx) SetFirstPolicy(ctx context.Context, customerID, policyID string) error {
	touched, err := t.exec(ctx, "changing a customer", "UPDATE customers SET policy_id = coalesce(policy_id, ?) WHERE id = ?", policyID, customerID)
	return wroteOne("customer", customerID, touched, err)
}

// wroteOne turns an update that found no row into NOT_FOUND.
func wroteOne(what, id string, touched int64, err error) error {
	if err == nil && touched != 1 {
		return notFound(what, id)
	}
	return err
}

func notFound(what, id string) error {
	return &books.Error{Code: books.NotFound, Message: "there is no " + what + " " + id}
}

func (t *tx) CustomersByID(ctx context.Context, ids []string) ([]books.Customer, error) {
	rows, err := byColumn[customerRow](ctx, t, "reading customers", "id", ids)
	return convert(rows, customerRow.customer), err
}

func (t *tx) CustomersByExternalID(ctx context.Context, externalIDs []string) ([]books.Customer, error) {
	if t.bulk {
		rows, err := t.postgresCustomers(ctx, externalIDs)
		return convert(rows, customerRow.customer), err
	}
	rows, err := byColumn[customerRow](ctx, t, "reading customers", "external_id", externalIDs)
	return convert(rows, customerRow.customer), err
}

// customerOrders go by the indexes customers_name and that of the external id.
var customerOrders = orders{
	books.ByName:       {expression: "lower(name)", text: true},
	books.ByExternalID: {expression: "external_id", text: true},
}

func (t *tx) Customers(ctx context.Context, filter books.CustomerFilter, page books.Page) ([]books.Customer, error) {
	place, err := customerOrders.by(page, byID(page))
	if err != nil {
		return nil, err
	}
	rows, err := list[customerRow](ctx, t, "listing customers", func(q *bun.SelectQuery) *bun.SelectQuery {
		return place.on(ofCustomers(q, filter))
	})
	return convert(rows, customerRow.customer), err
}

func (t *tx) CountCustomers(ctx context.Context, filter books.CustomerFilter) (int64, error) {
	return count[customerRow](ctx, t, "counting customers", func(q *bun.SelectQuery) *bun.SelectQuery {
		return ofCustomers(q, filter)
	})
}

func ofCustomers(q *bun.SelectQuery, filter books.CustomerFilter) *bun.SelectQuery {
	q = whereID(whereID(searched(q, filter.Search, "external_id"), "id", filter.ID), "policy_id", filter.PolicyID)
	return whereWithin(q, "created_at_us", filter.From, filter.Before)
}

// catalogOrders need no index: people write a catalogue by hand.
var catalogOrders = orders{
	books.ByCode: {expression: "code", text: true},
	books.ByName: {expression: "lower(name)", text: true},
}

func ofCatalog(filter books.CatalogFilter) func(*bun.SelectQuery) *bun.SelectQuery {
	return func(q *bun.SelectQuery) *bun.SelectQuery { return searched(q, filter.Search, "code") }
}

// searched keeps rows whose code, or whose name, contains the text, case of a to z ignored.
func searched(q *bun.SelectQuery, text, code string) *bun.SelectQuery {
	if text == "" {
		return q
	}
	literal := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
	return q.Where(`lower(?1) LIKE lower(?0) ESCAPE '\' OR lower(name) LIKE lower(?0) ESCAPE '\'`, "%"+literal+"%", bun.Ident(code))
}

type policyRow struct {
	bun.BaseModel `bun:"table:policies,alias:policies"`

	ID             string
	Code           string
	Name           string
	Expires        string `bun:",nullzero"`
	ShortExpiry    string `bun:",nullzero"`
	BurnOrder      string // rules in order, by commas
	LateUsage      string
	RolloverShare  string `bun:",nullzero"`
	RolloverExtend string `bun:",nullzero"`
	OverageMode    string
	OverageRate    number `bun:",type:text"`
	BreakageMethod string
	PoolBy         string `bun:",nullzero"`
	BreakageRate   number `bun:",type:text"`
	RemoteAfter    string
	RemoteFrom     string  `bun:",nullzero"`
	Escheat        number  `bun:",type:text"`
	CreatedAt      instant `bun:"created_at_us,type:bigint"`
}

func policyRowOf(p books.Policy) policyRow {
	row := policyRow{
		ID: p.ID, Code: p.Code, Name: p.Name, ShortExpiry: p.ShortExpiry,
		BurnOrder:   strings.Join(convert(p.BurnOrder, func(r revrec.BurnRule) string { return string(r) }), ","),
		LateUsage:   p.LateUsage.String(),
		OverageMode: string(p.Overage.Mode), OverageRate: number{p.Overage.Rate},
		BreakageMethod: string(p.Breakage.Method), PoolBy: string(p.Breakage.Pool), BreakageRate: number{p.Breakage.Rate},
		RemoteAfter: p.Breakage.RemoteAfter.String(), RemoteFrom: string(p.Breakage.RemoteFrom),
		Escheat: number{p.Breakage.Escheat}, CreatedAt: instantOf(p.CreatedAt),
	}
	if p.Expires != nil {
		row.Expires = p.Expires.String()
	}
	if p.Rollover != nil {
		row.RolloverShare, row.RolloverExtend = p.Rollover.Share.String(), p.Rollover.Extend.String()
	}
	return row
}

func (row policyRow) policy() (books.Policy, error) {
	p := books.Policy{ID: row.ID, Code: row.Code, Name: row.Name, CreatedAt: row.CreatedAt.time()}
	p.ShortExpiry = row.ShortExpiry
	if row.BurnOrder != "" {
		p.BurnOrder = convert(strings.Split(row.BurnOrder, ","), func(r string) revrec.BurnRule { return revrec.BurnRule(r) })
	}
	p.Overage = revrec.Overage{Mode: revrec.OverageMode(row.OverageMode), Rate: row.OverageRate.Decimal}
	p.Breakage = revrec.Breakage{
		Method: revrec.BreakageMethod(row.BreakageMethod), Pool: revrec.PoolBy(row.PoolBy), Rate: row.BreakageRate.Decimal,
		RemoteFrom: revrec.RemoteFrom(row.RemoteFrom), Escheat: row.Escheat.Decimal,
	}
	var err error
	if row.Expires != "" {
		p.Expires = new(ledger.Duration)
		if *p.Expires, err = ledger.ParseDuration(row.Expires); err != nil {
			return p, err
		}
	}
	if row.RolloverShare != "" {
		p.Rollover = new(revrec.Rollover)
		if p.Rollover.Share, err = decimal.NewFromString(row.RolloverShare); err != nil {
			return p, err
		}
		if p.Rollover.Extend, err = ledger.ParseDuration(row.RolloverExtend); err != nil {
			return p, err
		}
	}
	if err := p.LateUsage.UnmarshalText([]byte(row.LateUsage)); err != nil {
		return p, err
	}
	return p, p.Breakage.RemoteAfter.UnmarshalText([]byte(row.RemoteAfter))
}

func policies(rows []policyRow, err error) ([]books.Policy, error) {
	if err != nil {
		return nil, err
	}
	found := make([]books.Policy, len(rows))
	for i, row := range rows {
		if found[i], err = row.policy(); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (t *tx) InsertPolicy(ctx context.Context, policy books.Policy) error {
	err := insert(ctx, t, "keeping a policy", []policyRow{policyRowOf(policy)})
	return takenAs("code", "is the code of another policy: "+policy.Code, err)
}

func (t *tx) PoliciesByID(ctx context.Context, ids []string) ([]books.Policy, error) {
	return policies(byColumn[policyRow](ctx, t, "reading policies", "id", ids))
}

func (t *tx) PoliciesByCode(ctx context.Context, codes []string) ([]books.Policy, error) {
	return policies(byColumn[policyRow](ctx, t, "reading policies", "code", codes))
}

func (t *tx) CountPolicies(ctx context.Context, filter books.CatalogFilter) (int64, error) {
	return count[policyRow](ctx, t, "counting policies", ofCatalog(filter))
}

func (t *tx) Policies(ctx context.Context, filter books.CatalogFilter, page books.Page) ([]books.Policy, error) {
	place, err := catalogOrders.by(page, byID(page))
	if err != nil {
		return nil, err
	}
	return policies(list[policyRow](ctx, t, "listing policies", func(q *bun.SelectQuery) *bun.SelectQuery {
		return place.on(searched(q, filter.Search, "code"))
	}))
}

type estimateRow struct {
	bun.BaseModel `bun:"table:estimates,alias:estimates"`

	PolicyID    string
	ID          string
	InForceFrom date   `bun:",type:text"`
	Rate        number `bun:",type:text"`
	Reason      string
	CreatedAt   instant `bun:"created_at_us,type:bigint"`
	Apart       bool    // see revrec.Estimate.InOne
}

func (t *tx) InsertEstimate(ctx context.Context, e books.Estimate) error {
	return insert(ctx, t, "keeping an estimate", []estimateRow{{
		PolicyID: e.PolicyID, ID: e.ID, InForceFrom: date(e.From), Rate: number{e.Rate}, Reason: e.Reason, CreatedAt: instantOf(e.CreatedAt),
		Apart: !e.InOne,
	}})
}

func (t *tx) Estimates(ctx context.Context, policyIDs []string) ([]books.Estimate, error) {
	rows, err := inChunks(policyIDs, func(chunk []string) ([]estimateRow, error) {
		return list[estimateRow](ctx, t, "reading estimates", func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("policy_id IN (?)", bun.List(convert(chunk, rowIDOf))).Order("policy_id", "in_force_from", "id")
		})
	})
	return convert(rows, func(row estimateRow) books.Estimate {
		return books.Estimate{
			Estimate: revrec.Estimate{ID: row.ID, From: ledger.Date(row.InForceFrom), Rate: row.Rate.Decimal, InOne: !row.Apart},
			PolicyID: row.PolicyID, Reason: row.Reason, CreatedAt: row.CreatedAt.time(),
		}
	}), err
}

type meterRow struct {
	bun.BaseModel `bun:"table:meters,alias:meters"`

	ID        string
	Code      string
	Name      string
	Unit      string
	Credits   number  `bun:",type:text"`
	Per       number  `bun:",type:text"`
	CreatedAt instant `bun:"created_at_us,type:bigint"`
}

func (row meterRow) meter() books.Meter {
	return books.Meter{
		ID: row.ID, Code: row.Code, Name: row.Name, Unit: row.Unit,
		Credits: row.Credits.Decimal, Per: row.Per.Decimal, CreatedAt: row.CreatedAt.time(),
	}
}

func (t *tx) InsertMeter(ctx context.Context, m books.Meter) error {
	err := insert(ctx, t, "keeping a meter", []meterRow{{
		ID: m.ID, Code: m.Code, Name: m.Name, Unit: m.Unit, Credits: number{m.Credits}, Per: number{m.Per}, CreatedAt: instantOf(m.CreatedAt),
	}})
	return takenAs("code", "is the code of another meter: "+m.Code, err)
}

func (t *tx) MetersByID(ctx context.Context, ids []string) ([]books.Meter, error) {
	rows, err := byColumn[meterRow](ctx, t, "reading meters", "id", ids)
	return convert(rows, meterRow.meter), err
}

func (t *tx) MetersByCode(ctx context.Context, codes []string) ([]books.Meter, error) {
	rows, err := byColumn[meterRow](ctx, t, "reading meters", "code", codes)
	return convert(rows, meterRow.meter), err
}

func (t *tx) CountMeters(ctx context.Context, filter books.CatalogFilter) (int64, error) {
	return count[meterRow](ctx, t, "counting meters", ofCatalog(filter))
}

func (t *tx) Meters(ctx context.Context, filter books.CatalogFilter, page books.Page) ([]books.Meter, error) {
	place, err := catalogOrders.by(page, byID(page))
	if err != nil {
		return nil, err
	}
	rows, err := list[meterRow](ctx, t, "listing meters", func(q *bun.SelectQuery) *bun.SelectQuery {
		return place.on(searched(q, filter.Search, "code"))
	})
	return convert(rows, meterRow.meter), err
}
