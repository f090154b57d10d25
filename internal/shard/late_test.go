package shard

import (
	"testing"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// While the store does not read, who waits for an execution hears so, also before that is asked for, and what is asked of
// ever more executions is refused.
func TestF5_F42_CommandsBehindAReadThatHangsAreToldAndBounded(t *testing.T) {
	d := newDesk(t, Config{Loads: 1, LoadsOpen: 1, MaxPending: 3, Audit: -1})
	var refs []uint64
	var first record.ID
	for n := range 6 {
		id := d.newID("")
		if n == 0 {
			first = id
		}
		ref := d.send(Command{Verb: View, Execution: id})
		d.work()
		if _, refused := d.replies[ref]; refused {
			d.refused(ref, CodeOverloaded)
		} else {
			refs = append(refs, ref)
		}
		d.core.Late(d.now, []record.ID{first}, &model.Error{Code: CodeUnavailable})
		d.collect()
		d.sound()
	}
	for _, ref := range refs {
		d.refused(ref, CodeUnavailable)
	}
	if len(refs) != 4 || d.core.pending != 0 {
		t.Fatalf("%d commands are taken and %d wait", len(refs), d.core.pending)
	}
	d.settle()
	if n := len(d.core.execs); n != 0 {
		t.Fatalf("%d executions are left that nobody asks for", n)
	}
}

// Starts that are refused because their version cannot be read leave nothing behind.
func TestR9_StartsWithoutTheirVersionLeaveNothing(t *testing.T) {
	d := newDesk(t, Config{})
	ref := DefinitionRef{"default", "w", "1"}
	for range 5 {
		_, start := d.begin("")
		d.work()
		d.core.LateDefinition(d.now, ref, &model.Error{Code: CodeUnavailable})
		d.collect()
		d.refused(start, CodeUnavailable)
	}
	if n := len(d.core.defs[ref].waiting); n != 0 || len(d.core.execs) != 0 {
		t.Fatalf("%d wait for the version, %d are in memory", n, len(d.core.execs))
	}
}
