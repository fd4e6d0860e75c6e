package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const (
	repository = "../.."
	deployed   = repository + "/deploy"
	dockerfile = repository + "/Dockerfile"
)

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// deployFiles are the files that name flags, variables and ports of the program.
func deployFiles(t *testing.T) []string {
	t.Helper()
	names := []string{dockerfile}
	err := filepath.WalkDir(deployed, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && !strings.Contains(name, "/secrets/") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// documents are the YAML documents of a file, as maps and lists.
func documents(t *testing.T, name string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for decoder := yaml.NewDecoder(strings.NewReader(readText(t, name))); ; {
		var document map[string]any
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, document)
	}
}

// at walks down keys of maps and indexes of lists; nil where there is nothing.
func at(node any, path ...any) any {
	for _, step := range path {
		switch in := node.(type) {
		case map[string]any:
			key, _ := step.(string)
			node = in[key]
		case []any:
			i, _ := step.(int)
			if i >= len(in) {
				return nil
			}
			node = in[i]
		default:
			return nil
		}
	}
	return node
}

func words(node any) []string {
	list, _ := node.([]any)
	var all []string
	for _, word := range list {
		text, _ := word.(string)
		all = append(all, text)
	}
	return all
}

// understood reports what the program makes of arguments, without running them.
func understood(args []string) error {
	p, root := settingsProgram(nil)
	_ = p
	c, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	return c.ValidateArgs(c.Flags().Args())
}

// TestDeploymentNamesWhatThereIs holds every variable that a file for deployment, or the
// documentation of that, names to those of the program.
func TestDeploymentNamesWhatThereIs(t *testing.T) {
	p, _ := settingsProgram(nil)
	known := p.variables()
	docs, err := filepath.Glob(repository + "/docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(append(deployFiles(t), docs...), repository+"/README.md") {
		for _, variable := range regexp.MustCompile(`\bDRAWDOWN_[A-Z_]+\b`).FindAllString(readText(t, name), -1) {
			if !slices.Contains(known, variable) {
				t.Errorf("%s names %s, which no flag has", name, variable)
			}
		}
	}
}

// TestDockerfile holds the image to what keeps it small and safe.
func TestDockerfile(t *testing.T) {
	text := readText(t, dockerfile)
	joined := strings.ReplaceAll(text, "\\\n", " ")
	image := regexp.MustCompile(`(?m)^ARG GO_IMAGE=golang:(\d+\.\d+)\.\d+-[a-z]+$`).FindStringSubmatch(text)
	if image == nil {
		t.Fatal("the base is not pinned to a version and a system")
	}
	if mod := readText(t, repository+"/go.mod"); !strings.Contains(mod, "\ngo "+image[1]+".") {
		t.Errorf("builds with Go %s, go.mod asks for another", image[1])
	}
	var user, entry, health string
	last := ""
	for line := range strings.SplitSeq(joined, "\n") {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		rest = strings.TrimSpace(rest)
		switch instruction {
		case "FROM":
			last = rest
		case "USER":
			user = rest
		case "ENTRYPOINT":
			entry = rest
		case "HEALTHCHECK":
			_, health, _ = strings.Cut(rest, "CMD ")
		case "ADD":
			t.Errorf("ADD fetches and unpacks: take COPY")
		case "ARG", "ENV":
			if regexp.MustCompile(`(?i)password|secret|token|_DB\b`).MatchString(rest) {
				t.Errorf("%s stays in the image for everybody to read", line)
			}
		}
	}
	if last != "scratch" {
		t.Errorf("ends on %s", last)
	}
	if !regexp.MustCompile(`^[1-9]\d*:[1-9]\d*$`).MatchString(user) {
		t.Errorf("runs as %q: Kubernetes must see by the number that it is not root", user)
	}
	if entry != `["/drawdown"]` {
		t.Errorf("a shell in front of the program keeps signals from it: %s", entry)
	}
	for _, command := range []string{health, regexp.MustCompile(`(?m)^CMD (.*)$`).FindStringSubmatch(text)[1]} {
		var args []string
		if err := json.Unmarshal([]byte(command), &args); err != nil {
			t.Fatal(command, err)
		}
		if args[0] == "/drawdown" {
			args = args[1:]
		}
		if err := understood(args); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// TestImageBuild builds the program as the Dockerfile does, from what .dockerignore lets in.
func TestImageBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles everything once more")
	}
	context := buildContext(t)
	joined := strings.ReplaceAll(readText(t, dockerfile), "\\\n", " ")
	command := regexp.MustCompile(`CGO_ENABLED=0 GOOS.*?\./cmd/drawdown`).FindString(joined)
	if command == "" {
		t.Fatal("the Dockerfile builds otherwise than this test does")
	}
	path := filepath.Join(t.TempDir(), "drawdown")
	build := exec.CommandContext(t.Context(), "bash", "-c", strings.Replace(command, "/out/drawdown", path, 1))
	build.Dir = context
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "TARGETOS=", "TARGETARCH=", "VERSION=v1.2.3", "COMMIT=0123456789abcdef", "DATE=2026-11-24T00:00:00Z")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, test := range []struct {
		args string
		code int
		says string
	}{
		{"version", success, "drawdown v1.2.3 (commit 0123456789ab of 2026-11-24T00:00:00Z) go1."},
		{"healthcheck --url http://127.0.0.1:1/healthz", problems, "connection refused"},
		{"config check", success, "faults: 0"},
	} {
		run := exec.CommandContext(t.Context(), path, strings.Fields(test.args)...)
		run.Env = []string{}
		run.Dir = t.TempDir()
		said, _ := run.CombinedOutput()
		if code := run.ProcessState.ExitCode(); code != test.code || !strings.Contains(string(said), test.says) {
			t.Errorf("%s: %d %s", test.args, code, said)
		}
	}
}

// buildContext copies what .dockerignore lets in.
func buildContext(t *testing.T) string {
	t.Helper()
	var in, out []string
	for line := range strings.Lines(readText(t, repository+"/.dockerignore")) {
		line = strings.TrimSpace(line)
		if kept, found := strings.CutPrefix(line, "!"); found {
			in = append(in, kept)
		} else if left, found := strings.CutPrefix(line, "**/"); found {
			out = append(out, left)
		}
	}
	context := t.TempDir()
	for _, name := range in {
		err := filepath.WalkDir(filepath.Join(repository, name), func(path string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // a room that is not built yet
			}
			if err != nil {
				return err
			}
			if slices.ContainsFunc(out, func(pattern string) bool {
				matched, _ := filepath.Match(pattern, entry.Name())
				return matched
			}) {
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			inside, err := filepath.Rel(repository, path)
			if err != nil {
				return err
			}
			target := filepath.Join(context, inside)
			if entry.IsDir() {
				return os.MkdirAll(target, 0o755)
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(target, text, 0o644)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return context
}

// TestCompose holds the services to the program: what they run, where it listens, and that
// no secret stands in the file.
func TestCompose(t *testing.T) {
	file := documents(t, deployed+"/compose.yaml")[0]
	services, _ := file["services"].(map[string]any)
	for name, service := range services {
		image, _ := at(service, "image").(string)
		if !regexp.MustCompile(`:\d+\.\d+|^\$\{IMAGE`).MatchString(image) {
			t.Errorf("%s: %s is not pinned", name, image)
		}
		if !strings.HasPrefix(image, "${IMAGE") {
			continue
		}
		if err := understood(words(at(service, "command"))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if probe := words(at(service, "healthcheck", "test")); len(probe) > 0 {
			if err := understood(probe[2:]); err != nil || probe[1] != "/drawdown" {
				t.Errorf("%s: %q: %v", name, probe, err)
			}
		}
		environment := map[string]string{}
		variables, _ := at(service, "environment").(map[string]any)
		for variable, value := range variables {
			environment[variable], _ = value.(string)
		}
		secret, _ := strings.CutPrefix(environment["DRAWDOWN_DB_FILE"], "/run/secrets/")
		if !slices.Contains(words(at(service, "secrets")), secret) || at(file, "secrets", secret) == nil {
			t.Errorf("%s: %s is not among its secrets", name, environment["DRAWDOWN_DB_FILE"])
		}
		delete(environment, "DRAWDOWN_DB_FILE")
		p, root := settingsProgram(environment)
		if r := p.resolveAll(root); r.faults != nil && name == "serve" {
			for _, fault := range r.faults {
				t.Errorf("%s: %v", name, fault)
			}
		}
		if readOnly, _ := at(service, "read_only").(bool); !readOnly {
			t.Errorf("%s may write to its image", name)
		}
	}
	for _, need := range []string{"db", "migrate", "serve", "proxy"} {
		if services[need] == nil {
			t.Errorf("there is no service %s", need)
		}
	}
	if at(services["serve"], "depends_on", "migrate", "condition") != "service_completed_successfully" {
		t.Error("serve does not wait for migrate")
	}
}

// TestKubernetes holds the manifests to the program, and pods to what a restricted
// namespace takes.
func TestKubernetes(t *testing.T) {
	byKind := map[string]map[string]any{}
	listed := words(at(documents(t, deployed+"/kubernetes/kustomization.yaml")[0], "resources"))
	for _, name := range deployFiles(t) {
		base := filepath.Base(name)
		if filepath.Base(filepath.Dir(name)) != "kubernetes" || base == "kustomization.yaml" || base == "drawdown.yaml" {
			continue
		}
		for _, document := range documents(t, name) {
			kind, _ := document["kind"].(string)
			if document["apiVersion"] == nil || at(document, "metadata", "name") == nil {
				t.Errorf("%s is no manifest", name)
			}
			byKind[kind] = document
		}
		if !slices.Contains(listed, base) && base != "secret.example.yaml" {
			t.Errorf("kustomization.yaml leaves out %s", base)
		}
	}
	for _, name := range listed {
		if _, err := os.Stat(filepath.Join(deployed, "kubernetes", name)); err != nil {
			t.Error(err)
		}
	}
	deployment := byKind["Deployment"]
	labels := at(deployment, "spec", "template", "metadata", "labels", "app.kubernetes.io/name")
	for what, selected := range map[string]any{
		"Deployment":          at(deployment, "spec", "selector", "matchLabels", "app.kubernetes.io/name"),
		"Service":             at(byKind["Service"], "spec", "selector", "app.kubernetes.io/name"),
		"PodDisruptionBudget": at(byKind["PodDisruptionBudget"], "spec", "selector", "matchLabels", "app.kubernetes.io/name"),
	} {
		if selected == nil || selected != labels {
			t.Errorf("%s selects %v, pods are %v", what, selected, labels)
		}
	}
	replicas, _ := at(deployment, "spec", "replicas").(int)
	if least, _ := at(byKind["PodDisruptionBudget"], "spec", "minAvailable").(int); least >= replicas {
		t.Errorf("%d of %d pods must be there: no node could be emptied", least, replicas)
	}
	for _, kind := range []string{"Deployment", "Job"} {
		pod := at(byKind[kind], "spec", "template", "spec")
		container := at(pod, "containers", 0)
		if err := understood(words(at(container, "args"))); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		for _, must := range []struct{ got, want any }{
			{at(pod, "securityContext", "runAsNonRoot"), true},
			{at(pod, "securityContext", "runAsUser"), 65532},
			{at(pod, "securityContext", "seccompProfile", "type"), "RuntimeDefault"},
			{at(pod, "automountServiceAccountToken"), false},
			{at(pod, "enableServiceLinks"), false},
			{at(container, "securityContext", "allowPrivilegeEscalation"), false},
			{at(container, "securityContext", "readOnlyRootFilesystem"), true},
			{at(container, "securityContext", "capabilities", "drop", 0), "ALL"},
			{at(container, "image"), "drawdown"},
			{at(container, "env", 0, "value"), "/etc/drawdown/drawdown.yaml"},
		} {
			if must.got != must.want {
				t.Errorf("%s: %v where %v must be", kind, must.got, must.want)
			}
		}
		if at(container, "resources", "limits", "memory") == nil || at(container, "resources", "requests", "cpu") == nil {
			t.Errorf("%s takes what it likes of its node", kind)
		}
	}
	if at(byKind["Secret"], "stringData", "db") == nil || !strings.HasPrefix(at(byKind["Secret"], "stringData", "db").(string), "postgres://drawdown:PASSWORD@") {
		t.Error("the secret is no template")
	}
}

// TestKubernetesSettings starts a server with the settings of the pods and asks it what
// their probes ask.
func TestKubernetesSettings(t *testing.T) {
	dir := t.TempDir()
	settings := readText(t, deployed+"/kubernetes/drawdown.yaml")
	const secret = "/run/secrets/drawdown/db"
	if !strings.Contains(settings, secret) || !strings.Contains(readText(t, deployed+"/kubernetes/deployment.yaml"), "mountPath: "+filepath.Dir(secret)) {
		t.Fatal("the settings do not name the mounted secret")
	}
	for name, text := range map[string]string{
		"drawdown.yaml": strings.ReplaceAll(settings, secret, dir+"/db"),
		"db":            "sqlite:" + dir + "/book.db\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, root := settingsProgram(map[string]string{"DRAWDOWN_CONFIG": dir + "/drawdown.yaml"})
	r := p.resolveAll(root)
	for _, fault := range r.faults {
		t.Error(fault)
	}
	container := at(documents(t, deployed+"/kubernetes/deployment.yaml")[0], "spec", "template", "spec", "containers", 0)
	port, _ := at(container, "ports", 0, "containerPort").(int)
	for _, s := range r.settings {
		if s.key() == "serve.addr" && !strings.HasSuffix(s.values[0], ":"+strconv.Itoa(port)) {
			t.Errorf("serves on %s, the pod opens %d", s.values[0], port)
		}
	}
	if !strings.Contains(readText(t, dockerfile), "\nEXPOSE "+strconv.Itoa(port)+"\n") {
		t.Errorf("the image does not expose %d", port)
	}
	served := startServing(t, "serve", "--config", dir+"/drawdown.yaml", "--addr", "127.0.0.1:0", "--log", "text", "--no-jobs")
	for _, probe := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
		path, _ := at(container, probe, "httpGet", "path").(string)
		answer, err := http.Get(served.url + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK || at(container, probe, "httpGet", "port") != at(container, "ports", 0, "name") {
			t.Errorf("%s: %s %s", probe, path, answer.Status)
		}
	}
}

// TestSystemdUnit has systemd read the unit, where it is installed, and holds its command
// to the program.
func TestSystemdUnit(t *testing.T) {
	unit := readText(t, deployed+"/drawdown.service")
	command := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/drawdown (.*)$`).FindStringSubmatch(unit)
	if command == nil {
		t.Fatal("the unit starts no drawdown")
	}
	if err := understood(strings.Fields(command[1])); err != nil {
		t.Error(err)
	}
	for _, must := range []string{"ProtectSystem=strict", "DynamicUser=yes", "StateDirectory=drawdown", "LoadCredential=db:", "Restart=on-failure", "TimeoutStopSec=", "NoNewPrivileges=yes"} {
		if !strings.Contains(unit, "\n"+must) {
			t.Errorf("lacks %s", must)
		}
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd is not installed")
	}
	self, err := os.Executable() // which is executable, as the program will be
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "drawdown.service")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(unit, "/usr/local/bin/drawdown", self)), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), analyze, "verify", "--man=no", path).CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
	// Ten is open to everything; a service without any hardening has 9.6.
	if out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=yes", "--threshold=20", path).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
