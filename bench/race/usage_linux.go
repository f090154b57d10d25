package race

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ticks a second in /proc/PID/stat: fixed for programs, whatever the kernel's own clock does.
const ticks = 100

// processOf is what /proc says of a process. Waited are the seconds of children that it has waited for; the bytes that
// those wrote are in the parent's already.
type processOf struct {
	parent      int
	own, waited float64
}

// settle waits until the disk has what was written so far, so that nobody pays for what the one before has left.
func settle() { syscall.Sync() }

func ownUsage() usage { return processUsage(os.Getpid()) }

func processUsage(pid int) usage {
	p, ok := readProcess(pid)
	written, told := readWritten(pid)
	return usage{p.own, written, ok && told}
}

// treeUsage is what a server has spent: the process root and its children, those too that have ended since.
func treeUsage(root int) usage {
	p, ok := readProcess(root)
	written, told := readWritten(root)
	u := usage{p.own + p.waited, written, ok && told && root > 0}
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return usage{}
	}
	for _, dir := range entries {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if p, ok := readProcess(pid); !ok || p.parent != root {
			continue
		}
		of := processUsage(pid)
		u.cpu += of.cpu
		u.written += of.written
	}
	return u
}

// readProcess reads /proc/PID/stat. The name of the program stands in brackets and may hold anything.
func readProcess(pid int) (processOf, bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return processOf{}, false
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 15 {
		return processOf{}, false
	}
	n := func(i int) float64 { v, _ := strconv.ParseFloat(f[i], 64); return v }
	return processOf{int(n(1)), (n(11) + n(12)) / ticks, (n(13) + n(14)) / ticks}, true
}

// readWritten is what a process handed to the disk.
func readWritten(pid int) (int64, bool) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/io")
	if err != nil {
		return 0, false
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		if of, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			n, err := strconv.ParseInt(of, 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// Parent is the process that started another; 0 where it is not known.
func Parent(pid int) int {
	p, _ := readProcess(pid)
	return p.parent
}
