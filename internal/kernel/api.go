package kernel

import (
	"github.com/pawl-dev/pawl/internal/calendar"
	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// InputKind says what happened.
type InputKind uint8

// The kinds of input.
const (
	// InStart is the first input of an execution; Input.Start is set.
	InStart InputKind = iota + 1
	// InResult: the attempt (Step, Attempt) ended with Result.
	InResult
	// InSignal: Signal arrived.
	InSignal
	// InTick: time passed; timers due at Env.Now fire. Every other input fires them too.
	InTick
	// InContinue goes on after Decided.More.
	InContinue
	InCancel
	InTerminate
	InPause
	InResume
	// InLost: the worker of (Step, Attempt) is gone and its effect unknown.
	InLost
	// InReleased: the attempt (Step, Attempt) was given back unrun or by a graceful stop; it does not count.
	InReleased
	// InPark parks the execution with Error, whatever its state.
	InPark
	// InDecide: the person By says Decision to an approval.
	InDecide
	// InMail: another execution sent Mail.
	InMail
	// InRetry runs the node of the failed step Step again and takes back what came after it.
	InRetry
	// InMove cancels Step, if set, and begins the node To: an id in the scope of Step, or a path. With IfAt it does so
	// only if that step is live or waits for an operator.
	InMove
	// InSkip ends Step skipped.
	InSkip
	// InComplete ends Step with Result's outcome and output.
	InComplete
	// InFail ends Step in error, or the execution where Step is empty. Error may be nil: Why is the message then.
	InFail
	// InRoute takes the edge to To of the ended step Step whose edges wait for an operator.
	InRoute
	// InVars applies Vars in the scope (or that of the step) Step, "" for the root; with IfSeq only if no entry came
	// after that one.
	InVars
	// InMigrate lets the execution go on with another version: Migration. Decided.Definition is that one then.
	InMigrate
	// InCallback: the holder of the token of (Step, Attempt) says Callback.
	InCallback
	// InTrim keeps the journal short, as Trim says. It must be the first input of its transition.
	InTrim
	// InGather is a further start of the key of an execution that gathers: Start. CodeGathered refuses it where the
	// execution gathers no more.
	InGather
)

// Input is one thing that happened to an execution. It is a union: see the kinds for which fields are set.
type Input struct {
	Kind InputKind
	// Request is the id of the command (K9); "" where the input is no command or carries none.
	Request string
	// By is who did it and Why the reason given; both are journaled.
	By, Why string
	Start   *Start
	Signal  *Signal
	Step    string
	Attempt int
	Result  *model.Result
	Error   *model.Error
	// Decision belongs to InDecide.
	Decision *Decision
	Mail     *Mail
	// Shift moves the timers by the length of the pause, instead of firing what came due in it (InResume).
	Shift bool
	To    string
	IfAt  string
	IfSeq uint64
	Vars  []model.Assign
	// Callback belongs to InCallback.
	Callback *Callback
	// Trim belongs to InTrim.
	Trim *Trim
	// Migration belongs to InMigrate.
	Migration *Migration

	// digest is that of the command as it came.
	digest string
}

// Start is the birth of an execution.
type Start struct {
	ID        record.ID
	Namespace string
	Workflow  string
	Version   string
	Hash      string
	Key       string
	Parent    record.ID
	// Fork is the past to begin with, copied from Of up to its entry OfSeq; nil for a fresh start.
	Fork  *Fork
	Of    record.ID
	OfSeq uint64
	// Input is JSON, checked against the definition's schema by the caller; nil is null.
	Input []byte
	// Trigger is JSON under the name trigger; nil is null.
	Trigger []byte
	// NotBefore delays the first step: the execution is pending until then. 0 starts at once.
	NotBefore int64
	// Gather is set where further starts of Key are to become one execution with this one.
	Gather *Gather
	// Signal is delivered with the start, if set.
	Signal *Signal
	// By is who asked, in the start of an execution by another one, and Tags what that one is tagged with.
	By   string
	Tags []Tagged
	// Step and Attempt are where in Parent it was started; Waits: that step wants to hear of the end.
	Step    string
	Attempt int
	Waits   bool
	// Body is set where the execution runs an item of a foreach.
	Body *Body
	// Unchecked: the input is still to be filled in and checked by the definition.
	Unchecked bool
}

// Tagged is one tag: a name and JSON.
type Tagged struct {
	Name string
	Data []byte
}

// Signal is a named message.
type Signal struct {
	Name string
	// ID makes a repeat a no-op; "" where the sender gave none.
	ID string
	// Data is JSON; nil is null.
	Data []byte
	// TTL is how long it is kept unless a step takes it, milliseconds; 0: as declared.
	TTL int64
}

// Env is everything outside the state that a decision may depend on.
type Env struct {
	// Now is Unix milliseconds. The entry's time is max(Now, time of the entry before).
	Now int64
	// Config resolves config.<name>; Revision is its number, journaled with each use. May be nil.
	Config   map[string]any
	Revision uint64
	// Zone finds a time zone for schedules; nil knows UTC only.
	Zone func(name string) (calendar.Zone, error)
	// Bounds are the limits of K6 and K8; zero fields take the defaults.
	Bounds Bounds
}

// Bounds are the named limits of K6 and K8.
type Bounds struct {
	Payload      int // bytes of one input, output or signal, with all that it refers to: 16 MiB
	Steps        int // per execution: 1,000,000
	LiveSteps    int // 10,000
	Depth        int // of scopes: 16
	Signals      int // kept: 1,000
	Requests     int // remembered request ids: 1,000
	PerDecide    int // steps run in one transition: 1,000
	EntryBytes   int // 1 MiB, after which a transition yields
	CancelGrace  int64
	LostAttempts int // losses before a step ends in error lost: 3
	Undos        int // steps that may have to be undone: 10,000
}

// Decided is the outcome of one transition. Its slices are valid until the next Decide with the same dst.
type Decided struct {
	Seq uint64
	At  int64
	// Ops is the entry; empty if nothing changed, and then no entry is written.
	Ops []Op
	// Dispatch and Cancel are the tasks that began and that are to be cancelled, in order.
	Dispatch []Task
	Cancel   []TaskRef
	// Sends are the messages that leave with the entry, in order. The caller completes nothing in them.
	Sends []Mail
	// Answers has one element for each command among the inputs, in order of input, and one for each result that
	// came too late (CodeStaleAttempt).
	Answers []Answer
	// Alarms are for people: what went wrong and changed nothing else.
	Alarms []*model.Error
	// Trim is set where the entries below this one are to be removed in the part that holds the entry.
	Trim uint64
	// Warnings are for an operator.
	Warnings []Warning
	// Definition is set where the execution goes on with another version: the next Decide needs that one.
	Definition *Definition
	// More: the transition stopped at a bound of K8; continue it later.
	More bool
}

// TaskRef names an attempt.
type TaskRef struct {
	Step    string
	Attempt int
}

// Task is an attempt to hand to an executor. Times are Unix milliseconds, 0 = none.
type Task struct {
	TaskRef
	Node string
	Type string
	// With is the evaluated configuration; Late are the values the runner fills in.
	With []byte
	Late []expr.Late
	// Timeout bounds the attempt from dispatch, Heartbeat a silence; milliseconds.
	Timeout   int64
	Heartbeat int64
	Scheduled int64
	Deadline  int64
	Queue     string
	Priority  int
	// Callback: after a good result the step waits for the answer to the task's token.
	Callback bool
}

// Answer is what a command is told once the entry is durable. Error is nil where it was accepted. Status is that of
// the execution after the command. Repeated is set when the request id had been seen before.
type Answer struct {
	Input    int
	Status   model.Status
	Error    *model.Error
	Repeated bool
}

// Codes of refused commands.
const (
	CodeClosed        = "closed"         // the execution has ended
	CodeNotPaused     = "not_paused"     // resume of an execution that is neither paused nor parked
	CodeUnknownSignal = "unknown_signal" // the definition declares signals and this is none of them
	CodeInboxFull     = "inbox_full"     // too many kept signals
	CodeStaleAttempt  = "stale_attempt"  // the attempt is not outstanding
	CodePayload       = "payload_too_large"
	CodeBadJSON       = "bad_json"
	CodeBadItem       = "bad_item" // a signal adds to a foreach what is no item of it
)

// Outstanding is one thing an execution waits for or must do: everything recovery, the auditor and "why is it
// waiting?" need to know (K3).
type Outstanding struct {
	Kind  OpenKind
	Step  string // path; "" for the execution itself
	Node  string
	Type  string
	Since int64
	// Until is when it ends by itself; 0 = never.
	Until   int64
	Attempt int
	// Names are the signals that would unblock it.
	Names []string
	// Error is why the last attempt failed, or why the execution is parked.
	Error *model.Error
	// Condition: a change of what the wait's condition reads would unblock it.
	Condition bool
	// By paused it for Reason.
	By, Reason string
	// Execution, or Workflow and Key, is the other execution that is waited for.
	Execution     record.ID
	Workflow, Key string
	// Limit and LimitKey name the limit that is waited for; Execution is its entity.
	Limit, LimitKey string
	// Running, Done and Total count instances of a composite; Total is -1 where it is not known.
	Running, Done, Total int
	// Growing: instances may be added to the composite yet, by the signals in Names or by tokens.
	Growing bool
	// Progress is what the holder of a token said last, JSON.
	Progress []byte
	// Ask is what an approval asks.
	Ask *Ask
}

// OpenKind is the kind of an [Outstanding].
type OpenKind uint8

// The kinds of outstanding things.
const (
	OpenTask    OpenKind = iota + 1 // an attempt is with an executor
	OpenBackoff                     // the next attempt waits until Until
	OpenWait                        // a wait node: timer, signal or condition
	OpenScope                       // a composite with instances running or to start
	OpenCancel                      // a cancelled task has not answered; grace until Until
	OpenMore                        // the transition goes on at once
	OpenPending                     // the execution has not begun, NotBefore in Until
	OpenPaused
	OpenParked
	OpenQueued   // a step waits for its scope's concurrency
	OpenTimeout  // the timeout of a step or of the execution, at Until
	OpenApproval // an approval waits for decisions
	OpenAnswer   // a message was sent and not answered
	OpenChild    // a child execution has not ended
	OpenCallback // a task is done and the answer to its token is awaited
	OpenLimit    // a step, or the execution, waits for a limit
	OpenGather   // the execution gathers starts until Until
)
