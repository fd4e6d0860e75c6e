package s3test

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // what S3 names parts by
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The key that the bucket knows, and where it is.
const (
	AccessKey = "AKIATEST"
	SecretKey = "the secret of the test"
	Region    = "eu-central-1"
	Bucket    = "exports"
)

// smallestPart is the least that a part but the last may have.
const smallestPart = 5 << 20

// Object is what the bucket has under a key.
type Object struct {
	Content []byte
	SHA256  string // as its metadata say
	Parts   int    // 0 where it came by one PUT
	Puts    int    // how often it was put
}

// Server is the bucket.
type Server struct {
	URL string
	// Fault, where it is set, answers a request with a status that it returns, unless that is zero.
	Fault func(*http.Request) int

	mu      sync.Mutex
	objects map[string]Object
	uploads map[string]*upload
}

type upload struct {
	key, sum string
	parts    map[int][]byte
}

// New starts a bucket, and gives its key to the environment of the test.
func New(t *testing.T) *Server {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", SecretKey)
	t.Setenv("AWS_SESSION_TOKEN", "")
	s := &Server{objects: map[string]Object{}, uploads: map[string]*upload{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Objects returns what is in the bucket, by key.
func (s *Server) Objects() map[string]Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.objects)
}

// Unfinished returns how many uploads in parts are neither completed nor called off.
func (s *Server) Unfinished() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.uploads)
}

// ServeHTTP answers a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := signedBody(r)
	if err != nil {
		refuse(w, http.StatusForbidden, "SignatureDoesNotMatch", err.Error())
		return
	}
	if s.Fault != nil {
		if status := s.Fault(r); status != 0 {
			refuse(w, status, "InternalError", "We encountered an internal error. Please try again.")
			return
		}
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if bucket != Bucket {
		refuse(w, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	query := r.URL.Query()
	switch {
	case r.Method == http.MethodGet && query.Has("location"):
		_, _ = io.WriteString(w, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`+Region+`</LocationConstraint>`)
	case r.Method == http.MethodHead:
		object, known := s.objects[key]
		if !known {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(object.Content)))
		w.Header().Set("ETag", tagOf(object.Content))
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		w.Header().Set("X-Amz-Meta-Sha256", object.SHA256)
	case r.Method == http.MethodPost && query.Has("uploads"):
		id := strconv.Itoa(len(s.uploads) + 1)
		s.uploads[id] = &upload{key: key, sum: r.Header.Get("X-Amz-Meta-Sha256"), parts: map[int][]byte{}}
		_, _ = fmt.Fprintf(w, "<InitiateMultipartUploadResult><Bucket>%s</Bucket><Key>%s</Key><UploadId>%s</UploadId></InitiateMultipartUploadResult>", Bucket, key, id) //nolint:gosec // no browser reads what a bucket of a test answers
	case query.Has("uploadId"):
		s.part(w, r, query, body)
	case r.Method == http.MethodPut:
		s.put(key, Object{Content: body, SHA256: r.Header.Get("X-Amz-Meta-Sha256")})
		w.Header().Set("ETag", tagOf(body))
	default:
		refuse(w, http.StatusMethodNotAllowed, "MethodNotAllowed", r.Method)
	}
}

func (s *Server) put(key string, object Object) {
	object.Puts = s.objects[key].Puts + 1
	s.objects[key] = object
}

// part takes a part of an upload, ends the upload, or calls it off.
func (s *Server) part(w http.ResponseWriter, r *http.Request, query url.Values, body []byte) {
	id := query.Get("uploadId")
	of, known := s.uploads[id]
	if !known {
		refuse(w, http.StatusNotFound, "NoSuchUpload", "The specified upload does not exist.")
		return
	}
	switch r.Method {
	case http.MethodDelete:
		delete(s.uploads, id)
		w.WriteHeader(http.StatusNoContent)
	case http.MethodPut:
		number, err := strconv.Atoi(query.Get("partNumber"))
		if err != nil || number < 1 {
			refuse(w, http.StatusBadRequest, "InvalidArgument", "Part number must be a positive integer")
			return
		}
		of.parts[number] = body
		w.Header().Set("ETag", tagOf(body))
	default:
		var asked struct {
			Part []struct {
				PartNumber int
				ETag       string
			}
		}
		err := xml.Unmarshal(body, &asked) //nolint:gosec // sent by the test
		if err != nil || len(asked.Part) == 0 {
			refuse(w, http.StatusBadRequest, "MalformedXML", "The XML you provided was not well-formed")
			return
		}
		var whole []byte
		for i, part := range asked.Part {
			content := of.parts[part.PartNumber]
			switch {
			case part.PartNumber != i+1 || strings.Trim(part.ETag, `"`) != strings.Trim(tagOf(content), `"`):
				refuse(w, http.StatusBadRequest, "InvalidPart", "One or more of the specified parts could not be found.")
				return
			case len(content) < smallestPart && i < len(asked.Part)-1:
				refuse(w, http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed object size.")
				return
			}
			whole = append(whole, content...)
		}
		delete(s.uploads, id)
		s.put(of.key, Object{Content: whole, SHA256: of.sum, Parts: len(asked.Part)})
		_, _ = fmt.Fprintf(w, "<CompleteMultipartUploadResult><Bucket>%s</Bucket><Key>%s</Key><ETag>%s</ETag></CompleteMultipartUploadResult>", Bucket, of.key, tagOf(whole))
	}
}

func tagOf(content []byte) string {
	sum := md5.Sum(content) //nolint:gosec // what S3 names parts by
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message><RequestId>1</RequestId></Error>", code, message) //nolint:gosec // no browser reads what a bucket of a test answers
}

// signer makes signatures of one request.
type signer struct {
	key         []byte
	date, scope string
}

func (s signer) sign(lines ...string) string {
	return hex.EncodeToString(mac(s.key, strings.Join(lines, "\n")))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = io.WriteString(h, text)
	return h.Sum(nil)
}

func hashOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// signedBody returns the body of a request whose signature is right.
func signedBody(r *http.Request) ([]byte, error) {
	fields := map[string]string{}
	algorithm, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	for field := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	access, scope, _ := strings.Cut(fields["Credential"], "/")
	parts := strings.Split(scope, "/")
	if algorithm != "AWS4-HMAC-SHA256" || access != AccessKey || len(parts) != 4 || parts[2] != "s3" {
		return nil, errors.New("the request is not signed by a key that is known")
	}
	key := []byte("AWS4" + SecretKey)
	for _, part := range parts {
		key = mac(key, part)
	}
	s := signer{key, r.Header.Get("X-Amz-Date"), scope}
	var headers strings.Builder
	for name := range strings.SplitSeq(fields["SignedHeaders"], ";") {
		value := strings.Join(r.Header.Values(name), ",")
		switch name {
		case "host":
			value = r.Host
		case "content-length":
			value = strconv.FormatInt(r.ContentLength, 10)
		}
		_, _ = fmt.Fprintf(&headers, "%s:%s\n", name, strings.TrimSpace(value))
	}
	payload := r.Header.Get("X-Amz-Content-Sha256")
	canonical := strings.Join([]string{
		r.Method, r.URL.EscapedPath(), strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20"), headers.String(), fields["SignedHeaders"], payload,
	}, "\n")
	if !hmac.Equal([]byte(s.sign("AWS4-HMAC-SHA256", s.date, scope, hashOf([]byte(canonical)))), []byte(fields["Signature"])) {
		return nil, errors.New("the request signature we calculated does not match the signature you provided")
	}
	if strings.HasPrefix(payload, "STREAMING-") {
		return s.streamed(r, fields["Signature"])
	}
	body, err := io.ReadAll(r.Body)
	if err == nil && payload != "UNSIGNED-PAYLOAD" && payload != hashOf(body) {
		err = errors.New("the body is not what was signed")
	}
	return body, err
}

// streamed reads a body in chunks, each signed with the signature of the one before.
func (s signer) streamed(r *http.Request, before string) ([]byte, error) {
	in := bufio.NewReader(r.Body)
	var body bytes.Buffer
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		size, signature, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), ";chunk-signature=")
		n, err := strconv.ParseInt(size, 16, 64)
		if err != nil {
			return nil, err
		}
		chunk := make([]byte, n)
		if _, err := io.ReadFull(in, chunk); err != nil {
			return nil, err
		}
		if want := s.sign("AWS4-HMAC-SHA256-PAYLOAD", s.date, s.scope, before, hashOf(nil), hashOf(chunk)); want != signature {
			return nil, errors.New("a chunk is not what was signed")
		}
		before = signature
		_, _ = body.Write(chunk)
		if n == 0 {
			break
		}
		if _, err := in.Discard(2); err != nil {
			return nil, err
		}
	}
	if want := r.Header.Get("X-Amz-Decoded-Content-Length"); want != strconv.Itoa(body.Len()) {
		return nil, fmt.Errorf("the body has %d bytes, not %s", body.Len(), want)
	}
	_, err := io.Copy(io.Discard, in) // trailers
	return slices.Clip(body.Bytes()), err
}
