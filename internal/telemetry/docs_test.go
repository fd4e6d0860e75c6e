package telemetry_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"go.yaml.in/yaml/v3"
)

const docs = "../../docs/operate/"

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// busy scrapes a server to which everything has happened that is counted.
func busy(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	s := newServer(t, nil)
	s.sell()
	s.use("a", "a")
	s.ask(`mutation { usageRecord(events: [{id: "z", customer: "nobody", credits: "1"}]) { rejected } }`, nil)
	s.ask(`{ nothing }`, nil)
	s.ask(`mutation { jobRun(job: ALL, idempotencyKey: "run") { run { status } } }`, nil)
	s.watch.StatementEnded(t.Context(), "COPY", "draws", time.Millisecond, errors.New("broken"))
	if err := errors.Join(s.watch.Sample(t.Context(), s.books), s.watch.Reconcile(t.Context(), s.books)); err != nil {
		t.Fatal(err)
	}
	s.get("/metrics")
	return s.scrape()
}

func labelsOf(family *dto.MetricFamily) []string {
	var labels []string
	for _, label := range family.Metric[0].Label {
		labels = append(labels, label.GetName())
	}
	return labels
}

// The table of figures in the docs is what a server exports.
func TestMetricsAreDocumented(t *testing.T) {
	families := busy(t)
	var names []string
	for name, family := range families {
		if strings.HasPrefix(name, "drawdown_") {
			names = append(names, name)
		}
		for _, label := range labelsOf(family) {
			if label == "job" || label == "instance" {
				t.Errorf("%s has the label %s, which Prometheus gives to what it scrapes", name, label)
			}
		}
	}
	slices.Sort(names)
	table := "| figure | type | labels | what it is |\n| --- | --- | --- | --- |\n"
	for _, name := range names {
		family := families[name]
		table += fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, strings.ToLower(family.GetType().String()), strings.Join(labelsOf(family), ", "), family.GetHelp())
	}
	const begin, end = "-run TestMetricsAreDocumented -->\n", "<!-- end of metrics -->"
	name := docs + "monitoring.md"
	page := read(t, name)
	before, rest, found := strings.Cut(page, begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has no place for the figures", name)
	}
	written := before + begin + "\n" + table + "\n" + end + after
	if written == page {
		return
	}
	if os.Getenv("UPDATE_DOCS") == "" {
		t.Fatalf("%s does not list what a server exports: UPDATE_DOCS=1 go test ./internal/telemetry -run TestMetricsAreDocumented writes it", name)
	}
	if err := os.WriteFile(name, []byte(written), 0o600); err != nil {
		t.Fatal(err)
	}
}

var (
	metricName = regexp.MustCompile(`\b(?:drawdown|go|process)_[a-z0-9_]+\b`)
	byLabels   = regexp.MustCompile(`\bby \(([^)]*)\)`)
	matchers   = regexp.MustCompile(`([a-z_]+)(?:=~|!=|=)"`)
)

// unknown returns what an expression names that no server exports.
func unknown(families map[string]*dto.MetricFamily, expression string) []string {
	var wrong []string
	labels := map[string]bool{"le": true, "job": true, "instance": true}
	for _, name := range metricName.FindAllString(expression, -1) {
		family := families[name]
		if family == nil {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				if of, cut := strings.CutSuffix(name, suffix); cut && families[of] != nil && families[of].GetType() == dto.MetricType_HISTOGRAM {
					family = families[of]
				}
			}
		}
		if family == nil {
			wrong = append(wrong, name)
			continue
		}
		for _, label := range labelsOf(family) {
			labels[label] = true
		}
	}
	var used []string
	for _, match := range byLabels.FindAllStringSubmatch(expression, -1) {
		used = append(used, strings.Split(match[1], ", ")...)
	}
	for _, match := range matchers.FindAllStringSubmatch(expression, -1) {
		used = append(used, match[1])
	}
	for _, label := range used {
		if !labels[label] {
			wrong = append(wrong, "the label "+label)
		}
	}
	return wrong
}

// dashboard is what Grafana has to find in one.
type dashboard struct {
	Title, UID string
	Templating struct {
		List []struct{ Name string }
	}
	Panels []struct {
		ID          int
		Type, Title string
		Description string
		GridPos     struct{ H, W, X, Y int }
		Targets     []struct{ RefID, Expr string }
	}
}

type rules struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert, Expr, For    string
			Labels, Annotations map[string]string
		}
	}
}

func readRules(t *testing.T) rules {
	t.Helper()
	var found rules
	if err := yaml.Unmarshal([]byte(read(t, docs+"alerts.yaml")), &found); err != nil {
		t.Fatal(err)
	}
	return found
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	var found dashboard
	if err := json.Unmarshal([]byte(read(t, docs+"grafana-dashboard.json")), &found); err != nil {
		t.Fatal(err)
	}
	return found
}

// Dashboard, alerts and docs name nothing that a server does not export.
func TestNamedMetricsExist(t *testing.T) {
	families := busy(t)
	ids := map[int]bool{}
	for _, panel := range readDashboard(t).Panels {
		if ids[panel.ID] || panel.Title == "" || panel.GridPos.W == 0 || panel.GridPos.X+panel.GridPos.W > 24 {
			t.Errorf("panel %d %q has no title, no place, or the id of another", panel.ID, panel.Title)
		}
		ids[panel.ID] = true
		if panel.Type != "row" && (panel.Description == "" || len(panel.Targets) == 0) {
			t.Errorf("panel %q has no description or asks for nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			if wrong := unknown(families, target.Expr); len(wrong) > 0 {
				t.Errorf("panel %q: no server exports %v: %s", panel.Title, wrong, target.Expr)
			}
		}
	}
	for _, group := range readRules(t).Groups {
		for _, rule := range group.Rules {
			if wrong := unknown(families, rule.Expr); len(wrong) > 0 {
				t.Errorf("alert %s: no server exports %v", rule.Alert, wrong)
			}
		}
	}
	for _, name := range metricName.FindAllString(read(t, docs+"monitoring.md"), -1) {
		if families[name] == nil {
			t.Errorf("monitoring.md: no server exports %s", name)
		}
	}
	if wrong := unknown(families, `sum by (nothing) (rate(drawdown_no_total{job_name="x"}[5m]))`); len(wrong) != 3 {
		t.Errorf("of three faults are seen %q", wrong)
	}
}

// Each alert says what to do.
func TestAlertsAreExplained(t *testing.T) {
	page := read(t, docs+"monitoring.md")
	_, alerts, _ := strings.Cut(page, "\n## Alerts\n")
	var explained, wanted []string
	for _, heading := range regexp.MustCompile(`(?m)^### (\w+)$`).FindAllStringSubmatch(alerts, -1) {
		explained = append(explained, heading[1])
	}
	for _, group := range readRules(t).Groups {
		for _, rule := range group.Rules {
			wanted = append(wanted, rule.Alert)
			if rule.Annotations["runbook"] != "monitoring.md#"+strings.ToLower(rule.Alert) || rule.Annotations["summary"] == "" || rule.Labels["severity"] == "" {
				t.Errorf("alert %s lacks its summary, severity or runbook", rule.Alert)
			}
		}
	}
	if fmt.Sprint(explained) != fmt.Sprint(wanted) {
		t.Errorf("explained are %v\nof %v", explained, wanted)
	}
}

// promtool runs Prometheus's own checker.
func promtool(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("promtool is not there: scripts/setup.sh installs it")
		}
		t.Skip("promtool is not there: scripts/setup.sh installs it")
	}
	if said, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %v: %v\n%s", args, err, said)
	}
}

// Prometheus takes every rule, and every expression of the dashboard.
func TestExpressionsParse(t *testing.T) {
	promtool(t, "check", "rules", docs+"alerts.yaml")
	type rule struct {
		Record string `yaml:"record"`
		Expr   string `yaml:"expr"`
	}
	var all []rule
	for _, panel := range readDashboard(t).Panels {
		for _, target := range panel.Targets {
			all = append(all, rule{fmt.Sprintf("panel_%d_%s", panel.ID, target.RefID), strings.NewReplacer("$job", ".*", "$instance", ".*").Replace(target.Expr)})
		}
	}
	text, err := yaml.Marshal(map[string]any{"groups": []map[string]any{{"name": "dashboard", "rules": all}}})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "dashboard.yaml")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", name)
}

// The alerts fire when they are to, and not before: testdata/alerts_test.yaml, and alerts_days_test.yaml for those of many days.
func TestAlertsFire(t *testing.T) {
	promtool(t, "test", "rules", "testdata/alerts_test.yaml", "testdata/alerts_days_test.yaml")
}
