// Package s3 keeps large payloads as objects of a bucket: of Amazon S3 or of any server that speaks its protocol. It is no
// store by itself but stands beside one:
//
//	store.WithBlobs(postgres.Open(url), s3.Open("s3://bucket/prefix?region=eu-central-1"))
//
// A blob is the object PREFIX/EXECUTION/SUM, with the SHA-256 of its bytes in its metadata, which every read compares: the
// sum in the name is the caller's and may be that of something else, the payload before it was encrypted, say.
//
// The package must not know what blobs mean or which executions exist. Nothing outside it knows the client library.
package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// maxBody bounds a blob in bytes, as in the stores that keep blobs in tables.
const maxBody = 16 << 20

// pageOfKeys is how many keys a server lists, and removes, in one answer.
const pageOfKeys = 1000

// sumField is where the SHA-256 of an object's bytes stands among its metadata.
const sumField = "Pawl-Sha256"

// Option changes how a bucket is spoken to.
type Option func(*config)

type config struct {
	key, secret, token string
	timeout            time.Duration
	transport          http.RoundTripper
	unchecked          bool
	takeOver           bool
}

// Credentials are the keys to use. Without it they come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN,
// else from the AWS credentials file, else from the role of the machine. session is mostly empty.
func Credentials(key, secret, session string) Option {
	return func(c *config) { c.key, c.secret, c.token = key, secret, session }
}

// Timeout bounds one attempt at one request; the default is 30 seconds.
func Timeout(d time.Duration) Option { return func(c *config) { c.timeout = d } }

// Unchecked opens a bucket without trying whether it can be written, read, listed and deleted from: for programs that look for
// a moment, perhaps with keys that allow no more.
func Unchecked() Option { return func(c *config) { c.unchecked = true } }

// TakeOver gives the prefix to the store that is opened, whose it was before: to one that came back from a backup, say, and
// whose incarnation is new. The other one must not be at work any more. Use it for one open, the first.
func TakeOver() Option { return func(c *config) { c.takeOver = true } }

// Transport carries requests in place of the default one: with other certificates, say.
func Transport(t http.RoundTripper) Option { return func(c *config) { c.transport = t } }

// Open is an opener of blobs in a bucket, which must exist:
//
//	s3://bucket/prefix?endpoint=https://minio.example:9000&region=us-east-1
//
// Without an endpoint it is Amazon's. The prefix belongs to the first store that is opened with it, whose incarnation is noted
// there; another one is refused with [store.ErrForeignBlobs], since each would remove what it does not know.
func Open(url string, opts ...Option) store.BlobsOpener {
	c := config{timeout: 30 * time.Second}
	for _, o := range opts {
		o(&c)
	}
	return opener{url, c}
}

type opener struct {
	url string
	config
}

// OpenBlobs implements [store.BlobsOpener]. It writes, reads, lists and removes one object, unless it is [Unchecked].
func (o opener) OpenBlobs(ctx context.Context) (store.OutsideBlobs, error) {
	p, err := parse(o.url)
	if err != nil {
		return nil, err
	}
	s, err := connect(p, o.config)
	if err != nil {
		return nil, err
	}
	if o.unchecked {
		return s, nil
	}
	if err := s.preflight(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Blobs are the blobs under one prefix of a bucket.
type Blobs struct {
	place
	client              minio.Core
	timeout             time.Duration
	unchecked, takeOver bool
	idle                func() // closes connections that stand still
	closed              atomic.Bool
}

var _ store.OutsideBlobs = (*Blobs)(nil)

// Close implements [store.OutsideBlobs].
func (s *Blobs) Close() error {
	s.closed.Store(true)
	s.idle()
	return nil
}

// folder is what the names of an execution's objects begin with.
func (s *Blobs) folder(id record.ID) string { return s.prefix + id.String() + "/" }

// PutBlob implements [store.Blobs]. The server compares what arrives with its signed SHA-256.
func (s *Blobs) PutBlob(ctx context.Context, _ string, id record.ID, sum [32]byte, body []byte) error {
	if len(body) > maxBody {
		return fmt.Errorf("blob of %d bytes is over the limit of %d", len(body), maxBody)
	}
	own := sha256.Sum256(body)
	text := hex.EncodeToString(own[:])
	o := minio.PutObjectOptions{
		ContentType: "application/octet-stream", UserMetadata: map[string]string{sumField: text},
		DisableContentSha256: true, // of parts: the sum of the whole is given
	}
	return s.try(ctx, "put a blob of "+id.String(), func(ctx context.Context) error {
		_, err := s.client.PutObject(ctx, s.bucket, s.folder(id)+hex.EncodeToString(sum[:]), bytes.NewReader(body), int64(len(body)), "", text, o)
		return err
	})
}

// GetBlob implements [store.Blobs]. What is not as long as the server said, or not what was written, is [store.ErrCorrupt].
func (s *Blobs) GetBlob(ctx context.Context, _ string, id record.ID, sum [32]byte) (out []byte, err error) {
	err = s.try(ctx, "get a blob of "+id.String(), func(ctx context.Context) error {
		body, info, _, err := s.client.GetObject(ctx, s.bucket, s.folder(id)+hex.EncodeToString(sum[:]), minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		defer body.Close()
		if info.Size > maxBody {
			return fmt.Errorf("%w: an object of %d bytes", store.ErrCorrupt, info.Size)
		}
		if out, err = io.ReadAll(io.LimitReader(body, maxBody+1)); err != nil {
			return err
		}
		return intact(out, &info)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// intact compares a body with what the server and its writer said of it. Metadata that got lost, in a copy of the bucket,
// say, is no damage.
func intact(body []byte, info *minio.ObjectInfo) error {
	if int64(len(body)) != info.Size {
		return fmt.Errorf("%w: %d bytes instead of %d", store.ErrCorrupt, len(body), info.Size)
	}
	own := sha256.Sum256(body)
	if want := info.UserMetadata[sumField]; want != "" && want != hex.EncodeToString(own[:]) {
		return fmt.Errorf("%w: the SHA-256 is not what it was", store.ErrCorrupt)
	}
	return nil
}

// BlobOwners implements [store.Blobs].
func (s *Blobs) BlobOwners(ctx context.Context, after record.ID, limit int) (out []record.ID, err error) {
	o := minio.ListObjectsOptions{Prefix: s.prefix, MaxKeys: min(max(limit, 1), pageOfKeys), FetchOwner: new(bool)}
	if !after.IsZero() {
		o.StartAfter = s.prefix + after.String() + "0" // behind all that begins with the id and a slash, and before any other id
	}
	err = s.try(ctx, "list who has blobs", func(ctx context.Context) error {
		out = nil
		if limit <= 0 {
			return nil
		}
		last := after
		for object := range s.client.ListObjectsIter(ctx, s.bucket, o) {
			if object.Err != nil {
				return object.Err
			}
			id, ok := s.owner(object.Key)
			if !ok || bytes.Compare(id[:], after[:]) <= 0 {
				continue
			}
			if bytes.Compare(id[:], last[:]) <= 0 {
				return errUnordered
			}
			if out, last = append(out, id), id; len(out) == limit {
				return nil
			}
		}
		return ctx.Err()
	})
	return out, err
}

// owner reads the name of a folder. What else lies under the prefix is nobody's.
func (s *Blobs) owner(key string) (record.ID, bool) {
	name, isFolder := strings.CutSuffix(strings.TrimPrefix(key, s.prefix), "/")
	if !isFolder {
		return record.ID{}, false
	}
	id, err := record.ParseID(name)
	return id, err == nil && id.String() == name
}

// BlobSums implements [store.Blobs].
func (s *Blobs) BlobSums(ctx context.Context, id record.ID) (out [][32]byte, err error) {
	o := minio.ListObjectsOptions{Prefix: s.folder(id), Recursive: true, MaxKeys: pageOfKeys, FetchOwner: new(bool)}
	err = s.try(ctx, "list the blobs of "+id.String(), func(ctx context.Context) error {
		out = nil
		for object := range s.client.ListObjectsIter(ctx, s.bucket, o) {
			if object.Err != nil {
				return object.Err
			}
			sum, err := hex.DecodeString(strings.TrimPrefix(object.Key, o.Prefix))
			if err == nil && len(sum) == sha256.Size {
				out = append(out, [32]byte(sum))
			}
		}
		return ctx.Err()
	})
	return out, err
}

// DropBlobs implements [store.Blobs].
func (s *Blobs) DropBlobs(ctx context.Context, id record.ID) error {
	return s.try(ctx, "drop the blobs of "+id.String(), func(ctx context.Context) error {
		for {
			keys, err := s.keys(ctx, s.folder(id))
			if err != nil || len(keys) == 0 {
				return err
			}
			if err := s.remove(ctx, keys); err != nil || len(keys) < pageOfKeys {
				return err
			}
		}
	})
}

// keys are the first keys with a prefix.
func (s *Blobs) keys(ctx context.Context, prefix string) (out []string, err error) {
	o := minio.ListObjectsOptions{Prefix: prefix, Recursive: true, MaxKeys: pageOfKeys, FetchOwner: new(bool)}
	for object := range s.client.ListObjectsIter(ctx, s.bucket, o) {
		if object.Err != nil {
			return nil, object.Err
		}
		if out = append(out, object.Key); len(out) == pageOfKeys {
			break
		}
	}
	return out, ctx.Err()
}

func (s *Blobs) remove(ctx context.Context, keys []string) error {
	objects := make(chan minio.ObjectInfo, len(keys))
	for _, k := range keys {
		objects <- minio.ObjectInfo{Key: k}
	}
	close(objects)
	var first error
	for e := range s.client.RemoveObjects(ctx, s.bucket, objects, minio.RemoveObjectsOptions{}) {
		if first == nil && e.Err != nil {
			first = e.Err
		}
	}
	return first
}
