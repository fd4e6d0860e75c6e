package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writeCertificate writes a certificate of localhost with a number, and its key.
func writeCertificate(t *testing.T, dir string, number int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(number), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: certificate}, key: {Type: "PRIVATE KEY", Bytes: encoded}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// By TLS the server speaks HTTP/2, nothing older than TLS 1.2, and shows a new certificate
// once its files have changed; half a change leaves the one before in force.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := writeCertificate(t, dir, 1)
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--db", "sqlite:"+dir+"/new.db", "--no-jobs", "--tls-cert", cert, "--tls-key", key)
	if !strings.HasPrefix(r.url, "https://") {
		t.Fatal(r.url)
	}
	// ask returns the answer and the number of the certificate.
	ask := func(most uint16) (*http.Response, int64, error) {
		pool := x509.NewCertPool()
		text, err := os.ReadFile(cert)
		if err != nil {
			t.Fatal(err)
		}
		pool.AppendCertsFromPEM(text)
		client := &http.Client{Transport: &http.Transport{
			ForceAttemptHTTP2: true, DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "localhost", MaxVersion: most},
		}}
		answer, err := client.Get(r.url + "/healthz")
		if err != nil {
			return nil, 0, err
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		return answer, answer.TLS.PeerCertificates[0].SerialNumber.Int64(), nil
	}
	answer, number, err := ask(tls.VersionTLS13)
	if err != nil || answer.ProtoMajor != 2 || number != 1 || answer.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%v %v certificate %d", err, answer, number)
	}
	if answer, _, err := ask(tls.VersionTLS12); err != nil || answer.TLS.Version != tls.VersionTLS12 {
		t.Errorf("TLS 1.2: %v", err)
	}
	if _, _, err := ask(tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
	if code, said := ended(t, "healthcheck", "--url", r.url+"/readyz"); code != success {
		t.Errorf("healthcheck: %d %s", code, said)
	}

	writeCertificate(t, dir, 2)
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if _, number, err := ask(tls.VersionTLS13); err == nil && number == 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the new certificate is not shown")
		}
	}
	if err := os.WriteFile(key, []byte("half a key"), 0o600); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Minute); !strings.Contains(r.stderr.String(), "the one before is shown"); time.Sleep(50 * time.Millisecond) {
		if _, number, err := ask(tls.VersionTLS13); err != nil || number != 2 {
			t.Fatalf("certificate %d, %v", number, err)
		}
		if time.Now().After(deadline) {
			t.Fatal("nobody was told")
		}
	}
}

func TestTLSFlags(t *testing.T) {
	dir := t.TempDir()
	cert, key := writeCertificate(t, dir, 1)
	for want, args := range map[string][]string{
		"go together":               {"--tls-cert", cert},
		"no such file":              {"--tls-cert", dir + "/nothing", "--tls-key", key},
		"failed to find":            {"--tls-cert", key, "--tls-key", key},
		"--cors-origin: must be an": {"--cors-origin", "https://dashboard.example.com/"},
	} {
		if code, said := ended(t, append([]string{"serve", "--db", "sqlite:" + dir + "/no.db"}, args...)...); code != usage || !strings.Contains(said, want) {
			t.Errorf("%v: %d %s", args, code, said)
		}
	}
}
