package books

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"drawdown/ledger"
	"drawdown/revrec"
)

// maxVersions bounds the versions of a pack: one every day for three years.
const maxVersions = 1000

// PackVersion is what a pack costs from an instant on, up to the next version.
type PackVersion struct {
	Number        int       // 1 is the first
	EffectiveFrom time.Time // zero of the first: from the beginning of time
	PolicyID      string
	Tiers         []Tier // by credits, smallest first; none where Retired
	Retired       bool   // nothing is sold while it is in force
	Reason        string
	CreatedAt     time.Time
}

// Versions returns all versions of the pack, the first one first.
func (p Pack) Versions() []PackVersion {
	first := PackVersion{Number: 1, PolicyID: p.PolicyID, Tiers: p.Tiers, CreatedAt: p.CreatedAt}
	return append([]PackVersion{first}, p.Later...)
}

// At returns the version in force at an instant: of those that began by then, the last.
func (p Pack) At(at time.Time) PackVersion {
	versions := p.Versions()
	for i := len(versions) - 1; i > 0; i-- {
		if !versions[i].EffectiveFrom.After(at) {
			return versions[i]
		}
	}
	return versions[0]
}

// Version returns the version of a number, nil where there is none.
func (p Pack) Version(number int) *PackVersion {
	versions := p.Versions()
	if number < 1 || number > len(versions) {
		return nil
	}
	return &versions[number-1]
}

// RetiredFrom returns the instant from which the pack is not sold any more, zero where the
// last of its versions is for sale.
func (p Pack) RetiredFrom() time.Time {
	if n := len(p.Later); n > 0 && p.Later[n-1].Retired {
		return p.Later[n-1].EffectiveFrom
	}
	return time.Time{}
}

// PriceOf returns what so many credits cost at the tier's price per credit, rounded
// half away from zero to the minor unit; within is false, and the price nothing, where that
// is more than one purchase may cost.
func (t Tier) PriceOf(credits revrec.Credits) (price ledger.Amount, within bool) {
	price.Currency = t.Price.Currency
	high, low := bits.Mul64(uint64(t.Price.Minor), uint64(credits))
	if high >= uint64(t.Credits) {
		return price, false
	}
	if whole, _ := bits.Div64(high, low, uint64(t.Credits)); whole > uint64(ledger.MaxMinor) {
		return price, false
	}
	price.Minor = ledger.MulDiv(t.Price.Minor, int64(credits), int64(t.Credits))
	return price, price.Minor <= ledger.MaxMinor
}

// tierOf returns the place of the highest tier that so many credits reach, -1 for none.
func (v PackVersion) tierOf(credits revrec.Credits) int {
	at, exact := slices.BinarySearchFunc(v.Tiers, credits, func(t Tier, c revrec.Credits) int { return cmp.Compare(t.Credits, c) })
	if !exact {
		at--
	}
	return at
}

// PriceOf returns the price of so many credits by the highest tier that they reach.
// Errors: PACK_RETIRED, INVALID below the smallest tier, TOO_LARGE.
func (v PackVersion) PriceOf(pack Pack, credits revrec.Credits) (ledger.Amount, error) {
	if len(v.Tiers) == 0 {
		return ledger.Amount{}, pack.retired(v)
	}
	at := v.tierOf(credits)
	if at < 0 {
		return ledger.Amount{}, refuse(Invalid, "credits", "must be at least %s, the smallest tier of pack %q, not %s", v.Tiers[0].Credits, pack.Code, credits)
	}
	price, within := v.Tiers[at].PriceOf(credits)
	if !within {
		return price, refuse(TooLarge, "credits", "cost more than one purchase may, which is %s", ledger.Money(ledger.MaxMinor, price.Currency))
	}
	return price, nil
}

// forSale returns the version of the pack by which it is sold at an instant.
// Errors: PACK_RETIRED.
func (p Pack) forSale(at time.Time) (PackVersion, error) {
	version := p.At(at)
	if version.Retired {
		return version, p.retired(version)
	}
	return version, nil
}

func (p Pack) retired(version PackVersion) error {
	return refuse(PackRetired, "pack", "%q is not for sale from %s on: sell another pack, or revise it to sell it again",
		p.Code, version.EffectiveFrom.Format(time.RFC3339))
}
