//go:build simbugs

package bug

// Enabled says whether this binary can be broken on purpose.
const Enabled = true

var active Bug

// On reports whether b is the mistake that is switched on.
func On(b Bug) bool { return active == b }

// Set switches one mistake on, or with [None] all off. It must not run beside the code under test.
func Set(b Bug) { active = b }
