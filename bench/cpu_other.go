//go:build !unix

package main

import "time"

var processBegan = time.Now()

// cpuSeconds is the time of the clock, where the system does not say what processors spend on this process.
func cpuSeconds() float64 { return time.Since(processBegan).Seconds() }
