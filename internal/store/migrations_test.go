package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// migrationSums are the sums of the migrations, as sha256sum writes and checks them.
const migrationSums = "testdata/migrations.sha256"

// TestMigrationsStayAsTheyAre holds every migration to the text that databases have run: one
// that is changed later would never reach them.
func TestMigrationsStayAsTheyAre(t *testing.T) {
	list, err := os.ReadFile(migrationSums)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(list)) {
		sum, name, found := strings.Cut(strings.TrimSpace(line), "  ")
		if !found {
			t.Fatalf("%s: %q is no sum", migrationSums, line)
		}
		sums[name] = sum
	}
	for _, name := range migrationFiles(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		switch got := hex.EncodeToString(sum[:]); sums[name] {
		case got:
		case "":
			t.Errorf("a new migration, which never changes once it is committed. Add to %s:\n%s  %s", migrationSums, got, name)
		default:
			t.Errorf("%s was changed, and databases that have run it would not notice: write a new migration. Only where no release has it may its line in %s become %s", name, migrationSums, got)
		}
		delete(sums, name)
	}
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		t.Errorf("%s is gone, and databases that have run it would be taken for those of a newer program", name)
	}
}

func migrationFiles(t *testing.T) []string {
	t.Helper()
	names, err := filepath.Glob("migrations/*/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	slices.Sort(names)
	return names
}

// beforeTheRule are migrations that take something away and are not named so, from before
// two versions could serve one database.
var beforeTheRule = []string{"migrations/sqlite/20261201000000_queue.tx.up.sql"}

// TestMigrationsAddOrSaySo holds migrations to the rule by which two versions serve one
// database: they add, or contract_ is in their name.
func TestMigrationsAddOrSaySo(t *testing.T) {
	named := regexp.MustCompile(`/\d{14}_(contract_)?[a-z0-9_]+\.tx\.up\.sql$`)
	for _, name := range migrationFiles(t) {
		match := named.FindStringSubmatch(name)
		if match == nil {
			t.Errorf("%s: is named YYYYMMDDhhmmss_what.tx.up.sql, in lower case; there is no way down", name)
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		taken := slices.DeleteFunc(takesAway(string(text)), func(of string) bool {
			return guardOfClosed.MatchString(of) || guardOfDecided.MatchString(of) || guardOfKeys.MatchString(of)
		})
		if len(taken) > 0 && match[1] == "" && !slices.Contains(beforeTheRule, name) {
			t.Errorf("%s: %q would break the version before, which may still serve the database. Do it in the release after that, in a migration named …_contract_…", name, taken)
		}
	}
}

// guardOfClosed is a trigger that refuses what is booked in a closed period. The version
// before closes none, and books in none: it reads what is closed from periods, which says so
// to both.
var guardOfClosed = regexp.MustCompile(`TRIGGER (?:IF NOT EXISTS )?(?:entries|recognitions|lines)_closed `)

// guardOfDecided is a trigger that refuses to change an estimate in force, or what was proposed
// otherwise than by deciding about it: no version before ever did.
var guardOfDecided = regexp.MustCompile(`TRIGGER (?:estimates_no_(?:update|delete|truncate)|(?:estimate_proposals|period_reopens)_(?:decided|no_delete|no_truncate)) `)

// guardOfKeys is a trigger of SQLite, which one version serves at a time, that refuses a row whose key is taken, as the key does.
var guardOfKeys = regexp.MustCompile(`TRIGGER \w+_no_replace BEFORE INSERT ON `)

// Statements after which a program that does not know of them would fail or write what must
// not be.
var takingAway = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\bDROP\s+(?:TABLE|COLUMN|CONSTRAINT|TRIGGER|VIEW|FUNCTION|DEFAULT)\b[^;]*`),
	regexp.MustCompile(`(?i)\bRENAME\b[^;]*`),
	regexp.MustCompile(`(?i)\bALTER\s+COLUMN\b[^;]*`),
	regexp.MustCompile(`(?i)\bSET\s+NOT\s+NULL\b`),
	regexp.MustCompile(`(?i)\bADD\s+(?:CONSTRAINT|CHECK|UNIQUE|FOREIGN|PRIMARY)\b[^;]*`),
	regexp.MustCompile(`(?im)^\s*TRUNCATE\b[^;]*`),
}

var (
	sqlComment    = regexp.MustCompile(`--[^\n]*`)
	newColumn     = regexp.MustCompile(`(?i)\bADD\s+COLUMN\b[^,;]*`)
	madeTable     = regexp.MustCompile(`(?i)\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?"?(\w+)`)
	uniqueIndex   = regexp.MustCompile(`(?i)\bCREATE\s+UNIQUE\s+INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?\w+\s+ON\s+"?(\w+)`)
	rightsTaken   = regexp.MustCompile(`(?i)\bREVOKE\b[^;]*?\bON\s+(?:TABLE\s+)?"?(\w+)`)
	triggerOfEach = regexp.MustCompile(`(?i)\bCREATE\s+(?:OR\s+REPLACE\s+)?TRIGGER\b[^;]*?\bON\s+"?(\w+)`)
)

// takesAway lists what in a migration an older program could not live with.
func takesAway(text string) []string {
	text = sqlComment.ReplaceAllString(text, "")
	var taken []string
	for _, pattern := range takingAway {
		taken = append(taken, pattern.FindAllString(text, -1)...)
	}
	for _, column := range newColumn.FindAllString(text, -1) {
		if upper := strings.ToUpper(column); strings.Contains(upper, "NOT NULL") && !strings.Contains(upper, "DEFAULT") {
			taken = append(taken, column)
		}
	}
	made := map[string]bool{}
	for _, table := range madeTable.FindAllStringSubmatch(text, -1) {
		made[table[1]] = true
	}
	for _, pattern := range []*regexp.Regexp{uniqueIndex, rightsTaken, triggerOfEach} {
		for _, on := range pattern.FindAllStringSubmatch(text, -1) {
			if !made[on[1]] {
				taken = append(taken, on[0])
			}
		}
	}
	return taken
}

func TestWhatTakesAwayIsSeen(t *testing.T) {
	for _, test := range []struct {
		sql   string
		taken int
	}{
		{"CREATE TABLE IF NOT EXISTS tokens (id UUID PRIMARY KEY); CREATE UNIQUE INDEX tokens_hash ON tokens (hash);", 0},
		{"ALTER TABLE lots ADD COLUMN note TEXT;", 0},
		{"ALTER TABLE lots ADD COLUMN note TEXT NOT NULL DEFAULT '';", 0},
		{"CREATE INDEX lots_note ON lots (note); -- DROP TABLE lots", 0},
		{"DROP INDEX lots_note; CREATE INDEX lots_note ON lots (note, id);", 0},
		{"ALTER TABLE lots ADD COLUMN note TEXT NOT NULL;", 1},
		{"CREATE UNIQUE INDEX lots_note ON lots (note);", 1},
		{"CREATE TRIGGER t BEFORE UPDATE ON lots BEGIN SELECT 1; END;", 1},
		{"DROP TABLE lot_days;", 1},
		{"ALTER TABLE lots DROP COLUMN drawn;", 1},
		{"ALTER TABLE lots RENAME TO parcels;", 1},
		{"ALTER TABLE lots ALTER COLUMN drawn TYPE numeric;", 1},
		{"ALTER TABLE lots ADD CONSTRAINT positive CHECK (drawn >= 0);", 1},
		{"TRUNCATE lots;", 1},
		{"REVOKE UPDATE ON lots FROM PUBLIC;", 1},
	} {
		if got := takesAway(test.sql); len(got) != test.taken {
			t.Errorf("%s: %q, want %d", test.sql, got, test.taken)
		}
	}
}

// TestContractIsMarked holds that older programs are told before something is taken away,
// by the name of the migration.
func TestContractIsMarked(t *testing.T) {
	files := migrationFiles(t)
	s := openFile(t, filepath.Join(t.TempDir(), "book.db"))
	defer s.Close()
	var marks int
	if err := s.Writer().NewRaw("SELECT count(*) FROM bun_migrations WHERE name LIKE 'contract%'").Scan(t.Context(), &marks); err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, name := range files {
		if strings.HasPrefix(name, "migrations/sqlite/") && strings.Contains(name, "_contract_") {
			named++
		}
	}
	if marks != named {
		t.Errorf("%d migrations are marked to take something away, %d are named so", marks, named)
	}
}
