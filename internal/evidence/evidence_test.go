package evidence_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"drawdown/internal/books"
	"drawdown/internal/evidence"
	"drawdown/internal/reports"
	"drawdown/ledger"
)

// TestTheSameBytes holds that a pack is the same bytes on both engines, and whatever came after.
func TestTheSameBytes(t *testing.T) {
	var first [2][]byte
	for i, b := range onBoth(t) {
		b.live()
		for j, period := range []ledger.Period{month(1), month(2)} {
			archive, _, m := b.packed(evidence.Options{Period: period})
			if m.Entries == 0 || m.Lines == 0 {
				t.Fatalf("%s has no entries", period)
			}
			if first[j] == nil {
				first[j] = archive
			}
			if !bytes.Equal(first[j], archive) {
				t.Errorf("engine %d: the pack of %s differs: %s", i, period, differing(t, first[j], archive))
			}
		}
		_, before, _ := b.packed(evidence.Options{Period: month(2)})
		b.liveOn()
		_, after, m := b.packed(evidence.Options{Period: month(2)})
		stays := map[string]bool{"manifest.json": true, "SHA256SUMS": true, "SHA256SUMS.sig": true} // they name the files of now
		for _, file := range m.Files {
			if !file.OfNow && !bytes.Equal(content(t, before, file.Name), content(t, after, file.Name)) {
				t.Errorf("engine %d: %s changed with what came after", i, file.Name)
			}
			stays[file.Name] = true
		}
		if files := names(t, after); len(files) != len(stays) {
			t.Errorf("engine %d: %d files, %d of them listed", i, len(files), len(stays))
		}
	}
}

func content(t *testing.T, dir, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(at string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(dir, at)
			all = append(all, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// unpacked unpacks an archive with tar.
func unpacked(t *testing.T, archive []byte) string {
	t.Helper()
	dir := t.TempDir()
	tar := exec.CommandContext(t.Context(), "tar", "xf", "-", "-C", dir)
	tar.Stdin = bytes.NewReader(archive)
	if out, err := tar.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	below, err := os.ReadDir(dir)
	if err != nil || len(below) != 1 {
		t.Fatalf("%v unpacks to %v", err, below)
	}
	return filepath.Join(dir, below[0].Name())
}

func differing(t *testing.T, a, b []byte) (all []string) {
	t.Helper()
	left, right := unpacked(t, a), unpacked(t, b)
	for _, name := range names(t, left) {
		other, err := os.ReadFile(filepath.Join(right, name))
		if mine := content(t, left, name); err != nil || !bytes.Equal(mine, other) {
			all = append(all, name)
			for i, line := range strings.Split(string(mine), "\n") {
				if theirs := strings.Split(string(other), "\n"); len(theirs) <= i || theirs[i] != line {
					all = append(all, line)
					break
				}
			}
		}
	}
	return all
}

// commandsOf are those that the README of a pack says.
func commandsOf(t *testing.T, dir string) (all []string) {
	t.Helper()
	fenced := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$") //nolint:gocritic // a ^ in the middle is meant: (?m) has it match at each line
	for _, found := range fenced.FindAllSubmatch(content(t, dir, "00_README.md"), -1) {
		all = append(all, string(found[1]))
	}
	return all
}

// checker runs commands in a directory, with the program on the path.
type checker struct{ path string }

func newChecker(t *testing.T) checker {
	t.Helper()
	for _, tool := range []string{"/usr/bin/python3", "openssl", "sha256sum", "tar"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing := fmt.Sprintf("%v: what the README of a pack says was NOT tested. Run `make setup`", err)
			if os.Getenv("CI") == "true" {
				t.Fatal(missing)
			}
			t.Skip(missing)
		}
	}
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "drawdown"), "drawdown/cmd/drawdown")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Symlink("/usr/bin/python3", filepath.Join(dir, "python3")); err != nil {
		t.Fatal(err)
	}
	return checker{dir + ":" + os.Getenv("PATH")}
}

func (c checker) run(t *testing.T, dir, command string) (string, error) {
	t.Helper()
	bash := exec.CommandContext(t.Context(), "bash", "-e", "-o", "pipefail", "-c", command)
	bash.Dir = dir
	bash.Env = append(os.Environ(), "PATH="+c.path, "TMPDIR="+t.TempDir())
	out, err := bash.CombinedOutput()
	return string(out), err
}

// TestTheReadmeIsTrue runs the commands of the README in the unpacked archive, on their own: all hold, and
// with one byte flipped, wherever it is, one does not.
func TestTheReadmeIsTrue(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	c := newChecker(t)
	b := onBoth(t)[0]
	b.live()
	for _, period := range []ledger.Period{month(1), month(2)} {
		archive, _, m := b.packed(evidence.Options{Period: period})
		dir := unpacked(t, archive)
		if filepath.Base(dir) != "evidence-"+period.String() {
			t.Errorf("unpacks to %s", dir)
		}
		commands := commandsOf(t, dir)
		if len(commands) < 5 {
			t.Fatalf("%d commands: %q", len(commands), commands)
		}
		for _, command := range commands {
			if out, err := c.run(t, dir, command); err != nil {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
		}
		if period == month(2) {
			in := map[string]int{}
			for _, file := range append(names(t, dir), "one-more.json") {
				of := filepath.Dir(file)
				in[of]++
				if in[of] <= 2 || of == "." || of == "samples" || strings.HasSuffix(file, "_lines.csv") || strings.HasSuffix(file, "_recognitions.csv") {
					c.flip(t, dir, file, commands) // the others of a directory are alike
				}
			}
		}
		checkManifest(t, dir, m)
	}
}

// TestClosedAgain opens February and closes it again with more in it: the new pack is of the new closing, its proofs
// lead to the new checkpoint, also those of entries that the old seal has, and say that it goes on from that.
func TestClosedAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	c := newChecker(t)
	for _, b := range onBoth(t) {
		b.live()
		_, before, first := b.packed(evidence.Options{Period: month(2), Samples: 2000})
		proposed, err := b.PeriodReopenPropose(b.person("anna"), b.key(), books.ReopenPeriod{Period: month(2), Reason: "an invoice was missing"})
		b.Must(err)
		_, err = b.PeriodReopenApprove(b.person("bert"), b.key(), books.DecideReopening{ID: proposed.ID, Reason: "seen"})
		b.Must(err)
		_, err = evidence.Write(t.Context(), b.Books, evidence.Options{Period: month(2)}, t.TempDir())
		if books.CodeOf(err) != books.PeriodOpen {
			t.Errorf("a period that is open again: %v", err)
		}
		b.use("=1+1", "3.5", on(2, 27))
		b.run(3, 2)
		b.shut(2)
		archive, _, m := b.packed(evidence.Options{Period: month(2), Samples: 2000})
		if m.Entries <= first.Entries || m.Seal.Size <= first.Seal.Size || m.Closing == first.Closing {
			t.Errorf("%d entries and %d leaves, there were %d and %d", m.Entries, m.Seal.Size, first.Entries, first.Seal.Size)
		}
		dir := unpacked(t, archive)
		for _, command := range commandsOf(t, dir) {
			if out, err := c.run(t, dir, command); err != nil {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
		}
		var proof books.SealProof
		if err := json.Unmarshal(content(t, dir, "consistency_prev.json"), &proof); err != nil || proof.Before != string(content(t, before, "checkpoint.txt")) {
			t.Errorf("the new checkpoint does not go on from the old one: %v", err)
		}
		// With so many samples every entry is proved; those of the rebate's days too.
		if proofs, err := filepath.Glob(filepath.Join(dir, "proofs", "*.json")); err != nil || int64(len(proofs)) != m.Entries {
			t.Errorf("%d proofs of %d entries: %v", len(proofs), m.Entries, err)
		}
		if acts := table(t, dir, "controls/closings.csv"); len(acts) != 4 || acts[2]["act"] != "REOPENED" || acts[2]["reason"] != "an invoice was missing" {
			t.Errorf("closings: %v", acts)
		}
		if asked := table(t, dir, "controls/reopenings.csv"); len(asked) != 1 || asked[0]["proposed_by"] != "token:anna" || asked[0]["decided_by"] != "token:bert" {
			t.Errorf("reopenings: %v", asked)
		}
	}
}

// TestTheKeyChanged seals February by another key than January: the README of February gives both, and each of its
// commands holds.
func TestTheKeyChanged(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	c := newChecker(t)
	b := onBoth(t)[0]
	b.live()
	b.changeKey()
	b.run(4, 1)
	b.shut(3)
	archive, _, m := b.packed(evidence.Options{Period: month(3)})
	dir := unpacked(t, archive)
	keys := table(t, dir, "controls/seal_keys.csv")
	if len(keys) != 2 || keys[1]["public_key"] != m.Seal.Key {
		t.Fatalf("the keys are %v, and the seal is by %s", keys, m.Seal.Key)
	}
	both := fmt.Sprintf("drawdown verify --proof consistency_prev.json --key '%s' --key '%s'\n", keys[1]["public_key"], keys[0]["public_key"])
	commands := commandsOf(t, dir)
	if !slices.ContainsFunc(commands, func(command string) bool { return strings.HasSuffix(command, both) }) {
		t.Errorf("the README has\n%s\nand not\n%s", strings.Join(commands, "\n"), both)
	}
	for _, command := range commands {
		if out, err := c.run(t, dir, command); err != nil || strings.Contains(out, "anybody could have made") {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
}

// TestDrilldown adds up, here, what is below the journal: recognitions and acts to the lines, use to the recognitions.
func TestDrilldown(t *testing.T) {
	b := onBoth(t)[0]
	b.live()
	for _, period := range []ledger.Period{month(1), month(2)} {
		_, dir, m := b.packed(evidence.Options{Period: period})
		lines, below := map[string][2]int64{}, map[string][2]int64{}
		for _, line := range table(t, dir, "gl/journal_lines.csv") {
			lines[line["line_id"]] = [2]int64{number(t, line["amount_minor"]), number(t, line["functional_minor"])}
		}
		some := 0
		for _, part := range table(t, dir, "drilldown/journal_line_recognitions.csv") {
			sum := below[part["line_id"]]
			below[part["line_id"]] = [2]int64{sum[0] + number(t, part["amount_minor"]), sum[1] + number(t, part["functional_minor"])}
			if part["recognition_id"] != "" && part["reference"] != "" {
				t.Errorf("%v is of both", part)
			}
			some++
		}
		if !maps.Equal(lines, below) || int64(len(lines)) != m.Lines || some < len(lines) {
			t.Errorf("%s: the lines are %v, and what is below them %v", period, lines, below)
		}

		// What was drawn of a lot on a day of the period is what is recognised of it.
		type lotDay struct{ lot, day string }
		recognised, drawn, seen := map[lotDay]decimal.Decimal{}, map[lotDay]decimal.Decimal{}, map[string]bool{}
		of := map[string]lotDay{}
		for _, r := range table(t, dir, "subledger/recognitions.csv") {
			if strings.HasPrefix(r["kind"], "USAGE") {
				key := lotDay{r["lot_id"], r["day"]}
				of[r["recognition_id"]] = key
				recognised[key] = recognised[key].Add(decimal.RequireFromString(r["credits"]))
			}
		}
		for _, e := range table(t, dir, "drilldown/recognition_events.csv") {
			key := of[e["recognition_id"]]
			if key != (lotDay{e["lot_id"], e["day"]}) {
				t.Errorf("%v is of another day than its recognition", e)
			}
			if !seen[e["event_id"]+e["lot_id"]] {
				seen[e["event_id"]+e["lot_id"]] = true
				drawn[key] = drawn[key].Add(decimal.RequireFromString(e["credits"]))
			}
		}
		for key, credits := range recognised {
			if !drawn[key].Equal(credits) && strings.HasPrefix(key.day, period.String()) {
				t.Errorf("%v: %s was drawn, and %s recognised", key, drawn[key], credits)
			}
		}
		if len(seen) < 10 {
			t.Errorf("only %d draws are behind recognitions", len(seen))
		}
		checkUse(t, dir, period, seen)
	}
}

// checkUse holds the use of the period's days against what is behind its recognitions.
func checkUse(t *testing.T, dir string, period ledger.Period, behind map[string]bool) {
	t.Helper()
	events, drawn := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	for _, e := range table(t, dir, "subledger/usage_events.csv") {
		events[e["event_id"]] = decimal.RequireFromString(e["credits"])
	}
	for _, d := range table(t, dir, "subledger/draws.csv") {
		drawn[d["event_id"]] = drawn[d["event_id"]].Add(decimal.RequireFromString(d["credits"]))
		if !behind[d["event_id"]+d["lot_id"]] && !strings.HasSuffix(d["day"], "-25") { // what is used and void on one day is recognised as nothing
			t.Errorf("%s: the draw %v is behind no recognition", period, d)
		}
	}
	for id, credits := range events {
		if !drawn[id].Equal(credits) {
			t.Errorf("%s of the event %s was drawn, not %s", drawn[id], id, credits)
		}
	}
	if len(events) < 20 || len(drawn) != len(events) {
		t.Errorf("%d events, %d drawn", len(events), len(drawn))
	}
}

// TestEveryReport holds that each report there is comes into a pack, or is said to be left out.
func TestEveryReport(t *testing.T) {
	b := onBoth(t)[0]
	b.live()
	_, _, m := b.packed(evidence.Options{Period: month(2), Samples: 1})
	for _, of := range reports.All() {
		there := slices.ContainsFunc(m.Files, func(f evidence.File) bool {
			return strings.HasPrefix(path.Base(f.Name), of.Name) && strings.HasSuffix(f.Name, ".csv")
		})
		left := slices.ContainsFunc(m.LeftOut, func(l evidence.LeftOut) bool { return strings.HasPrefix(path.Base(l.Name), of.Name) && l.Why != "" })
		if there == left || left != of.OfCustomer {
			t.Errorf("%s: there %t, left out %t", of.Name, there, left)
		}
	}
}

// flip changes a byte of a file, or adds the file, and puts it back.
func (c checker) flip(t *testing.T, dir, name string, commands []string) {
	t.Helper()
	at := filepath.Join(dir, name)
	kept, err := os.ReadFile(at)
	text := bytes.Clone(kept)
	if err != nil {
		text = []byte("{}")
	} else {
		text[len(text)/2] ^= 1
	}
	if strings.HasPrefix(name, "drilldown/") { // a byte may be of an id: a row is not
		text = text[:bytes.LastIndexByte(text[:len(text)-1], '\n')+1]
	}
	if err := os.WriteFile(at, text, 0o600); err != nil {
		t.Fatal(err)
	}
	failed := false
	for _, command := range commands[:2] {
		if _, err := c.run(t, dir, command); err != nil {
			failed = true
			break
		}
	}
	if !failed {
		t.Errorf("%s is another file, and nothing says so", name)
	}
	// What has a check of its own fails by it alone.
	for of, by := range map[string]string{"checkpoint.txt": "checkpoint.pem", "proofs/JE": "check_proofs", "consistency_prev.json": "check_proofs", "samples/sample_mus": "draw_samples", "samples/sample_random": "draw_samples", "gl/journal_lines.csv": "draw_samples", "drilldown/journal_line_recognitions.csv": "check_drilldown"} {
		if !strings.HasPrefix(name, of) {
			continue
		}
		for _, command := range commands {
			if !strings.Contains(command, by) {
				continue
			}
			if out, err := c.run(t, dir, command); err == nil {
				t.Errorf("%s is another file, and this holds: %s\n%s", name, command, out)
			}
		}
	}
	if kept == nil {
		err = os.Remove(at)
	} else {
		err = os.WriteFile(at, kept, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkManifest holds the manifest against the files.
func checkManifest(t *testing.T, dir string, m evidence.Manifest) {
	t.Helper()
	var read evidence.Manifest
	if err := json.Unmarshal(content(t, dir, "manifest.json"), &read); err != nil {
		t.Fatal(err)
	}
	if read.Closing != m.Closing || len(read.Files) != len(m.Files) {
		t.Errorf("the manifest says %+v", read)
	}
	for _, file := range read.Files {
		text := content(t, dir, file.Name)
		sum := sha256.Sum256(text)
		if file.SHA256 != hex.EncodeToString(sum[:]) || file.Bytes != int64(len(text)) {
			t.Errorf("the manifest says %+v of a file of %d bytes", file, len(text))
		}
	}
}

// table reads a CSV file of a pack, each row by the names of its columns.
func table(t *testing.T, dir, name string) (all []map[string]string) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(content(t, dir, name))).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%s: %v", name, err)
	}
	for _, row := range rows[1:] {
		one := map[string]string{}
		for i, cell := range row {
			one[rows[0][i]] = cell
		}
		all = append(all, one)
	}
	return all
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestSamples holds the samples against the population, computed here: the monetary-unit sample has every
// item of the interval or more, its intervals come to the total, and debits are as much as credits.
func TestSamples(t *testing.T) {
	b := onBoth(t)[0]
	b.live()
	for _, n := range []int{1, 3, 25, 2000} {
		_, dir, m := b.packed(evidence.Options{Period: month(2), Samples: n, Seed: "a seed of the auditor's"})
		var params struct {
			Seed    string
			Aside   int64 `json:"set_aside"`
			Samples []struct {
				File, Method, Side string
				Items, N, Drawn    int64
				Total              int64 `json:"total_minor"`
				Interval           int64 `json:"interval_minor"`
				Start              int64 `json:"start_minor"`
			}
		}
		if err := json.Unmarshal(content(t, dir, "samples/sample_params.json"), &params); err != nil {
			t.Fatal(err)
		}
		if params.Seed != "a seed of the auditor's" || len(params.Samples) != 4 {
			t.Fatalf("%+v", params)
		}
		items, totals, places := map[string]int64{}, map[string]int64{}, map[string]map[string]int64{"DEBITS": {}, "CREDITS": {}}
		aside := int64(0)
		for _, line := range table(t, dir, "gl/journal_lines.csv") {
			minor := number(t, line["functional_minor"])
			side := "DEBITS"
			if minor < 0 {
				side, minor = "CREDITS", -minor
			}
			if minor == 0 {
				aside++
				continue
			}
			items[side]++
			totals[side] += minor
			places[side][line["line_id"]] = minor
		}
		if params.Aside != aside || items["DEBITS"]+items["CREDITS"]+aside != m.Lines || totals["DEBITS"] != totals["CREDITS"] {
			t.Errorf("%d lines: %v and %d aside, %v", m.Lines, items, params.Aside, totals)
		}
		if text := ledger.Money(totals["DEBITS"], "USD").Text(); m.InBook[0].Debit != text || m.InBook[0].Credit != text {
			t.Errorf("the control total is %v, the lines come to %s", m.InBook, text)
		}
		for _, s := range params.Samples {
			if s.Items != items[s.Side] || s.Total != totals[s.Side] || s.N != int64(n) {
				t.Errorf("%+v is not of %v, %v", s, items, totals)
			}
			drawn := table(t, dir, s.File)
			var hits int64
			seen := map[string]bool{}
			for _, row := range drawn {
				hits += number(t, row["hits"])
				seen[row["line_id"]] = true
				if places[s.Side][row["line_id"]] != number(t, row["amount_minor"]) {
					t.Errorf("%s: %v is not in the population", s.File, row)
				}
				name := "proofs/JE-" + strings.Repeat("0", 6-len(row["entry"])) + row["entry"] + ".json"
				if text := content(t, dir, name); !bytes.Contains(text, []byte("drawdown seal proof 1")) {
					t.Errorf("%s proves nothing", name)
				}
			}
			if int64(len(seen)) != s.Drawn || len(drawn) != len(seen) {
				t.Errorf("%s has %d rows, %d of them different, and says %d", s.File, len(drawn), len(seen), s.Drawn)
			}
			if s.Method == "SIMPLE_RANDOM" {
				if want := min(int64(n), s.Items); s.Drawn != want {
					t.Errorf("%s has %d items, want %d", s.File, s.Drawn, want)
				}
				continue
			}
			if s.Start < 1 || s.Start > s.Interval || s.Interval != max(s.Total/int64(n), 1) {
				t.Errorf("%+v", s)
			}
			if want := (s.Total-s.Start)/s.Interval + 1; hits != want {
				t.Errorf("%s: %d units were drawn, want %d", s.File, hits, want)
			}
			for line, minor := range places[s.Side] {
				if minor >= s.Interval && !seen[line] {
					t.Errorf("%s: %s of %d is not drawn by intervals of %d", s.File, line, minor, s.Interval)
				}
			}
		}
	}
}

// TestAnotherSeed holds that a seed decides what is drawn, and nothing else of the pack but what is about it.
func TestAnotherSeed(t *testing.T) {
	b := onBoth(t)[0]
	b.live()
	_, one, m := b.packed(evidence.Options{Period: month(2), Samples: 5, Seed: "one"})
	_, two, _ := b.packed(evidence.Options{Period: month(2), Samples: 5, Seed: "two"})
	differ := 0
	for _, file := range m.Files {
		if strings.HasPrefix(file.Name, "proofs/") || file.Name == "00_README.md" {
			continue
		}
		if bytes.Equal(content(t, one, file.Name), content(t, two, file.Name)) {
			continue
		}
		differ++
		if !strings.HasPrefix(file.Name, "samples/") {
			t.Errorf("%s differs by seed", file.Name)
		}
	}
	if differ < 4 {
		t.Errorf("only %d files differ by seed", differ)
	}
}

func TestRefused(t *testing.T) {
	b := onBoth(t)[0]
	b.live()
	for name, of := range map[string]struct {
		options evidence.Options
		code    books.Code
		field   string
	}{
		"open":         {evidence.Options{Period: month(3)}, books.PeriodOpen, "period"},
		"before":       {evidence.Options{Period: month(1) - 1}, books.PeriodOpen, "period"},
		"too many":     {evidence.Options{Period: month(1), Samples: evidence.MostSamples + 1}, books.Invalid, "samples"},
		"fewer than 1": {evidence.Options{Period: month(1), Samples: -1}, books.Invalid, "samples"},
		"two lines":    {evidence.Options{Period: month(1), Seed: "a\nb"}, books.Invalid, "seed"},
		"no UTF-8":     {evidence.Options{Period: month(1), Seed: "a\xffb"}, books.Invalid, "seed"},
		"long":         {evidence.Options{Period: month(1), Seed: strings.Repeat("a", evidence.LongestSeed+1)}, books.Invalid, "seed"},
	} {
		dir := t.TempDir()
		_, err := evidence.Write(t.Context(), b.Books, of.options, dir)
		refusal, is := err.(*books.Error) //nolint:errorlint // nothing wraps it
		if !is || refusal.Code != of.code || refusal.Field != of.field {
			t.Errorf("%s: %v", name, err)
		}
		if len(names(t, dir)) > 0 {
			t.Errorf("%s: %v is there", name, names(t, dir))
		}
	}
}

// TestTheScriptIsDocumented holds the page against the script that is in packs.
func TestTheScriptIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/evidence.md")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("draw_samples.py")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(page, []byte("```python\n"+string(script)+"```\n")) {
		t.Error("docs/evidence.md shows another script than draw_samples.py")
	}
}
