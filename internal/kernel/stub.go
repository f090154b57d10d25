package kernel

import (
	"iter"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Op is one operation of an entry.
type Op struct{}

// Definition is a workflow compiled for [Decide].
type Definition struct{}

// Fault is one thing wrong with a workflow's graphs or expressions, found by [Compile].
type Fault struct {
	Code    string
	Message string
	Hint    string
	// Node is the id of the node at fault, "" for the workflow; Field is the key under it, such as if, next or
	// with/url; Offset is the byte in an expression's source, -1 where there is none.
	Node   string
	Field  string
	Offset int
	// Warn: the workflow runs all the same.
	Warn bool
}

// Compile prepares w. Faults without Warn make the definition unusable.
func Compile(w *model.Workflow) (*Definition, []Fault) { panic("being written") }

// Workflow is the definition's source.
func (d *Definition) Workflow() *model.Workflow { panic("being written") }

// State is one execution.
type State struct{}

// New is the state before entry 1.
func New() *State { panic("being written") }

// Decide: see the package comment. d is the definition the state is pinned to.
func Decide(d *Definition, s *State, in []Input, env Env, dst []Op) (Decided, error) {
	panic("being written")
}

// Apply folds one entry.
func Apply(s *State, seq uint64, at int64, ops []Op) error { panic("being written") }

// Encode appends the JSON of an entry (without the codec byte).
func Encode(dst []byte, ops []Op) []byte { panic("being written") }

// Decode reads the JSON of an entry.
func Decode(body []byte) ([]Op, error) { panic("being written") }

// Save appends the encoded state (without the codec byte).
func Save(dst []byte, s *State) []byte { panic("being written") }

// Restore reads a saved state.
func Restore(body []byte) (*State, error) { panic("being written") }

// Open yields everything outstanding, in order of step path.
func Open(s *State) iter.Seq[Outstanding] { panic("being written") }

// Outstanding tasks, as they must be dispatched again after a claim that knows their workers are alive.
func (s *State) Tasks() []TaskRef { panic("being written") }

// Accessors.
func (s *State) ID() record.ID        { panic("being written") }
func (s *State) Seq() uint64          { panic("being written") } // of the last entry applied
func (s *State) At() int64            { panic("being written") } // its time
func (s *State) Status() model.Status { panic("being written") }
func (s *State) More() bool           { panic("being written") }

// NextAt is the truth about when the owner must look: 0 while a task is outstanding or More, else the earliest
// timer, else record.Never.
func (s *State) NextAt() int64 { panic("being written") }

// NextTimer is the earliest timer whatever else is outstanding; record.Never where there is none.
func (s *State) NextTimer() int64 { panic("being written") }

// Head fills h with everything searchable but Insert, Execution's shard and NextAt (set by the shard).
func (s *State) Head(h *record.Head) { panic("being written") }

// Size estimates the bytes the state holds in memory.
func (s *State) Size() int { panic("being written") }

// Workflow names the pinned definition.
func (s *State) Workflow() (namespace, name, version string) { panic("being written") }

// Output and Failure of a closed execution.
func (s *State) Output() []byte        { panic("being written") }
func (s *State) Failure() *model.Error { panic("being written") }
func (s *State) Outcome() string       { panic("being written") }

// Explain says in one sentence what o waits for, since when, until when and what would unblock it.
func Explain(o Outstanding, now int64) string { panic("being written") }

// StepView is one step for people, oldest first per scope.
type StepView struct {
	Path, Node, Type string
	Status           model.StepStatus
	Outcome          string
	Attempt          int
	Scheduled, Ended int64
	Output           []byte
	Error            *model.Error
}

// Steps yields the steps the state still holds (those of ended inner scopes are in the journal only).
func Steps(s *State) iter.Seq[StepView] { panic("being written") }

// Event is one operation of an entry for people: what changed, in words of DESIGN 1.
type Event struct {
	Seq     uint64
	At      int64
	Type    string // started, step_scheduled, task_started, step_completed, step_failed, wait_started, retry_scheduled, ...
	Step    string
	Node    string
	Attempt int
	Outcome string
	Until   int64
	Data    []byte // input, output or signal data, JSON
	Error   *model.Error
	By, Why string
	Text    string
}

// Events appends the events of an entry.
func Events(dst []Event, seq uint64, at int64, ops []Op) []Event { panic("being written") }
