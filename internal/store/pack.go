package store

import (
	"context"

	"github.com/uptrace/bun"

	"drawdown/internal/books"
	"drawdown/ledger"
	"drawdown/revrec"
)

type packRow struct {
	bun.BaseModel `bun:"table:packs,alias:packs"`

	ID        string
	Code      string
	Name      string
	PolicyID  string
	Currency  string
	CreatedAt instant `bun:"created_at_us,type:bigint"`
}

type tierRow struct {
	bun.BaseModel `bun:"table:pack_tiers,alias:pack_tiers"`

	PackID     string
	Credits    int64
	PriceMinor int64
}

func (t *tx) InsertPack(ctx context.Context, pack books.Pack) error {
	err := insert(ctx, t, "keeping a pack", []packRow{{
		ID: pack.ID, Code: pack.Code, Name: pack.Name, PolicyID: pack.PolicyID, Currency: string(pack.Currency), CreatedAt: instantOf(pack.CreatedAt),
	}})
	if err != nil {
		return takenAs("code", "is the code of another pack: "+pack.Code, err)
	}
	return insert(ctx, t, "keeping the tiers of a pack", convert(pack.Tiers, func(tier books.Tier) tierRow {
		return tierRow{PackID: pack.ID, Credits: int64(tier.Credits), PriceMinor: tier.Price.Minor}
	}))
}

func (t *tx) PacksByID(ctx context.Context, ids []string) ([]books.Pack, error) {
	return t.packs(ctx)(byColumn[packRow](ctx, t, "reading packs", "id", ids))
}

func (t *tx) PacksByCode(ctx context.Context, codes []string) ([]books.Pack, error) {
	return t.packs(ctx)(byColumn[packRow](ctx, t, "reading packs", "code", codes))
}

func (t *tx) CountPacks(ctx context.Context, filter books.CatalogFilter) (int64, error) {
	return count[packRow](ctx, t, "counting packs", ofCatalog(filter))
}

func (t *tx) Packs(ctx context.Context, filter books.CatalogFilter, page books.Page) ([]books.Pack, error) {
	place, err := catalogOrders.by(page, byID(page))
	if err != nil {
		return nil, err
	}
	return t.packs(ctx)(list[packRow](ctx, t, "listing packs", func(q *bun.SelectQuery) *bun.SelectQuery {
		return place.on(searched(q, filter.Search, "code"))
	}))
}

func (t *tx) HoldPack(ctx context.Context, code string) error {
	return t.lockPack(ctx, t.holdPack, code)
}

func (t *tx) SharePack(ctx context.Context, code string) error {
	return t.lockPack(ctx, t.sharePack, code)
}

func (t *tx) lockPack(ctx context.Context, statement, code string) error {
	if statement == "" {
		return nil
	}
	_, err := t.exec(ctx, "holding the prices of a pack", statement, code)
	return err
}

type packVersionRow struct {
	bun.BaseModel `bun:"table:pack_versions,alias:pack_versions"`

	PackID        string
	Number        int64
	EffectiveFrom instant `bun:"effective_from_us,type:bigint"`
	PolicyID      string
	Retired       bool
	Reason        string  `bun:",nullzero"`
	CreatedAt     instant `bun:"created_at_us,type:bigint"`
}

type versionTierRow struct {
	bun.BaseModel `bun:"table:pack_version_tiers,alias:pack_version_tiers"`

	PackID     string
	Number     int64
	Credits    int64
	PriceMinor int64
}

func (t *tx) InsertPackVersion(ctx context.Context, packID string, v books.PackVersion) error {
	err := insert(ctx, t, "keeping a version of a pack", []packVersionRow{{
		PackID: packID, Number: int64(v.Number), EffectiveFrom: instantOf(v.EffectiveFrom), PolicyID: v.PolicyID,
		Retired: v.Retired, Reason: v.Reason, CreatedAt: instantOf(v.CreatedAt),
	}})
	if err != nil {
		return err
	}
	return insert(ctx, t, "keeping the tiers of a version", convert(v.Tiers, func(tier books.Tier) versionTierRow {
		return versionTierRow{PackID: packID, Number: int64(v.Number), Credits: int64(tier.Credits), PriceMinor: tier.Price.Minor}
	}))
}

// packs reads the tiers and the later versions of the packs.
func (t *tx) packs(ctx context.Context) func([]packRow, error) ([]books.Pack, error) {
	return func(rows []packRow, err error) ([]books.Pack, error) {
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		ids := convert(rows, func(row packRow) string { return row.ID })
		tiers, err := ofPacks[tierRow](ctx, t, "reading the tiers of packs", ids, "pack_id", "credits")
		if err != nil {
			return nil, err
		}
		found, at := make([]books.Pack, len(rows)), map[string]*books.Pack{}
		for i, row := range rows {
			found[i] = books.Pack{
				ID: row.ID, Code: row.Code, Name: row.Name, PolicyID: row.PolicyID, Currency: ledger.Currency(row.Currency), CreatedAt: row.CreatedAt.time(),
			}
			at[row.ID] = &found[i]
		}
		for _, tier := range tiers {
			pack := at[tier.PackID]
			pack.Tiers = append(pack.Tiers, tierOf(pack, tier.Credits, tier.PriceMinor))
		}
		return found, t.versions(ctx, ids, at)
	}
}

// ofPacks reads rows of packs in order of columns.
func ofPacks[R any](ctx context.Context, t *tx, doing string, packIDs []string, order ...string) ([]R, error) {
	return inChunks(packIDs, func(chunk []string) ([]R, error) {
		return list[R](ctx, t, doing, func(q *bun.SelectQuery) *bun.SelectQuery {
			return q.Where("pack_id IN (?)", bun.List(convert(chunk, rowIDOf))).Order(order...)
		})
	})
}

func tierOf(pack *books.Pack, credits, minor int64) books.Tier {
	return books.Tier{Credits: revrec.Credits(credits), Price: ledger.Money(minor, pack.Currency)}
}

// versions reads the versions of packs after their first.
func (t *tx) versions(ctx context.Context, ids []string, packs map[string]*books.Pack) error {
	versions, err := ofPacks[packVersionRow](ctx, t, "reading the versions of packs", ids, "pack_id", "number")
	if err != nil || len(versions) == 0 {
		return err
	}
	tiers, err := ofPacks[versionTierRow](ctx, t, "reading the tiers of versions", ids, "pack_id", "number", "credits")
	if err != nil {
		return err
	}
	type version struct {
		packID string
		number int64
	}
	of := map[version][]books.Tier{}
	for _, row := range tiers {
		key := version{row.PackID, row.Number}
		of[key] = append(of[key], tierOf(packs[row.PackID], row.Credits, row.PriceMinor))
	}
	for _, row := range versions {
		pack := packs[row.PackID]
		pack.Later = append(pack.Later, books.PackVersion{
			Number: int(row.Number), EffectiveFrom: row.EffectiveFrom.time(), PolicyID: row.PolicyID, Tiers: of[version{row.PackID, row.Number}],
			Retired: row.Retired, Reason: row.Reason, CreatedAt: row.CreatedAt.time(),
		})
	}
	return nil
}
