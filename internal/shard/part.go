package shard

import (
	"github.com/pawl-dev/pawl/internal/kernel"
	"github.com/pawl-dev/pawl/record"
)

// part is one record.Part with everything that may happen only once it is durable. Its number is given when it is
// sealed; what depends on it points to it.
type part struct {
	record.Part
	bytes  int
	arena  []byte // bodies of the entries and snapshots
	sealed bool
	sent   bool
	// rebuilt: its slices are not those of its first version, which an attempt may still read.
	rebuilt bool

	// members are the executions with an entry or a head in the part, each once.
	members []*execution
	// leaving are the keys of Forgets.
	leaving []*keyRow
	// freed are the executions that leave their keys, which are free once the part is durable.
	freed []*execution
	// doubtful and unread are keys and messages of what was rejected: an attempt with a former version may yet make
	// it durable, so the store is asked again when this part is.
	doubtful []*keyRow
	unread   []record.MessageID
	// takesFor has the execution of each of Takes.
	takesFor []record.ID
	// sendsFor has the execution of each of Sends.
	sendsFor []record.ID

	dispatch  []Task
	cancel    []Attempt
	replies   []Reply
	verdicts  []heldVerdict
	published []Published
}

// headBytes is about what a head takes.
const headBytes = 200

// heldVerdict is a verdict and the execution it depends on.
type heldVerdict struct {
	Verdict
	execution record.ID
}

// empty reports whether committing p would change nothing.
func (p *part) empty() bool {
	return len(p.Entries)+len(p.Heads)+len(p.Snapshots)+len(p.Keys)+len(p.Sends)+len(p.Takes)+len(p.Trims)+len(p.Forgets)+len(p.Answers) == 0
}

// opened is the part under construction.
func (c *Core) opened() *part {
	if p := c.building(); p != nil {
		return p
	}
	p := c.spare
	c.spare = nil
	if p == nil {
		p = &part{}
	}
	p.Fence = c.fence
	c.parts = append(c.parts, p)
	return p
}

// building is the part under construction, nil where there is none.
func (c *Core) building() *part {
	if n := len(c.parts); n > 0 && !c.parts[n-1].sealed {
		return c.parts[n-1]
	}
	return nil
}

// full reports whether the part under construction takes no more.
func (c *Core) full() bool {
	p := c.building()
	return p != nil && !p.empty() && (max(len(p.members), len(p.Entries)) >= c.cfg.PartEntries || p.bytes >= c.cfg.PartBytes)
}

// addEntry appends what d decided.
func (p *part) addEntry(e *execution, d *kernel.Decided) {
	from := len(p.arena)
	p.arena = append(p.arena, record.CodecPlain)
	p.arena = kernel.Encode(p.arena, d.Ops)
	body := p.arena[from:len(p.arena):len(p.arena)]
	entry := record.Entry{Namespace: e.name.Namespace, Execution: e.id, Seq: d.Seq, At: d.At, Body: body}
	entry.Sum = entry.Checksum()
	p.Entries = append(p.Entries, entry)
	p.bytes += len(body)
	e.grown += len(body)
}

// addSnapshot appends the state of e. Its entry Seq is in this part or durable before it.
func (p *part) addSnapshot(e *execution) {
	from := len(p.arena)
	p.arena = append(p.arena, record.CodecPlain)
	var texts []record.Span
	p.arena, texts = kernel.SaveWithTexts(p.arena, e.state)
	for i := range texts {
		texts[i].From, texts[i].To = texts[i].From-from, texts[i].To-from
	}
	body := p.arena[from:len(p.arena):len(p.arena)]
	s := record.Snapshot{Namespace: e.name.Namespace, Execution: e.id, Seq: e.state.Seq(), Sum: record.Checksum(body), Body: body, Texts: texts}
	p.bytes += len(body)
	e.snapSeq, e.snapBytes, e.grown = s.Seq, len(body), 0
	for i := range p.Snapshots {
		if e.newest == p && p.Snapshots[i].Execution == e.id {
			p.Snapshots[i] = s
			return
		}
	}
	p.Snapshots = append(p.Snapshots, s)
}

// addHead puts h into the part, instead of a head of the same execution that is there already.
func (p *part) addHead(e *execution, h record.Head) {
	if e.newest == p {
		for i := range p.Heads {
			if p.Heads[i].Execution == e.id {
				h.Insert = p.Heads[i].Insert
				p.Heads[i] = h
				return
			}
		}
	}
	p.Heads = append(p.Heads, h)
	p.bytes += headBytes
}

// join notes that e depends on p. Entries and heads of e are added before.
func (p *part) join(e *execution) {
	if e.newest == p {
		return
	}
	e.newest = p
	p.members = append(p.members, e)
}

// recycled is an empty part with the buffers of p, unless they have grown out of proportion. Nothing may point into
// them any more.
func (p *part) recycled(limit int) *part {
	clear(p.members)
	clear(p.leaving)
	clear(p.freed)
	clear(p.dispatch)
	clear(p.replies)
	clear(p.published)
	clear(p.Entries)
	clear(p.Heads)
	clear(p.Snapshots)
	clear(p.Keys)
	clear(p.Sends)
	clear(p.Answers)
	arena := p.arena[:0]
	if cap(arena) > 2*limit {
		arena = nil
	}
	return &part{
		Part: record.Part{
			Entries: p.Entries[:0], Heads: p.Heads[:0], Snapshots: p.Snapshots[:0], Keys: p.Keys[:0],
			Sends: p.Sends[:0], Takes: p.Takes[:0], Trims: p.Trims[:0], Forgets: p.Forgets[:0],
			Answers: p.Answers[:0],
		},
		arena: arena, members: p.members[:0], takesFor: p.takesFor[:0], sendsFor: p.sendsFor[:0],
		dispatch: p.dispatch[:0], cancel: p.cancel[:0], replies: p.replies[:0], verdicts: p.verdicts[:0],
		published: p.published[:0], leaving: p.leaving[:0], freed: p.freed[:0],
	}
}
