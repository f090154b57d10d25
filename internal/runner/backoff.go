package runner

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstPause = 20 * time.Millisecond
	longPause  = 2 * time.Second
)

// backoff is the pause after the tries-th failure (from 0): doubling, bounded, with 25 % jitter.
func backoff(tries int) time.Duration {
	d := longPause
	if tries < 7 {
		d = min(d, firstPause<<tries)
	}
	return d - d/4 + rand.N(d/2)
}

// sleep waits for d; false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
