//go:build !linux

package postgres

import (
	"syscall"
	"time"
)

// userTimeout does nothing: only Linux has the option. Contexts and keep-alive bound a silent connection elsewhere.
func userTimeout(time.Duration) func(network, address string, c syscall.RawConn) error { return nil }
