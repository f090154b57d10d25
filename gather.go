package pawl

import (
	"time"

	"github.com/pawl-dev/pawl/internal/kernel"
)

// Debounce makes starts of one [Key] that follow each other closely one execution, with the input of the newest: it is
// pending, and begins when no start has come for the time quiet, or most after the first; most 0 is no bound. Start
// answers each of them with that execution. Without a key, all debounced starts of the workflow belong together.
//
// A start with a [RequestID] that has come before is answered with the execution that it reached then.
func Debounce(quiet, most time.Duration) StartOption {
	return gatherOption(kernel.Gather{Wait: quiet.Milliseconds(), Most: most.Milliseconds()})
}

// BatchOf makes up to size starts of one [Key] one execution, whose input is the list of their inputs in order of arrival:
// it is pending, and begins with the last of size starts, or so long after the first, or when its input would become
// larger than an engine keeps. Each input is checked against the definition by itself. Otherwise it is like [Debounce].
func BatchOf(size int, wait time.Duration) StartOption {
	g := kernel.Gather{Size: size, Wait: wait.Milliseconds()}
	if size < 1 || size > kernel.MostGathered {
		return startOption(func(o *startOptions) {
			o.err = invalid("a batch has from 1 to %d starts, not %d", kernel.MostGathered, size)
		})
	}
	return gatherOption(g)
}

func gatherOption(g kernel.Gather) StartOption {
	return startOption(func(o *startOptions) {
		switch {
		case g.Wait < 1 || g.Most < 0:
			o.err = invalid("starts are gathered for a millisecond or more")
		case o.gather != nil:
			o.err = invalid("a start goes with one Debounce or BatchOf")
		}
		o.gather = &g
	})
}

// gathers prepares a start that becomes one execution with others, and refuses what makes no sense then.
func (o *startOptions) gathers() error {
	switch {
	case o.delay != 0:
		return invalid("a start with Debounce or BatchOf has no Delay: they say when it begins")
	case o.existing != 0:
		return invalid("a start with Debounce or BatchOf joins who has its key; OnExisting does not go with it")
	case o.signal != nil:
		return invalid("a start with Debounce or BatchOf brings no signal")
	case len(o.key) > maxName:
		return invalid("the key of a start with Debounce or BatchOf has at most %d bytes", maxName)
	}
	o.key = kernel.GatherKey(o.key)
	return nil
}
