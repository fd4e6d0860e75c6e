package books_test

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/store"
	"drawdown/internal/store/pgtest"
	"drawdown/ledger/export"
)

// mortal is a store of a server that dies at its n-th write: before it, within it (what it did is
// rolled back), or after it (it is done, and nobody heard so).
type mortal struct {
	books.Store
	left  atomic.Int64
	after bool
}

func (m *mortal) Update(ctx context.Context, act func(context.Context, books.Tx) error) error {
	switch left := m.left.Add(-1); {
	case left < 0:
		return errDied
	case left > 0:
		return m.Store.Update(ctx, act)
	case m.after:
		if err := m.Store.Update(ctx, act); err != nil {
			return err
		}
		return errDied
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	err := m.Store.Update(ctx, func(ctx context.Context, tx books.Tx) error {
		err := act(ctx, tx)
		stop()
		return err
	})
	return errors.Join(errDied, err)
}

// exportingServers are servers of one book that is exported to two targets, with a clock that all
// of them share and that goes on by leaps.
type exportingServers struct {
	*testing.T
	stores  [2]*store.Store
	books   [2]*books.Books
	targets map[string]string // code to id
	began   time.Time
	leaps   atomic.Int64 // minutes

	mu     sync.Mutex
	asked  []exportAsked
	prices map[string]bool // of all sales, each another one
	read   map[string][sha256.Size]byte
}

// exportAsked is a batch that was asked for, to be asked for again.
type exportAsked struct {
	key   string
	asked books.NewExportBatch
	id    string // "" where nobody heard
}

func (s *exportingServers) now() time.Time {
	return serverDay.Add(time.Since(s.began) + time.Duration(s.leaps.Load())*time.Minute)
}

func openExporting(t *testing.T, url string) *exportingServers {
	t.Helper()
	s := &exportingServers{T: t, targets: map[string]string{}, began: time.Now(), prices: map[string]bool{}, read: map[string][sha256.Size]byte{}}
	for i := range s.stores {
		s.stores[i] = done[*store.Store](t)(store.Open(t.Context(), url, store.Options{}))
		t.Cleanup(func() { _ = s.stores[i].Close() })
		if err := s.stores[i].Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.books[i] = done[*books.Books](t)(books.Open(t.Context(), s.stores[i], books.Options{Now: s.now}))
	}
	done[books.Policy](t)(s.books[0].PolicyCreate(t.Context(), "policy", books.NewPolicy{Code: "default"}))
	done[books.Customer](t)(s.books[0].CustomerCreate(t.Context(), "customer", books.NewCustomer{ExternalID: "acme"}))
	for code, profile := range map[string]string{
		"erp":       withAccounts(t, export.NetSuite, func(p *export.Profile) { p.Limits.Rows = 7 }), // several files
		"warehouse": `{"format": "jsonl-lines"}`,
	} {
		made := done[books.ExportTarget](t)(s.books[0].ExportTargetCreate(t.Context(), code, books.NewExportTarget{Code: code, Profile: profile}))
		s.targets[code] = made.ID
	}
	return s
}

// TestExportsAtRandom has two servers sell, export, void, and write at random, at the same time: the
// same batch is asked for again, servers die at any write and others go on once their claim is
// over or while they still live, and sales of past days are posted after batches are sealed. What stands in the
// files that count is then reckoned here, from their bytes: each target has each entry once.
func TestExportsAtRandom(t *testing.T) {
	for engine, url := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "book.db") },
		"postgres": func(t *testing.T) string { return pgtest.Database(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			for run := range scaled(4) {
				seed := uint64(time.Now().UnixNano())
				t.Run(fmt.Sprintf("%d seed %d", run, seed), func(t *testing.T) {
					s := openExporting(t, url(t))
					var working sync.WaitGroup
					for worker := range 4 {
						working.Go(func() { s.work(worker, rand.New(rand.NewPCG(seed, uint64(worker)))) })
					}
					working.Wait()
					if !t.Failed() {
						s.drain()
						s.reckon()
					}
				})
			}
		})
	}
}

// work acts at random.
func (s *exportingServers) work(worker int, chance *rand.Rand) {
	ctx := s.Context()
	for n := range 25 {
		key := fmt.Sprint(worker, " ", n)
		server := chance.IntN(2)
		b := s.books[server]
		if chance.IntN(3) == 0 {
			b = s.dying(server, chance)
		}
		var err error
		switch chance.IntN(8) {
		case 0, 1, 2:
			err = s.sell(ctx, b, key, chance)
		case 3, 4:
			err = s.export(ctx, b, key, chance)
		case 5, 6:
			_, _, err = b.ExportWrite(ctx, "")
		case 7:
			err = s.void(ctx, b, key, chance)
		}
		if err != nil && !errors.Is(err, errDied) && !errors.Is(err, context.Canceled) {
			s.Errorf("%s: %v", key, err)
		}
		if chance.IntN(6) == 0 {
			s.leaps.Add(2) // claims are over, also of who lives
		}
		s.readSealed(chance)
	}
}

// dying is another book of a server, which dies soon.
func (s *exportingServers) dying(server int, chance *rand.Rand) *books.Books {
	m := &mortal{Store: s.stores[server], after: chance.IntN(2) == 0}
	m.left.Store(1 << 40)
	b, err := books.Open(s.Context(), m, books.Options{Now: s.now})
	if err != nil {
		s.Error(err)
		return s.books[server]
	}
	m.left.Store(int64(1 + chance.IntN(5)))
	return b
}

// sell sells on some day until today, for a price that no other sale has; who hears nothing asks again.
func (s *exportingServers) sell(ctx context.Context, b *books.Books, key string, chance *rand.Rand) error {
	s.mu.Lock()
	cents := int64(1000 + len(s.prices))
	price := decimal.New(cents, -2)
	s.prices[price.StringFixed(2)] = true
	s.mu.Unlock()
	request := books.NewPurchase{Customer: "acme", Credits: whole(10), Price: &price, PurchasedAt: serverDay.AddDate(0, 0, -chance.IntN(60))}
	_, err := b.Purchase(ctx, "sale "+key, request)
	if err != nil {
		_, err = s.books[0].Purchase(ctx, "sale "+key, request)
	}
	return err
}

// export asks for a batch: a new one, or once more for one that was asked for before.
func (s *exportingServers) export(ctx context.Context, b *books.Books, key string, chance *rand.Rand) error {
	ask := exportAsked{key: "batch " + key, asked: books.NewExportBatch{Target: s.targets["erp"]}}
	if chance.IntN(2) == 0 {
		ask.asked.Target = s.targets["warehouse"]
	}
	s.mu.Lock()
	if len(s.asked) > 0 && chance.IntN(3) == 0 {
		ask = s.asked[chance.IntN(len(s.asked))]
	}
	s.mu.Unlock()
	batch, err := b.ExportBatchCreate(ctx, ask.key, ask.asked)
	switch {
	case books.CodeOf(err) == books.NothingToExport || books.CodeOf(err) == books.TooLarge:
		return nil
	case err == nil && ask.id != "" && ask.id != batch.ID:
		return fmt.Errorf("the same request made %s and %s", ask.id, batch.ID)
	case err == nil:
		ask.id = batch.ID
	}
	s.mu.Lock()
	s.asked = append(s.asked, ask)
	s.mu.Unlock()
	return err
}

// void voids any batch, whatever has become of it.
func (s *exportingServers) void(ctx context.Context, b *books.Books, key string, chance *rand.Rand) error {
	s.mu.Lock()
	var id string
	if len(s.asked) > 0 {
		id = s.asked[chance.IntN(len(s.asked))].id
	}
	s.mu.Unlock()
	if id == "" {
		return nil
	}
	_, err := b.ExportBatchVoid(ctx, "void "+key, books.ChangeExportBatch{ID: id, Reason: "loaded into the wrong company"})
	if books.CodeOf(err) == books.AlreadyVoided {
		return nil
	}
	return err
}

// readSealed reads one sealed batch from one of the servers: it is the same bytes each time.
func (s *exportingServers) readSealed(chance *rand.Rand) {
	s.mu.Lock()
	var id string
	if len(s.asked) > 0 {
		id = s.asked[chance.IntN(len(s.asked))].id
	}
	s.mu.Unlock()
	if id == "" {
		return
	}
	server := chance.IntN(2)
	batch, err := s.batch(server, id)
	if err != nil || batch.SealedAt.IsZero() {
		return
	}
	for _, file := range batch.Files {
		s.file(server, batch, file.Name)
	}
}

func (s *exportingServers) batch(server int, id string) (batch books.ExportBatch, err error) {
	err = s.books[server].View(s.Context(), func(ctx context.Context, tx books.Tx) error {
		found, err := tx.ExportBatchesByID(ctx, []string{id})
		if err == nil && len(found) == 1 {
			batch = found[0]
		}
		return err
	})
	return batch, err
}

// file returns the bytes of a file, which have to be those that were read before.
func (s *exportingServers) file(server int, batch books.ExportBatch, name string) []byte {
	f, err := s.books[server].ExportOpen(s.Context(), batch.ID, name)
	if err != nil {
		s.Error(err)
		return nil
	}
	content, err := io.ReadAll(f)
	if err != nil {
		s.Error(err)
	}
	sum := sha256.Sum256(content)
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, known := s.read[batch.ID+name]; known && before != sum {
		s.Errorf("batch %s: %s is other bytes than before", batch.ID, name)
	}
	s.read[batch.ID+name] = sum
	return content
}

// drain ends all: what the dead had is written by who lives, and what is new is exported.
func (s *exportingServers) drain() {
	ctx, b := s.Context(), s.books[0]
	for round := 0; ; round++ {
		s.leaps.Add(2)
		for {
			_, found, err := b.ExportWrite(ctx, "")
			if err != nil {
				s.Fatal(err)
			}
			if !found {
				break
			}
		}
		waiting := false
		for code, id := range s.targets {
			_, err := b.ExportBatchCreate(ctx, fmt.Sprint("last ", code, round), books.NewExportBatch{Target: id})
			switch {
			case err == nil:
				waiting = true
			case books.CodeOf(err) != books.NothingToExport:
				s.Fatal(err)
			}
		}
		if !waiting {
			return
		}
	}
}

// reckon counts entries and prices in the files of the batches that count.
func (s *exportingServers) reckon() {
	for _, finding := range done[[]books.Finding](s.T)(s.books[0].Verify(s.Context())) {
		s.Errorf("verify: %+v", finding)
	}
	for code, id := range s.targets {
		var ids []string
		counts := map[books.ExportStatus]int{}
		done[struct{}](s.T)(struct{}{}, s.books[1].View(s.Context(), func(ctx context.Context, tx books.Tx) error {
			batches, err := tx.ExportBatches(ctx, books.ExportBatchFilter{TargetID: id}, books.Page{Limit: 10_000})
			for _, batch := range batches {
				counts[batch.Status]++
				if batch.Status != books.ExportVoided {
					ids = append(ids, batch.ID)
				}
			}
			return err
		}))
		entries, debits := map[int64]int{}, map[string]int{}
		for _, batchID := range ids {
			batch := done[books.ExportBatch](s.T)(s.batch(1, batchID))
			if batch.Status != books.ExportSealed {
				s.Errorf("%s: batch %d is %s: %s", code, batch.Number, batch.Status, batch.Problem)
			}
			for _, file := range batch.Files {
				content := s.file(1, batch, file.Name)
				switch code {
				case "erp":
					countNetSuite(s.T, content, entries, debits)
				default:
					countJSONLines(s.T, content, entries, debits)
				}
			}
		}
		for number := range int64(len(s.prices)) {
			if entries[number+1] != 1 {
				s.Errorf("%s has entry %d %d times", code, number+1, entries[number+1])
			}
		}
		for price := range s.prices {
			if debits[price] != 1 {
				s.Errorf("%s has the sale of %s %d times", code, price, debits[price])
			}
		}
		if len(entries) != len(s.prices) || len(debits) != len(s.prices) {
			s.Errorf("%s has %d entries with %d amounts, want %d", code, len(entries), len(debits), len(s.prices))
		}
		s.Logf("%s: %d entries in batches %v", code, len(entries), counts)
	}
}

// countNetSuite counts entries and what they debit.
func countNetSuite(t *testing.T, content []byte, entries map[int64]int, debits map[string]int) {
	t.Helper()
	rows := done[[][]string](t)(csv.NewReader(strings.NewReader(string(content))).ReadAll())
	place := map[string]int{}
	for i, name := range rows[0] {
		place[name] = i
	}
	for _, row := range rows[1:] {
		if debit := row[place["Journal Entry - Line: Debit"]]; debit != "" {
			entries[done[int64](t)(strconv.ParseInt(strings.TrimPrefix(row[place["External ID"]], "JE-"), 10, 64))]++
			debits[debit]++
		}
	}
}

// countJSONLines does so where each line is an object.
func countJSONLines(t *testing.T, content []byte, entries map[int64]int, debits map[string]int) {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(string(content)))
	for lines.Scan() {
		var line struct {
			Entry  int64  `json:"entry"`
			Amount string `json:"amount"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(line.Amount, "-") {
			entries[line.Entry]++
			debits[line.Amount]++
		}
	}
}
