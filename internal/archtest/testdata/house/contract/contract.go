// Package contract imports only what the table allows.
package contract

import (
	_ "testing" // want "imports testing outside tests and suites"

	_ "example.com/house/words"
)
