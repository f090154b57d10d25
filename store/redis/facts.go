package redis

import (
	"strconv"

	"github.com/pawl-dev/pawl/record"
)

// facts are what the script said the store has.
type facts struct {
	executions map[record.ID]*executionFact
	keys       map[record.Key]record.ID
	mail       map[mailbox]bool
	// judged: they were told once lane and fences had held.
	judged bool
}

type executionFact struct {
	last    uint64 // 0: not there
	trimmed uint64
	// whole: trimmed and head are known too.
	whole bool
	raw   string // the head as stored
	head  record.Head
}

// learn reads what the script answered to the groups of a message.
func (f *facts) learn(groups []group, answers []reply) error {
	if len(answers) != len(groups) {
		return errReply
	}
	f.judged = true
	for i := range groups {
		g, got := &groups[i], answers[i].list()
		if len(got) != max(len(g.executions), len(g.keys), len(g.mail)) {
			return errReply
		}
		for j := range got {
			if err := f.row(g, j, got[j]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *facts) row(g *group, j int, r reply) error {
	switch g.kind {
	case lastGroup:
		x := g.executions[j]
		f.executions[x.id] = &executionFact{last: parseU64(r.text())}
	case trimmedGroup:
		x := f.executions[g.executions[j].id]
		x.whole = true
		if !r.none() {
			n, err := strconv.ParseUint(r.text(), 10, 64)
			if err != nil {
				return errReply
			}
			x.trimmed = n
		}
	case headGroup:
		x := f.executions[g.executions[j].id]
		if r.none() {
			return nil
		}
		h, err := decodeHead(g.executions[j].id, r.text())
		if err != nil {
			return err
		}
		x.raw, x.head = r.text(), h
	case keyGroup:
		var holder record.ID
		copy(holder[:], r.text())
		f.keys[g.keys[j].key] = holder
	case mailGroup:
		f.mail[g.mail[j].mailbox] = !r.none()
	}
	return nil
}
