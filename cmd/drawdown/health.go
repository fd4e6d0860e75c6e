package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// defaultHealthURL is what a server on the default address answers at.
const defaultHealthURL = "http://" + defaultAddress + "/healthz"

// healthTime is what an answer may take: containers are asked every few seconds.
const healthTime = 3 * time.Second

func (p *program) healthCommand() *cobra.Command {
	var target string
	within := healthTime
	c := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask a server whether it is well",
		Long: `Ask a server whether it is well, for containers that hold no other program that
could. /healthz answers while the process lives, /readyz while it can read the
database. Exits with 0 where the answer is 200, else with 1.`,
		Example: "  drawdown healthcheck\n  drawdown healthcheck --url http://127.0.0.1:9000/readyz --within 1s",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			said, err := askHealth(c.Context(), target, within)
			if err != nil {
				return &exitError{problems, fmt.Errorf("%s: %w", target, err)}
			}
			_, err = fmt.Fprintf(p.stdout, "%s: %s\n", target, said)
			return err
		},
	}
	flags := c.Flags()
	flags.StringVar(&target, "url", defaultHealthURL, "what to `GET`")
	flags.DurationVar(&within, "within", within, "what the answer may take")
	p.limit(flags, "url", "http:// or https://", isWebURL)
	p.limit(flags, "within", "more than 0s", positive)
	return c
}

// askHealth returns what the server says, which is an error unless it says 200.
func askHealth(ctx context.Context, target string, within time.Duration) (said string, err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return "", err
	}
	// Whoever asks this machine means it, whatever proxy the environment names.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if isLoopback(request.URL.Hostname()) {
		// A certificate names what others call this machine, not its loopback address, where
		// nobody but itself answers.
		client.Transport = &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // of this machine alone
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", unwrapURL(err)
	}
	defer func() { _ = answer.Body.Close() }()
	const most = 200 // of what a server says of itself
	text, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err != nil {
		return "", err
	}
	said = strings.TrimSpace(string(text))
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s %s", answer.Status, said)
	}
	return said, nil
}

// unwrapURL takes the URL off an error, which whoever reports it says already.
func unwrapURL(err error) error {
	var about *url.Error
	if errors.As(err, &about) {
		return about.Err
	}
	return err
}
