// Package servertest gives tests the real servers that drivers speak to: a database of their own on a server that
// runs, or a server that they start. One file per server.
//
// It must not know what is tested with them.
package servertest

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// require names the servers without which tests fail; without it they are skipped.
const require = "PAWL_TEST_REQUIRE"

// Absent ends a test whose server cannot be reached: it fails where PAWL_TEST_REQUIRE names the server, else it is
// skipped and says so.
func Absent(t testing.TB, server string, why error) {
	t.Helper()
	if Required(server) {
		t.Fatalf("%s is required by %s and cannot be reached: %v", server, require, why)
	}
	t.Skipf("%s cannot be reached, so this is not tested: %v", server, why)
}

// Required reports whether PAWL_TEST_REQUIRE names the server.
func Required(server string) bool {
	return slices.Contains(strings.Split(os.Getenv(require), ","), server)
}
