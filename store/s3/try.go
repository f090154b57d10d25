package s3

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/pawl-dev/pawl/store"
)

// Attempts at a request, and the wait before the second one; it doubles, and a part of it is left to chance.
const (
	attempts  = 4
	firstWait = 100 * time.Millisecond
)

// errUnordered: directory buckets and some other servers list keys in no order.
var errUnordered = errors.New("the server lists keys in no order; a general purpose bucket is needed")

// try does something that is harmless to do twice, again where it failed for now.
func (s *Blobs) try(ctx context.Context, what string, do func(ctx context.Context) error) error {
	for n, wait := 1, firstWait; ; n, wait = n+1, 2*wait {
		if s.closed.Load() {
			return store.ErrClosed
		}
		err := s.once(ctx, do)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case n == attempts || !passing(err):
			return explain(s.place, what, err)
		}
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

func (s *Blobs) once(ctx context.Context, do func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return do(ctx)
}

// passing reports whether another attempt may go better.
func passing(err error) bool {
	var told minio.ErrorResponse
	if errors.As(err, &told) {
		switch told.Code {
		case "SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable":
			return true
		}
		return told.StatusCode >= 500 || told.StatusCode == http.StatusTooManyRequests || told.StatusCode == http.StatusRequestTimeout
	}
	var certificate x509.UnknownAuthorityError
	var name x509.HostnameError
	return !errors.Is(err, errUnordered) && !errors.As(err, &certificate) && !errors.As(err, &name)
}

// explain says what an error means. What a server says of its reasons is cut; requests and keys are never quoted.
func explain(p place, what string, err error) error {
	var told minio.ErrorResponse
	if !errors.As(err, &told) {
		return fmt.Errorf("%s: %s: %w", p, what, err)
	}
	switch told.Code {
	case "NoSuchKey":
		return fmt.Errorf("%s: %s: %w", p, what, store.ErrNotFound)
	case "NoSuchBucket":
		return fmt.Errorf("%s: %s: there is no such bucket", p, what)
	case "AccessDenied", "AllAccessDisabled":
		return fmt.Errorf("%s: %s: the keys do not allow it (%s)", p, what, told.Code)
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "AuthorizationHeaderMalformed":
		return fmt.Errorf("%s: %s: the keys are not accepted (%s)", p, what, told.Code)
	}
	return fmt.Errorf("%s: %s: status %d, %.40s: %.200s", p, what, told.StatusCode, told.Code, told.Message)
}
