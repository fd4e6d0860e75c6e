package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"

	"drawdown/graph"
)

const (
	// defaultHeader holds tokens of every issuer, and what proxies add.
	defaultHeader = 32 << 10
	// leastMemory, in megabytes, is what the program needs to do anything.
	leastMemory = 64
)

// requestFlags say how much a request to the API may ask: docs/limits.md.
type requestFlags struct {
	limits           graph.Limits
	kilobytes        int64 // of a body
	headerKilobytes  int
	memoryMegabytes  int    // 0 for what the machine says
	trustedDirectory string // empty where any document runs
	origins          []string
}

func (r *requestFlags) add(p *program, c *cobra.Command) {
	flags := c.Flags()
	count := func(value *int, name string, initial int, meaning string) {
		flags.IntVar(value, name, initial, meaning)
		p.limit(flags, name, "1 to 1000000000", func(text string) error { return numberBetween(text, 1, 1_000_000_000) })
	}
	flags.Int64Var(&r.kilobytes, "max-body", graph.DefaultBody>>10, "the most `kilobytes` of a GraphQL request")
	p.limit(flags, "max-body", "1 to 1048576", func(text string) error { return numberBetween(text, 1, 1<<20) })
	count(&r.limits.Tokens, "max-tokens", graph.DefaultTokens, "the most `tokens` of a GraphQL document")
	count(&r.limits.Depth, "max-depth", graph.DefaultDepth, "the most `fields` above each other in a query")
	count(&r.limits.Complexity, "max-complexity", graph.DefaultComplexity, "the most `fields` that a query may ask for, counting first")
	count(&r.limits.RootFields, "max-root-fields", graph.DefaultRootFields, "the most `fields` at the root of an operation, counting each alias")
	count(&r.limits.Parallel, "max-parallel", graph.DefaultParallel, "the most `fields` of Query of one request at the same time")
	count(&r.limits.Text, "max-text", graph.DefaultText, "the most `bytes` of a string among the arguments")
	count(&r.limits.List, "max-list", graph.DefaultList, "the most `elements` of a list in the variables")
	count(&r.limits.Values, "max-values", graph.DefaultValues, "the most `values` in the variables, keys of objects too")
	flags.DurationVar(&r.limits.Time, "max-time", graph.DefaultTime, "how `long` a GraphQL request may take")
	p.limit(flags, "max-time", "1s to 1h", func(text string) error { return between(text, time.Second, time.Hour) })
	count(&r.limits.Requests, "max-requests", graph.DefaultRequests, "the most GraphQL `requests` at work at the same time")
	count(&r.limits.Queries, "max-queries", graph.DefaultQueries, "the most GraphQL `queries` of one caller at work at the same time")
	flags.DurationVar(&r.limits.Wait, "max-wait", graph.DefaultWait, "how `long` a GraphQL request waits for others that are at work")
	p.limit(flags, "max-wait", "1ms to 1m", func(text string) error { return between(text, time.Millisecond, time.Minute) })
	flags.IntVar(&r.limits.Rate, "rate", graph.DefaultRate, "the `fields` a second that one caller may ask for over time, each request counting ten more; 0 for no bound")
	p.limit(flags, "rate", "0 to 1000000000", func(text string) error { return numberBetween(text, 0, 1_000_000_000) })
	count(&r.limits.Burst, "rate-burst", graph.DefaultBurst, "the `fields` that a caller may ask for at once after a pause")
	flags.IntVar(&r.headerKilobytes, "max-header", defaultHeader>>10, "the most `kilobytes` of the headers of a request")
	p.limit(flags, "max-header", "4 to 1024", func(text string) error { return numberBetween(text, 4, 1024) })
	flags.IntVar(&r.memoryMegabytes, "memory-limit", 0, "the `megabytes` of memory to keep within; 0 for GOMEMLIMIT, or nine tenths of the container's")
	p.limit(flags, "memory-limit", "0, or 64 and more", func(text string) error {
		if text == "0" {
			return nil
		}
		return numberBetween(text, leastMemory, 1<<24)
	})
	flags.StringSliceVar(&r.origins, "cors-origin", nil, "an `origin` whose pages may ask, such as https://dashboard.example.com; may be repeated")
	flags.StringVar(&r.trustedDirectory, "trusted-documents", "", "run only the documents of this `directory`: files *.graphql, and manifests *.json of documents by hash")
}

func (r *requestFlags) bounds() graph.Limits {
	limits := r.limits
	limits.Body = r.kilobytes << 10
	if r.limits.Rate == 0 {
		limits.Rate = -1 // for a zero is the default there
	}
	return limits
}

// trusted reads the trusted documents; nil where any document runs. Errors: bad usage, which
// names every fault of every file.
func (r *requestFlags) trusted() (*graph.Trusted, error) {
	if r.trustedDirectory == "" {
		return nil, nil //nolint:nilnil // nil is: any document
	}
	trusted, err := graph.ReadTrusted(os.DirFS(r.trustedDirectory), r.bounds())
	if err != nil {
		return nil, badUsage("--trusted-documents %s: %w", r.trustedDirectory, err)
	}
	return trusted, nil
}

// check refuses what cannot be meant. Errors: bad usage.
func (r *requestFlags) check() error {
	for _, origin := range r.origins {
		if err := graph.CheckOrigin(origin); err != nil {
			return badUsage("--cors-origin: %w", err)
		}
	}
	_, err := r.trusted()
	return err
}
