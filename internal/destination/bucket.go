package destination

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// bucket is one that speaks S3, or a part of one.
type bucket struct {
	client       *minio.Client
	name, prefix string
}

// noSuchUser is what versitygw says of a key that it does not know, as if there were no such object.
const noSuchUser = "XAdminUserNotFound"

// sumKey is the user metadata by which a file is known again.
const sumKey = "Sha256"

func newBucket(where *url.URL) (Destination, error) {
	options := where.Query()
	endpoint, secure := "s3.amazonaws.com", true
	if given := options.Get("endpoint"); given != "" {
		parsed, err := url.Parse(given)
		if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" || strings.Trim(parsed.Path, "/") != "" {
			return nil, fmt.Errorf("endpoint is https://HOST, not %q", given)
		}
		endpoint, secure = parsed.Host, parsed.Scheme == "https"
	}
	for name := range options {
		if name != "endpoint" && name != "region" {
			return nil, fmt.Errorf("a bucket has endpoint and region, not %q", name)
		}
	}
	if where.Host == "" || where.User != nil {
		return nil, errors.New("write s3://BUCKET/PREFIX, and leave keys to the environment")
	}
	client, err := minio.New(endpoint, &minio.Options{
		Creds:  credentials.NewChainCredentials([]credentials.Provider{&credentials.EnvAWS{}, &credentials.IAM{Client: http.DefaultClient}}),
		Secure: secure, Region: options.Get("region"),
	})
	if err != nil {
		return nil, err
	}
	return bucket{client, where.Host, strings.Trim(where.Path, "/")}, nil
}

// Put sends a file, which the bucket shows once it has all of it.
func (b bucket) Put(ctx context.Context, file File) (place string, err error) {
	if err := checkPath(file.Path); err != nil {
		return "", err
	}
	key := strings.TrimPrefix(b.prefix+"/"+file.Path, "/")
	place = "s3://" + b.name + "/" + key
	there, err := b.client.StatObject(ctx, b.name, key, minio.StatObjectOptions{})
	switch {
	case err == nil && there.UserMetadata[sumKey] == file.SHA256 && there.Size == file.Bytes:
		return place, nil
	case err == nil:
		return "", fmt.Errorf("%s is another file already", place)
	case minio.ToErrorResponse(err).StatusCode != http.StatusNotFound:
		return "", b.failed(place, err)
	}
	// What is put cannot be taken back: it is held to its hash before.
	if err := write(io.Discard, file); err != nil {
		return "", err
	}
	from, err := file.Open()
	if err != nil {
		return "", err
	}
	_, err = b.client.PutObject(ctx, b.name, key, from, file.Bytes, minio.PutObjectOptions{
		UserMetadata: map[string]string{sumKey: file.SHA256}, ContentType: "application/octet-stream", DisableMultipart: file.Bytes < 64<<20,
	})
	return place, b.failed(place, err)
}

// failed says what the bucket refuses, and what to do about it.
func (b bucket) failed(place string, err error) error {
	if err == nil {
		return nil
	}
	switch said := minio.ToErrorResponse(err); {
	case said.Code == minio.InvalidAccessKeyID || said.Code == noSuchUser || said.StatusCode == http.StatusForbidden || said.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("%s: the bucket refuses the key in AWS_ACCESS_KEY_ID, or what it may do: %w", place, err)
	case said.Code == minio.NoSuchBucket:
		return fmt.Errorf("%s: there is no bucket %q: make it, it is not made here: %w", place, b.name, err)
	default:
		return fmt.Errorf("%s: %w", place, err)
	}
}
