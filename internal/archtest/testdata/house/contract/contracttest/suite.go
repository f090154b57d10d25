// Package contracttest is a suite, so it may import testing.
package contracttest

import (
	_ "testing"

	_ "example.com/house/contract"
)
