package main

import "syscall"

// limitMemory bounds what this process may have of memory to write to, in megabytes: beyond it the process dies.
func limitMemory(megabytes int) error {
	n := uint64(megabytes) << 20
	return syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: n, Max: n})
}
