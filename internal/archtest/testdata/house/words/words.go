// Package words is the innermost ring of this small house, in which every rule is broken once.
package words

import (
	_ "example.com/house/laws" // want "an import points inwards only"
)

// Small is within the budget of two methods; embedded ones do not count.
type Small interface {
	Large
	A()
	B()
}

// Large is not.
type Large interface { // want "interface Large declares 3 methods, more than 2"
	A()
	B()
	C()
}

func init() {} // want "func init: nothing registers itself"
