// Package judge says whose rows make a batch impossible, for stores that let a database refuse the batch as a whole
// and ask for names only then. It decides from facts about exactly what the batch names, in the order that package
// store demands; a test holds it equal to package memory.
//
// The package must not know where the facts come from.
package judge

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// Limits are what a store can keep at all. Body and Text are bytes: of one body, and of one text that is part of an
// index or has a bounded column.
type Limits struct {
	Shards int
	Body   int
	Text   int
}

// Execution is what a store has of one execution: its oldest and newest entry, whether it has ended, its key.
type Execution struct {
	First, Last uint64
	Ended       bool
	Key         record.Key
}

// Letter is a message in the inbox of a shard.
type Letter struct {
	Shard record.Shard
	ID    record.MessageID
}

// Facts are what the store holds of what a batch names. What is not in a map does not exist. [Judge] changes them.
type Facts struct {
	Executions map[record.ID]Execution
	Keys       map[record.Key]record.ID
	Waiting    map[Letter]bool
}

// Deposed lists the shards whose fence is not the row that the store has, ascending.
func Deposed(parts []record.Part, rows map[record.Shard]record.Fence) []record.Shard {
	var out []record.Shard
	for i := range parts {
		f := parts[i].Fence
		if row, found := rows[f.Shard]; !found || f.Owner == (record.Owner{}) || row != f {
			out = append(out, f.Shard)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Judge plays the parts on the facts and returns everything that a store must refuse; nil if it can keep them all.
func Judge(parts []record.Part, f Facts, l Limits) []store.Rejection {
	t := trial{Facts: f, Limits: l}
	for i := range parts {
		t.part(&parts[i])
	}
	return t.rejected
}

type trial struct {
	Facts
	Limits
	shard    record.Shard
	rejected []store.Rejection
}

// reject notes the first reason against an execution.
func (t *trial) reject(id record.ID, format string, args ...any) {
	if slices.ContainsFunc(t.rejected, func(r store.Rejection) bool { return r.Execution == id }) {
		return
	}
	t.rejected = append(t.rejected, store.Rejection{Execution: id, Reason: fmt.Sprintf(format, args...)})
}

func (t *trial) part(p *record.Part) {
	t.shard = p.Fence.Shard
	for i := range p.Heads {
		t.head(&p.Heads[i])
	}
	for i := range p.Entries {
		t.entry(&p.Entries[i])
	}
	for i := range p.Heads {
		t.born(&p.Heads[i])
	}
	for i := range p.Snapshots {
		t.snapshot(&p.Snapshots[i])
	}
	for i := range p.Trims {
		t.trim(&p.Trims[i])
	}
	for i := range p.Keys {
		t.key(&p.Keys[i])
	}
	for i := range p.Sends {
		t.send(&p.Sends[i])
	}
	for _, id := range p.Takes {
		t.take(p, id)
	}
	for _, id := range p.Forgets {
		t.forget(id)
	}
	for i := range p.Answers {
		if n := len(p.Answers[i].Body); n > t.Body {
			t.reject(record.ID{}, "answer of %d bytes is over the limit of %d", n, t.Body)
		}
	}
}

// mine rejects id unless it belongs to the part's shard: its fence says nothing about others.
func (t *trial) mine(id record.ID) bool {
	if s := id.Shard(t.Shards); s != t.shard {
		t.reject(id, "belongs to shard %d, not %d", s, t.shard)
		return false
	}
	return true
}

func (t *trial) head(h *record.Head) {
	if !t.mine(h.Execution) {
		return
	}
	e, found := t.Executions[h.Execution]
	switch {
	case h.Insert && found:
		t.reject(h.Execution, "exists already")
		return
	case !h.Insert && !found:
		t.reject(h.Execution, "does not exist")
		return
	}
	if why := t.Head(h); why != "" {
		t.reject(h.Execution, "%s", why)
	}
	e.Ended = h.Ended != 0
	e.Key = record.Key{Namespace: h.Namespace, Workflow: h.Workflow, Key: h.Key}
	t.Executions[h.Execution] = e
}

// Head says why a head cannot be kept by its content alone; "" if it can.
func (l Limits) Head(h *record.Head) string {
	for _, s := range []string{h.Namespace, h.Workflow, h.Version, h.Key, h.Status, h.Outcome, h.Error, h.Waiting, h.Fingerprint} {
		if why := l.text(s); why != "" {
			return why
		}
	}
	for i := range h.Tags {
		g := &h.Tags[i]
		if math.IsNaN(g.Num) {
			return "a tag is not a number"
		}
		for _, s := range []string{g.Name, g.Text} {
			if why := l.text(s); why != "" {
				return why
			}
		}
	}
	return ""
}

// text says why a text cannot be kept in a column; "" if it can.
func (l Limits) text(s string) string {
	switch {
	case l.Text > 0 && len(s) > l.Text:
		return fmt.Sprintf("a text of %d bytes is over the limit of %d", len(s), l.Text)
	case !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0:
		return "a text is not valid UTF-8 without NUL"
	}
	return ""
}

func (t *trial) entry(n *record.Entry) {
	if !t.mine(n.Execution) {
		return
	}
	e, found := t.Executions[n.Execution]
	switch {
	case len(n.Body) > t.Body:
		t.reject(n.Execution, "entry of %d bytes is over the limit of %d", len(n.Body), t.Body)
		return
	case !found:
		t.reject(n.Execution, "entry %d without a head", n.Seq)
		return
	case n.Seq != e.Last+1 || n.Seq > math.MaxInt64:
		t.reject(n.Execution, "entry %d does not follow entry %d", n.Seq, e.Last)
		return
	}
	if e.Last = n.Seq; e.First == 0 {
		e.First = n.Seq
	}
	t.Executions[n.Execution] = e
}

// born rejects a new head without an entry.
func (t *trial) born(h *record.Head) {
	if e, found := t.Executions[h.Execution]; h.Insert && found && e.Last == 0 {
		t.reject(h.Execution, "a new head without entry 1")
	}
}

func (t *trial) snapshot(n *record.Snapshot) {
	if !t.mine(n.Execution) {
		return
	}
	e, found := t.Executions[n.Execution]
	switch {
	case !found || n.Seq < e.First || n.Seq > e.Last || n.Seq == 0:
		t.reject(n.Execution, "snapshot at entry %d, which does not exist", n.Seq)
	case len(n.Body) > t.Body:
		t.reject(n.Execution, "snapshot of %d bytes is over the limit of %d", len(n.Body), t.Body)
	}
}

func (t *trial) trim(c *record.Trim) {
	if !t.mine(c.Execution) {
		return
	}
	e, found := t.Executions[c.Execution]
	if !found || c.Before == 0 || c.Before > e.Last {
		t.reject(c.Execution, "trimmed before entry %d, which does not exist", c.Before)
		return
	}
	e.First = max(e.First, c.Before)
	t.Executions[c.Execution] = e
}

func (t *trial) key(c *record.KeyChange) {
	culprit := c.Execution
	if culprit.IsZero() {
		culprit = c.Old
	}
	if t.Keys[c.Key] != c.Old {
		t.reject(culprit, "its key points to another execution")
		return
	}
	if why := t.Key(c.Key); why != "" {
		t.reject(culprit, "%s", why)
	}
	if c.Delete {
		delete(t.Keys, c.Key)
	} else {
		t.Keys[c.Key] = c.Execution
	}
}

// Key says why no row can have a key; "" if one can.
func (l Limits) Key(k record.Key) string {
	for _, s := range []string{k.Namespace, k.Workflow, k.Key} {
		if why := l.text(s); why != "" {
			return why
		}
	}
	return ""
}

// Message says why a message cannot be kept; "" if it can.
func (l Limits) Message(m *record.Message) string {
	switch {
	case int(m.Shard) >= l.Shards:
		return fmt.Sprintf("there is no shard %d", m.Shard)
	case len(m.Body) > l.Body:
		return fmt.Sprintf("message of %d bytes is over the limit of %d", len(m.Body), l.Body)
	}
	return l.text(m.Namespace)
}

func (t *trial) send(m *record.Message) {
	if why := t.Message(m); why != "" {
		t.reject(m.ID.From, "%s", why)
		return
	}
	t.Waiting[Letter{m.Shard, m.ID}] = true
}

func (t *trial) take(p *record.Part, id record.MessageID) {
	l := Letter{t.shard, id}
	if !t.Waiting[l] {
		t.reject(p.Only(), "the message %s/%d/%d to take is not there", id.From, id.Seq, id.N)
		return
	}
	delete(t.Waiting, l)
}

func (t *trial) forget(id record.ID) {
	if !t.mine(id) {
		return
	}
	e, found := t.Executions[id]
	switch {
	case !found:
		return
	case !e.Ended:
		t.reject(id, "is open and cannot be forgotten")
		return
	}
	delete(t.Executions, id)
	if t.Keys[e.Key] == id {
		delete(t.Keys, e.Key)
	}
}
