package books

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
)

// SettingsStarted writes in the trail with what settings a server starts, where they are not
// those of the last start: who may do what depends on them too, such as which groups of an
// issuer have which role. Values that are secrets are masked by whoever calls. The detail
// names the settings that differ.
func (b *Books) SettingsStarted(ctx context.Context, settings map[string]string) (changed bool, err error) {
	now, err := json.Marshal(settings)
	if err != nil {
		return false, err
	}
	err = b.update(ctx, func(ctx context.Context, tx Tx) error {
		changed = false
		last, err := tx.Audit(ctx, AuditFilter{Action: "settings.start"}, Page{Limit: 1, Reverse: true})
		if err != nil || len(last) > 0 && last[0].After == string(now) {
			return err
		}
		before, said := map[string]string{}, &trail{}
		if len(last) > 0 {
			if err := json.Unmarshal([]byte(last[0].After), &before); err != nil {
				return err
			}
			said.before = before
		}
		changed = true
		detail, err := json.Marshal(map[string][]string{"changed": differing(before, settings)})
		if err != nil {
			return err
		}
		return b.audit(ctx, tx, "settings.start", "server", string(detail), said, settings)
	})
	return changed && err == nil, err
}

// differing names the settings that are not the same in both, in order.
func differing(before, after map[string]string) []string {
	names := slices.AppendSeq(slices.Collect(maps.Keys(before)), maps.Keys(after))
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool {
		x, had := before[name]
		y, has := after[name]
		return had == has && x == y
	})
}
