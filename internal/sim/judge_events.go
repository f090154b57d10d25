package sim

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/record"
)

// events reads what an entry says happened. before is the earliest timer of the state before it.
func (j *judge) events(x *witness, e *record.Entry, ops []kernel.Op, before int64) {}

// recorded reports whether the journal has the beginning of the attempt.
func (j *judge) recorded(x *witness, k attemptKey) bool { return true }

// acknowledged is called for each reply without an error.
func (j *judge) acknowledged(x *witness, o *op) {}

// atRest is called when nothing is left to do.
func (j *judge) atRest() {}
