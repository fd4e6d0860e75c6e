package destination

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
)

// File is what is put somewhere.
type File struct {
	Path   string // with slashes, such as netsuite/000012/journal-001.csv
	Bytes  int64
	SHA256 string // in hexadecimal
	Open   func() (io.ReadSeeker, error)
}

// ErrNotSealed is that a file has other bytes than its hash says: of what was sealed, a fault.
var ErrNotSealed = errors.New("is not what was sealed")

// Destination takes files.
type Destination interface {
	// Put keeps a file, and does nothing where it is there already. It returns where the file
	// is, for people.
	Put(ctx context.Context, file File) (place string, err error)
}

// names are those of destinations.
var names = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,49}$`)

// Parse reads NAME=WHERE, where WHERE is a directory as file:///var/exports, or a bucket as
// s3://BUCKET/PREFIX?endpoint=https://s3.example.com&region=eu-central-1. Who may write to a
// bucket is taken from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
// AWS_SESSION_TOKEN, or the role of the machine.
func Parse(text string) (name string, to Destination, err error) {
	name, where, found := strings.Cut(text, "=")
	if !found || !names.MatchString(name) {
		return "", nil, fmt.Errorf("%q is not NAME=WHERE with a name of 1 to 50 of a-z 0-9 _ -", text)
	}
	parsed, err := url.Parse(where)
	if err != nil {
		return name, nil, fmt.Errorf("%s: %q is no address: %w", name, where, err)
	}
	switch parsed.Scheme {
	case "file":
		to, err = newDirectory(parsed)
	case "s3":
		to, err = newBucket(parsed)
	default:
		err = fmt.Errorf("begins with file:// or s3://, not %q", where)
	}
	if err != nil {
		return name, nil, fmt.Errorf("%s: %w", name, err)
	}
	return name, to, nil
}

// checkPath refuses a path that could lead elsewhere.
func checkPath(path string) error {
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "\\\x00") {
			return fmt.Errorf("%q is no path of a file", path)
		}
	}
	return nil
}
