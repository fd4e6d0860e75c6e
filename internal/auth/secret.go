package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"hash/crc32"
	"math/big"
	"strings"

	"drawdown/internal/books"
)

// A secret is dd_ and 49 characters of 0-9 A-Z a-z: 43 that hold 256 random bits, and six
// that hold the CRC-32 of the ones before, in base 62. So a scanner of repositories and logs
// finds secrets by their form, and a mistyped one costs no look-up:
//
//	dd_[0-9A-Za-z]{49}
const (
	// Prefix begins every secret.
	Prefix = "dd_"

	randomDigits = 43 // 62^43 > 2^256
	sumDigits    = 6  // 62^6 > 2^32
	secretLength = len(Prefix) + randomDigits + sumDigits
)

// NewSecret returns the secret of a new token.
func NewSecret() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: see crypto/rand
	text := Prefix + digits(new(big.Int).SetBytes(random), randomDigits)
	return text + sumOf(text)
}

// NewWebhookSecret returns a secret by which an endpoint verifies what it is told, as
// Standard Webhooks has it: whsec_ and the base64 of 32 random bytes.
func NewWebhookSecret() string {
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: see crypto/rand
	return books.SecretPrefix + base64.StdEncoding.EncodeToString(random)
}

// Hash returns what a book keeps of a secret. A random one of 256 bits needs no slow hash:
// there is nothing to guess.
func Hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// isSecret reports whether the text has the form of a secret. Who sends another text learns
// nothing by it: the sum is of what they sent.
func isSecret(text string) bool {
	return len(text) == secretLength && strings.HasPrefix(text, Prefix) &&
		text[secretLength-sumDigits:] == sumOf(text[:secretLength-sumDigits])
}

func sumOf(text string) string {
	return digits(new(big.Int).SetUint64(uint64(crc32.ChecksumIEEE([]byte(text)))), sumDigits)
}

// digits writes a number in base 62 with so many digits.
func digits(n *big.Int, count int) string {
	text := n.Text(62)
	return strings.Repeat("0", count-len(text)) + text
}
