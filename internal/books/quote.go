package books

import (
	"fmt"
	"math/big"
	"math/bits"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/ledger"
	"drawdown/revrec"
)

// PricePlaces is the number of decimals to which a price per credit is rounded where it is
// shown; nothing is computed from that.
const PricePlaces = 10

// QuoteRequest asks what a pack costs: of so many credits, or of as many as a budget buys.
type QuoteRequest struct {
	Credits *decimal.Decimal
	Budget  *decimal.Decimal // without tax, in the pack's currency
	Whole   bool             // with Budget: whole credits alone, or to the millionth
}

// Quote is what credits of a pack cost at an instant, and why.
type Quote struct {
	Pack    Pack
	Version PackVersion
	Credits revrec.Credits
	Price   ledger.Amount
	// Budget and Unspent are what there was and what is left of it; nil where nobody asked by budget.
	Budget, Unspent *ledger.Amount
	PerCredit       PricePerCredit
	Tier            Tier // the highest that the credits reach
	Reason          string
	Next            *NextTier // nil in the last tier
	Hint            string    // that more credits are not dearer in all; "" where they are
}

// PricePerCredit is a price in major units of its currency for one credit.
type PricePerCredit struct {
	Exact   string          // in lowest terms, such as 2/25
	Rounded decimal.Decimal // half away from zero to Places decimals
	Places  int
}

// NextTier is what the next tier would cost.
type NextTier struct {
	Tier
	More       revrec.Credits // needed to reach it
	Difference ledger.Amount  // its price less that of the quote; negative where it costs less in all
	// Saving is what as many credits would cost at the price per credit of the quote's tier,
	// less what they cost; nil where that is more than one purchase may cost.
	Saving *ledger.Amount
}

// Quote returns what credits of the pack cost at an instant, without tax.
// Errors: PACK_RETIRED, INVALID, TOO_LARGE.
func (p Pack) Quote(at time.Time, request QuoteRequest) (Quote, error) {
	quote := Quote{Pack: p}
	quote.Pack.AsOf = at
	var err error
	if quote.Version, err = p.forSale(at); err != nil {
		return quote, err
	}
	switch {
	case (request.Credits == nil) == (request.Budget == nil):
		return quote, refuse(Invalid, "credits", "goes alone: give either credits or budget")
	case request.Credits != nil:
		quote.Credits, err = creditsOf("credits", *request.Credits)
	default:
		err = quote.spend(*request.Budget, request.Whole)
	}
	if err != nil {
		return quote, err
	}
	if quote.Price, err = quote.Version.PriceOf(p, quote.Credits); err != nil {
		return quote, err
	}
	if quote.Budget != nil {
		unspent := quote.Budget.Sub(quote.Price)
		quote.Unspent = &unspent
	}
	quote.explain()
	return quote, nil
}

// spend finds the most credits that a budget buys.
func (q *Quote) spend(budget decimal.Decimal, whole bool) error {
	amount, err := amountOf("budget", budget, q.Pack.Currency)
	if err != nil {
		return err
	}
	step := revrec.Credits(1)
	if whole {
		step = revrec.One
	}
	q.Budget = &amount
	if q.Credits = q.Version.most(amount, step); q.Credits == 0 {
		first := q.Version.Tiers[0]
		return refuse(Invalid, "budget", "buys nothing of pack %q: its smallest tier is %s for %s, and the budget is %s",
			q.Pack.Code, counted(grouped(first.Credits), "credit"), first.Price, amount)
	}
	return nil
}

// most returns the largest multiple of step whose price is at most the budget, 0 for none.
// Within a tier more credits never cost less, so the last tier whose first credits the budget
// pays for holds it: what any later tier sells costs more.
func (v PackVersion) most(budget ledger.Amount, step revrec.Credits) revrec.Credits {
	end := revrec.MaxCredits
	for i := len(v.Tiers) - 1; i >= 0; i-- {
		tier := v.Tiers[i]
		begin := (tier.Credits + step - 1) / step * step
		if credits := min(tier.most(budget), end) / step * step; credits >= begin {
			return credits
		}
		end = tier.Credits - 1
	}
	return 0
}

// most returns the largest count of credits that costs at most the budget at the tier's
// price per credit, or MaxCredits where that is less. A price that is rounded half away from
// zero is at most b where the exact price is less than b + 1/2:
//
//	price × c ÷ credits < b + 1/2, so c is at most (credits × (2b + 1) − 1) ÷ (2 × price)
func (t Tier) most(budget ledger.Amount) revrec.Credits {
	divisor := 2 * uint64(t.Price.Minor)
	high, low := bits.Mul64(uint64(t.Credits), 2*uint64(budget.Minor)+1)
	low, borrow := bits.Sub64(low, 1, 0)
	high -= borrow
	if high >= divisor { // also where it costs nothing
		return revrec.MaxCredits
	}
	credits, _ := bits.Div64(high, low, divisor)
	return revrec.Credits(min(credits, uint64(revrec.MaxCredits)))
}

// explain says which tier applied, what one credit comes to and what more would cost.
func (q *Quote) explain() {
	at := q.Version.tierOf(q.Credits)
	q.Tier = q.Version.Tiers[at]
	q.PerCredit = perCredit(q.Price, q.Credits)
	q.Reason = fmt.Sprintf("%s: the tier from %s on applies, at %s for %s", counted(grouped(q.Credits), "credit"),
		grouped(q.Tier.Credits), q.Tier.Price, counted(grouped(q.Tier.Credits), "credit"))
	higher := q.Version.Tiers[at+1:]
	if len(higher) == 0 {
		return
	}
	next := NextTier{Tier: higher[0], More: higher[0].Credits - q.Credits, Difference: higher[0].Price.Sub(q.Price)}
	if now, within := q.Tier.PriceOf(next.Credits); within {
		saving := now.Sub(next.Price)
		next.Saving = &saving
	}
	q.Next = &next
	q.Hint = q.cheaper(higher)
}

// cheaper says which higher tier costs least, and not more than what is quoted.
func (q *Quote) cheaper(higher []Tier) string {
	best := higher[0]
	for _, tier := range higher {
		if tier.Price.Minor <= best.Price.Minor {
			best = tier
		}
	}
	switch {
	case best.Price.Minor > q.Price.Minor:
		return ""
	case best.Price == q.Price:
		return fmt.Sprintf("%s cost %s too: buy more for the same", counted(grouped(best.Credits), "credit"), best.Price)
	}
	return fmt.Sprintf("%s cost %s, which is %s less than %s: buy more for less", counted(grouped(best.Credits), "credit"), best.Price,
		q.Price.Sub(best.Price), grouped(q.Credits))
}

func perCredit(price ledger.Amount, credits revrec.Credits) PricePerCredit {
	major := new(big.Rat).SetFrac(big.NewInt(price.Minor), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(price.Currency.Exponent())), nil))
	return PricePerCredit{
		Exact:   major.Quo(major, big.NewRat(int64(credits), int64(revrec.One))).RatString(),
		Rounded: price.Decimal().DivRound(credits.Decimal(), PricePlaces),
		Places:  PricePlaces,
	}
}

// grouped writes credits with commas between thousands, for people.
func grouped(credits revrec.Credits) string {
	whole, fraction, _ := strings.Cut(credits.String(), ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	return whole
}
