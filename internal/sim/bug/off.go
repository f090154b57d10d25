//go:build !simbugs

package bug

// Enabled says whether this binary can be broken on purpose.
const Enabled = false

// On is constant false in this build.
func On(Bug) bool { return false }

// Set does nothing in this build.
func Set(Bug) {}
