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

// Belong implements [store.OutsideBlobs]. The mark is an object with the incarnation as text. Of two stores that come to a new
// prefix at once only one can make it where the server honours If-None-Match, else both may have it until one opens it again.
func (s *Blobs) Belong(ctx context.Context, incarnation [16]byte) error {
	own := hex.EncodeToString(incarnation[:])
	found, err := s.mark(ctx)
	if errors.Is(err, store.ErrNotFound) && !s.unchecked || err == nil && found != own && s.takeOver {
		if err := s.setMark(ctx, own); err != nil {
			return err
		}
		found, err = s.mark(ctx)
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
func (s *Blobs) mark(ctx context.Context) (found string, err error) {
	err = s.try(ctx, "read whose the prefix is", func(ctx context.Context) error {
		body, _, _, err := s.client.GetObject(ctx, s.bucket, s.prefix+markName, minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		defer body.Close()
		text, err := io.ReadAll(io.LimitReader(body, 100))
		found = strings.TrimSpace(string(text))
		return err
	})
	return found, err
}

// setMark writes the mark, over another only where it is taken over. That somebody else was faster is no error.
func (s *Blobs) setMark(ctx context.Context, text string) error {
	return s.try(ctx, "mark the prefix", func(ctx context.Context) error {
		o := minio.PutObjectOptions{ContentType: "text/plain"}
		if !s.takeOver {
			o.SetMatchETagExcept("*")
		}
		_, err := s.client.PutObject(ctx, s.bucket, s.prefix+markName, strings.NewReader(text+"\n"), int64(len(text)+1), "", "", o)
		var told minio.ErrorResponse
		if errors.As(err, &told) && (told.StatusCode == http.StatusPreconditionFailed || told.StatusCode == http.StatusConflict) {
			return nil
		}
		return err
	})
}
