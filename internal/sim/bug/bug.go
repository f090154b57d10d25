// Package bug names the mistakes that this design makes possible, so that the seeded world can prove that it finds
// them. The code under test asks [On] at the one place where a mistake would sit:
//
//	if bug.On(bug.EvictNoHeap) {
//		return // seeded: the execution is in no list and nobody will look at it again
//	}
//
// Without the build tag simbugs On is constant false: the compiler removes the branch and a release binary holds no
// trace of it. The package imports nothing of this module and must not know the code it breaks.
package bug

import "slices"

// Bug is one seeded mistake. The zero value is none.
type Bug uint8

// The seeded mistakes. Each comment says what the wrong code does and where the switch stands.
const (
	None Bug = iota

	// ReadBack (engine, lane): an Unknown outcome is not resubmitted; the engine looks once into the store and takes
	// a batch it does not see as not committed, so that its callers are refused and its executions are loaded again.
	ReadBack
	// LaneAfterFence (store model): fences are checked before the lane, so a batch that is durable can be answered
	// Deposed.
	LaneAfterFence
	// EpochWithoutOwner (store model): fences and claims compare the epoch alone.
	EpochWithoutOwner
	// NextAtEarly (shard): next_at is raised in the part of the entry that raises the truth for a moment only, or as
	// soon as an execution could rest although inputs for it are under way.
	NextAtEarly
	// EvictNoHeap (shard): an execution whose timer lies before the horizon is evicted without a place in the heap.
	EvictNoHeap
	// FreedOnDecide (shard): a key is free for the next start as soon as the closing entry is decided.
	FreedOnDecide
	// TakeUnchecked (store model): a take of a message that is not there is accepted. The core's own bookkeeping never
	// asks for that, so only storetest finds it.
	TakeUnchecked
	// SnapshotAhead (shard): the snapshot in a part is of a later state than the entries that are durable with it.
	SnapshotAhead
	// AdvanceOutOfOrder (engine): the parts of a shard are advanced in another order than their numbers.
	AdvanceOutOfOrder
	// ReplyEarly (shard): a reply leaves before all that it has seen is durable.
	ReplyEarly
	// LostSilent (shard): after a claim an unfinished in-process attempt is dispatched again under the same number
	// instead of being journaled as lost.
	LostSilent
	// TimeBack (kernel): the time of an entry is the wall time even where that lies before the entry before.
	TimeBack
	// PoisonLeft (shard): after a rejection the execution is taken out of the rejected part, not out of later ones.
	PoisonLeft
	// ShareLockMissing (store model): a claim does not wait for a commit that has checked its fences, so the commit
	// of a deposed owner is applied after the claim (a process stopped between lock and apply).
	ShareLockMissing
	// DigestIgnored (store model): a lane that stands at the number answers Committed whatever the digest.
	DigestIgnored
	// SendTwice (store model): a message whose id exists is appended again.
	SendTwice
	// SuccessorKey (store model): forgetting an execution deletes its key row even if it points to a successor.
	SuccessorKey
	// CursorInbox (shard): the inbox is read behind a cursor, so a message that becomes visible late is passed over.
	CursorInbox
	// DispatchEarly (shard): a task is handed out before the entry that schedules it is durable.
	DispatchEarly
	// RetryRenumbered (engine, lane): an Unknown batch is sent again under the next number.
	RetryRenumbered
	// UndoOldest (kernel): a rollback undoes what ended first, not what ended last.
	UndoOldest
	// TrimPast (shard): entries are removed up to the one that says so, and not up to the state that it names.
	TrimPast
	// EarlyAnswerLost (kernel): an answer to a task's token that comes before the attempt's own result is acknowledged
	// and forgotten.
	EarlyAnswerLost
	// VoteTwice (kernel): a person may decide an approval again.
	VoteTwice
	// SlotKept (kernel): an execution that ends does not give its limits back.
	SlotKept
	// SlotTwice (kernel): a limit admits one more than it allows.
	SlotTwice
	// GatherLost (kernel): a start that joins a batch is answered, and its input is forgotten.
	GatherLost
	// LentGoesOn (kernel): a composite that has given its limits back goes on without them.
	LentGoesOn
	// CancelOvertakes (shard): what comes for an execution that a message is about to make does not wait for that, so the
	// cancel of a child finds nobody and its start comes later.
	CancelOvertakes
	// EndedTwice (kernel): a child tells its end twice, and the parent counts it twice.
	EndedTwice
	// GrantTwice (kernel): a limit grants a place twice, and who has it takes that for the next limit in its list.
	GrantTwice
	// SignalForgotten (kernel): an execution ends and does not say which signals nobody has taken.
	SignalForgotten
	// TakeForgotten (shard): what a limit or a child says is not taken with the entry that it causes, so it stays in the
	// inbox and comes again.
	TakeForgotten
	// ReleaseLost (kernel): a step that ends does not give its limits back, although its execution goes on.
	ReleaseLost
	// AuditHasty (kernel): an audit takes the place of a step that still waits for a further limit for one of nobody.
	AuditHasty
	// LostIsRefused (store's driver): a connection that broke behind the sending is called not committed.
	LostIsRefused
	// LaneBehind (store model): a lane that is behind, since the store has lost batches, takes the next one.
	LaneBehind
	// BackIgnored (engine): that the store went back in time is taken for an outage, and asked again and again.
	BackIgnored
	// RetriedPartly (store's driver): after a deadlock only the rest of the batch is tried again, not all of it.
	RetriedPartly
	// FullIsRejected (store's driver): where there is no space, the rows of an execution are called impossible.
	FullIsRejected

	// What follows are faults that the code had: the fix taken back. docs/internals/bugs-found.md tells of them.

	// BirthKeyDropped (shard): a birth that is tried again loses its key for a moment.
	BirthKeyDropped
	// CopyBegins (kernel): a copy of what has not begun is held to have begun.
	CopyBegins
	// CopyWaits (kernel): a copy waits for the end of what was being stopped in a child of the original.
	CopyWaits
	// ClaimReadLate (engine): a claim that was read late makes a shard new although a part of it is under way.
	ClaimReadLate
	// LentUnasked (kernel): what was lent is not asked for again where a condition changed, or nothing is left but the end.
	LentUnasked
	// TimeoutDropped (kernel): a composite that is tried again has lost its timeout where something in it was undone.
	TimeoutDropped
	// OuterGateOnly (kernel): what is due inside nested composites that lend looks at the outermost of them only.
	OuterGateOnly
	// AttemptReopened (kernel): a fork that opens a composite again opens its earlier attempts, too.
	AttemptReopened
	// InboxHidden (shard): messages that wait keep those behind them from being read.
	InboxHidden
	// DelayForgotten (kernel): a start that is paused before its time has no timer after a snapshot.
	DelayForgotten
	// DroppedParts (engine): a part of a shard that was dropped is sent again in a later version of its batch.
	DroppedParts
	// LookedUpForEver (shard): a start that comes again after retention is looked up again and again.
	LookedUpForEver
	// LendsInTurn (kernel): of two composites inside one another each gives back what it has while the other waits in line.
	LendsInTurn
	// RenameForgotten (kernel): a token that was made before a migration renamed its node is not known.
	RenameForgotten
	// RefusedOvertaken (shard): what is behind a message whose effect the store refused is used before that is read again.
	RefusedOvertaken
	// SerialAgain (engine): tasks that leave early are counted from 1 where a shard gets another core.
	SerialAgain
	// MailResent (engine): a command whose sending to another member failed is sent again, though it may have been taken.
	MailResent
	// MailedStartAside (shard): a start from outside whose execution somebody asks for already does not take part in that
	// look-up, so that what was sent with it is refused when the store has no such execution.
	MailedStartAside
	// PathAgain (kernel): a step of a node gets the path of one that was called so before a migration.
	PathAgain
	// AdoptedUnderWay (engine): another lane takes a shard over while a part of it has no outcome yet.
	AdoptedUnderWay

	count
)

// names are the words of --bug, in the order of the constants.
var names = [count]string{
	"none", "read-back", "lane-after-fence", "epoch-without-owner", "next-at-early", "evict-no-heap", "freed-on-decide",
	"take-unchecked", "snapshot-ahead", "advance-out-of-order", "reply-early", "lost-silent", "time-back", "poison-left",
	"share-lock-missing", "digest-ignored", "send-twice", "successor-key", "cursor-inbox", "dispatch-early",
	"retry-renumbered", "undo-oldest", "trim-past", "early-answer-lost", "vote-twice",
	"slot-kept", "slot-twice", "gather-lost", "lent-goes-on",
	"cancel-overtakes", "ended-twice", "grant-twice", "signal-forgotten", "take-forgotten",
	"release-lost", "audit-hasty",
	"lost-is-refused", "lane-behind", "back-ignored", "retried-partly", "full-is-rejected",
	"birth-key-dropped", "copy-begins", "copy-waits", "claim-read-late", "lent-unasked", "timeout-dropped", "outer-gate-only",
	"attempt-reopened", "inbox-hidden", "delay-forgotten", "dropped-parts", "looked-up-for-ever", "lends-in-turn", "rename-forgotten",
	"refused-overtaken",
	"serial-again", "mail-resent", "mailed-start-aside", "path-again", "adopted-under-way",
}

// String is the bug's word on the command line.
func (b Bug) String() string {
	if b >= count {
		return "unknown"
	}
	return names[b]
}

// Ten are the mistakes that a quick look is tried against; [All] has the others too.
func Ten() []Bug {
	return []Bug{
		ReadBack, LaneAfterFence, EpochWithoutOwner, NextAtEarly, EvictNoHeap, FreedOnDecide, AdvanceOutOfOrder, ReplyEarly,
		LostSilent, ShareLockMissing,
	}
}

// Rare are the mistakes that a test shows and worlds meet too seldom, or never, to be hunted in each run.
func Rare() []Bug {
	return []Bug{
		TakeUnchecked, CopyWaits, ClaimReadLate, LentUnasked, OuterGateOnly, AttemptReopened, DroppedParts,
		LookedUpForEver, CopyBegins, LendsInTurn, SerialAgain, RefusedOvertaken, InboxHidden, PathAgain,
	}
}

// All lists the mistakes that a world can see in some thousand seeds, in order.
func All() []Bug {
	var out []Bug
	for b := None + 1; b < count; b++ {
		if !slices.Contains(Rare(), b) {
			out = append(out, b)
		}
	}
	return out
}

// Named finds a bug by its word.
func Named(name string) (Bug, bool) {
	for i, n := range names {
		if n == name {
			return Bug(i), true
		}
	}
	return None, false
}
