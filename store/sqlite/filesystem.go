package sqlite

// medium says how far the locks and flushes of a file system can be trusted.
type medium int

const (
	onDisk medium = iota
	overNetwork
	inMemory
)
