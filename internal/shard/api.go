package shard

import (
	"github.com/pawl-dev/pawl/internal/calendar"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Verb is what a command asks for.
type Verb uint8

// The verbs.
const (
	// Start begins an execution: Command.Start, Existing, Digest and Repeat.
	Start Verb = iota + 1
	// Signal delivers Command.Signal.
	Signal
	Cancel
	Terminate
	Pause
	Resume
	// Decide tells an approval Command.Decision.
	Decide
	// Operate does what Command.Operator says.
	Operate
	// Callback says Command.Callback about the task Command.Task.
	Callback
	// View runs Command.Look once.
	View
	// Wait runs Command.Look after each transition until it says true; the close of the execution ends it anyway.
	Wait
	// Watch publishes every entry of the execution, from the reply's Seq on (exclusive), until Unwatch.
	Watch
	Unwatch
)

// Existing says what a start with a key does where the key is taken.
type Existing uint8

// The policies.
const (
	// Return answers with the execution that holds the key, open or closed; another input is CodeKeyConflict.
	Return Existing = iota
	// Refuse answers CodeKeyExists.
	Refuse
	// New starts unless the holder is open, which is CodeKeyExists.
	New
	// Replace cancels the open holder and starts once it has closed.
	Replace
)

// Command is something a client asks of one execution. It is a union: see the verbs for which fields are set.
type Command struct {
	// Ref comes back in the reply. It is unique among the commands a caller has open.
	Ref  uint64
	Verb Verb
	// Execution is the target; for Start it is Start.ID.
	Execution record.ID
	// Namespace is that of the execution; a command that travels to another member needs it.
	Namespace string
	// Request makes a repeat harmless (K9); may be empty.
	Request string
	// By and Why are journaled.
	By, Why string

	Start    *kernel.Start
	Existing Existing
	// Digest identifies the input of a start with a key: equal input, equal digest.
	Digest uint64
	// Repeat: Start.ID may exist already (a retried request, an id that was derived, not drawn); it is looked up
	// first, and an execution that exists is the answer.
	Repeat bool

	Signal   *kernel.Signal
	Decision *kernel.Decision
	// Shift is kernel.Input.Shift, for Resume.
	Shift bool
	// Operator is an input of one of the kinds that operators use; Request, By and Why are those of the command.
	Operator *kernel.Input
	// Callback and Task belong to the verb Callback.
	Callback *kernel.Callback
	Task     kernel.TaskRef

	// Look reads the execution on the owner's goroutine and must not keep or change what it is given. What it saw
	// counts only once the reply has come without an error: it may run more often. d is nil where the definition is
	// missing.
	Look func(s *kernel.State, d *kernel.Definition) bool
}

// Reply answers one command. It leaves when everything it has seen is durable.
type Reply struct {
	Ref       uint64
	Execution record.ID
	Status    model.Status
	// Seq is the last entry that the reply has seen.
	Seq uint64
	// Existing: a start found this execution instead of making one.
	Existing bool
	// Repeated: the request id had been seen before.
	Repeated bool
	// Error is nil where the command was accepted.
	Error *model.Error
}

// Codes of refused commands, beside those of the kernel.
const (
	CodeNotFound    = "not_found"          // no such execution
	CodeKeyConflict = "key_conflict"       // the key belongs to an execution with another input
	CodeKeyExists   = "key_exists"         // the key is taken
	CodeOverloaded  = "overloaded"         // a bound of admission is reached; try later
	CodeUnavailable = "unavailable"        // the outcome is unknown; repeat with the same request id
	CodeNotOwner    = "not_owner"          // another member owns the shard
	CodeStopping    = "stopping"           // the engine is stopping
	CodeRejected    = "rejected"           // the store cannot keep the rows
	CodeStore       = "store"              // what the command needs is damaged in the store
	CodeQuarantined = "quarantined"        // the execution's journal or definition can't be used; see the alarm
	CodeInvalid     = "invalid"            // the command makes no sense
	CodeLocked      = "secret_unavailable" // the execution's journal is encrypted and no key for it is here
)

// Task is an attempt to hand to an executor.
type Task struct {
	Execution record.ID
	Namespace string
	Workflow  string
	Version   string
	Serial    uint64 // see [Attempt]
	kernel.Task
}

// Attempt names a task of an execution.
type Attempt struct {
	Execution record.ID
	Step      string
	Attempt   int
	// Serial is not 0 for a pure task that left before its intent was durable. Where that is thrown away, the same
	// attempt may come again with another configuration: the serial tells the result of one from that of the other.
	Serial uint64
}

// Report is how an attempt ended. Ref comes back in the [Verdict].
type Report struct {
	Ref     uint64
	Attempt Attempt
	// Kind is kernel.InResult, kernel.InReleased or kernel.InLost.
	Kind   kernel.InputKind
	Result *model.Result
}

// Verdict answers a report.
type Verdict struct {
	Ref    uint64
	Answer Answer
}

// Answer is the kind of a [Verdict].
type Answer uint8

// The answers to a report.
const (
	// Recorded: durable, now or by an earlier report of the same attempt.
	Recorded Answer = iota
	// Stale: the attempt is not outstanding.
	Stale
	// Again: report again; the outcome is unknown.
	Again
)

// Published is one durable entry of a watched execution.
type Published struct {
	Execution record.ID
	Seq       uint64
	At        int64
	Events    []kernel.Event
	// Closed: it is the last one.
	Closed bool
}

// DefinitionRef names a deployed version.
type DefinitionRef struct {
	Namespace string
	Workflow  string
	Version   string
}

// Scan asks for due executions: store.Due.
type Scan struct {
	After  record.Due
	Before int64
	Limit  int
}

// JournalRead asks for entries: store.Journal.
type JournalRead struct {
	Execution record.ID
	From      uint64
	Limit     int
}

// AlarmKind says what an [Alarm] is about.
type AlarmKind uint8

// The alarms.
const (
	AlarmQuarantine AlarmKind = iota + 1 // an execution was parked because of a panic, an error or a rejected row
	AlarmHeld                            // an execution cannot even be loaded; it is held, its head says parked
	AlarmAudit                           // memory and journal differed; memory was repaired
	AlarmDeadLetter                      // an inbox message could not be used and was taken
	AlarmExecution                       // an execution journaled something people should know
	AlarmBound                           // an execution has used much of a bound, beyond which it parks
)

// Alarm is something an operator should see.
type Alarm struct {
	Kind      AlarmKind
	Execution record.ID
	Text      string
}

// Ready is what the core hands out and asks for. The slices are valid until the next call of [Core.Ready].
type Ready struct {
	// Effects of what is durable; Dispatch has pure tasks earlier.
	Dispatch  []Task
	Cancel    []Attempt
	Replies   []Reply
	Verdicts  []Verdict
	Published []Published
	// Poke are shards with new messages.
	Poke []record.Shard

	// Questions. Each is answered by the event of the same name.
	Load    []record.ID
	Keys    []record.Key
	Define  []DefinitionRef
	Resolve []Resolve
	Journal []JournalRead
	// Scan has Limit 0 where none is wanted.
	Scan Scan
	// Inbox is how many messages are wanted; 0 none.
	Inbox int

	Alarms []Alarm
}

// Config bounds a core. Zero fields take the default in parentheses. Times are milliseconds.
type Config struct {
	// Shards of the store; needed to address messages.
	Shards int
	// Clean: the owner before released the shard after all its tasks had ended, so that attempts found outstanding
	// were never run: they count as released, not as lost.
	Clean bool
	// Number is that of the last durable part under this claim.
	Number uint64
	// Serial is what [Core.Serial] said of the core before this one in the same process.
	Serial uint64
	Bounds kernel.Bounds
	// Values are what definitions see as config.<name>, decoded as package expr does; Revision is their number, which
	// the entries that read them name. Not changed while the engine runs.
	Values   map[string]any
	Revision uint64
	// Pure reports whether running a task has no effect, so that it may run before its intent is durable, or for nothing;
	// nil: none has.
	Pure func(*kernel.Task) bool
	// Zone finds time zones for schedules; nil knows UTC only.
	Zone func(name string) (calendar.Zone, error)

	PartEntries int // 1,000
	PartBytes   int // 4 MiB
	Round       int // transitions in one Work: 256

	// Bounds of admission. When one is reached, a namespace with less than an equal share of it is let in all the same.
	MaxExecutions int   // in memory; more starts are CodeOverloaded: 200,000
	MaxBytes      int   // estimated, of executions in memory and inputs that wait: 1 GiB
	MaxPending    int   // inputs that wait: 100,000
	RestBytes     int   // executions at rest kept in memory beside the others: 4 MiB
	Idle          int64 // at rest for so long, then evicted: 10 s

	SnapshotEvery int              // entries at least between snapshots: 256
	SnapshotMin   int              // entries since the last that make one worthwhile at eviction: 16
	Retention     int64            // of closed executions whose workflow says nothing; < 0 for ever: 30 days
	RetentionBy   map[string]int64 // of a namespace, instead of Retention; < 0 for ever

	// History is how many entries of an open execution are kept at least once it has twice as many; what is before
	// goes. < 0: all stay, unless age is a reason. 200,000.
	History int
	// Aged is how many entries an open execution keeps at least although they are older than the retention that its
	// workflow asks for. < 0: age is no reason. 10,000.
	Aged int

	Loads     int   // ids in one question: 256
	LoadsOpen int   // ids asked for and not yet answered: 512
	Wakes     int   // size of the wake heap after which a scan stops: 20,000
	Window    int64 // how far a scan looks ahead: 60 s
	Inbox     int   // messages in one question: 256
	InboxPoll int64 // between polls without a poke: 2 s
	Audit     int64 // between audits of one execution each; < 0 never: 1 s
}

// Stats are counters and gauges of one core. Counters start with the claim.
type Stats struct {
	Executions int // in memory
	Resting    int // of them, evictable
	Bytes      int // estimated
	Pending    int // inputs that wait for a transition
	Loading    int
	Wakes      int

	Transitions uint64
	Entries     uint64
	Parts       uint64
	Loaded      uint64
	Evicted     uint64
	Snapshots   uint64
	Forgotten   uint64
	Bases       uint64 // states written into journals
	Trims       uint64
	Lost        uint64
	DeadLetters uint64
	Sends       uint64
	Quarantined uint64
	Held        uint64
	Audits      uint64
	AuditFaults uint64
	// OldestDue is the due time of the earliest timer or wake not yet acted on; record.Never where there is none.
	OldestDue int64
}

// Add adds the counts of o to s.
func (s *Stats) Add(o Stats) {
	s.Executions += o.Executions
	s.Resting += o.Resting
	s.Bytes += o.Bytes
	s.Pending += o.Pending
	s.Loading += o.Loading
	s.Wakes += o.Wakes
	s.Transitions += o.Transitions
	s.Entries += o.Entries
	s.Parts += o.Parts
	s.Loaded += o.Loaded
	s.Evicted += o.Evicted
	s.Snapshots += o.Snapshots
	s.Forgotten += o.Forgotten
	s.Bases += o.Bases
	s.Trims += o.Trims
	s.Lost += o.Lost
	s.DeadLetters += o.DeadLetters
	s.Sends += o.Sends
	s.Quarantined += o.Quarantined
	s.Held += o.Held
	s.Audits += o.Audits
	s.AuditFaults += o.AuditFaults
	s.OldestDue = min(s.OldestDue, o.OldestDue)
}
