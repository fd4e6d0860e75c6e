package revrec

import (
	"regexp"
	"strings"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
)

// EscheatShare is the share of breakage that the law claims, in force from a day until the
// next one.
type EscheatShare struct {
	From  ledger.Date
	Share decimal.Decimal
}

// EscheatShares is what the law of one jurisdiction claims, in order of the day; of two of
// one day the later one counts. The first one, of the zero day, is the policy's own, which
// holds where the law of the jurisdiction says nothing yet. 606-10-55-49.
type EscheatShares []EscheatShare

// ShareOf is one share for all days.
func ShareOf(share decimal.Decimal) EscheatShares { return EscheatShares{{Share: share}} }

// On returns the share in force on the day, zero where there is none.
func (s EscheatShares) On(day ledger.Date) decimal.Decimal {
	share := decimal.Zero
	for _, of := range s {
		if of.From > day {
			break
		}
		share = of.Share
	}
	return share
}

// countries are the codes of ISO 3166-1 alpha-2.
const countries = " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "

// jurisdictions is the form of a country or of a part of one, ISO 3166-2.
var jurisdictions = regexp.MustCompile(`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`)

// CheckJurisdiction refuses what is no code of a country (ISO 3166-1 alpha-2: DE) or of a
// part of one (ISO 3166-2: US-DE), with a *FieldError. Of a part its form is checked, for
// the lists of parts change with every reform of a state.
func CheckJurisdiction(field, code string) error {
	if len(code) > 6 || !jurisdictions.MatchString(code) {
		return refuse(field, "must be a country such as DE or a part of one such as US-DE, in capitals, not %.20q", code)
	}
	if !strings.Contains(countries, " "+code[:2]+" ") {
		return refuse(field, "begins with %s, which is no country by ISO 3166-1", code[:2])
	}
	return nil
}
