//go:build unix && !solaris && !aix && !netbsd

package disk

import "golang.org/x/sys/unix"

// Free is how many bytes an ordinary user can still write below dir, and how many the file system has. ok is false
// where the system does not say.
func Free(dir string) (free, size uint64, ok bool) {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return 0, 0, false
	}
	return uint64(s.Bavail) * uint64(s.Bsize), uint64(s.Blocks) * uint64(s.Bsize), true
}
