package s3

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/pawl-dev/pawl/store"
)

// markName is the object under the prefix that says whose it is. No execution is called so.
const markName = "pawl-store"

// errUnmarked passes: AWS refuses one of two writers at once (409) though the other may fail, and some servers refuse before the
// mark of the faster one can be read.
var errUnmarked = errors.New("there is no mark after it was written or refused")

// Belong implements [store.OutsideBlobs]. The mark is an object with the incarnation as text. Of two stores that come to a new
// prefix at once only one can make it where the server honours If-None-Match, else both may have it until one opens it again.
func (s *Blobs) Belong(ctx context.Context, incarnation [16]byte) error {
	own := hex.EncodeToString(incarnation[:])
	var found string
	err := s.try(ctx, "read whose the prefix is", func(ctx context.Context) (err error) {
		found, err = s.mark(ctx)
		return err
	})
	if errors.Is(err, store.ErrNotFound) && !s.unchecked || err == nil && found != own && s.takeOver {
		err = s.try(ctx, "mark the prefix", func(ctx context.Context) (err error) {
			found, err = s.claim(ctx, own)
			return err
		})
	}
	switch {
	case errors.Is(err, store.ErrNotFound) && s.unchecked:
		return nil // nothing is there yet, and who only looks leaves nothing behind
	case err != nil:
		return err
	case found != own:
		return fmt.Errorf("%s: %w, %.32s, and this one is %s: each store needs a prefix of its own; one that came back from a backup takes its own over, see %s",
			s.place, store.ErrForeignBlobs, found, own, "pawl store migrate --help")
	}
	return nil
}

// mark reads the mark.
func (s *Blobs) mark(ctx context.Context) (string, error) {
	body, _, _, err := s.client.GetObject(ctx, s.bucket, s.prefix+markName, minio.GetObjectOptions{})
	if err != nil {
		return "", err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, 100))
	return strings.TrimSpace(string(text)), err
}

// claim writes the mark, over another only where it is taken over, and returns what the mark is then: that of who was faster, maybe.
func (s *Blobs) claim(ctx context.Context, own string) (string, error) {
	o := minio.PutObjectOptions{ContentType: "text/plain"}
	if !s.takeOver {
		o.SetMatchETagExcept("*")
	}
	_, err := s.client.PutObject(ctx, s.bucket, s.prefix+markName, strings.NewReader(own+"\n"), int64(len(own)+1), "", "", o)
	var told minio.ErrorResponse
	refused := errors.As(err, &told) && (told.StatusCode == http.StatusPreconditionFailed || told.StatusCode == http.StatusConflict)
	if err != nil && !refused {
		return "", err
	}
	found, err := s.mark(ctx)
	if errors.As(err, &told) && told.Code == "NoSuchKey" {
		return "", errUnmarked
	}
	return found, err
}
