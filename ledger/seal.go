package ledger

import (
	"encoding/binary"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Form is the canonical form of what is sealed: bytes that are the same wherever the same
// is kept, and that another program can make. Whole numbers have eight bytes, counts four,
// both most significant first; a text has the count of its bytes before it, and nothing is
// the empty text. A day is YYYY-MM-DD, an instant the microseconds since 1970 UTC.
type Form []byte

// The first two bytes of a form say what it is of, and in which version. A form that holds
// more has a greater version, and what was sealed keeps the version of its seal.
const (
	entryForm       = 'E'
	recognitionForm = 'R'

	// EntryVersion is the version in which entries are sealed.
	EntryVersion = 1
	// ApprovedVersion is that of entries with what was approved.
	ApprovedVersion = 2
	// RecognitionVersion is the version in which recognitions are sealed.
	RecognitionVersion = 1
)

// Text appends a text.
func (f Form) Text(text string) Form { return append(f.Count(len(text)), text...) }

// Int appends a whole number.
func (f Form) Int(n int64) Form {
	return binary.BigEndian.AppendUint64(f, uint64(n))
}

// Count appends a number of things that follow.
func (f Form) Count(n int) Form {
	return binary.BigEndian.AppendUint32(f, uint32(n))
}

// Date appends a day.
func (f Form) Date(d Date) Form {
	if d == 0 {
		return f.Text("")
	}
	return d.Append(f.Count(len("2006-01-02")))
}

// Money appends an amount and its currency.
func (f Form) Money(a Amount) Form { return f.Int(a.Minor).Text(string(a.Currency)) }

// Recognition begins the form of a recognition.
func (f Form) Recognition() Form { return append(f, recognitionForm, RecognitionVersion) }

// SealedEntry is an entry as its row and its lines are kept, with what it sums.
type SealedEntry struct {
	Entry
	// Policy and Currency are those of the recognitions that the entry sums; "" for an act.
	Policy   string
	Currency Currency
	// LineNumbers are those under which the lines are kept.
	LineNumbers []int64
	// Recognitions counts what the entry sums, none of an act; RecognitionsRoot is their root
	// in order of id.
	Recognitions     int64
	RecognitionsRoot tlog.Hash
}

// Version is the version of the form of the entry.
func (e *SealedEntry) Version() int64 {
	if e.Approved != "" {
		return ApprovedVersion
	}
	return EntryVersion
}

// AppendForm appends the canonical form of the entry.
func (e *SealedEntry) AppendForm(f Form) Form {
	f = e.appendHead(append(f, entryForm, byte(e.Version()))).Count(len(e.Lines))
	for i := range e.Lines {
		f = e.appendLine(f, i)
	}
	return append(f.Int(e.Recognitions), e.RecognitionsRoot[:]...)
}

func (e *SealedEntry) appendHead(f Form) Form {
	posted := int64(0)
	if !e.PostedAt.IsZero() {
		posted = e.PostedAt.UnixMicro()
	}
	f = f.Int(e.Number).Text(string(e.Kind)).Date(e.AccountingDate).Date(e.OccurredOn).Int(posted).
		Text(e.Batch).Text(e.Policy).Text(string(e.Currency)).Text(e.Reference).Int(e.Reverses).Text(e.Description)
	if e.Approved != "" {
		f = f.Text(e.Approved)
	}
	return f
}

func (e *SealedEntry) appendLine(f Form, i int) Form {
	line := &e.Lines[i]
	return f.Int(e.LineNumbers[i]).Text(string(line.Account)).Money(line.Amount).Money(line.Functional).
		Text(line.Dimensions.Customer).Text(line.Dimensions.Policy).Text(line.Dimensions.Pack)
}

// MarkSize is the size of a mark: the first bytes of a hash, by which a row that changed is
// found among those that one leaf is of. It proves nothing.
const MarkSize = 4

// AppendMarks appends the marks of the entry's own row and of each line. The room is for
// forms, and its content is lost.
func (e *SealedEntry) AppendMarks(marks []byte, room Form) ([]byte, Form) {
	room = e.appendHead(room[:0])
	marks = AppendMark(marks, tlog.RecordHash(room))
	for i := range e.Lines {
		room = e.appendLine(room[:0], i)
		marks = AppendMark(marks, tlog.RecordHash(room))
	}
	return marks, room
}

// AppendMark appends the mark of a leaf.
func AppendMark(marks []byte, leaf tlog.Hash) []byte { return append(marks, leaf[:MarkSize]...) }

// Tree adds leaves up to the root of their tree as RFC 6962 defines it. It holds as many
// hashes as the number of leaves has binary digits.
type Tree struct {
	size int64
	// nodes[k] is the root of 2^k leaves where the size has the binary digit k.
	nodes [63]tlog.Hash
}

// TreeAt returns the tree of the first leaves of a log, whose stored hashes the reader knows.
func TreeAt(size int64, reader tlog.HashReader) (*Tree, error) {
	t := &Tree{size: size}
	var levels []int
	var at []int64
	for k := range len(t.nodes) {
		if size>>k&1 == 1 {
			levels, at = append(levels, k), append(at, tlog.StoredHashIndex(k, size>>k-1))
		}
	}
	hashes, err := reader.ReadHashes(at)
	if err != nil {
		return nil, err
	}
	for i, k := range levels {
		t.nodes[k] = hashes[i]
	}
	return t, nil
}

// Size returns how many leaves were added.
func (t *Tree) Size() int64 { return t.size }

// Add adds a leaf, and appends to completed its hash and those of the subtrees that it is
// the last leaf of: what a log stores, in the order in which it does.
func (t *Tree) Add(leaf tlog.Hash, completed []tlog.Hash) []tlog.Hash {
	completed = append(completed, leaf)
	k := bits.TrailingZeros64(^uint64(t.size))
	for level := range k {
		leaf = tlog.NodeHash(t.nodes[level], leaf)
		completed = append(completed, leaf)
	}
	t.nodes[k] = leaf
	t.size++
	return completed
}

// emptyRoot is the root of no leaves: the SHA-256 of nothing.
var emptyRoot = tlog.Hash{
	0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
	0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
}

// Root returns the root of the leaves.
func (t *Tree) Root() tlog.Hash {
	root, some := emptyRoot, false
	for k := range len(t.nodes) {
		switch {
		case t.size>>k&1 == 0:
		case !some:
			root, some = t.nodes[k], true
		default:
			root = tlog.NodeHash(t.nodes[k], root)
		}
	}
	return root
}

// InclusionPath gathers the hashes that lead from a leaf to the root of a tree whose leaves
// are added one after the other and not kept.
type InclusionPath struct {
	at, next int64
	parts    []pathPart // in order of leaves
	order    []int      // the parts, from the leaf to the root
	leaf     tlog.Hash
}

// pathPart is a subtree beside the path, and its leaves are those from first on.
type pathPart struct {
	first, end int64
	tree       Tree
}

// NewInclusionPath begins the path of the leaf at a place, from 0, of so many.
func NewInclusionPath(at, size int64) *InclusionPath {
	p := &InclusionPath{at: at}
	var before, after []pathPart // before: outermost first; after: outermost first
	var outward []bool           // whether the part lies before, outermost first
	for first, end := int64(0), size; end-first > 1; {
		half := int64(1) << (bits.Len64(uint64(end-first-1)) - 1)
		if at < first+half {
			after, outward = append(after, pathPart{first: first + half, end: end}), append(outward, false)
			end = first + half
		} else {
			before, outward = append(before, pathPart{first: first, end: first + half}), append(outward, true)
			first += half
		}
	}
	p.parts = append(p.parts, before...)
	for i := len(after) - 1; i >= 0; i-- {
		p.parts = append(p.parts, after[i])
	}
	b, a := len(before)-1, len(before)
	for i := len(outward) - 1; i >= 0; i-- {
		if outward[i] {
			p.order, b = append(p.order, b), b-1
		} else {
			p.order, a = append(p.order, a), a+1
		}
	}
	return p
}

// Add adds the next leaf.
func (p *InclusionPath) Add(leaf tlog.Hash) {
	if p.next == p.at {
		p.leaf = leaf
	}
	for i := range p.parts {
		if part := &p.parts[i]; part.first <= p.next && p.next < part.end {
			part.tree.Add(leaf, nil)
		}
	}
	p.next++
}

// Hashes returns the leaf and its path, from the leaf to the root.
func (p *InclusionPath) Hashes() (leaf tlog.Hash, path []tlog.Hash) {
	for _, i := range p.order {
		path = append(path, p.parts[i].tree.Root())
	}
	return p.leaf, path
}
