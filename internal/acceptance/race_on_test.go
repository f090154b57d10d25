//go:build race

package acceptance

// raced: the race detector watches, and everything takes ten times as long.
const raced = true
