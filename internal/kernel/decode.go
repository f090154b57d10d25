package kernel

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

var errEntry = errors.New("the entry is not well-formed")

func errNoStep(path string) error { return fmt.Errorf("no step %q", path) }

// Decode reads the JSON of an entry (without the codec byte). The operations refer to body, which must not change
// any more. Keys that are not known are refused: they mean a newer version.
func Decode(body []byte) ([]Op, error) {
	p := &parser{b: body}
	var ops []Op
	p.object(func(key string) {
		switch key {
		case "v":
			if v := p.int(); v < 1 || v > entryVersion {
				p.fail(fmt.Errorf("entries of version %d are from a newer program", v))
			}
		case "ops":
			ops = make([]Op, 0, 8)
			p.array(func() {
				ops = append(ops, Op{})
				p.op(&ops[len(ops)-1])
			})
		default:
			p.unknown(key)
		}
	})
	p.space()
	if p.err == nil && p.i != len(p.b) {
		p.err = errEntry
	}
	return ops, p.err
}

func (p *parser) op(o *Op) {
	p.object(func(key string) {
		if o.kind == 0 {
			o.kind = p.kind(key)
			return
		}
		f := &opFields[o.kind]
		switch key {
		case f.path:
			o.path = p.string()
		case f.name:
			o.name = p.string()
		case f.word:
			o.word = p.string()
		case f.text:
			o.text = p.string()
		case f.n:
			o.n = p.int()
		case f.attempt:
			o.attempt = int(p.int())
		case f.size:
			o.size = int(p.int())
		case f.due:
			o.due = p.int()
		case f.until:
			o.until = p.int()
		case f.flag:
			o.flag = p.bool()
		case f.data:
			o.data, o.hasData = p.raw(), true
		default:
			p.opRest(o, key)
		}
	})
	if p.err == nil && o.kind == 0 {
		p.err = errEntry
	}
}

func (p *parser) kind(key string) opKind {
	if key != "op" {
		p.fail(errEntry)
		return 0
	}
	name := p.string()
	for k, n := range opNames {
		if n == name && n != "" {
			return opKind(k)
		}
	}
	p.fail(fmt.Errorf("operation %q is from a newer program", name))
	return 0
}

func (p *parser) opRest(o *Op, key string) {
	switch key {
	case "request":
		o.req = p.string()
	case "digest":
		o.digest = p.string()
	case "by":
		o.by = p.string()
	case "why":
		o.why = p.string()
	case "error":
		o.err = p.error()
	case "taken":
		o.taken = p.edges()
	case "dead":
		o.dead = p.edges()
	case "refs":
		p.object(func(k string) { o.refs = append(o.refs, inref{k, p.string()}) })
	case "tags":
		p.object(func(k string) { o.tags = append(o.tags, tagValue{k, p.raw()}) })
	case "late":
		o.late = p.late()
	case "arms":
		p.array(func() { o.arms = append(o.arms, p.arm()) })
	case "ask":
		o.ask = p.ask()
	case "mail":
		o.mail = p.mail()
	case "nodes":
		p.array(func() { o.list = append(o.list, p.string()) })
	case "undecided":
		o.open = p.edges()
	case "regions":
		o.regions = p.edges()
	case "renamed":
		p.object(func(k string) { o.renames = append(o.renames, inref{k, p.string()}) })
	case "ops":
		p.array(func() {
			o.ops = append(o.ops, Op{})
			in := &o.ops[len(o.ops)-1]
			if p.op(in); in.kind == opCopied {
				p.fail(errEntry) // one level: a copy of a copy is a copy
			}
		})
	case "set":
		p.array(func() { o.sets = append(o.sets, p.assign()) })
	default:
		if o.kind != opStart {
			p.unknown(key)
			return
		}
		if o.start == nil {
			o.start = &Start{}
		}
		p.start(o.start, key)
	}
}

func (p *parser) start(st *Start, key string) {
	switch key {
	case "id":
		st.ID = p.id()
	case "parent":
		st.Parent = p.id()
	case "fork_of":
		st.Of = p.id()
	case "fork_seq":
		st.OfSeq = uint64(p.int())
	case "namespace":
		st.Namespace = p.string()
	case "workflow":
		st.Workflow = p.string()
	case "version":
		st.Version = p.string()
	case "hash":
		st.Hash = p.string()
	case "key":
		st.Key = p.string()
	case "not_before":
		st.NotBefore = p.int()
	case "gather":
		st.Gather = p.gather()
	case "input":
		st.Input = p.raw()
	case "trigger":
		st.Trigger = p.raw()
	case "by":
		st.By = p.string()
	case "parent_step":
		st.Step = p.string()
	case "parent_attempt":
		st.Attempt = int(p.int())
	case "parent_waits":
		st.Waits = p.bool()
	case "body":
		st.Body = p.body()
	case "unchecked":
		st.Unchecked = p.bool()
	case "tags":
		p.object(func(k string) { st.Tags = append(st.Tags, Tagged{k, p.raw()}) })
	default:
		p.unknown(key)
	}
}

func (p *parser) id() record.ID {
	id, err := record.ParseID(p.string())
	if err != nil {
		p.fail(err)
	}
	return id
}

func (p *parser) arm() (a armSpec) {
	p.object(func(key string) {
		switch key {
		case "name":
			a.name = p.string()
		case "due":
			a.due = p.int()
		case "signal":
			a.signal = p.string()
		case "count":
			a.count = int(p.int())
		case "match":
			a.match = p.bool()
		case "when":
			a.when = p.bool()
		case "fresh":
			a.fresh = p.bool()
		default:
			p.unknown(key)
		}
	})
	return a
}

func (p *parser) assign() (a model.Assign) {
	p.object(func(key string) {
		switch key {
		case "var":
			a.Var = p.string()
		case "op":
			a.Op = p.string()
		case "value":
			a.Value = p.raw()
		default:
			p.unknown(key)
		}
	})
	return a
}

func (p *parser) ask() *askSpec {
	a := &askSpec{open: true}
	p.object(func(key string) {
		switch key {
		case "title":
			a.title = p.string()
		case "description":
			a.text = p.string()
		case "outcomes":
			a.outcomes = p.strings()
		case "assignees":
			a.open, a.assignees = false, p.strings()
		case "exclude":
			a.exclude = p.strings()
		case "quorum":
			a.quorum = int(p.int())
		case "veto":
			a.veto = int(p.int())
		case "form":
			a.form = p.raw()
		case "escalate":
			p.array(func() { a.escalate = append(a.escalate, p.escalation()) })
		default:
			p.unknown(key)
		}
	})
	return a
}

func (p *parser) escalation() (e escalation) {
	p.object(func(key string) {
		switch key {
		case "gap":
			e.gap = p.int()
		case "add":
			e.add = p.strings()
		case "notify":
			e.notify = p.raw()
		default:
			p.unknown(key)
		}
	})
	return e
}

func (p *parser) strings() (list []string) {
	p.array(func() { list = append(list, p.string()) })
	return list
}

func (p *parser) late() (late []expr.Late) {
	if err := json.Unmarshal(p.raw(), &late); err != nil {
		p.fail(errEntry)
	}
	return late
}

func (p *parser) error() *model.Error {
	e := &model.Error{}
	p.object(func(key string) {
		switch key {
		case "code":
			e.Code = p.string()
		case "message":
			e.Message = p.string()
		case "details":
			e.Details = p.raw()
		case "retryable":
			b := p.bool()
			e.Retryable = &b
		case "retry_after":
			e.RetryAfter = model.Millis(p.int())
		case "step":
			e.Step = p.string()
		default:
			p.unknown(key)
		}
	})
	return e
}

func (p *parser) edges() (edges []int32) {
	p.array(func() { edges = append(edges, int32(p.int())) })
	return edges
}

// parser reads the JSON that Encode writes. After the first fault every method returns at once.
type parser struct {
	b   []byte
	i   int
	err error
}

func (p *parser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
	p.i = len(p.b)
}

func (p *parser) unknown(key string) {
	p.fail(fmt.Errorf("field %q is from a newer program", key))
}

func (p *parser) space() {
	for p.i < len(p.b) && (p.b[p.i] == ' ' || p.b[p.i] == '\n' || p.b[p.i] == '\t' || p.b[p.i] == '\r') {
		p.i++
	}
}

// next consumes c if it comes next.
func (p *parser) next(c byte) bool {
	p.space()
	if p.i < len(p.b) && p.b[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *parser) expect(c byte) {
	if !p.next(c) {
		p.fail(errEntry)
	}
}

func (p *parser) object(field func(key string)) {
	p.expect('{')
	if p.next('}') {
		return
	}
	for p.err == nil {
		key := p.string()
		p.expect(':')
		if p.err != nil {
			return
		}
		field(key)
		if p.next('}') {
			return
		}
		p.expect(',')
	}
}

func (p *parser) array(element func()) {
	p.expect('[')
	if p.next(']') {
		return
	}
	for p.err == nil {
		element()
		if p.next(']') {
			return
		}
		p.expect(',')
	}
}

func (p *parser) string() string {
	p.expect('"')
	if p.err != nil {
		return ""
	}
	from := p.i
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case '"':
			s := string(p.b[from:p.i])
			p.i++
			return s
		case '\\':
			return p.escaped(from)
		}
		p.i++
	}
	p.fail(errEntry)
	return ""
}

func (p *parser) escaped(from int) string {
	for p.i < len(p.b) && p.b[p.i] != '"' {
		if p.b[p.i] == '\\' {
			p.i++
		}
		p.i++
	}
	if p.i >= len(p.b) {
		p.fail(errEntry)
		return ""
	}
	p.i++
	var s string
	if err := json.Unmarshal(p.b[from-1:p.i], &s); err != nil {
		p.fail(errEntry)
	}
	return s
}

func (p *parser) int() int64 {
	p.space()
	from := p.i
	for p.i < len(p.b) && (p.b[p.i] == '-' || p.b[p.i] >= '0' && p.b[p.i] <= '9') {
		p.i++
	}
	n, err := strconv.ParseInt(string(p.b[from:p.i]), 10, 64)
	if err != nil {
		p.fail(errEntry)
	}
	return n
}

func (p *parser) bool() bool {
	p.space()
	rest := p.b[p.i:]
	switch {
	case strings.HasPrefix(string(rest[:min(4, len(rest))]), "true"):
		p.i += 4
		return true
	case strings.HasPrefix(string(rest[:min(5, len(rest))]), "false"):
		p.i += 5
	default:
		p.fail(errEntry)
	}
	return false
}

// raw returns the bytes of the next value, whatever it is. Strings and nesting are respected; that it is JSON was
// checked before it was written, and the checksum says that it is what was written.
func (p *parser) raw() []byte {
	p.space()
	from, depth := p.i, 0
	for p.i < len(p.b) {
		switch c := p.b[p.i]; c {
		case '"':
			p.skipString()
			if depth == 0 {
				return p.b[from:p.i:p.i]
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return p.scalar(from)
			}
			depth--
			if depth == 0 {
				p.i++
				return p.b[from:p.i:p.i]
			}
		case ',':
			if depth == 0 {
				return p.scalar(from)
			}
		}
		p.i++
	}
	p.fail(errEntry)
	return nil
}

func (p *parser) scalar(from int) []byte {
	to := p.i
	for to > from && (p.b[to-1] == ' ' || p.b[to-1] == '\n' || p.b[to-1] == '\t' || p.b[to-1] == '\r') {
		to--
	}
	if to == from {
		p.fail(errEntry)
		return nil
	}
	return p.b[from:to:to]
}

func (p *parser) skipString() {
	p.i++
	for p.i < len(p.b) && p.b[p.i] != '"' {
		if p.b[p.i] == '\\' {
			p.i++
		}
		p.i++
	}
	p.i++
	if p.i > len(p.b) {
		p.fail(errEntry)
	}
}
