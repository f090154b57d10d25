// Package adapter speaks to a driver.
package adapter

import (
	_ "example.com/driver" // want "door -> adapter links example.com/driver"

	_ "example.com/house/contract"
	_ "example.com/house/contract/contracttest" // want "only tests import a suite"
	_ "example.com/house/machinery/port"        // want "machinery and adapters never import each other"
)
