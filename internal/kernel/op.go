package kernel

import (
	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/model"
)

// opKind names an operation of the journal.
type opKind uint8

// The operations. Their JSON names and fields are frozen: see names in encode.go and the golden journals in testdata.
const (
	opInput       opKind = iota + 1 // a command arrived: what, who, why, request id, answer
	opStart                         // the execution exists
	opBegin                         // a pending execution begins
	opOpen                          // a scope opens
	opStep                          // a step is scheduled
	opAgain                         // a step of a parked scope gives way to a new one
	opQueued                        // a step waits for its scope's concurrency
	opTask                          // an attempt goes to an executor
	opWait                          // a step waits
	opEnter                         // a composite begins (or begins another attempt)
	opBackoff                       // the next attempt waits
	opLost                          // an attempt was lost (or released) and will be tried again
	opCancel                        // a task is asked to stop
	opDone                          // a step ended
	opEdges                         // edges are decided
	opRegion                        // a region changed
	opAbsorbed                      // a late token was absorbed
	opSet                           // a variable changed
	opTags                          // tags of the execution changed
	opLog                           // a line of a step's log
	opSignal                        // a signal is kept
	opTook                          // a waiting step took a signal
	opExpired                       // a kept signal ran out of time
	opUndelivered                   // a signal was left over at the end
	opHold                          // a failure waits for the scope's other steps (on_failure: finish)
	opClose                         // a scope is closing
	opClosed                        // a scope has ended
	opVerdict                       // a composite has decided how it ends
	opStatus                        // paused, parked or running again
	opEnd                           // the execution ended
	opMore                          // the transition goes on in the next entry
	opConfig                        // the revision of the configuration that was read
	opFeed                          // a running composite gets further instances, or is told that no more come
	opAsk                           // an approval waits for decisions
	opVote                          // a person has decided
	opEscalate                      // an approval asks more people
	opSend                          // a message leaves for another execution
	opUndo                          // a step that ends now has something to undo
	opUndone                        // a compensation ended well, so the step it undoes is undone
	opAlarm                         // something went wrong that changes nothing else; people should know
	opCopied                        // operations of another execution, or of an earlier time, are copied
	opMigrate                       // the execution goes on with another version
	opGraph                         // the marking of a scope under another version
	opReset                         // an operator takes back a node and everything behind it
	opChild                         // a child is there
	opListen                        // another execution wants to hear of the end
	opLeft                          // a child that is to end with this execution has ended by itself
	opPutBack                       // a waiting step gives back a signal that it took and did not use
	opAwait                         // an attempt succeeded and the answer to its token is awaited
	opAnswered                      // the holder of a token has answered
	opBeat                          // the holder of a token gave a sign of life
	opBase                          // the whole state before this entry, of which it is the first operation
	opTrim                          // entries before a base are removed
	opWarn                          // much of a bound is used
	opSpawn                         // children of a foreach are sent for, or asked to end
	opReturned                      // children of a foreach have ended
	opClaim                         // a step, or the execution, asks for its limits
	opGranted                       // it holds the next of them
	opLend                          // the execution gives its limits back while everything inside waits
	opLimit                         // what a limit is called, or allows
	opPlace                         // a claimant joins the line of a limit
	opGrant                         // the first in line gets it
	opYield                         // a holder is asked to make room
	opFree                          // a claimant leaves the limit
	opTurned                        // a claimant is turned down
	opSchedule                      // a schedule is made, changed or retired
	opDue                           // when a schedule is due next
	opTick                          // what became of one nominal time, or of a row of them
	opQueue                         // nominal times wait for their start
	opEnded                         // an execution that a schedule started has ended
	opGather                        // a further start of the execution comes
	opGathered                      // no more starts are added
)

// Op is one operation of an entry. It is a union: encode.go lists the fields of each kind.
type Op struct {
	kind    opKind
	flag    bool
	path    string // of a step or scope
	name    string
	word    string // outcome, status, kind of input, region state
	text    string
	by, why string
	req     string
	digest  string // of what came with the request id, or with a token
	n       int64
	due     int64
	until   int64
	attempt int
	size    int // of a batch
	data    []byte
	hasData bool
	err     *model.Error
	taken   []int32
	dead    []int32
	refs    []inref
	late    []expr.Late
	arms    []armSpec
	start   *Start
	tags    []tagValue
	ask     *askSpec
	mail    *Mail
	list    []string // nodes
	open    []int32  // edges that are undecided again
	regions []int32
	sets    []model.Assign
	ops     []Op    // copied
	renames []inref // nodes: old id, new id
}

// inref is a part of a task's configuration that the journal already holds: the value at key is that of src, which
// is "input", "out:<step path>", "item:<scope path>" or "var:<scope path>:<name>" as of this operation.
type inref struct {
	key, src string
}

// armSpec is one alternative of a wait: a time, a signal or a condition.
type armSpec struct {
	name   string
	due    int64 // 0: none
	signal string
	match  bool // the definition has a match
	when   bool
	fresh  bool
	count  int
}

type tagValue struct {
	name string
	data []byte
}

// Kind is the name of the operation as it stands in the journal.
func (o *Op) Kind() string { return opNames[o.kind] }

const (
	regionActive = "active"
	regionLeft   = "left"
	regionDead   = "dead"
)

func regionWord(s graph.RegionState) string {
	switch s {
	case graph.RegionActive:
		return regionActive
	case graph.RegionLeft:
		return regionLeft
	}
	return regionDead
}

func regionState(word string) graph.RegionState {
	switch word {
	case regionActive:
		return graph.RegionActive
	case regionLeft:
		return graph.RegionLeft
	}
	return graph.RegionDead
}
