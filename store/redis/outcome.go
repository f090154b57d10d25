package redis

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/redis/rueidis"

	"github.com/pawl-dev/pawl/store"
)

var (
	errIncarnation = store.WentBack("the server does not hold this store any more (emptied, replaced or restored)")
	errReply       = fmt.Errorf("%w: an answer that no version of this driver gives", store.ErrCorrupt)
)

// notSent is an error before anything was sent that could change something.
type notSent struct{ error }

func (e notSent) Unwrap() error { return e.error }

// classify gives errors of the client and the server the names of package store. Their text names no data: the server
// says what is wrong with a command, not with its words.
func classify(err error) error {
	var told *rueidis.RedisError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, rueidis.ErrClosing):
		return fmt.Errorf("redis: no connection: %w", err)
	case !errors.As(err, &told):
		return fmt.Errorf("redis: %w", err)
	}
	switch word := firstWord(told.Error()); word {
	case "OOM":
		return fmt.Errorf("redis: %w: the server has reached its maxmemory", store.ErrFull)
	case "MISCONF":
		if strings.Contains(told.Error(), "No space left") {
			return fmt.Errorf("redis: %w: the server's disk", store.ErrFull)
		}
	case "MOVED", "ASK", "CROSSSLOT", "CLUSTERDOWN":
		return fmt.Errorf("redis: %w: %s", errCluster, word)
	case "WRONGTYPE":
		return fmt.Errorf("redis: %w: something else keeps its data under these names", store.ErrCorrupt)
	}
	return fmt.Errorf("redis: the server answered: %w", err)
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(s, " ")
	return word
}

// failed is the outcome of a commit that got no answer of the script. The server's own errors all come before the
// script's first write: a script that may write is refused as a whole (LOADING, READONLY, BUSY, OOM, MISCONF,
// MASTERDOWN, NOREPLICAS, NOPERM). Without an answer it may have run, unless no connection was made.
func failed(err error, writes bool) store.Outcome {
	var told *rueidis.RedisError
	var before notSent
	o := refuse(classify(err))
	if !writes || errors.As(err, &told) || errors.As(err, &before) || dialed(err) {
		return o
	}
	o.Result = store.Unknown
	return o
}

// dialed reports that no connection could be made, so nothing was sent.
func dialed(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// lost reports that the connection broke, and not that the server or the caller said so.
func lost(err error) bool {
	var told *rueidis.RedisError
	return err != nil && !errors.As(err, &told) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}
