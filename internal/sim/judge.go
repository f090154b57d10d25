package sim

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/internal/engine"
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/internal/runner"
	"github.com/pawl-dev/pawl/internal/shard"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// judge holds the world against the laws. It reads what becomes durable and what leaves, folds every journal by
// itself, and never asks a Machine what it thinks. The names of its checks are ids of the reliability reference where
// there is one.
type judge struct {
	w          *world
	violations []Violation
	execs      map[record.ID]*witness
	lanes      map[store.Lane]uint64
	fences     map[record.Shard]record.Fence // of the last part that became durable
	parts      map[record.Fence]uint64
	openKeys   map[record.Key]record.ID
	sent       map[record.MessageID]int // how often the inbox took it in
	taken      map[record.MessageID]int
	applied    map[version]bool
	children   map[record.ID]*filial          // executions that a journal starts
	cancels    map[record.MessageID]record.ID // what asks executions to end
	brought    map[record.MessageID]*op       // signals that were sent with the start of their execution
	early      map[record.ID]string           // what was taken for it when there was none
	handed     map[runner.Token]bool          // of tasks that left before their intent was durable
	steps      int
	alarms     map[string]int
	watched    map[sight]uint64  // entry published last
	unheard    map[sight]bool    // a watch was refused, and nobody has taken it back
	wanted     map[place]int     // of limits, and not given back
	startOf    map[int]record.ID // execution of a start that gathers, by op
	plans      map[string]*plan  // of migrations, by request
	back       *regress          // what is known of a store that went back; nil where it did not
}

// sight is an execution as one process shows it.
type sight struct {
	owner record.Owner
	id    record.ID
}

// Violation is one broken law.
type Violation struct {
	Law  string
	Text string
}

func (v Violation) String() string { return v.Law + ": " + v.Text }

// witness is what the judge knows of one execution.
type witness struct {
	id      record.ID
	state   *kernel.State
	saves   []uint64 // hash of the saved state after each entry
	states  [][]byte // the saved states themselves, while there is a trace
	forgot  bool
	reborn  bool // it was forgotten, and its start came again
	trimmed bool // its first entries are gone
	ended   bool // the journal says so
	halted  bool // parked or paused
	refused bool // the store has refused an entry, so messages were read once more
	key     record.Key

	handed   map[attemptKey]int64 // when the attempt was handed out
	latest   map[string]int       // attempt handed out, by step
	begun    map[string]int       // attempt in the journal, by step
	finished map[string]bool      // steps that have ended
	lost     map[attemptKey]bool  // journaled as lost or given back
	pause    map[string]int64     // end of the back-off, by step
	arms     map[string][]int64   // times of a wait, by step; 0 for a signal

	byHand     map[string]bool // steps that an operator ended
	operated   uint64          // the last entry in which an operator did something
	used       int             // of a limit, after its last entry
	looking    bool            // it is looked up who holds it
	inLine     bool            // it is looked up whether what it sends waits in the line of a key
	gathers    []int           // ops whose starts it has taken
	byHandAt   map[int64]int   // starts by hand that wait in a schedule, by nominal time
	requests   map[string]bool // recorded
	signals    map[int]int     // by op, how often it was received
	kept       map[int64]bool
	lastSignal int64
	cancelled  uint64 // entry that accepted a cancel

	sends  map[uint64]uint32 // messages that an entry sends, by its number
	unsaid map[uint64]bool   // it recalls children, whose number it does not say
	saga   saga
	broods map[string]bool // steps with children of their items: whether some have left their effects

	returned map[string][]int // children of a foreach that have ended, by step

	polls   map[string]*poll  // by step
	answers map[string]string // what the holder of a token said, by step

	nominals *nominals // of a schedule

	outcomes map[string]string // how steps ended, in a plain world
}

func newWitness(id record.ID) *witness {
	return &witness{
		id: id, state: kernel.New(),
		handed: map[attemptKey]int64{}, latest: map[string]int{}, begun: map[string]int{}, finished: map[string]bool{},
		lost: map[attemptKey]bool{}, pause: map[string]int64{}, arms: map[string][]int64{}, requests: map[string]bool{}, byHand: map[string]bool{}, signals: map[int]int{}, kept: map[int64]bool{},
		sends: map[uint64]uint32{}, unsaid: map[uint64]bool{}, polls: map[string]*poll{}, returned: map[string][]int{}, answers: map[string]string{}, broods: map[string]bool{},
	}
}

type attemptKey struct {
	step    string
	attempt int
}

func newJudge(w *world) *judge {
	return &judge{
		w:        w,
		execs:    map[record.ID]*witness{},
		lanes:    map[store.Lane]uint64{},
		fences:   map[record.Shard]record.Fence{},
		parts:    map[record.Fence]uint64{},
		openKeys: map[record.Key]record.ID{},
		sent:     map[record.MessageID]int{},
		taken:    map[record.MessageID]int{},
		applied:  map[version]bool{},
		children: map[record.ID]*filial{},
		cancels:  map[record.MessageID]record.ID{},
		brought:  map[record.MessageID]*op{},
		early:    map[record.ID]string{},
		handed:   map[runner.Token]bool{},
		alarms:   map[string]int{},
		watched:  map[sight]uint64{},
		unheard:  map[sight]bool{},
		wanted:   map[place]int{},
		startOf:  map[int]record.ID{},
		plans:    map[string]*plan{},
	}
}

func (j *judge) clean() bool { return len(j.violations) == 0 }

func (j *judge) fail(law, format string, args ...any) {
	if j.back != nil && !slices.Contains(afterwards, law) {
		return
	}
	v := Violation{law, fmt.Sprintf(format, args...)}
	j.violations = append(j.violations, v)
	j.w.note("VIOLATION", 0, 0, "%s", v)
	j.w.tell("VIOLATION of %s", v)
}

// committed is called for each batch at the instant it becomes durable.
func (j *judge) committed(b *store.Batch) {
	if j.back != nil {
		j.back.follows(j, b)
		return
	}
	j.applied[version{b.Lane, b.Number, b.Digest}] = true
	if b.Number != j.lanes[b.Lane]+1 {
		j.fail("lane", "lane %d goes from %d to %d", b.Lane.Number, j.lanes[b.Lane], b.Number)
	}
	j.lanes[b.Lane] = b.Number
	for i := range b.Parts {
		j.fenced(b, &b.Parts[i])
	}
	for i := range b.Parts {
		j.part(&b.Parts[i])
	}
}

// fenced checks I3 for one part.
func (j *judge) fenced(b *store.Batch, p *record.Part) {
	f, last := p.Fence, j.fences[p.Fence.Shard]
	switch {
	case f.Owner != b.Lane.Owner:
		j.fail("I3", "shard %d: a part of one owner in the lane of another", f.Shard)
	case f.Epoch < last.Epoch:
		j.fail("I3", "shard %d: epoch %d is durable after %d", f.Shard, f.Epoch, last.Epoch)
	case f.Epoch == last.Epoch && f.Owner != last.Owner:
		j.fail("I3", "shard %d: two owners in epoch %d", f.Shard, f.Epoch)
	case p.Number != j.parts[f]+1:
		j.fail("parts", "shard %d epoch %d: part %d follows part %d", f.Shard, f.Epoch, p.Number, j.parts[f])
	}
	j.fences[f.Shard] = f
	j.parts[f] = p.Number
}

func (j *judge) part(p *record.Part) {
	for i := range p.Entries {
		j.entry(p, &p.Entries[i])
	}
	touched := map[record.ID]bool{}
	for i := range p.Entries {
		touched[p.Entries[i].Execution] = true
	}
	for i := range p.Heads {
		h := &p.Heads[i]
		j.w.note("head", 0, uint64(h.NextAt), "%s %s next_at %d", h.Execution, h.Status, h.NextAt-epoch)
		if !touched[h.Execution] { // with entries, the head may be that of an earlier one
			j.waits(h)
		}
		touched[h.Execution] = true
		j.head(h)
	}
	for i := range p.Snapshots {
		j.snapshot(&p.Snapshots[i])
	}
	for i := range p.Trims {
		j.trimmed(&p.Trims[i])
	}
	for _, id := range p.Takes {
		j.taken[id]++
		j.ends(id)
		j.bringTaken(id)
		if j.taken[id] > j.sent[id] {
			j.fail("I12", "message %s/%d/%d was sent %d times and taken %d times", id.From, id.Seq, id.N, j.sent[id], j.taken[id])
		}
	}
	for _, s := range p.Sends {
		if from := j.execs[s.ID.From]; s.ID.N&auditBit != 0 || from != nil && from.reborn {
			j.sent[s.ID]++ // asked again, or said again in a second life
			continue
		}
		j.sent[s.ID] = 1
	}
	j.mailed(p)
	for i := range p.Keys {
		k := &p.Keys[i]
		j.w.note("key", 0, k.Digest, "%s of %s, was of %s, closed %d", k.Key.Key, k.Execution, k.Old, k.ClosedAt)
	}
	for _, id := range p.Forgets {
		j.w.note("forget", 0, 0, "%s", id)
		j.forgotten(id)
	}
	for _, id := range slices.SortedFunc(maps.Keys(touched), compareIDs) {
		j.touched(id)
	}
}

// entry folds one entry; see I2.
func (j *judge) entry(p *record.Part, e *record.Entry) {
	if e.Execution.Shard(j.w.shards) != p.Fence.Shard {
		j.fail("I3", "%s does not belong to shard %d", e.Execution, p.Fence.Shard)
	}
	x := j.execs[e.Execution]
	if x == nil || x.forgot && e.Seq == 1 { // a start that is repeated after its retention is a new one
		if what := j.early[e.Execution]; what != "" {
			j.fail("I16", "%s starts after %s was taken", e.Execution, what)
		}
		reborn := x != nil
		x = newWitness(e.Execution)
		x.reborn = reborn
		j.execs[e.Execution] = x
	}
	s := x.state
	switch {
	case x.forgot:
		j.fail("I28", "%s: an entry after it was forgotten", e.Execution)
	case e.Seq != s.Seq()+1:
		j.fail("I2", "%s: entry %d follows %d", e.Execution, e.Seq, s.Seq())
	case e.At < s.At():
		j.fail("time", "%s: entry %d is of %d, the one before of %d", e.Execution, e.Seq, e.At, s.At())
	case s.Status().Closed():
		j.fail("I15", "%s: entry %d follows its end", e.Execution, e.Seq)
	case e.Checksum() != e.Sum:
		j.fail("I2", "%s: entry %d has a wrong checksum", e.Execution, e.Seq)
	}
	ops, err := decodeEntry(e.Body)
	if err != nil {
		j.fail("I22", "%s: entry %d does not decode: %v", e.Execution, e.Seq, err)
		return
	}
	before := j.migrating(x, e)
	if err := kernel.Apply(s, e.Seq, e.At, ops); err != nil {
		j.fail("I22", "%s: entry %d does not fold: %v\n%s", e.Execution, e.Seq, err, e.Body)
		return
	}
	save := kernel.Save(nil, s)
	x.saves = append(x.saves, hashOf(save))
	j.timers(x, e, save)
	j.w.note("entry", e.Seq, uint64(e.Sum), "%s %d at %d %s", e.Execution, e.Seq, e.At-epoch, e.Body[1:])
	if j.w.out != nil {
		x.states = append(x.states, save)
	}
	j.w.tellEntry(x, e)
	j.events(x, e)
	j.limit(x)
	j.migrated(x, e, before)
}

// timers: who folds the journal and who begins with a snapshot look at the execution at the same time (I9).
func (j *judge) timers(x *witness, e *record.Entry, save []byte) {
	back, err := kernel.Restore(save)
	switch {
	case err != nil:
		j.fail("I23", "%s: the state after entry %d is not restored: %v", x.id, e.Seq, err)
	case back.NextTimer() != x.state.NextTimer():
		j.fail("I9", "%s: after entry %d its next timer is %d, and %d in a snapshot", x.id, e.Seq, x.state.NextTimer(), back.NextTimer())
	}
}

func decodeEntry(body []byte) ([]kernel.Op, error) {
	if len(body) == 0 || body[0] != record.CodecPlain {
		return nil, fmt.Errorf("no codec byte")
	}
	return kernel.Decode(body[1:])
}

func hashOf(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}

// head: what is searchable says what the journal says, at the end at the latest (I29).
func (j *judge) head(h *record.Head) {
	x := j.execs[h.Execution]
	if x == nil {
		j.fail("I2", "%s: a head without a journal", h.Execution)
		return
	}
	if h.Insert {
		j.opened(x, h)
	}
}

// waits: a head says what its execution waits for, as the journal has it. One that cannot be run is parked by its head
// alone.
func (j *judge) waits(h *record.Head) {
	x := j.execs[h.Execution]
	if x == nil || h.Status != string(x.state.Status()) {
		return
	}
	if want := kernel.WaitingOn(x.state); h.Waiting != want {
		j.fail("waiting", "%s: its head says that it waits for %q, the journal %q", h.Execution, h.Waiting, want)
	}
}

// snapshot: a snapshot is the fold of the entries up to it, all of which are durable (I22, I23).
func (j *judge) snapshot(s *record.Snapshot) {
	x := j.execs[s.Execution]
	switch {
	case x == nil || s.Seq > uint64(len(x.saves)):
		j.fail("I23", "%s: a snapshot at %d is ahead of the entries", s.Execution, s.Seq)
	case s.Seq == 0:
		j.fail("I23", "%s: a snapshot before the first entry", s.Execution)
	case record.Checksum(s.Body) != s.Sum:
		j.fail("I23", "%s: the snapshot at %d has a wrong checksum", s.Execution, s.Seq)
	case len(s.Body) == 0 || hashOf(s.Body[1:]) != x.saves[s.Seq-1]:
		j.fail("I22", "%s: the snapshot at %d is not the fold of the entries", s.Execution, s.Seq)
		if x.states != nil {
			j.w.note("snapshot", 0, 0, "%q", s.Body[1:])
			j.w.note("fold", 0, 0, "%q", x.states[s.Seq-1])
		}
	}
}

// trimmed: entries go because an entry says so, and what is left gives the same state (F44, I22).
func (j *judge) trimmed(t *record.Trim) {
	j.w.note("trim", t.Before, 0, "%s", t.Execution)
	x := j.execs[t.Execution]
	if x == nil || x.state.First() != t.Before {
		j.fail("F44", "%s: entries before %d are removed and the journal does not say so", t.Execution, t.Before)
		return
	}
	x.trimmed = true
}

// whatIsLeft folds the stored entries of an execution whose first are gone.
func (j *judge) whatIsLeft(x *witness, left []record.Entry) {
	s := kernel.New()
	for i := range left {
		ops, err := decodeEntry(left[i].Body)
		if err == nil {
			err = kernel.Apply(s, left[i].Seq, left[i].At, ops)
		}
		if err != nil {
			j.fail("F44", "%s: what is left of its journal does not fold at entry %d: %v", x.id, left[i].Seq, err)
			return
		}
	}
	if save := kernel.Save(nil, s); hashOf(save) != x.saves[len(x.saves)-1] {
		j.fail("F44", "%s: what is left of its journal gives another state than all of it", x.id)
	}
}

// forgotten: retention takes closed executions only (I28).
func (j *judge) forgotten(id record.ID) {
	x := j.execs[id]
	if x == nil || !x.state.Status().Closed() {
		j.fail("I28", "%s is forgotten and was not closed", id)
		return
	}
	x.forgot = true
	j.kinForgotten(x)
}

// touched holds after every commit for each execution that it wrote.
func (j *judge) touched(id record.ID) {
	x, stored := j.execs[id], j.w.store.Execution(id)
	if x == nil || x.forgot || !j.clean() {
		return
	}
	if stored == nil {
		j.fail("I2", "%s is gone", id)
		return
	}
	if x.trimmed {
		j.whatIsLeft(x, stored.Entries)
	}
	s, h := x.state, &stored.Head
	if h.Execution != id {
		j.fail("I2", "%s has entries and no head", id)
		return
	}
	if h.NextAt > s.NextAt() {
		j.fail("next_at", "%s: stored next_at %d is later than the truth %d at entry %d", id, h.NextAt, s.NextAt(), s.Seq())
	}
	if !s.Status().Closed() {
		return
	}
	var want record.Head
	s.Head(&want)
	if h.Status != want.Status || h.Outcome != want.Outcome || h.Ended != want.Ended || h.Error != want.Error || h.NextAt > j.w.keptUntil(s.At()) && h.Parent.IsZero() {
		j.fail("I29", "%s ended; its head says %s %q ended %d next_at %d, the journal says %s %q ended %d", id, h.Status, h.Outcome, h.Ended, h.NextAt, want.Status, want.Outcome, want.Ended)
	}
	if row, ok := j.w.store.KeyRow(x.key); ok && row.Execution == id && row.ClosedAt == 0 {
		j.fail("I21", "%s ended and its key %q is not closed", id, x.key.Key)
	}
}

// durable is the number of the last durable entry.
func (j *judge) durable(id record.ID) uint64 {
	if x := j.execs[id]; x != nil {
		return x.state.Seq()
	}
	return 0
}

// dispatched checks I5 and the unity of attempts: a task leaves when it is durable and outstanding, and once.
func (j *judge) dispatched(m *member, l runner.Lease) {
	x := j.execs[l.Token.Execution]
	key := attemptKey{l.Token.Step, l.Token.Attempt}
	j.w.note("dispatch", uint64(m.n), uint64(l.Token.Attempt), "member %d: %s %s/%d", m.n, l.Token.Execution, l.Token.Step, l.Token.Attempt)
	if l.Token.Serial != 0 {
		j.leftEarly(l)
		return
	}
	if x == nil {
		j.fail("I5", "%s: a task of an execution that is not durable", l.Token.Execution)
		return
	}
	if at, ok := x.handed[key]; ok {
		j.fail("I24", "%s: attempt %s/%d is handed out a second time, the first time at %.6f", x.id, key.step, key.attempt, float64(at)/1e9)
	}
	x.handed[key] = j.w.now
	// An owner that was deposed meanwhile may hand out late what it had scheduled in time: nothing can stop that but
	// the token, at the report.
	owner := j.w.store.Fence(x.id.Shard(j.w.shards)).Owner == m.owner
	if owner && x.latest[key.step] > key.attempt {
		j.fail("I24", "%s: attempt %s/%d is handed out after a later one", x.id, key.step, key.attempt)
	}
	x.latest[key.step] = max(x.latest[key.step], key.attempt)
	if owner && j.outstanding(x, key) {
		j.admitted(x, key.step)
	}
	if !j.recorded(x, key) {
		j.fail("I5", "%s: attempt %s/%d is handed out before its intent is durable", x.id, key.step, key.attempt)
	}
}

// leftEarly: only what has no effect leaves before it is durable, and each of them once.
func (j *judge) leftEarly(l runner.Lease) {
	if !j.w.pure || !pureTask(&l.Task) {
		j.fail("I5", "%s: attempt %s/%d left before its intent is durable and is not pure", l.Token.Execution, l.Token.Step, l.Token.Attempt)
	}
	if j.handed[l.Token] {
		j.fail("I24", "%s: attempt %s/%d with serial %d is handed out a second time", l.Token.Execution, l.Token.Step, l.Token.Attempt, l.Token.Serial)
	}
	j.handed[l.Token] = true
}

// outstanding reports whether the durable state has the attempt with an executor.
func (j *judge) outstanding(x *witness, k attemptKey) bool {
	for o := range kernel.Open(x.state) {
		if (o.Kind == kernel.OpenTask || o.Kind == kernel.OpenCancel) && o.Step == k.step && o.Attempt == k.attempt {
			return true
		}
	}
	return false
}

// reported: an accepted result is durable (I6); only attempts that were handed out are accepted.
func (j *judge) reported(m *member, r runner.Report, v runner.Verdict) {
	j.w.note("verdict", uint64(m.n), uint64(v), "member %d: %s %s/%d: %d", m.n, r.Token.Execution, r.Token.Step, r.Token.Attempt, v)
	x := j.execs[r.Token.Execution]
	if v != runner.Accepted || x == nil {
		return
	}
	k := attemptKey{r.Token.Step, r.Token.Attempt}
	if !r.Released && x.lost[k] {
		j.fail("I6", "%s: the result of %s/%d was accepted; the journal has it as lost", x.id, k.step, k.attempt)
	}
	if j.outstanding(x, k) {
		j.fail("I6", "%s: the result of %s/%d was accepted and is not durable", x.id, k.step, k.attempt)
	}
}

// replied: what a reply has seen is durable (I6, I30).
func (j *judge) replied(m *member, at *call, r *engine.Reply) {
	o := at.op
	x := j.execs[r.Execution]
	if j.back != nil {
		j.back.replied(j, m, o, r)
		return
	}
	if r.Error != nil {
		if o.cmd.Verb == shard.Watch {
			j.unheard[sight{m.owner, r.Execution}] = true
		}
		return
	}
	if r.Seq > j.durable(r.Execution) {
		j.fail("I6", "member %d answers %s %d (%s) with entry %d; durable is %d", m.n, verbName(o.cmd.Verb), o.n, r.Execution, r.Seq, j.durable(r.Execution))
		return
	}
	if x == nil {
		j.fail("I1", "member %d acknowledges %s %d of %s, which is not durable", m.n, verbName(o.cmd.Verb), o.n, r.Execution)
		return
	}
	at.seq = r.Seq
	j.acknowledged(x, at)
}

// stepped lets the Machine check itself now and then: it is slow.
func (j *judge) stepped(m *member) {
	j.steps++
	if j.steps%invariantsEvery != 0 || m.machine == nil {
		return
	}
	if err := m.machine.Invariants(); err != nil {
		j.fail("machine", "member %d: %v", m.n, err)
	}
}

// invariantsEvery is the number of steps between two checks that a Machine makes of itself.
const invariantsEvery = 16

func (j *judge) memberGone(*member) {}

func (j *judge) settled(*op) {}

func (j *judge) alarmed(m *member, a engine.Alarms) {
	for _, x := range a.List {
		j.alarms[x.Code]++
		j.w.note("alarm", uint64(m.n), uint64(x.Shard), "member %d: %s %s %s", m.n, x.Code, x.Execution, x.Text)
	}
}

func compareIDs(a, b record.ID) int { return slices.Compare(a[:], b[:]) }

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
