package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"drawdown/internal/books"
	"drawdown/internal/store/pgtest"
)

// TestTwoServers lets fifty clients send usage to two servers on one database for a while,
// and to the other server again where one does not answer, while one server and then the
// other is killed and started again, connections to the database are cut, and the jobs run
// on both. In the end every event that was acknowledged is there once, and no other; every
// credit is accounted for, nothing is booked twice, and no two transactions waited for
// each other.
func TestTwoServers(t *testing.T) {
	const clients = 50
	lasts := 15 * time.Second
	if testing.Short() {
		lasts = 4 * time.Second
	}
	db := pgtest.Database(t)
	makeCrashBook(t, db)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	binary := builtProgram(t)
	secret := strings.TrimSpace(ran(t, "token", "create", "clients", "--role", "operator,accountant", "--db", db))
	pair := [2]*served{newServed(t, binary, db, secret), newServed(t, binary, db, secret)}

	working, stop := context.WithTimeout(t.Context(), lasts)
	defer stop()
	var sending, harming sync.WaitGroup
	acknowledged := make([][]string, clients) // "customer event"
	for client := range clients {
		sending.Go(func() {
			c := sender{t: t, pair: pair, chance: rand.New(rand.NewPCG(seed, uint64(client))), name: client}
			for working.Err() == nil {
				acknowledged[client] = append(acknowledged[client], c.send()...) //nolint:contextcheck // the requests are the test's
			}
		})
	}
	var killed, cut, booked atomic.Int64
	harm := func(stream uint64, about time.Duration, act func(chance *rand.Rand, n int)) {
		harming.Go(func() {
			chance := rand.New(rand.NewPCG(seed, stream))
			for n := 0; pause(working, chance, about); n++ {
				act(chance, n)
			}
		})
	}
	harm(1000, time.Second, func(chance *rand.Rand, _ int) {
		pair[chance.IntN(2)].kill()
		killed.Add(1)
		// The lease of a run that was killed would hold up the others for most of the test.
		pgtest.Exec(t, db, "UPDATE leases SET until_us = 0")
	})
	harm(1001, 300*time.Millisecond, func(*rand.Rand, int) {
		const one = `SELECT coalesce(sum(pg_terminate_backend(pid)::int), 0) FROM (SELECT pid FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'drawdown' ORDER BY random() LIMIT 1) AS chosen`
		if pgtest.Ask(t, db, one) == "1" {
			cut.Add(1)
		}
	})
	harm(1002, 200*time.Millisecond, func(chance *rand.Rand, n int) {
		answer, err := pair[chance.IntN(2)].ask(fmt.Sprintf(`mutation { jobRun(job: ALL, idempotencyKey: "run-%d") { run { status } userErrors { code } } }`, n))
		if err == nil && strings.Contains(answer, "SUCCEEDED") {
			booked.Add(1)
		}
	})
	sending.Wait()
	stop()
	harming.Wait()
	for _, server := range pair {
		server.end()
	}

	want := map[string]bool{}
	for _, events := range acknowledged {
		for _, event := range events {
			want[event] = true
		}
	}
	t.Logf("%d events; %d servers killed, %d connections cut, %d runs asked for ended well", len(want), killed.Load(), cut.Load(), booked.Load())
	if len(want) < 100 || killed.Load() == 0 || cut.Load() == 0 || booked.Load() == 0 {
		t.Error("too little happened")
	}
	t.Log(strings.TrimSpace(ran(t, "job", "run", "all", "--db", db)))
	if code, said := ended(t, "verify", "--db", db); code != success {
		t.Error(said)
	}
	lookInto(t, db, func(ctx context.Context, _ *books.Books, tx books.Tx) {
		names := map[string]string{}
		customers, err := tx.Customers(ctx, books.CustomerFilter{}, books.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, customer := range customers {
			names[customer.ID] = customer.ExternalID
		}
		events, err := tx.Events(ctx, books.EventFilter{}, books.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			name := names[event.CustomerID] + " " + event.EventID
			if !want[name] {
				t.Errorf("%s is there twice, or nobody sent it", name)
			}
			delete(want, name)
		}
	})
	for event := range want {
		t.Errorf("%s was acknowledged and is not there", event)
	}
	for pgtest.Ask(t, db, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") != "0" {
		time.Sleep(10 * time.Millisecond)
	}
	if deadlocks := pgtest.Ask(t, db, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); deadlocks != "0" {
		t.Errorf("%s deadlocks", deadlocks)
	}
}

// pause waits for about so long, and reports whether the work goes on.
func pause(working context.Context, chance *rand.Rand, about time.Duration) bool {
	select {
	case <-working.Done():
		return false
	case <-time.After(about/2 + time.Duration(chance.Int64N(int64(about)))):
		return true
	}
}

// served is a server in a process of its own, at an address that stays.
type served struct {
	t      *testing.T
	args   []string
	url    string
	secret string
	client http.Client
	said   *output

	mu       sync.Mutex
	process  *exec.Cmd
	ended    chan error
	stopping bool
}

func newServed(t *testing.T, binary, db, secret string) *served {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	s := &served{
		t: t, args: []string{binary, "serve", "--db", db, "--addr", address}, url: "http://" + address + "/graphql", secret: secret, said: &output{},
		client: http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 50}},
	}
	s.start()
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.stopping = true
		_ = s.process.Process.Kill() // where the test failed before it ended
	})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, err := s.ask("{ book { timeZone } }"); err == nil {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("does not serve: %s", s.said)
		}
	}
}

// start starts the process, and again where it ends because a connection was cut while it
// opened the book: that is what whoever keeps it running does.
func (s *served) start() {
	process, ended := exec.Command(s.args[0], s.args[1:]...), make(chan error, 1)
	process.Stderr = s.said
	s.process, s.ended = process, ended
	if err := process.Start(); err != nil {
		s.t.Error(err)
		return
	}
	go func() {
		err := process.Wait()
		ended <- err
		s.mu.Lock()
		defer s.mu.Unlock()
		if process.ProcessState.ExitCode() == database && s.process == process && !s.stopping {
			s.start()
		}
	}()
}

// kill kills the server wherever it is, and starts it again.
func (s *served) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.process.Process.Kill() // SIGKILL
	<-s.ended
	s.start()
}

// end stops the server as an operator does.
func (s *served) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	err := s.process.Process.Signal(syscall.SIGTERM)
	if err := errors.Join(err, <-s.ended); err != nil {
		s.t.Errorf("the server ended with %v: %s", err, s.said)
	}
}

func (s *served) ask(query string) (string, error) {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+s.secret)
	answer, err := s.client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}

// sender is a client: it sends a few events at a time until a server has acknowledged them.
type sender struct {
	t      *testing.T
	pair   [2]*served
	chance *rand.Rand
	name   int
	sent   int
}

func (c *sender) send() (acknowledged []string) {
	customer := fmt.Sprintf("c%d", c.chance.IntN(10)) // few, so that all meet
	var events []string
	day := time.Date(2023, 11, 2+c.chance.IntN(20), 12, 0, 0, 0, time.UTC) // late, for what was sold has lapsed since
	for range 1 + c.chance.IntN(4) {
		id := fmt.Sprintf("%d-%d", c.name, c.sent)
		c.sent++
		events = append(events, fmt.Sprintf(`{id: %q, customer: %q, credits: "0.%03d", occurredAt: %q}`, id, customer, 1+c.chance.IntN(9), day.Format(time.RFC3339)))
		acknowledged = append(acknowledged, customer+" "+id)
	}
	query := "mutation { usageRecord(events: [" + strings.Join(events, ", ") + "]) { outcomes { status error { code message } } } }"
	at := c.chance.IntN(2)
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); at++ {
		answer, err := c.pair[at%2].ask(query)
		if err == nil && strings.Contains(answer, "REJECTED") {
			c.t.Errorf("client %d is refused: %s", c.name, answer)
			return acknowledged
		}
		if err == nil && strings.Count(answer, `"RECORDED"`)+strings.Count(answer, `"DUPLICATE"`) == len(events) {
			return acknowledged
		}
		time.Sleep(time.Duration(c.chance.IntN(40)) * time.Millisecond)
	}
	c.t.Errorf("client %d was not heard for a minute", c.name)
	return nil
}
