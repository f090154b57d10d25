package machinery // want "the file has 8 lines; its budget is fewer than 8"

import "sync"

// Loop is not pure.
type Loop struct{ mu sync.Mutex }

func (l *Loop) run() { go l.mu.Lock() }
