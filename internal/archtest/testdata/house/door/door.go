// Package door must link no driver.
package door

import (
	_ "example.com/house/adapter"
	_ "example.com/house/words" // want "it is not among those listed for door"
)
