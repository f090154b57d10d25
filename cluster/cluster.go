// Package cluster is the contract of membership: which processes share a store and live. It decides only who should try
// to own what; who may write is decided by the fences of the store.
//
// The suite of the contract is cluster/clustertest; cluster/members keeps members in the store itself. The package must
// not know what members do, or which network they are in.
package cluster

import (
	"context"

	"github.com/pawl-dev/pawl/record"
)

// Member is a process of the cluster. Owner is drawn at its start and never used again.
type Member struct {
	Owner record.Owner
	// Addr is where others reach it; may be empty.
	Addr string
}

// Membership knows who lives. All methods are safe for concurrent use.
type Membership interface {
	// Join makes m known to others as long as this process lives. It may be called once.
	Join(ctx context.Context, m Member) error
	// Members are those that live, as far as is known, ordered by owner; the channel is closed when that has changed. One
	// that joins is seen when it has shown twice that it lives; one that is gone is missed after the time that it may be
	// silent.
	Members() ([]Member, <-chan struct{})
	// Leave ends the membership, and what runs for it. Others miss the member as if it had died. It may be called again.
	Leave(ctx context.Context) error
}
