package bench

import (
	"bufio"
	"context"
	"os"
	"runtime"
	"strings"
	"time"
)

// environment says where the figures come from.
func (b *bench) environment(ctx context.Context) (Environment, error) {
	database, settings, err := b.engine.describe(ctx)
	return Environment{
		Date: time.Now().UTC().Truncate(time.Second), Version: b.program.Version,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, CPU: cpu(), CPUs: runtime.GOMAXPROCS(0),
		Database: database, Settings: settings,
	}, err
}

// cpu is the model of the processor where the system tells it, "" elsewhere.
func cpu() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer file.Close() //nolint:errcheck // nothing was written to it
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, model, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return ""
}
