package engine

import (
	"time"

	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Time is the time of an event. Wall is Unix milliseconds and may step; Mono only grows and measures durations, from
// an arbitrary origin that is the same for all events of a Machine.
type Time struct {
	Wall int64
	Mono time.Duration
}

// The words of package shard that callers need.
type (
	Command       = shard.Command
	Reply         = shard.Reply
	DefinitionRef = shard.DefinitionRef
	Published     = shard.Published
)

// Config shapes a Machine. Zero fields take the default in parentheses.
type Config struct {
	// Owner is drawn at random for this Machine and never used again.
	Owner record.Owner
	// Addr is told to other members; may be empty.
	Addr string
	// Shards and Lanes are those of store.Info.
	Shards int
	Lanes  int
	// Alone: the store admits one engine only, so every other owner is known to be gone. Claims then wait for
	// nobody, and a missed beat costs no shard.
	Alone bool
	// Forward lets commands for shards of other members travel through the inbox. Without it they are refused.
	Forward bool
	// Visitor: this member takes no share of the shards. It claims one only while it has a command for it and no member
	// that lives owns it.
	Visitor bool
	// Seed gives the jitter of polls; equal seeds behave alike.
	Seed uint64
	// Core is given to every shard. Its bounds on memory (MaxExecutions, MaxBytes, MaxPending, RestBytes, Wakes)
	// are those of the whole Machine; a shard gets its share.
	Core shard.Config

	TTL        time.Duration // of a claim without a beat: 10 s
	BeatEvery  time.Duration // 2 s
	Retry      time.Duration // first pause after a failed commit or read, doubled up to 1 s: 5 ms
	Patience   time.Duration // a commit or a read without success for so long makes callers hear unavailable: 5 s
	BatchParts int           // entries of one batch: 4,000
	BatchBytes int           // 8 MiB
	Claims     int           // at most in flight: 4
	Demands    int           // leases that may wait: 10,000
	// MailEvery is the time between looks for messages that other members have sent, where Forward is set: 50 ms.
	MailEvery time.Duration
	// Longest is how far away a Tick may be, so that a clock that was set and a process that slept are noticed: 1 m.
	Longest time.Duration
}

// Event is something that happened. The concrete types are below.
type Event interface{ event() }

// Request is something to be done. The concrete types are below. Everything that a request points to is valid until
// it is answered, for Replies, Publish, Poke and Alarms until the next Step; what must live longer is to be copied.
type Request interface{ request() }

// Events without a request before them.
type (
	// Started is the first event.
	Started struct{}

	// Tick says that the time of [Machine.Next] has come. More of them do no harm.
	Tick struct{}

	// Slow says that a question has had no answer for Config.Patience, and again each second until it has.
	Slow struct{ Question Request }

	// Several events of one instant; the Machine acts after the last one.
	Several struct{ List []Event }

	// Commands of clients. Each gets one [Reply] in a later Replies, except those of Forget.
	Commands struct{ List []Command }

	// Forget: the one who waits for command Ref (a Wait) has gone. No reply follows unless one is on its way.
	Forget struct {
		Ref       uint64
		Execution record.ID
	}

	// Demanded asks for tasks; Ref is chosen by the caller. Answered by one Offer, also an empty one after
	// DemandGone.
	Demanded struct {
		Ref    uint64
		Demand runner.Demand
	}

	// DemandGone: the one who asked stopped waiting. An Offer with what was found until now follows, unless one was
	// made already.
	DemandGone struct{ Ref uint64 }

	// Reported carries results; answered by one Verdicts with the same Ref once all are durable.
	Reported struct {
		Ref  uint64
		List []runner.Report
	}

	// Beaten tokens; answered by one Verdicts at once.
	TokensHeld struct {
		Ref  uint64
		List []runner.Token
	}

	// Poked: shards may have new inbox messages.
	Poked struct{ Shards []record.Shard }

	// Stop drains: no new work is taken, running tasks get Grace to report, then everything is committed and the
	// shards are released. Ends with Stopped.
	Stop struct{ Grace time.Duration }
)

// Events that answer a request. Epoch is that of the request: it tells answers for a former claim apart.
type (
	// CommitDone answers Commit.
	CommitDone struct {
		Lane    int
		Number  uint64
		Digest  uint64
		Outcome store.Outcome
	}

	// ClaimsRead answers ReadClaims.
	ClaimsRead struct {
		Claims []record.Fence
		Err    error
	}

	// Claimed answers Claim.
	Claimed struct {
		Shard record.Shard
		Fence record.Fence
		Err   error
	}

	// Released answers Release.
	Released struct {
		Fences []record.Fence
		Err    error
	}

	// Beaten answers Beat. Now is the store's time.
	Beaten struct {
		Beats []store.Beat
		Now   int64
		Err   error
	}

	// Loaded answers Load.
	Loaded struct {
		Shard record.Shard
		Epoch uint64
		IDs   []record.ID
		List  []store.Loaded
		Err   error
	}

	// DueFound answers Due.
	DueFound struct {
		Shard record.Shard
		Epoch uint64
		Scan  shard.Scan
		List  []record.Due
		Err   error
	}

	// MailFound answers Inbox.
	MailFound struct {
		Shard record.Shard
		Epoch uint64
		Limit int
		List  []record.Message
		Err   error
	}

	// KeysFound answers Keys.
	KeysFound struct {
		Shard record.Shard
		Epoch uint64
		Asked []record.Key
		Rows  []record.KeyRow
		Err   error
	}

	// MailExpected: somebody is about to commit a message to a shard of this member.
	MailExpected struct{}

	// MailWaits answers FindMail.
	MailWaits struct {
		Shards []record.Shard
		Err    error
	}

	// MailSent answers SendMail.
	MailSent struct {
		Messages []record.Message
		Err      error
	}

	// AnswersRead answers ReadAnswers.
	AnswersRead struct {
		List []record.Answer
		Err  error
	}

	// JournalFound answers Journal.
	JournalFound struct {
		Shard   record.Shard
		Epoch   uint64
		Read    shard.JournalRead
		Entries []record.Entry
		Err     error
	}

	// Defined answers Define. Definition is nil where Err is set; store.ErrNotFound and a definition that does not
	// compile are final, other errors are asked again.
	Defined struct {
		Ref        DefinitionRef
		Definition *kernel.Definition
		Err        error
		// Final: asking again gives the same.
		Final bool
	}

	// Resolved answers Resolve. With Fault there is no such version; with Err it is asked again.
	Resolved struct {
		Ref     shard.Resolve
		Version string
		Hash    string
		Fault   *model.Error
		Err     error
	}
)

// Requests that are answered by an event.
type (
	// Commit: store.Commit, answered by CommitDone.
	Commit struct{ Batch *store.Batch }

	// ReadClaims: store.Claims, answered by ClaimsRead.
	ReadClaims struct{}

	// Claim: store.Claim with the Machine's owner, answered by Claimed.
	Claim struct {
		Shard record.Shard
		Seen  record.Fence
	}

	// Release: store.Release, answered by Released.
	Release struct{ Fences []record.Fence }

	// Beat: store.Beat, answered by Beaten.
	Beat struct{ Beat store.Beat }

	// Load: store.Load, answered by Loaded.
	Load struct {
		Shard record.Shard
		Epoch uint64
		IDs   []record.ID
	}

	// Due: store.Due, answered by DueFound.
	Due struct {
		Shard record.Shard
		Epoch uint64
		Scan  shard.Scan
	}

	// Inbox: store.Inbox, answered by MailFound.
	Inbox struct {
		Shard record.Shard
		Epoch uint64
		Limit int
	}

	// Keys: store.Keys, answered by KeysFound.
	Keys struct {
		Shard record.Shard
		Epoch uint64
		Asked []record.Key
	}

	// Journal: store.Journal, answered by JournalFound.
	Journal struct {
		Shard record.Shard
		Epoch uint64
		Read  shard.JournalRead
	}

	// FindMail: store.Waiting, answered by MailWaits.
	FindMail struct{}

	// SendMail: store.Send, answered by MailSent.
	SendMail struct{ Messages []record.Message }

	// ReadAnswers: store.Answers, answered by AnswersRead.
	ReadAnswers struct{ To []record.ID }

	// Define: store.Definitions.Get and kernel.Compile, answered by Defined.
	Define struct{ Ref DefinitionRef }

	// Resolve: which version a start uses, answered by Resolved.
	Resolve struct{ Ref shard.Resolve }
)

// Requests that need no answer.
type (
	// Offer answers Demanded.
	Offer struct {
		Ref    uint64
		Leases []runner.Lease
	}

	// CancelTasks: stop these attempts; they still report. Lost is set where the shard is gone, so that their
	// result counts for nothing.
	CancelTasks struct {
		Tokens []runner.Token
		Lost   bool
	}

	// Replies answer commands.
	Replies struct{ List []Reply }

	// Verdicts answer Reported and TokensHeld, one for each element, in order.
	Verdicts struct {
		Ref  uint64
		List []runner.Verdict
	}

	// Publish tells watchers.
	Publish struct{ List []Published }

	// Poke tells the members that own these shards to read their inbox.
	Poke struct{ Shards []record.Shard }

	// Alarms are for people and metrics.
	Alarms struct{ List []Alarm }

	// Halt: the Machine has stopped for good because of Err and answers no more.
	Halt struct{ Err error }

	// Stopped: drained and released after Stop. It is the last request.
	Stopped struct{}
)

// Alarm is something an operator should see. Execution is zero where it concerns a shard or the whole engine.
type Alarm struct {
	Shard     record.Shard
	Execution record.ID
	Code      string
	Text      string
}

func (Started) event()      {}
func (Tick) event()         {}
func (Several) event()      {}
func (Commands) event()     {}
func (Forget) event()       {}
func (Demanded) event()     {}
func (DemandGone) event()   {}
func (Reported) event()     {}
func (TokensHeld) event()   {}
func (Poked) event()        {}
func (Stop) event()         {}
func (CommitDone) event()   {}
func (ClaimsRead) event()   {}
func (Claimed) event()      {}
func (Released) event()     {}
func (Beaten) event()       {}
func (Loaded) event()       {}
func (DueFound) event()     {}
func (MailFound) event()    {}
func (Slow) event()         {}
func (KeysFound) event()    {}
func (JournalFound) event() {}
func (MailExpected) event() {}
func (MailWaits) event()    {}
func (MailSent) event()     {}
func (AnswersRead) event()  {}
func (Defined) event()      {}
func (Resolved) event()     {}

func (Commit) request()      {}
func (ReadClaims) request()  {}
func (Claim) request()       {}
func (Release) request()     {}
func (Beat) request()        {}
func (Load) request()        {}
func (Due) request()         {}
func (Inbox) request()       {}
func (Keys) request()        {}
func (Journal) request()     {}
func (FindMail) request()    {}
func (SendMail) request()    {}
func (ReadAnswers) request() {}
func (Define) request()      {}
func (Resolve) request()     {}
func (Offer) request()       {}
func (CancelTasks) request() {}
func (Replies) request()     {}
func (Verdicts) request()    {}
func (Publish) request()     {}
func (Poke) request()        {}
func (Alarms) request()      {}
func (Halt) request()        {}
func (Stopped) request()     {}

// NewMachine makes a Machine that waits for [Started].
func NewMachine(c Config) *Machine { return newMachine(c) }

// Step takes one event and appends what is to be done to out. After it, [Machine.Next] is the time of the Tick wanted.
func (m *Machine) Step(t Time, e Event, out []Request) []Request { return m.step(t, e, out) }

// Next is the monotonic time at which a Tick is wanted; negative for none.
func (m *Machine) Next() time.Duration { return m.next() }

// Invariants checks everything the Machine promises about itself between two steps: each execution is in memory, in
// the wake heap or beyond the scan horizon; stored next_at is no later than the truth; parts are in order; effects
// are held. It is slow and meant for tests.
func (m *Machine) Invariants() error { return m.invariants() }
