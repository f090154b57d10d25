//go:build race

package expr

// slowness is how much slower the race detector makes a test.
const slowness = 15
