package protocol

// The bounds of the world. Everything is a fixed array, so that a state can be compared and hashed.
const (
	procs   = 3 // lives of processes; each has its own owner id and lane
	shards  = 2
	entries = 3 // decided at most
	flights = 3 // attempts under way at once
	formers = 2 // versions of a batch that may turn out to be durable
)

// set is a set of entries.
type set uint8

func only(e uint8) set { return 1 << e }

func (s set) has(e uint8) bool { return s&only(e) != 0 }

// list is the entries of a journal in order. An entry in its parked form stands there as e + entries.
type list struct {
	n  uint8
	at [entries]uint8
}

// part is what a batch holds of one shard; epoch 0: nothing. Parked entries were refused by the store and replaced.
type part struct {
	epoch        uint8
	kept, parked set
}

// batch is one version of a batch, and its own digest.
type batch [shards]part

func (b *batch) empty() bool { return *b == batch{} }

// fence is the right to a shard; owner is a process and 1, 0 nobody.
type fence struct{ epoch, owner uint8 }

// row is a lane in the store.
type row struct {
	number uint8
	digest batch
}

// attempt is a batch on its way to the store. Two with the same content differ in nothing, so they are kept in order.
type attempt struct {
	proc, number uint8 // number 0: there is none
	heard        bool  // its process waits for the answer
	locked       bool  // lane and fences are checked and locked
	batch        batch
}

// proc is one life of a process.
type proc struct {
	begun, dead bool
	epoch       [shards]uint8 // 0: it does not own the shard
	base        [shards]list  // the journal as it knows it to be durable
	queue       [shards]set   // decided, and in no batch yet
	number      uint8         // of the last batch with a known outcome
	flying      bool          // cur has no outcome yet
	unsure      bool          // an attempt of cur had an unknown outcome
	cur         batch
	former      [formers]batch
	formers     uint8
}

// told is what a client has heard of its entry.
type told uint8

const (
	nothing told = iota
	durable
	refused // it is not there and never will be
)

// state is the whole world.
type state struct {
	journal [shards]list
	fence   [shards]fence
	lane    [procs]row
	procs   [procs]proc
	fly     [flights]attempt
	client  [entries]told
	shardOf [entries]uint8
	next    uint8 // the next entry to decide
	// What is spent of the bounds.
	unknown, claims, rejects, crashes uint8
}

// bounds keep the world finite.
type bounds struct{ entries, unknown, claims, rejects, crashes uint8 }

// rules are what the protocol demands. A false one is a mistake.
type rules struct {
	laneFirst  bool // the lane is looked at before the fences
	fences     bool // fences are compared
	share      bool // a claim waits for commits that have checked the fence
	digest     bool // a lane at the number is asked for its digest
	sameBytes  bool // unknown: the same batch again, under the same number; else: look once and take it as not committed
	keepFormer bool // a former version that may be durable is kept until the new one is committed
	freshOwner bool // a process that starts again takes a new owner id and lane
	ackDurable bool // a client hears of what is durable, not of what was sent
	sameNumber bool // unknown: not under the next number
}

// sound are the rules of ENGINE 3 and 4.
func sound() rules {
	return rules{true, true, true, true, true, true, true, true, true}
}

// begin is the first state: nobody owns anything.
func begin() state {
	var s state
	s.procs[0].begun, s.procs[1].begun = true, true
	return s
}

func (l *list) add(e uint8) {
	if int(l.n) < len(l.at) {
		l.at[l.n] = e
	}
	l.n++
}

// addPart appends what p holds: entries in the order in which they were decided.
func (l *list) addPart(p part) {
	for e := range uint8(entries) {
		switch {
		case p.kept.has(e):
			l.add(e)
		case p.parked.has(e):
			l.add(e + entries)
		}
	}
}

func (l *list) has(e uint8) bool {
	for i := range min(l.n, entries) {
		if l.at[i] == e {
			return true
		}
	}
	return false
}
