package books

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"drawdown/ledger"
	"drawdown/revrec"
)

// CheckCode names a check of the checklist.
type CheckCode string

// The checks, in their order. ACCOUNTING section 8.
const (
	CheckOver      CheckCode = "PERIOD_OVER"        // its last day has ended
	CheckEarlier   CheckCode = "EARLIER_PERIODS"    // those before it are closed
	CheckLateUsage CheckCode = "LATE_USAGE"         // no lot that lapsed in it still accepts use
	CheckBooked    CheckCode = "BOOKED"             // what happened by its end is recognised
	CheckPosted    CheckCode = "POSTED"             // what is recognised in it is in the journal
	CheckOpening   CheckCode = "OPENING_BALANCES"   // it opens with what the one before closed with
	CheckBalanced  CheckCode = "DEBITS_AND_CREDITS" // they are equal, and lines are what balances say
	CheckDeferred  CheckCode = "DEFERRED_REVENUE"   // the ledger agrees with lots and pools
	CheckPurchases CheckCode = "PURCHASES"          // each is in the journal, once, with its price
	CheckUsage     CheckCode = "USAGE"              // every event is drawn, every draw is booked
	CheckGLCodes   CheckCode = "GL_CODES"           // every account that moved or has a balance has one
	CheckEstimates CheckCode = "ESTIMATES"          // none with a day in it waits for a decision
	CheckManual    CheckCode = "MANUAL_ENTRIES"     // none of it, or of before, waits for a decision
	CheckTasks     CheckCode = "TASKS"              // the required ones are ticked
)

// CloseCheck is one thing that must hold before a period closes, with its figures.
type CloseCheck struct {
	Code    CheckCode     `json:"code"`
	Passed  bool          `json:"passed"`
	Holds   string        `json:"holds"` // what the check is about, for people
	ToDo    string        `json:"toDo"`  // "" where passed
	Figures []CheckFigure `json:"figures"`
}

// CheckFigure is a figure of a check: a number, a day or a name as text, or an amount.
type CheckFigure struct {
	Name   string         `json:"name"`
	Text   string         `json:"text"` // the amount too, in plain decimals
	Amount *ledger.Amount `json:"amount,omitempty"`
}

func counting(name string, n int64) CheckFigure {
	return CheckFigure{Name: name, Text: strconv.FormatInt(n, 10)}
}

func saying(name, text string) CheckFigure { return CheckFigure{Name: name, Text: text} }

func amounting(name string, minor int64, currency ledger.Currency) CheckFigure {
	amount := ledger.Money(minor, currency)
	return CheckFigure{Name: name, Text: amount.Text() + " " + string(currency), Amount: &amount}
}

// Checklist is what a period needs to close, as things stand.
type Checklist struct {
	Period ledger.Period
	Status PeriodStatus
	Checks []CloseCheck
	Tasks  []TaskState
}

// Ready reports whether the period would close now.
func (c Checklist) Ready() bool {
	return c.Status != PeriodIsClosed && !slices.ContainsFunc(c.Checks, func(check CloseCheck) bool { return !check.Passed })
}

// CloseChecklist returns what the period needs to close. It reads what belongs to the
// period, and what every lot carries; it changes nothing. Errors: INVALID, FORBIDDEN.
func (b *Books) CloseChecklist(ctx context.Context, tx Tx, period ledger.Period) (Checklist, error) {
	list := Checklist{Period: period, Status: b.periodStatus(period, PeriodIsOpen)}
	if period < ledger.DateOf(earliest, b.zone).Period() {
		return list, refuse(Invalid, "period", "must not be before 1970, but is %s", period)
	}
	closed, err := tx.ClosedThrough(ctx)
	if err != nil {
		return list, err
	}
	if closed != 0 && period <= closed {
		list.Status = PeriodIsClosed
	}
	if list.Tasks, err = tasksOf(ctx, tx, period); err != nil {
		return list, err
	}
	list.Checks, err = b.closeChecks(ctx, tx, period)
	return list, err
}

// closeChecks makes every check of a period.
func (b *Books) closeChecks(ctx context.Context, tx Tx, period ledger.Period) ([]CloseCheck, error) {
	all := []func(context.Context, Tx, ledger.Period) (CloseCheck, error){
		b.checkOver, b.checkEarlier, b.checkLateUsage, b.checkBooked, b.checkPosted, b.checkOpening,
		b.checkBalanced, b.checkDeferred, b.checkPurchases, b.checkUsage, b.checkGLCodes, b.checkProposals, b.checkManualEntries, b.checkTasks,
	}
	checks := make([]CloseCheck, len(all))
	for i, check := range all {
		var err error
		if checks[i], err = check(ctx, tx, period); err != nil {
			return nil, err
		}
		checks[i].Passed = checks[i].ToDo == ""
	}
	return checks, nil
}

func (b *Books) checkOver(_ context.Context, _ Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{
		Code: CheckOver, Holds: "The last day of the period has ended.",
		Figures: []CheckFigure{saying("lastDay", period.Last().String()), saying("today", b.today().String())},
	}
	if b.today() <= period.Last() {
		check.ToDo = fmt.Sprintf("wait until %s is over", period.Last())
	}
	return check, nil
}

func (b *Books) checkEarlier(ctx context.Context, tx Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{Code: CheckEarlier, Holds: "All earlier periods are closed."}
	closed, err := tx.ClosedThrough(ctx)
	if err != nil {
		return check, err
	}
	next, err := b.nextToClose(ctx, tx, closed, period)
	through := "none"
	if closed != 0 {
		through = closed.String()
	}
	check.Figures = []CheckFigure{saying("closedThrough", through), saying("next", next.String())}
	if next < period {
		check.ToDo = fmt.Sprintf("close %s first", next)
	} else if next > period && closed == 0 {
		check.ToDo = fmt.Sprintf("begin with %s, the first period of the book", next)
	}
	return check, err
}

// checkLateUsage holds a period open for the use of what lapsed in it. Use of lots that
// have not lapsed may come late at any time; nobody can wait for that.
func (b *Books) checkLateUsage(ctx context.Context, tx Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{Code: CheckLateUsage, Holds: "No lot that lapsed in the period still accepts late use."}
	lots, until, err := tx.LateUsageOpen(ctx, period.First().Start(b.zone), (period + 1).First().Start(b.zone), b.clock())
	check.Figures = []CheckFigure{counting("lots", lots)}
	if lots > 0 {
		local := until.In(b.zone).Format(time.RFC3339)
		check.Figures = append(check.Figures, saying("until", local))
		check.ToDo = fmt.Sprintf("wait until %s: %s that lapsed in the period still accept use of before", local, counted(strconv.FormatInt(lots, 10), "lot"))
	}
	return check, err
}

func (b *Books) checkBooked(ctx context.Context, tx Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{Code: CheckBooked, Holds: "Invoices due, use, lapses, breakage and reversals of all days through the end of the period are booked."}
	waiting, err := tx.OldestWaiting(ctx, period.Last())
	check.Figures = []CheckFigure{counting("waiting", int64(waiting.kinds()))}
	for i, day := range waiting.days() {
		if day != 0 {
			check.Figures = append(check.Figures, saying(Queues[i], day.String()))
		}
	}
	if waits := waitingText(waiting); waits != "" {
		check.ToDo = "run the jobs: what waits is " + waits
	}
	return check, err
}

// kinds counts of how many kinds something waits.
func (w Waiting) kinds() (n int) {
	for _, day := range w.days() {
		if day != 0 {
			n++
		}
	}
	return n
}

// waitingText says what waits, by its oldest day; "" for nothing.
func waitingText(waiting Waiting) string {
	var waits []string
	for i, day := range waiting.days() {
		if day != 0 {
			waits = append(waits, fmt.Sprintf("%s since %s", Queues[i], day))
		}
	}
	return strings.Join(waits, ", ")
}

func (b *Books) checkPosted(ctx context.Context, tx Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{Code: CheckPosted, Holds: "All recognitions of the period are in the journal."}
	waits, err := tx.CountUnposted(ctx, period.Last())
	check.Figures = []CheckFigure{counting("unposted", waits)}
	if waits > 0 {
		check.ToDo = "run the jobs: a run stopped before it posted"
	}
	return check, err
}

// checkOpening holds every account's opening balance against the closing of the period
// before, as it was closed; the first period of a book opens with nothing.
func (b *Books) checkOpening(ctx context.Context, tx Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{Code: CheckOpening, Holds: "Every account opens with what it closed with in the period before."}
	balance, err := tx.TrialBalance(ctx, period, period)
	if err != nil {
		return check, err
	}
	before, known, err := closingBefore(ctx, tx, period)
	if err != nil {
		return check, err
	}
	check.Figures = []CheckFigure{counting("accounts", int64(len(balance.Balances)))}
	differ := func(account ledger.Role, currency ledger.Currency, opening, closing int64) {
		if opening != closing {
			check.Figures = append(check.Figures, amounting(string(account)+" opening", opening, currency), amounting(string(account)+" closing before", closing, currency))
			check.ToDo = "have the book verified: what was closed has changed"
		}
	}
	for _, row := range balance.Balances {
		key := accountIn{row.Account, row.Currency}
		differ(row.Account, row.Currency, row.Opening.Minor, before[key].minor)
		differ(row.Account, b.book.Functional, row.FunctionalOpening.Minor, before[key].functional)
		delete(before, key)
	}
	for key, closing := range before {
		differ(key.account, key.currency, 0, closing.minor)
		differ(key.account, b.book.Functional, 0, closing.functional)
	}
	if !known && check.ToDo != "" {
		check.ToDo = "close the period before first"
	}
	return check, nil
}

// accountIn names an account in one currency.
type accountIn struct {
	account  ledger.Role
	currency ledger.Currency
}

// bothMinors is an amount in its currency and in the book's own.
type bothMinors struct{ minor, functional int64 }

// closingBefore returns what the accounts closed with in the period before; known is false
// where that is not closed.
func closingBefore(ctx context.Context, tx Tx, period ledger.Period) (closing map[accountIn]bothMinors, known bool, err error) {
	closings, err := tx.Closings(ctx, []ledger.Period{period - 1})
	if err != nil || len(closings) == 0 || closings[len(closings)-1].Act != Closed {
		return nil, false, err
	}
	balances, err := tx.ClosingBalances(ctx, closings[len(closings)-1].ID)
	closing = make(map[accountIn]bothMinors, len(balances))
	for _, row := range balances {
		closing[accountIn{row.Account, row.Currency}] = bothMinors{row.Closing().Minor, row.FunctionalClosing().Minor}
	}
	return closing, true, err
}

func (b *Books) checkBalanced(ctx context.Context, tx Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{Code: CheckBalanced, Holds: "Debits equal credits in every currency, and the lines of the period add up to its balances."}
	rows, err := tx.PeriodLines(ctx, period)
	if err != nil {
		return check, err
	}
	sums, currencies := map[ledger.Currency]bothMinors{}, []ledger.Currency{}
	var functional bothMinors
	for _, row := range rows {
		sum, met := sums[row.Currency]
		if !met {
			currencies = append(currencies, row.Currency)
		}
		sums[row.Currency] = bothMinors{sum.minor + row.Debits, sum.functional + row.Credits}
		functional.minor, functional.functional = functional.minor+row.FunctionalDebits, functional.functional+row.FunctionalCredits
		if row.Debits != row.KeptDebits || row.Credits != row.KeptCredits || row.FunctionalDebits != row.KeptFunctionalDebits || row.FunctionalCredits != row.KeptFunctionalCredits {
			name := string(row.Account)
			check.Figures = append(check.Figures,
				amounting(name+" lines", row.Debits-row.Credits, row.Currency), amounting(name+" balance", row.KeptDebits-row.KeptCredits, row.Currency))
			check.ToDo = "have the book verified: lines and balances differ"
		}
	}
	if len(currencies) == 0 { // a check has figures where nothing happened too
		currencies = append(currencies, b.book.Functional)
	}
	slices.Sort(currencies)
	for _, currency := range currencies {
		debits, credits := sums[currency].minor, sums[currency].functional
		check.Figures = append(check.Figures, amounting("debits", debits, currency), amounting("credits", credits, currency))
		if debits != credits {
			check.ToDo = "have the book verified: debits and credits differ"
		}
	}
	if functional.minor != functional.functional {
		check.ToDo = "have the book verified: debits and credits differ in the book's own currency"
	}
	return check, nil
}

// checkDeferred holds the ledger's deferred revenue against lots and pools as they are now:
// a difference that has crept in is one of every period since. What the ledger had at the end of the period, which its
// trial balance has, and what moved since, lead there.
func (b *Books) checkDeferred(ctx context.Context, tx Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{Code: CheckDeferred, Holds: "Deferred revenue in the ledger is, as of now, what lots carry, less early breakage, plus what is recognised and not posted, plus what manual entries put there."}
	rows, err := tx.ReconcileDeferred(ctx)
	if err != nil {
		return check, err
	}
	balance, err := tx.TrialBalance(ctx, period, period)
	ended := map[ledger.Currency]int64{}
	for _, of := range balance.Balances {
		if of.Account == ledger.DeferredRevenue {
			ended[of.Currency] = -of.Closing().Minor
		}
	}
	if len(rows) == 0 {
		rows = []DeferredRevenue{{Currency: b.book.Functional}}
	}
	for _, row := range rows {
		check.Figures = append(check.Figures, amounting("ledger", row.Ledger, row.Currency), amounting("lots", row.Lots, row.Currency))
		if row.Manual != 0 || row.FunctionalManual != 0 {
			check.Figures = append(check.Figures, amounting("manual entries", row.Manual, row.Currency))
		}
		if at := ended[row.Currency]; at != row.Ledger {
			check.Figures = append(check.Figures, amounting("ledger at the period's end", at, row.Currency), amounting("moved since", row.Ledger-at, row.Currency))
		}
		if minor, functional := row.Difference(); minor != 0 || functional != 0 {
			check.ToDo = "have the book verified: ledger and lots differ by more than manual entries"
		}
	}
	return check, err
}

func (b *Books) checkPurchases(ctx context.Context, tx Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{Code: CheckPurchases, Holds: "Every purchase of the period that is paid or due is in the journal once, with its price."}
	rows, err := tx.PurchasesBooked(ctx, period.First().Start(b.zone), (period + 1).First().Start(b.zone))
	if len(rows) == 0 {
		rows = []PurchasesBooked{{Currency: b.book.Functional}}
	}
	for _, row := range rows {
		check.Figures = append(check.Figures,
			counting("purchases in "+string(row.Currency), row.Purchases), counting("entries in "+string(row.Currency), row.Entries),
			amounting("price", row.Price, row.Currency), amounting("deferred", row.Deferred, row.Currency))
		if row.Purchases != row.Entries || row.Price != row.Deferred || row.Functional != row.DeferredOwn {
			check.ToDo = "have the book verified: purchases and entries differ"
		}
	}
	if err != nil {
		return check, err
	}
	err = openingsOf(ctx, tx, period, &check)
	return check, err
}

// openingsOf holds what was taken over in the period against the entries that took it over.
func openingsOf(ctx context.Context, tx Tx, period ledger.Period, check *CloseCheck) error {
	rows, err := tx.OpeningsBooked(ctx, period.First(), period.Last())
	for _, row := range rows {
		check.Figures = append(check.Figures,
			counting("lots taken over in "+string(row.Currency), row.Purchases),
			amounting("price taken over", row.Price, row.Currency), amounting("deferred by it", row.Deferred, row.Currency))
		if row.Price != row.Deferred || row.Functional != row.DeferredOwn {
			check.ToDo = "have the book verified: what was taken over and its entries differ"
		}
	}
	return err
}

func (b *Books) checkUsage(ctx context.Context, tx Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{Code: CheckUsage, Holds: "Every event of the period is drawn whole, and every draw is booked."}
	start, end := period.First().Start(b.zone), (period + 1).First().Start(b.zone)
	since := b.IDsSince(start)
	u, err := tx.UsageAccounted(ctx, period.First(), period.Last(), start, end, since)
	if err == nil && since != "" && u.OfEvents != u.OfLotDays { // a clock may have been wrong: all events then
		u, err = tx.UsageAccounted(ctx, period.First(), period.Last(), start, end, "")
	}
	credits := func(name string, n int64) CheckFigure { return saying(name, revrec.Credits(n).String()) }
	check.Figures = []CheckFigure{
		counting("events", u.Events), counting("draws", u.Draws),
		credits("credits of events", u.OfEvents), credits("credits of draws", u.OfDraws),
		credits("credits of days", u.OfLotDays), credits("credits booked", u.Booked),
	}
	switch {
	case err != nil:
	case u.Undrawn > 0 || u.OfEvents != u.OfDraws || u.OfDraws != u.OfLotDays:
		check.Figures = append(check.Figures, counting("events not drawn whole", u.Undrawn))
		check.ToDo = "have the book verified: events and draws differ"
	case u.OfLotDays != u.Booked:
		check.ToDo = "run the jobs, and where that does not help, have the book verified: draws and recognitions differ"
	}
	return check, err
}

// IDsSince returns the least id that an event could have been given from an instant on: an
// event is recorded when it has occurred, but for what clocks differ, and ids are in order
// of time. Where clock or ids are not the machine's own, they say nothing of time: "".
func (b *Books) IDsSince(at time.Time) string {
	if !b.idsTellTime || at.Unix() <= 0 {
		return ""
	}
	millis := at.Add(-2 * clockSkew).UnixMilli()
	id := uuid.UUID{6: 0x70, 8: 0x80}
	for i := range 6 {
		id[i] = byte(millis >> (8 * (5 - i)))
	}
	return id.String()
}

// checkGLCodes holds a period open until every account that opens with a balance or moves in it
// has a code in the general ledger on all days of it, so that what is exported is complete.
func (b *Books) checkGLCodes(ctx context.Context, tx Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{Code: CheckGLCodes, Holds: "Every account with a balance or a line in the period has a code in the general ledger on its days."}
	balance, err := tx.TrialBalance(ctx, period, period)
	if err != nil {
		return check, err
	}
	chart, err := ReadGLChart(ctx, tx)
	if err != nil {
		return check, err
	}
	var met, lacking []ledger.Role
	for _, row := range balance.Balances {
		at := row.Account
		if slices.Contains(met, at) || row.Opening.Minor == 0 && row.FunctionalOpening.Minor == 0 &&
			row.Debits.Minor == 0 && row.Credits.Minor == 0 && row.FunctionalDebits.Minor == 0 && row.FunctionalCredits.Minor == 0 {
			continue
		}
		met = append(met, at)
		if _, inForce := chart.On(at, period.First()); !inForce {
			lacking = append(lacking, at)
		}
	}
	check.Figures = []CheckFigure{counting("accounts", int64(len(met)))}
	for _, at := range lacking {
		check.Figures = append(check.Figures, saying("without a code", string(at)))
	}
	if len(lacking) > 0 {
		check.ToDo = fmt.Sprintf("give each of %s its code in the general ledger from %s on or earlier (glAccountsSet)", joined(lacking), period.First())
	}
	return check, nil
}

// joined writes accounts one after the other.
func joined(accounts []ledger.Role) string {
	names := make([]string, len(accounts))
	for i, account := range accounts {
		names[i] = string(account)
	}
	return strings.Join(names, ", ")
}

func (b *Books) checkProposals(ctx context.Context, tx Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{Code: CheckEstimates, Holds: "No estimate that would be in force from a day of the period waits for a decision."}
	proposals, err := tx.ProposalsBy(ctx, period.Last())
	check.Figures = []CheckFigure{counting("proposals", int64(len(proposals)))}
	if len(proposals) > 0 {
		check.ToDo = fmt.Sprintf("approve or reject what was proposed, first that of %s from %s", proposals[0].ProposedBy, proposals[0].From)
	}
	return check, err
}

func (b *Books) checkManualEntries(ctx context.Context, tx Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{Code: CheckManual, Holds: "No manual entry of the period, or of one before, waits for a decision."}
	filter := ManualFilter{Status: ManualProposed, To: period.Last()}
	waits, err := tx.CountManualEntries(ctx, filter)
	check.Figures = []CheckFigure{counting("proposals", waits)}
	if err != nil || waits == 0 {
		return check, err
	}
	first, err := tx.ManualEntries(ctx, filter, Page{Limit: 1})
	if err == nil {
		check.ToDo = fmt.Sprintf("approve or reject what was proposed, first %q of %s under %s", first[0].Description, first[0].ProposedBy(), first[0].AccountingDate)
	}
	return check, err
}

func (b *Books) checkTasks(ctx context.Context, tx Tx, period ledger.Period) (CloseCheck, error) {
	check := CloseCheck{Code: CheckTasks, Holds: "All required tasks are done."}
	tasks, err := tasksOf(ctx, tx, period)
	var open []string
	for _, task := range tasks {
		state := "done"
		if task.Done == nil {
			if state = "open"; task.Required {
				open = append(open, task.Name)
			}
		}
		check.Figures = append(check.Figures, saying(task.Name, state))
	}
	if len(tasks) == 0 {
		check.Figures = []CheckFigure{counting("tasks", 0)}
	}
	if len(open) > 0 {
		check.ToDo = "do and tick: " + strings.Join(open, ", ")
	}
	return check, err
}
