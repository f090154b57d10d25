// Package record holds what is durable, as plain types: entries, heads, parts, messages and fences. The pure rings
// produce these values and the stores keep them; neither needs to know the other.
//
// It must not know how an entry is encoded, which database keeps it, or what time it is.
package record

import "math"

// Shard is a fixed share of all executions: slot mod the number of shards.
type Shard uint32

// Owner identifies one process start, drawn at random; never a host name or a process id.
type Owner [16]byte

// Fence is the right to write a shard. Both epoch and owner are compared.
type Fence struct {
	Shard Shard
	Epoch uint64
	Owner Owner
}

// Never is the next_at of an execution that only a message wakes. 0 means now.
const Never int64 = math.MaxInt64

// Part is all of one shard that becomes durable together.
type Part struct {
	Fence Fence
	// Number counts the parts of this shard under this claim: 1, 2, 3 ...
	Number    uint64
	Entries   []Entry // ascending per execution
	Heads     []Head
	Snapshots []Snapshot
	Trims     []Trim // after the entries of the part
	Keys      []KeyChange
	Sends     []Message   // any shard
	Takes     []MessageID // inbox rows of this shard; each must exist
	Forgets   []ID        // closed executions to remove with everything of theirs
	Answers   []Answer    // to messages whose senders wait outside; a second one to the same message replaces the first
	// Expire removes the answers of this shard that are older (Unix milliseconds), before Answers are written.
	Expire int64
}

// Only is the execution that all entries of p belong to; zero where there are several or none. A message to take that is
// not there is its fault.
func (p *Part) Only() ID {
	var id ID
	for i := range p.Entries {
		if i > 0 && p.Entries[i].Execution != id {
			return ID{}
		}
		id = p.Entries[i].Execution
	}
	return id
}

// Answer is what became of a message from outside, for its sender to read. To is [MessageID.From] of the message; At is
// Unix milliseconds. Body is opaque to the store. Namespace is as in [Entry].
type Answer struct {
	Namespace string
	To        ID
	At        int64
	Body      []byte
}

// Entry is one transition of one execution. Seq counts from 1 without gaps. Body is opaque to the store: a codec
// byte, then the payload; Sum is [Entry.Checksum]. At is Unix milliseconds. Namespace is that of the execution, for who
// encodes bodies on their way; it is not stored, and not said by what is read.
type Entry struct {
	Namespace string
	Execution ID
	Seq       uint64
	At        int64
	Sum       uint32
	Body      []byte
}

// Head is the searchable row of an execution, always whole. It carries no payload. Times are Unix milliseconds,
// 0 = not yet. All text is valid UTF-8 without NUL and bounded.
type Head struct {
	Execution ID
	// Insert is set in the part that holds entry 1; the row must then not exist. Otherwise the row must exist.
	Insert    bool
	Namespace string
	Workflow  string
	Version   string
	Key       string
	Parent    ID
	Status    string
	Outcome   string
	Error     string // short: "code: message"
	// Fingerprint groups equal errors: 16 hex digits over Error's whole text with what varies taken out; "" without one.
	Fingerprint string
	// Waiting is what an open execution waited for when the head was written, as in "signal approve, timer"; "" while
	// it is at work. Heads are not written for it, so it is the truth of those that rest.
	Waiting string
	Started int64
	Ended   int64
	// NextAt is a lower bound of when the owner must look: 0 now, [Never] only for a message.
	NextAt int64
	Tags   []Tag
}

// Tag is one searchable fact of an execution. Exactly one of Text and Num is used.
type Tag struct {
	Name  string
	Text  string
	Num   float64
	IsNum bool
}

// Snapshot is the encoded state at entry Seq. One per execution, replaced; a cache, never the truth. Namespace is as in
// [Entry].
type Snapshot struct {
	Namespace string
	Execution ID
	Seq       uint64
	Sum       uint32
	Body      []byte
	// Texts are the stretches of Body that are JSON of at least [LargeText] bytes, in order. Who writes a snapshot says so,
	// for those who keep large payloads apart; no store keeps it.
	Texts []Span
}

// LargeText is the size in bytes from which a JSON text in a snapshot is named in [Snapshot.Texts].
const LargeText = 4 << 10

// Span is the bytes from From to before To.
type Span struct{ From, To int }

// Trim removes the entries of an execution before one that it keeps, and a snapshot at one of them.
type Trim struct {
	Execution ID
	Before    uint64
}

// Key is a user-given name of an execution, unique per namespace and workflow.
type Key struct {
	Namespace string
	Workflow  string
	Key       string
}

// KeyRow is what a key points to. Digest is that of the start's input; ClosedAt is 0 while the execution is open.
type KeyRow struct {
	Key
	Execution ID
	Digest    uint64
	ClosedAt  int64
}

// KeyChange sets or deletes a key row if it still points to Old (zero: if the row is absent).
type KeyChange struct {
	KeyRow
	Old    ID
	Delete bool
}

// MessageID makes a repeated send a no-op. From, Seq, N are the sending execution, its entry and the position in it;
// from outside: an id drawn by the client, 0, 0.
type MessageID struct {
	From ID
	Seq  uint64
	N    uint32
}

// Message is one inbox row. Body is opaque to the store.
type Message struct {
	ID        MessageID
	Shard     Shard
	Namespace string
	To        ID
	At        int64
	Body      []byte
}

// Due is one execution whose stored next_at lies before the asked horizon.
type Due struct {
	At        int64
	Execution ID
}
