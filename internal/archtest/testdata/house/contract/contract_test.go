package contract // want "the file has 17 lines, more than 16"

import (
	"testing"
	"testing/synctest"
	"time"

	_ "example.com/house/adapter"
)

func TestSleeps(t *testing.T) {
	time.Sleep(1) // want "a test sleeps"
	synctest.Test(t, func(*testing.T) { time.Sleep(1) })
}

// In a bubble: time is virtual here.
func nap() { time.Sleep(1) }
