// Package machinery is pure in this file only.
package machinery

import (
	_ "example.com/house/adapter" // want "machinery and adapters never import each other"
	_ "example.com/house/contract"
	"time"
)

// Next may name a duration: an exception admits the import.
func Next() time.Duration { return time.Until(time.Time{}) } // want "pure code uses time.Until"
