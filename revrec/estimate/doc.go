// Package estimate says from history which share of the credits sold will never be used.
// It is the evidence of a proposed breakage rate (ASC 606-10-55-48, IFRS 15 B46), and the
// one package of accounting rules that computes in floating point: what leaves it is decimal.
//
// What always holds here:
//
//   - The same history and parameters give the same bytes, on every machine and in
//     whatever order the records come.
//   - Too little history, and there is no estimate: an error that names each threshold
//     and the figure that missed it.
//   - The rate is never rounded up, and never above the point estimate: the constraint of
//     606-10-32-11, which 55-48 takes over.
//   - A range is never narrower than what the method was wrong by when it looked back.
//
// The package takes values and returns values: no context, no clock, no database. Chance
// has a seed that the caller gives.
//
// # What is estimated
//
// The rate is for the cohorts (months of purchase) that have not reached the age of expiry at
// the end of the history: those whose pools are still measured. For cohort i, seen through age
// k, of N(i) credits sold with refunds to date and to come left out, U(i) is the use expected
// by the age of expiry x:
//
//	breakage = 1 − Σ U(i) ÷ Σ N(i)
//
// Shown by cohort, U is at most N; what is cut off there stays in the sum. Refunds to come are what was refunded in an age, of all sold that reached it, for the ages
// that are to come; with KAPLAN_MEIER, what the hazard of refund makes of what is left. There is
// no tail: credits lapse, and use after age x counts as of x. C(i,j) is cumulative use.
//
// # Methods
//
// CHAIN_LADDER. Mack, "Distribution-free calculation of the standard error of chain ladder
// reserve estimates", ASTIN Bulletin 23 (1993):
//
//	f(j)  = Σ C(i,j+1) ÷ Σ C(i,j)                                     over cohorts seen at j+1
//	σ²(j) = Σ C(i,j)·(C(i,j+1)/C(i,j) − f(j))² ÷ (cohorts − 1)        the last by min(σ⁴/σ², σ², σ²)
//	p(k)  = 1 ÷ (f(k) · … · f(x−1))
//	U     = C / p(k)
//	mse U = U² · Σ σ²(j)/f²(j) · (1/Ĉ(j) + 1/S(j))                    S(j) = Σ C(i,j) of f(j)
//	mse Σ = Σ mse U + 2 · Σ U(i)·U(l) · Σ σ²(j)/f²(j) / S(j)          pairs, from the older's age on
//
// BORNHUETTER_FERGUSON. Bornhuetter and Ferguson, "The actuary and IBNR", PCAS 59 (1972). As
// above from the mature age on; younger cohorts take what is to come from an a priori rate:
//
//	U = C + N · (1 − prior) · (1 − p(k))
//
// A prior that nobody gives is the Cape Cod estimate, 1 − Σ C ÷ Σ N·p(k) over all cohorts
// (Stanard 1985; Bühlmann 1983). The mature age is the first with p ≥ ½.
//
// KAPLAN_MEIER. Kaplan and Meier, "Nonparametric estimation from incomplete observations", JASA
// 53 (1958), on credits: at risk n(j) in an age is what is left of cohorts seen in it, d(j) of
// it is used and q(j) refunded. Open cohorts are censored at k; refund competes with use (Aalen
// and Johansen, Scandinavian Journal of Statistics 5, 1978):
//
//	S(j) = Π (1 − (d+q)/n)       I(j) = Σ S(j−1) · d/n
//	U    = C + (N − C) · Σ over j > k of S(j−1)/S(k) · d(j)/n(j)
//
// Greenwood's variance (1926) is of independent units and is computed for the published test
// alone: credits of one customer go together, so no figure of a result rests on it.
//
// # Uncertainty
//
// Estimation: customers are drawn anew with replacement, the method learns from those drawn, and
// what it learned is applied to the cohorts as they are. Efron (1979); by customer, Field and
// Welsh (2007). Beyond 1,000 customers, 1,000 clusters are drawn to which chance deals them. To each draw a normal deviate is added whose variance is the greatest of
//
//   - customers: Σ N²·v(k) over what customers bought in open cohorts, v(k) from how far single
//     customers of complete cohorts were from all of them;
//   - cohorts: Mack's mse of those that go by their own use; of others the variance of each
//     increment and how much complete cohorts differed; less the variance of the draws. Summed
//     as if they erred together where Mack's test finds calendar effects (1994, appendix H);
//   - looking back: mean square of what the method was wrong by from the ends of earlier months
//     on, from what was known then; less the variance of the draws;
//
// and (slope × months)² where breakage goes up or down with the month of purchase (|t| > 2.5 of
// a weighted line through cohorts that are half developed). All deviations are widened by
// Student's ninth decile over the normal one, with Kish's effective number of customers,
// (Σ n)²/Σ n², less one, as degrees of freedom. The percentile taken is that of this distribution,
// or of the point estimate plus the errors looked back on, whichever is farther out. It stays
// between 0 and what is not used yet.
//
//	Low, High    percentiles (1 ∓ confidence)/2
//	Constrained  the percentile of the parameters, 0.25 by default
//	Rate         min(Constrained, Point), down to four decimals, at most 0.9999
//
// # What is covered
//
// TestCoverage plays histories whose future is known: few and many customers, one that is large,
// sales that grow, refunds, shocks to cohorts and to calendar months, seasons, use that drifts.
// It fails where ranges of 80 % and 90 %, or the rate, hold less often than they promise, by more
// than chance. docs/estimators.md has the figures. Three things no method here can cover: a future
// that breaks with the past after the last month of the history, a season of which no two years were
// seen, and customers about to be sold to who are unlike those of the history.
//
// # Looking back
//
// [Result.Expected] is the use that the estimate expects of a cohort by an age, [Compare] sets
// what came about against it: ratio Σ A/Σ E, bias Σ (A − E)/Σ E, and the mean of Pearson's
// residuals (A − E)/√E over its standard error.
package estimate
