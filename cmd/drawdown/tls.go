package main

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"
)

// tlsFlags say how the server proves who it is.
type tlsFlags struct{ cert, key string }

func (f *tlsFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.cert, "tls-cert", "", "serve by TLS, with the certificates in this `file`, the server's own first; read again when it changes")
	c.Flags().StringVar(&f.key, "tls-key", "", "the `file` with the private key of --tls-cert")
}

func (f *tlsFlags) on() bool { return f.cert != "" }

// check refuses what cannot be meant. Errors: bad usage.
func (f *tlsFlags) check() error {
	if (f.cert == "") != (f.key == "") {
		return badUsage("--tls-cert and --tls-key go together: give both or neither")
	}
	if !f.on() {
		return nil
	}
	if _, err := tls.LoadX509KeyPair(f.cert, f.key); err != nil {
		return badUsage("--tls-cert %s and --tls-key %s: %w", f.cert, f.key, err)
	}
	return nil
}

// secure has the server speak TLS 1.2 or newer, HTTP/2 too.
func (f *tlsFlags) secure(server *http.Server, log *slog.Logger) {
	shown := &certificate{files: *f, log: log}
	server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: shown.get}
}

// certificateAge is how long a certificate is shown before its files are looked at again:
// whoever renews it every some weeks does not notice.
const certificateAge = time.Second

// certificate is what the server shows. It is read again when its files change.
type certificate struct {
	files tlsFlags
	log   *slog.Logger

	mu     sync.Mutex
	shown  *tls.Certificate
	stamp  [2]time.Time // of the files that it was read from
	looked time.Time
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.shown != nil && now.Sub(c.looked) < certificateAge {
		return c.shown, nil
	}
	c.looked = now
	stamp, err := c.changed()
	if err == nil && c.shown != nil && stamp == c.stamp {
		return c.shown, nil
	}
	var read tls.Certificate
	if err == nil {
		read, err = tls.LoadX509KeyPair(c.files.cert, c.files.key)
	}
	switch {
	case err == nil:
		if c.shown != nil {
			c.log.Info("the certificate was read again", "file", c.files.cert)
		}
		c.shown, c.stamp = &read, stamp
	case c.shown != nil: // half of a renewal, perhaps: the one before still holds
		c.log.Warn("the certificate cannot be read again: the one before is shown", "error", err)
	default:
		return nil, err
	}
	return c.shown, nil
}

func (c *certificate) changed() (stamp [2]time.Time, err error) {
	cert, certErr := os.Stat(c.files.cert)
	key, keyErr := os.Stat(c.files.key)
	if err := errors.Join(certErr, keyErr); err != nil {
		return stamp, err
	}
	return [2]time.Time{cert.ModTime(), key.ModTime()}, nil
}
