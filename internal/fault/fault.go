// Package fault names the points at which a crash is worth trying. [Hit] costs nothing unless the build tag
// pawlfault is set; then the environment variable PAWL_FAULT="point:nth:action" kills (kill) or stops (stop) the
// process when it passes the point for the nth time, or holds it up there for some seconds (stall).
//
// The package must not know what happens at a point. New points are added to the list in this file.
package fault

import "slices"

// The points of the commit path of a store, in order.
const (
	CommitBegin    = "commit.begin"    // nothing done
	CommitLane     = "commit.lane"     // transaction open, lane advanced
	CommitFenced   = "commit.fenced"   // fences held
	CommitWritten  = "commit.written"  // rows written
	CommitSent     = "commit.sent"     // about to commit
	CommitReturned = "commit.returned" // durable, nobody told
)

// The points of opening a store.
const (
	MigrateBegin   = "migrate.begin"   // a statement of a migration is about to be sent
	MigrateWritten = "migrate.written" // it ran, and is not noted
	MigrateNoted   = "migrate.noted"   // it is noted, or its whole step; where these belong to a transaction, not committed
	CheckpointDone = "checkpoint.done" // the write-ahead log was copied into the database
)

// The points of the engine around a commit, whatever the store.
const (
	BatchFormed     = "batch.formed"     // a batch is about to be sent for the first time or again
	OutcomeReceived = "outcome.received" // the store has answered, the machine does not know
	Advanced        = "advanced"         // the machine knows, nobody was told
	RepliesSent     = "replies.sent"     // clients were told
)

var enginePoints = []string{BatchFormed, OutcomeReceived, Advanced, RepliesSent}

var points = []string{
	CommitBegin, CommitLane, CommitFenced, CommitWritten, CommitSent, CommitReturned,
	MigrateBegin, MigrateWritten, MigrateNoted, CheckpointDone,
}

// EnginePoints lists the points of the engine.
func EnginePoints() []string { return slices.Clone(enginePoints) }

// Points lists the points of an embedded store.
func Points() []string { return slices.Clone(points) }
