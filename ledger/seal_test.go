package ledger_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"drawdown/ledger"
)

// rootOf is the root as section 2.1 of RFC 6962 puts it, with the hashes of another program.
func rootOf(leaves [][]byte) []byte {
	switch n := len(leaves); n {
	case 0:
		return rfc6962.DefaultHasher.EmptyRoot()
	case 1:
		return leaves[0]
	default:
		half := 1
		for half*2 < n {
			half *= 2
		}
		return rfc6962.DefaultHasher.HashChildren(rootOf(leaves[:half]), rootOf(leaves[half:]))
	}
}

type stored []tlog.Hash

func (s stored) ReadHashes(at []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(at))
	for i, at := range at {
		hashes[i] = s[at]
	}
	return hashes, nil
}

// TestTree holds roots, stored hashes and paths against another implementation of RFC 6962.
func TestTree(t *testing.T) {
	const most = 130
	tree := &ledger.Tree{}
	var leaves [][]byte
	var log stored
	for size := range most {
		root := tree.Root()
		if want := rootOf(leaves); !slices.Equal(root[:], want) {
			t.Fatalf("the root of %d leaves is %x, want %x", size, root, want)
		}
		again, err := ledger.TreeAt(int64(size), log)
		if err != nil || again.Root() != root || again.Size() != int64(size) {
			t.Fatalf("%d leaves taken up again: %v", size, err)
		}
		for at := range size {
			path := ledger.NewInclusionPath(int64(at), int64(size))
			for _, leaf := range leaves {
				path.Add(tlog.Hash(leaf))
			}
			leaf, hashes := path.Hashes()
			given := make([][]byte, len(hashes))
			for i, hash := range hashes {
				given[i] = hash[:]
			}
			if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(at), uint64(size), leaf[:], given, root[:]); err != nil {
				t.Fatalf("leaf %d of %d: %v", at, size, err)
			}
		}
		data := fmt.Appendf(nil, "leaf %d", size)
		leaf := tlog.RecordHash(data)
		if want := rfc6962.DefaultHasher.HashLeaf(data); !slices.Equal(leaf[:], want) {
			t.Fatalf("the hash of a leaf is %x, want %x", leaf, want)
		}
		want, err := tlog.StoredHashes(int64(size), data, log)
		if err != nil {
			t.Fatal(err)
		}
		got := tree.Add(leaf, nil)
		if !slices.Equal(got, want) {
			t.Fatalf("leaf %d stores %v, want %v", size, got, want)
		}
		log, leaves = append(log, got...), append(leaves, leaf[:])
	}
	if sum := sha256.Sum256(nil); (&ledger.Tree{}).Root() != tlog.Hash(sum) {
		t.Error("the root of nothing is not the hash of nothing")
	}
}

// TestFormOfAnEntry writes the form out by hand, as docs/seals.md says it is.
func TestFormOfAnEntry(t *testing.T) {
	e := ledger.SealedEntry{
		Entry: ledger.Entry{
			Number: 7, Kind: "USAGE", AccountingDate: ledger.NewDate(2024, 1, 31), OccurredOn: ledger.NewDate(2024, 1, 30),
			PostedAt: time.UnixMicro(258).UTC(), Batch: "b", Reverses: 9, Description: "ü",
			Lines: []ledger.Line{{Account: "cash", Amount: ledger.Money(-1, "EUR"), Functional: ledger.Money(2, "USD"), Dimensions: ledger.Dimensions{Policy: "p"}}},
		},
		Policy: "p", Currency: "EUR", LineNumbers: []int64{3}, Recognitions: 2, RecognitionsRoot: tlog.Hash{0xaa, 31: 0xbb},
	}
	want := "4501" + "0000000000000007" + "00000005" + "5553414745" +
		"0000000a" + "323032342d30312d3331" + "0000000a" + "323032342d30312d3330" + "0000000000000102" +
		"00000001" + "62" + "00000001" + "70" + "00000003" + "455552" + "00000000" + "0000000000000009" + "00000002" + "c3bc" +
		"00000001" +
		"0000000000000003" + "00000004" + "63617368" + "ffffffffffffffff" + "00000003" + "455552" + "0000000000000002" + "00000003" + "555344" +
		"00000000" + "00000001" + "70" + "00000000" +
		"0000000000000002" + "aa000000000000000000000000000000000000000000000000000000000000bb"
	if got := hex.EncodeToString(e.AppendForm(nil)); got != want {
		t.Errorf("the form is\n%s, want\n%s", got, want)
	}
	approved := e
	approved.Approved = "ab"
	head, lines, _ := strings.Cut(want, "00000002"+"c3bc")
	want = "4502" + strings.TrimPrefix(head, "4501") + "00000002" + "c3bc" + "00000002" + "6162" + lines
	form := approved.AppendForm(nil)
	if got := hex.EncodeToString(form); got != want {
		t.Errorf("with what was approved the form is\n%s, want\n%s", got, want)
	}
	for _, of := range []ledger.SealedEntry{e, approved} {
		if read, err := ledger.ReadEntryForm(of.AppendForm(nil)); err != nil || !reflect.DeepEqual(read, of) {
			t.Errorf("read as %+v, %v, want %+v", read, err, of)
		}
	}
	approved.Approved = ""
	plain := approved.AppendForm(nil)
	for _, wrong := range [][]byte{append([]byte{'E', 2}, plain[2:]...), append([]byte{'E', 1}, form[2:]...), append([]byte{'E', 3}, form[2:]...)} {
		if read, err := ledger.ReadEntryForm(wrong); err == nil {
			t.Errorf("another version is read as %+v", read)
		}
	}
	marks, _ := e.AppendMarks(nil, nil)
	if len(marks) != 2*ledger.MarkSize {
		t.Errorf("%d bytes of marks, want those of a row and a line", len(marks))
	}
}
