package crashtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Effect is one line of the effect log: a function has done something to the world.
type Effect struct {
	Execution string `json:"execution"`
	Step      string `json:"step"`
	Attempt   int    `json:"attempt"`
	Key       string `json:"key"`
}

// Log is the independent witness: what is in it has happened, whatever a store says.
type Log struct {
	mu sync.Mutex
	f  *os.File
}

// OpenLog opens the log for appending. A line that was cut by a kill goes: a write that crosses a page may be.
func OpenLog(path string) (*Log, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(f)
	if whole := int64(bytes.LastIndexByte(b, '\n') + 1); err == nil && whole < int64(len(b)) {
		err = f.Truncate(whole)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Log{f: f}, nil
}

// Add appends one effect and syncs it.
func (l *Log) Add(e Effect) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.f.Write(append(line, '\n')); err != nil {
		return err
	}
	return l.f.Sync()
}

// Close closes the file.
func (l *Log) Close() error { return l.f.Close() }

// ReadLog returns the effects from the given byte on, and where the log ends. A line that was cut by a kill is
// left for the next read.
func ReadLog(path string, from int64) (list []Effect, end int64, err error) {
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, from, nil
	}
	if err != nil {
		return nil, from, err
	}
	for b = b[from:]; ; {
		i := bytes.IndexByte(b, '\n')
		if i < 0 {
			return list, from, nil
		}
		var e Effect
		if err := json.Unmarshal(b[:i], &e); err != nil {
			return list, from, fmt.Errorf("effect log at byte %d: %w", from, err)
		}
		list = append(list, e)
		b = b[i+1:]
		from += int64(i) + 1
	}
}
