package store

import (
	"context"
	"math"

	"github.com/pawl-dev/pawl/record"
)

// Scanning reads all there is, for export, copies and checks.
type Scanning interface {
	// Namespaces returns those that have executions or deployed versions, in order of their bytes.
	Namespaces(ctx context.Context) ([]string, error)
	// Executions returns up to limit executions of a shard, or of [EveryShard], with ids after the given one, in order
	// of their ids, open or not, of all namespaces. One shard may take as long to read as all of them.
	Executions(ctx context.Context, s record.Shard, after record.ID, limit int) ([]record.ID, error)
}

// EveryShard stands for all shards in [Scanning].
const EveryShard record.Shard = math.MaxUint32
