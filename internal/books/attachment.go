package books

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is attached to an estimate or a manual entry. Together they bound its file: ten
// megabytes, by default.
const (
	// MaxAttachments bounds how many there are: the memo, the minutes, a model, a few papers.
	MaxAttachments = 10
	// DefaultAttachmentBytes bounds one by default: a memo of some pages, with figures.
	DefaultAttachmentBytes = 1 << 20
	// LargestAttachmentBytes is the most that can be set: it is read in one piece, and kept in
	// one row.
	LargestAttachmentBytes = 16 << 20
	// maxAttachmentName is what a file system takes, twice over.
	maxAttachmentName = 120
)

// EstimateOptions bound the files of estimates and of manual entries. Zero fields take their defaults.
type EstimateOptions struct {
	// AttachmentBytes bounds one attachment: 1 MiB; at most LargestAttachmentBytes.
	AttachmentBytes int64
}

func (o EstimateOptions) withDefaults() (EstimateOptions, error) {
	if o.AttachmentBytes == 0 {
		o.AttachmentBytes = DefaultAttachmentBytes
	}
	if o.AttachmentBytes < 0 || o.AttachmentBytes > LargestAttachmentBytes {
		return o, fmt.Errorf("an attachment may have 1 to %d bytes, not %d", LargestAttachmentBytes, o.AttachmentBytes)
	}
	return o, nil
}

// FileOf says whose file it is: a proposed estimate's, or a manual entry's.
type FileOf struct {
	PolicyID, EstimateID string // "" of a manual entry
	ManualID             string // "" of an estimate
}

// Key names what the file is of: policy and estimate, or the manual entry.
func (f FileOf) Key() string {
	if f.ManualID != "" {
		return f.ManualID
	}
	return f.PolicyID + "/" + f.EstimateID
}

// Attachment is a paper in a file, without its content.
type Attachment struct {
	FileOf
	Name      string // unlike those of the file's others
	MediaType string // one of attachable
	Bytes     int64
	Hash      []byte // SHA-256 of the content
	CreatedAt time.Time
	CreatedBy string // the actor
}

// NewAttachment asks to attach a paper to what is proposed.
type NewAttachment struct {
	FileOf
	Name, MediaType string
	Content         []byte
}

// attachable are the media types that are taken, with how their content begins; "" for text.
// They are papers that an auditor opens: nothing that a browser or an office program runs.
var attachable = map[string]string{
	"application/pdf": "%PDF-",
	"image/png":       "\x89PNG\r\n\x1a\n",
	"image/jpeg":      "\xff\xd8\xff",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":       "PK\x03\x04",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document": "PK\x03\x04",
	"application/vnd.oasis.opendocument.spreadsheet":                          "PK\x03\x04",
	"application/vnd.oasis.opendocument.text":                                 "PK\x03\x04",
	"text/plain":       "",
	"text/csv":         "",
	"text/markdown":    "",
	"application/json": "",
}

// AttachmentTypes lists the media types that are taken.
func AttachmentTypes() []string {
	types := make([]string, 0, len(attachable))
	for name := range attachable {
		types = append(types, name)
	}
	slices.Sort(types)
	return types
}

// AttachmentBytes is the most that an attachment may have.
func (b *Books) AttachmentBytes() int64 { return b.estimates.AttachmentBytes }

// Attach attaches a paper to a proposed estimate or manual entry. The same again, byte by byte,
// is answered as it was kept, also when that is decided; added says whether it is new.
// Errors: NOT_FOUND, ALREADY_DECIDED, ALREADY_EXISTS where the name has another content,
// ATTACHMENT_TOO_LARGE, INVALID.
func (b *Books) Attach(ctx context.Context, request NewAttachment) (attachment Attachment, added bool, err error) {
	if request.ManualID != "" {
		return b.attach(ctx, act{"manual.attach", "", nil}, request)
	}
	return b.attach(ctx, act{"estimate.attach", "", nil}, request)
}

func (b *Books) attach(ctx context.Context, a act, request NewAttachment) (attachment Attachment, added bool, err error) {
	ctx, end := b.begin(ctx, a.operation)
	defer func() { end(err) }()
	if attachment, err = b.attachmentOf(ctx, request); err != nil {
		return attachment, false, err
	}
	err = b.store.Update(ctx, func(ctx context.Context, tx Tx) error {
		decided, err := holdFile(ctx, tx, request.FileOf)
		if err != nil {
			return err
		}
		kept, err := attachmentsOf(ctx, tx, request.FileOf)
		if err != nil {
			return err
		}
		for _, other := range kept {
			if other.Name == attachment.Name {
				if !bytes.Equal(other.Hash, attachment.Hash) || other.MediaType != attachment.MediaType {
					return refuse(AlreadyExists, "name", "%q is the name of another attachment, which stays: give this one another name", other.Name)
				}
				attachment = other
				return nil
			}
		}
		if decided != nil {
			return decided
		}
		if len(kept) >= MaxAttachments {
			return refuse(AttachmentTooLarge, "name", "would be one too many: a file has at most %d attachments", MaxAttachments)
		}
		added = true
		if err := tx.InsertAttachment(ctx, attachment, request.Content); err != nil {
			return err
		}
		detail, err := json.Marshal(map[string]any{
			"name": attachment.Name, "mediaType": attachment.MediaType, "bytes": attachment.Bytes, "sha256": fmt.Sprintf("%x", attachment.Hash),
		})
		if err != nil {
			return err
		}
		return b.audit(ctx, tx, a.operation, request.Key(), string(detail), &trail{}, attachment)
	})
	return attachment, added && err == nil, err
}

// holdFile holds what a file is of, and returns the refusal of another attachment where that is
// decided. Errors: NOT_FOUND.
func holdFile(ctx context.Context, tx Tx, of FileOf) (decided, err error) {
	if of.ManualID != "" {
		m, err := lockManual(ctx, tx, of.ManualID)
		if err == nil && m.Status != ManualProposed {
			decided = manualDecided(m)
		}
		return decided, err
	}
	proposal, err := lockProposal(ctx, tx, of.PolicyID, of.EstimateID)
	if err == nil && proposal.Status != EstimateProposed {
		decided = alreadyDecided(proposal)
	}
	return decided, err
}

func attachmentsOf(ctx context.Context, tx Tx, of FileOf) (kept []Attachment, err error) {
	if of.ManualID != "" {
		kept, err = tx.ManualAttachments(ctx, []string{of.ManualID})
	} else {
		kept, err = tx.Attachments(ctx, []string{of.PolicyID})
	}
	return slices.DeleteFunc(kept, func(a Attachment) bool { return a.FileOf != of }), err
}

// attachmentOf checks what is to be attached.
func (b *Books) attachmentOf(ctx context.Context, request NewAttachment) (Attachment, error) {
	sum := sha256.Sum256(request.Content)
	a := Attachment{
		FileOf: request.FileOf, Name: request.Name, Bytes: int64(len(request.Content)), Hash: sum[:],
		CreatedAt: b.clock(), CreatedBy: CallerOf(ctx).Actor,
	}
	if err := checkAttachmentName(a.Name); err != nil {
		return a, err
	}
	switch limit := b.estimates.AttachmentBytes; {
	case a.Bytes == 0:
		return a, refuse(Invalid, "content", "is empty")
	case a.Bytes > limit:
		return a, refuse(AttachmentTooLarge, "content", "has more than the %d bytes that an attachment may have", limit)
	}
	var err error
	a.MediaType, err = checkMediaType(request.MediaType, request.Content)
	return a, err
}

func checkAttachmentName(name string) error {
	if err := checkText("name", name, 1, maxAttachmentName); err != nil {
		return err
	}
	printable := func(r rune) bool { return !unicode.IsPrint(r) }
	if strings.ContainsAny(name, `/\:*?"<>|`) || strings.HasPrefix(name, ".") || strings.TrimSpace(name) != name || strings.ContainsFunc(name, printable) {
		return refuse(Invalid, "name", `must be the plain name of a file, such as "memo.pdf": no path, and none of / \ : * ? " < > |`)
	}
	return nil
}

// checkMediaType returns the type without parameters, held against how the content begins:
// what says it is a PDF and is none would be opened as something else.
func checkMediaType(given string, content []byte) (string, error) {
	media, parameters, err := mime.ParseMediaType(given)
	begins, taken := attachable[media]
	if charset := parameters["charset"]; err != nil || !taken || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return "", refuse(Invalid, "mediaType", "must be one of %s (text in UTF-8), not %q", strings.Join(AttachmentTypes(), ", "), clip(given))
	}
	switch {
	case begins != "" && !bytes.HasPrefix(content, []byte(begins)):
		return "", refuse(Invalid, "content", "is not %s: it looks like %s", media, http.DetectContentType(content))
	case begins == "" && (!utf8.Valid(content) || bytes.IndexByte(content, 0) >= 0):
		return "", refuse(Invalid, "content", "is not %s: it is no text in UTF-8", media)
	case media == "application/json" && !json.Valid(content):
		return "", refuse(Invalid, "content", "is not application/json")
	}
	return media, nil
}

// AttachmentContent returns an attachment with what it holds. Errors: NOT_FOUND.
func AttachmentContent(ctx context.Context, tx Tx, of FileOf, name string) (Attachment, []byte, error) {
	kept, err := attachmentsOf(ctx, tx, of)
	if err != nil {
		return Attachment{}, nil, err
	}
	for _, a := range kept {
		if a.Name == name {
			content, err := tx.AttachmentContent(ctx, of, name)
			return a, content, err
		}
	}
	return Attachment{}, nil, refuse(NotFound, "name", "%q names no attachment of the file", clip(name))
}
