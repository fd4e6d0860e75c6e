package intake

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"drawdown/internal/books"
)

// line is one line of a file, without its end.
type line struct {
	number int
	index  int // among those that hold something; eachLine counts them
	text   []byte
	long   bool // it is longer than MaxRow; text is its beginning
}

// lines reads a file line by line, whether they end in LF or CRLF, and holds no more
// than MaxRow of any.
type lines struct {
	in     *bufio.Reader
	number int
	held   []line // given back by a reader that looked ahead, next one first
}

// next returns the next line, or io.EOF. The text is the caller's to keep.
func (l *lines) next() (line, error) {
	if len(l.held) > 0 {
		next := l.held[0]
		l.held = l.held[1:]
		return next, nil
	}
	next := line{number: l.number + 1}
	for {
		part, err := l.in.ReadSlice('\n')
		// A line may take MaxRow bytes and its end; what is beyond is read and dropped.
		room := MaxRow + len("\r\n") - len(next.text)
		next.long = next.long || len(part) > room
		next.text = append(next.text, part[:min(len(part), room)]...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && (!errors.Is(err, io.EOF) || len(next.text) == 0):
			return line{}, err
		}
		l.number++
		next.text = bytes.TrimSuffix(bytes.TrimSuffix(next.text, []byte("\n")), []byte("\r"))
		if len(next.text) > MaxRow {
			next.long, next.text = true, next.text[:MaxRow]
		}
		return next, nil
	}
}

// giveBack makes next return these lines before those that follow in the file.
func (l *lines) giveBack(again []line) { l.held = append(append([]line(nil), again...), l.held...) }

// blank reports whether the line holds nothing.
func (l line) blank() bool { return len(bytes.TrimSpace(l.text)) == 0 }

// tooLong is what a row beyond MaxRow is told.
func tooLong() *books.Error {
	return &books.Error{Code: books.TooLarge, Message: "the row is longer than 1 MiB"}
}
