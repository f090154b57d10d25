//go:build !unix || solaris || aix || netbsd

package disk

// Free is how many bytes an ordinary user can still write below dir, and how many the file system has. ok is false
// where the system does not say.
func Free(string) (free, size uint64, ok bool) { return 0, 0, false }
