// Package store is the contract of a durable store: what an engine may ask and what it may rely on. The one
// conformance suite is store/storetest; every driver passes it against the real thing.
//
// The package must not know how executions work (internal/kernel) or who drives it (internal/engine). The contract
// is public but unstable until 1.0.
package store

import (
	"context"
	"errors"

	"github.com/pawl-dev/pawl/record"
)

// Lane is a numbered sequence of batches of one owner.
type Lane struct {
	Owner  record.Owner
	Number int
}

// Batch is one commit: all or nothing. Number counts the batches of the lane from 1. Digest identifies the content:
// the same number with another digest is another version of the same batch.
type Batch struct {
	Lane   Lane
	Number uint64
	Digest uint64
	Parts  []record.Part
}

// Result says what became of a batch.
type Result int

// The results of a commit. The zero value is Unknown.
const (
	// Unknown: it may or may not have become durable. Send the same bytes again until the answer is known.
	Unknown Result = iota
	// Committed: durable, now or by an earlier attempt with the same digest.
	Committed
	// NotCommitted: nothing changed.
	NotCommitted
	// Superseded: another version of this batch number is durable; Outcome.Winner is its digest.
	Superseded
)

// String names the result.
func (r Result) String() string {
	return [...]string{"unknown", "committed", "not_committed", "superseded"}[r]
}

// Rejection names one execution whose rows made a batch impossible. The execution is zero where the store cannot tell
// whose row it was (a message to take that is not there, in a part with entries of several); halve the part then.
type Rejection struct {
	Execution record.ID
	Reason    string
}

// Outcome is the answer to a commit. With NotCommitted, at most one of Deposed, Rejected and Cause explains it:
// Deposed lists shards whose fence did not hold; Rejected lists executions whose rows cannot be kept (a gap in seq,
// a duplicate head, a key that no longer points to Old, a message to take that is not there, a row over a limit), all
// that the store could find at once, with the first reason for each; Cause alone is transient (busy, full, read-only, lost connection before commit), or [ErrStoreWentBack].
type Outcome struct {
	Result   Result
	Deposed  []record.Shard
	Rejected []Rejection
	Winner   uint64
	Cause    error
}

// Store keeps journals. All methods are safe for concurrent use. Reads see everything committed before they began.
type Store interface {
	// Commit makes b durable before it answers Committed. It never retries by itself. In one transaction it
	// advances the lane from Number-1 to Number (answering Committed, Superseded or ErrStoreWentBack where the lane
	// is elsewhere; a lane not seen before is at 0), then checks all fences, then writes. A lane past Number, which
	// only a caller that forgot its place can meet, is NotCommitted with a Cause. What fails leaves the lane too.
	//
	// Within a part heads come first, then entries, snapshots, trims, keys, sends, takes, forgets, answers; the parts in order.
	// Entry 1 and the inserting head of an execution need each other. A snapshot's entry must exist, and so must the
	// entry before which is trimmed; a snapshot at an entry that is removed goes with it. Executions, snapshots
	// and forgets of another shard than the part's are rejected, and so are forgets of open executions; forgetting
	// what is not there is fine, and messages to what was forgotten stay in the inbox. Sums are kept, not checked.
	//
	// When ctx ends before the store began, the answer is NotCommitted with ctx's error, afterwards Unknown. b must
	// not change until an attempt has a known outcome; then its buffers are free.
	Commit(ctx context.Context, b *Batch) Outcome
	// Load returns, for each id that exists in shard s, its head, newest usable snapshot and the entries after it.
	// A snapshot with a bad checksum is left out and all entries that are left are returned. Ids that do not exist are left out.
	// All of one execution is of one moment; tags are ordered by name.
	Load(ctx context.Context, s record.Shard, ids []record.ID) ([]Loaded, error)
	// Journal returns up to limit entries of id with Seq >= from, ascending; where that many were trimmed, the first
	// is a later one. Sums are not checked.
	Journal(ctx context.Context, id record.ID, from uint64, limit int) ([]record.Entry, error)
	// Due returns up to limit executions of s with next_at < before, ordered by (At, Execution), after the given one.
	Due(ctx context.Context, s record.Shard, after record.Due, before int64, limit int) ([]record.Due, error)
	// Inbox returns up to limit messages of s: oldest first within a namespace, and so per sender; fair over
	// namespaces, the one that waits longest first.
	Inbox(ctx context.Context, s record.Shard, limit int) ([]record.Message, error)
	// Waiting returns the shards in which messages wait, ascending. It is asked often, so it must cost little however
	// many messages there are.
	Waiting(ctx context.Context) ([]record.Shard, error)
	// Keys returns the rows of those keys that exist.
	Keys(ctx context.Context, k []record.Key) ([]record.KeyRow, error)
	// Answers returns the answers to those messages that have one.
	Answers(ctx context.Context, to []record.ID) ([]record.Answer, error)
	// Send appends messages, all or none; a message whose id waits already in its shard is skipped. It needs no fence.
	Send(ctx context.Context, m []record.Message) error
	// Search returns heads of one namespace in order of their ids, which begin with the time. A filter that cannot be
	// used is [ErrFilter].
	Search(ctx context.Context, namespace string, f Filter) (Page, error)
	Close() error
}

// Sender appends messages to inboxes: a store, or a transaction of somebody else's on the database of one. Drivers make
// such senders: postgres.Tx, say. A message is delivered if and only if its transaction commits.
type Sender interface {
	Send(ctx context.Context, m []record.Message) error
}

// SenderFunc is a function that sends.
type SenderFunc func(ctx context.Context, m []record.Message) error

// Send implements [Sender].
func (f SenderFunc) Send(ctx context.Context, m []record.Message) error { return f(ctx, m) }

// Tx is a transaction of an embedded store, with the caller's own statements in it.
type Tx interface {
	Sender
	Exec(sql string, args ...any) error
	// Query calls row for each row; scan copies its columns into pointers to int64, float64, string, []byte, bool or any.
	Query(sql string, args []any, row func(scan func(dst ...any) error) error) error
}

// Transactor is a backend that lends its writer, since nobody else can write what it holds.
type Transactor interface {
	// Tx runs fn in a transaction that is rolled back where fn returns an error. While it runs nothing else is
	// committed; when ctx ends, so do the statements of fn, and the transaction is rolled back.
	Tx(ctx context.Context, fn func(tx Tx) error) error
}

// Lend runs fn in a transaction of b, for who wraps one; [errors.ErrUnsupported] where b is no [Transactor].
func Lend(ctx context.Context, b Backend, fn func(tx Tx) error) error {
	t, ok := b.(Transactor)
	if !ok {
		return errors.ErrUnsupported
	}
	return t.Tx(ctx, fn)
}

// Ahead is a backend that can keep the large values of a JSON text before an entry or a message of the execution brings
// them, so that a commit need not wait for that. It may be left out.
type Ahead interface {
	Ahead(ctx context.Context, namespace string, id record.ID, text []byte) error
}

// Through is a backend that changes messages on their way: Through(s) sends by s what the backend would send itself.
type Through interface {
	Through(s Sender) Sender
}

// Loaded is one execution as the store has it.
type Loaded struct {
	Head     record.Head
	Snapshot *record.Snapshot // nil: fold from entry 1
	Entries  []record.Entry
}

// Page is one page of a search.
type Page struct {
	Heads []record.Head
	Next  string // "" on the last page
}

// Ownership decides who may write a shard.
type Ownership interface {
	// Claim takes the shard if its row still equals seen (epoch 0 and zero owner: never claimed or released),
	// giving epoch+1 to self. Where self holds it already, its fence is returned unchanged. [ErrClaimed] otherwise;
	// [ErrNotFound] where there is no such shard. Of seen, epoch and owner count.
	Claim(ctx context.Context, s record.Shard, seen record.Fence, self record.Owner) (record.Fence, error)
	// Release gives shards back: the epoch stays, the owner becomes zero. Fences that no longer hold are skipped.
	Release(ctx context.Context, f []record.Fence) error
	// Claims returns the row of every shard, ascending; the length is the number of shards of this store.
	Claims(ctx context.Context) ([]record.Fence, error)
	// Beat sets own count and address and returns everybody's with the store's time (Unix milliseconds).
	Beat(ctx context.Context, b Beat) (beats []Beat, now int64, err error)
}

// Beat is one heartbeat. Count only grows while the process lives.
type Beat struct {
	Owner record.Owner
	Count uint64
	Addr  string
}

// Definition is one deployed version. Body is the canonical JSON, Source the text as written. Active says that starts
// use it; a store sets it and takes no notice of it in Put.
type Definition struct {
	Namespace string
	Workflow  string
	Version   string
	Hash      string
	Body      []byte
	Source    []byte
	At        int64
	// By deployed it, and Why is the reason given; both may be empty.
	By, Why string
	// Uses are the workflows that its nodes start.
	Uses    []record.Use
	Retired bool
	Active  bool
}

// Move makes a version the one that starts use, if From is that one until now; "" is none.
type Move struct{ From string }

// Definitions keeps versions; they never change.
type Definitions interface {
	// Put adds a version and, with a move, makes it the one that starts use. The same version with the same hash is
	// a no-op but for the move (At, By and Why stay); with another hash it is [ErrVersionExists]. Where the move does
	// not hold it is [ErrMoved]; then and with every other error nothing has changed.
	Put(ctx context.Context, d Definition, m *Move) error
	// Activate makes a deployed version the one that starts use. [ErrNotFound] where there is no such version,
	// [ErrMoved] where m.From is not the active one.
	Activate(ctx context.Context, namespace, workflow, version string, m Move) error
	// Get returns one version; version "" is the active one. [ErrNotFound] where there is none.
	Get(ctx context.Context, namespace, workflow, version string) (Definition, error)
	// List returns the versions of a workflow (or of all, with workflow "") without Body and Source, ordered by
	// workflow, then by time of deployment.
	List(ctx context.Context, namespace, workflow string) ([]Definition, error)
	// Retire stops or (false) allows starts of a version. The active version stays the active one.
	Retire(ctx context.Context, namespace, workflow, version string, retired bool) error
}

// Blobs keeps large payloads by content hash, for one execution each. A blob may come before its execution, goes with
// it when it is forgotten, and is [ErrNotFound] where there is none. The hash is not checked; the namespace is that of
// the execution and need not be kept; "" reads what belongs to any.
type Blobs interface {
	PutBlob(ctx context.Context, namespace string, id record.ID, sum [32]byte, body []byte) error
	GetBlob(ctx context.Context, namespace string, id record.ID, sum [32]byte) ([]byte, error)
	// BlobOwners returns up to limit executions that have blobs, those with ids after the given one, ascending; fewer
	// only where there are no more. Also executions that never came to be or are gone: whoever sweeps looks for those. It
	// costs as much as the page is long, however many blobs there are.
	BlobOwners(ctx context.Context, after record.ID, limit int) ([]record.ID, error)
	// BlobSums returns under which hashes an execution has blobs, ascending.
	BlobSums(ctx context.Context, id record.ID) ([][32]byte, error)
	// DropBlobs removes all blobs of an execution; that there are none is fine.
	DropBlobs(ctx context.Context, id record.ID) error
}

// DataKey is a key with which payloads of a namespace are encrypted, itself encrypted. The store can read neither.
type DataKey struct {
	ID        uint64 // 1 to 2^63-1, unique in the store
	Namespace string
	KEK       string // the key-encryption key that wraps it
	Wrapped   []byte
	At        int64 // Unix milliseconds
}

// DataKeys keeps wrapped keys for ever: what is encrypted with one is lost with it. None of it needs a fence.
type DataKeys interface {
	// AddDataKey adds a key; [ErrExists] where its ID is taken.
	AddDataKey(ctx context.Context, k DataKey) error
	// DataKey returns one key, [ErrNotFound] where there is none.
	DataKey(ctx context.Context, id uint64) (DataKey, error)
	// DataKeys returns the keys of a namespace by (At, ID).
	DataKeys(ctx context.Context, namespace string) ([]DataKey, error)
	// ListDataKeys returns up to limit keys of all namespaces by ID, those after the given one; 0 is the first page.
	ListDataKeys(ctx context.Context, after uint64, limit int) ([]DataKey, error)
	// RewrapDataKey changes what wraps a key if that is still from; [ErrRewrapped] where it is not, [ErrNotFound]
	// where there is no such key.
	RewrapDataKey(ctx context.Context, id uint64, from, kek string, wrapped []byte) error
}

// Info is what a store says of itself.
type Info struct {
	Driver  string // "sqlite", "memory", ...
	Version string // of the database engine
	Shards  int
	Lanes   int // how many lanes an engine should use
	// Schema is the number of the layout of its tables. Migrated are the steps that this opening did to get there.
	Schema   int
	Migrated []string
	// Incarnation is drawn when the store is created and again when it is restored from a backup.
	Incarnation [16]byte
	// Durable is false where an acknowledged commit may be lost at a crash; Warnings says why, one line each.
	Durable  bool
	Warnings []string
}

// Backend is everything an engine needs of one store. pawl.Open takes an [Opener].
type Backend interface {
	Store
	Ownership
	Definitions
	Blobs
	DataKeys
	Counting
	Scanning
	Info() Info
}

// Opener opens a backend: migrates it, checks that the promised durability holds (preflight), refuses where not.
type Opener interface {
	Open(ctx context.Context) (Backend, error)
}
