package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
)

// caller is one connection that asks GraphQL, kept open, one request at a time. It does
// as little as a client can: what generates the load shares the machine with what is
// measured.
type caller struct {
	conn     net.Conn
	in       *bufio.Reader
	head     []byte
	request  []byte
	response []byte
}

func (b *book) dial(ctx context.Context) (*caller, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", b.address)
	if err != nil {
		return nil, err
	}
	head := "POST /graphql HTTP/1.1\r\nHost: " + b.address + "\r\nAuthorization: Bearer " + b.token + "\r\nContent-Type: application/json\r\nContent-Length: "
	return &caller{conn: conn, in: bufio.NewReaderSize(conn, 16<<10), head: []byte(head)}, nil
}

// ask sends a body and returns the answer's, which is good until the next.
func (c *caller) ask(body []byte) ([]byte, error) {
	c.request = append(c.request[:0], c.head...)
	c.request = strconv.AppendInt(c.request, int64(len(body)), 10)
	c.request = append(c.request, "\r\n\r\n"...)
	c.request = append(c.request, body...)
	if _, err := c.conn.Write(c.request); err != nil {
		return nil, err
	}
	return c.answer()
}

var lengthHeader = []byte("Content-Length: ")

func (c *caller) answer() ([]byte, error) {
	length, status := -1, 0
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first:
			if len(line) < len("HTTP/1.1 200") {
				return nil, fmt.Errorf("answered %q", line)
			}
			if status, err = strconv.Atoi(string(line[9:12])); err != nil {
				return nil, err
			}
		case len(line) == 0:
			return c.body(status, length)
		case bytes.HasPrefix(line, lengthHeader):
			if length, err = strconv.Atoi(string(line[len(lengthHeader):])); err != nil {
				return nil, err
			}
		}
	}
}

func (c *caller) body(status, length int) ([]byte, error) {
	if length < 0 {
		return nil, errors.New("answered without a length")
	}
	if cap(c.response) < length {
		c.response = make([]byte, length)
	}
	c.response = c.response[:length]
	if _, err := io.ReadFull(c.in, c.response); err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("answered %d: %s", status, c.response)
	}
	return c.response, nil
}

func (c *caller) close() error { return c.conn.Close() }

// mustHold is an error where an answer does not hold what it should.
func mustHold(answer []byte, want string) error {
	if !bytes.Contains(answer, []byte(want)) {
		return fmt.Errorf("answered %s, which lacks %s", answer, want)
	}
	return nil
}
