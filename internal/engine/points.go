package engine

import "github.com/pawl-dev/pawl/internal/fault"

// The points of the commit path at which a crash is worth trying, before and after those of the store.
const (
	batchFormed     = "batch.formed"     // a batch is about to be sent for the first time or again
	outcomeReceived = "outcome.received" // the store has answered, the machine does not know
	advanced        = "advanced"         // the machine knows, nobody was told
	repliesSent     = "replies.sent"     // clients were told
)

// FaultPoints lists the points of the engine.
func FaultPoints() []string { return []string{batchFormed, outcomeReceived, advanced, repliesSent} }

func hit(point string) { fault.Hit(point) }
