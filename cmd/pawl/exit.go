package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/pawl-dev/pawl"
)

// The exit codes. Scripts depend on them.
const (
	exitOK       = 0
	exitFailed   = 1 // the execution ended badly, or a definition or input has faults
	exitUsage    = 2
	exitNotFound = 3
	exitConflict = 4 // the key, version or state does not allow it
	exitNoStore  = 5 // the store is away, or another process has it open
	exitTimeout  = 6 // it had not ended when the time or the patience was over
	exitSignal   = 130
)

// exitError ends the program with a code; quiet says that everything was said already.
type exitError struct {
	code  int
	text  string
	quiet bool
}

func (e *exitError) Error() string { return e.text }

func usage(format string, args ...any) error {
	return &exitError{code: exitUsage, text: fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) error {
	return &exitError{code: exitNotFound, text: fmt.Sprintf(format, args...)}
}

func quiet(code int) error { return &exitError{code: code, quiet: true} }

var exitCodes = map[string]int{
	pawl.CodeNotFound:        exitNotFound,
	pawl.CodeClosed:          exitConflict,
	pawl.CodeKeyConflict:     exitConflict,
	pawl.CodeKeyExists:       exitConflict,
	pawl.CodeRequestConflict: exitConflict,
	pawl.CodeNotPaused:       exitConflict,
	pawl.CodeVersionExists:   exitConflict,
	pawl.CodeRetired:         exitConflict,
	pawl.CodeNarrows:         exitConflict,
	pawl.CodeDependents:      exitConflict,
	pawl.CodeNotWaiting:      exitConflict,
	pawl.CodeAmbiguous:       exitConflict,
	pawl.CodeAlreadyDecided:  exitConflict,
	pawl.CodeAlreadyVoted:    exitConflict,
	pawl.CodeUnavailable:     exitNoStore,
	pawl.CodeInUse:           exitNoStore,
	pawl.CodeStore:           exitNoStore,
	pawl.CodeStopping:        exitNoStore,
	pawl.CodeOverloaded:      exitNoStore,
}

// exitCode is what err means to a script.
func exitCode(err error) int {
	var e *exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return e.code
	case errors.Is(err, context.DeadlineExceeded):
		return exitTimeout
	case errors.Is(err, context.Canceled):
		return exitSignal
	}
	for _, codes := range []map[string]int{exitCodes, operatorCodes} {
		if code, ok := codes[pawl.Code(err)]; ok {
			return code
		}
	}
	return exitFailed
}

// noStore gives errors of stores that were opened without an engine the exit code of a store that is away.
func noStore(err error) error {
	var x *exitError
	if err == nil || errors.As(err, &x) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &exitError{code: exitNoStore, text: err.Error()}
}
