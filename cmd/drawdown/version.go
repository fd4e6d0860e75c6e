package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// What the linker is told where the build cannot know, as in a container that has no
// repository: -ldflags "-X main.linkedVersion=v1.2.3 -X main.linkedCommit=… -X main.linkedDate=…".
var linkedVersion, linkedCommit, linkedDate string

// build is what this program was made from.
type build struct {
	Version  string `json:"version"`  // a release, or what Go makes of a commit
	Commit   string `json:"commit"`   // empty where nobody knows
	Date     string `json:"date"`     // of the commit, RFC 3339; empty where nobody knows
	Modified bool   `json:"modified"` // the commit does not hold all of it
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (p *program) versionCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use: "version", Short: "Print which version this is, of which commit, made by which Go", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := thisBuild()
			if asJSON {
				return p.printJSON(b)
			}
			_, err := fmt.Fprintln(p.stdout, "drawdown", b)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "for machines")
	return c
}

func thisBuild() build {
	b := build{Version: linkedVersion, Commit: linkedCommit, Date: linkedDate, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if b.Version == "" && info.Main.Version != "(devel)" {
		b.Version = info.Main.Version
	}
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision" && b.Commit == "":
			b.Commit = setting.Value
		case setting.Key == "vcs.time" && b.Date == "":
			b.Date = setting.Value
		case setting.Key == "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b
}

// String is the build on one line: v1.2.3 (commit 0123456789ab of 2026-11-24T00:00:00Z) go1.26.0 linux/amd64.
func (b build) String() string {
	text := b.name()
	if b.Commit != "" {
		const enough = 12 // digits of a commit, to find it by
		text += " (commit " + b.Commit[:min(enough, len(b.Commit))]
		if b.Date != "" {
			text += " of " + b.Date
		}
		if b.Modified {
			text += ", modified"
		}
		text += ")"
	}
	return text + " " + b.Go + " " + b.Platform
}

func (b build) name() string {
	switch {
	case b.Version != "":
		return b.Version
	case b.Commit != "":
		return "commit " + b.Commit
	}
	return "development"
}

// version is what logs and reports say of this program: a release, or a commit.
func version() string { return thisBuild().name() }
