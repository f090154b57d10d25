package kernel

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/internal/sim/bug"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// claim is one limit that a step, or the execution, takes part in.
type claim struct {
	name, key string
	wish      wish
	whole     bool // hold: whole
}

// claims are the limits of a step, or of the execution, in order of name and key. They are taken one after the other,
// so that two executions never wait for each other.
type claims struct {
	list    []claim
	attempt int
	asked   bool // list[got] was asked for, or all are held
	got     int  // as many are held
	since   int64

	lendable bool // of the execution: they are given back while everything inside waits
	lent     bool // they were, and not all are held again
	heard    int64
}

// lendable reports whether every limit says hold: active, which is the default. Rates are spent and cannot be given back.
func lendable(list []claim) bool {
	held := func(c claim) bool { return c.wish.rate == 0 }
	return slices.ContainsFunc(list, held) && !slices.ContainsFunc(list, func(c claim) bool { return c.whole && held(c) })
}

// skipRates passes over rates, which are spent once, where limits are taken again.
func (c *claims) skipRates() {
	for c.got < len(c.list) && c.list[c.got].wish.rate > 0 {
		c.got++
	}
}

// composite reports whether instances run inside the step.
func (st *step) composite() bool {
	switch st.typ {
	case "scope", "parallel", "foreach", "loop":
		return true
	}
	return false
}

// next numbers the next time that the limits are asked for. An attempt that a limit has turned down never was one of the
// step, so the numbers are not those of its attempts.
func (c *claims) next() int {
	if c == nil {
		return 1
	}
	return c.attempt + 1
}

// all reports whether every limit is held.
func (c *claims) all() bool { return c != nil && c.asked && c.got == len(c.list) }

// waits reports whether a limit was asked for and is not held yet.
func (c *claims) waits() bool { return c != nil && c.asked && c.got < len(c.list) }

// loose is a limit that a step held or wanted and does not any more: the entry that ends its use tells the limit.
type loose struct {
	id      record.ID
	step    string
	attempt int
}

// limitDef is one limit of a definition.
type limitDef struct{ t *expr.Template }

// mustClaim takes the limits that the next attempt of st needs. false: it holds them.
func (x *decider) mustClaim(st *step, n *nodeDef) bool {
	if n.limits == nil || st.claims.all() {
		return false
	}
	o := Op{kind: opClaim, path: st.path, attempt: st.claims.next()}
	if st.claims == nil {
		list, err := x.claimsOf(n.limits, st.sc, st.path, n.m.Priority)
		if err == nil && n.timeout.set() && st.deadline == 0 {
			var ms int64
			if ms, err = x.millis(n.timeout); err == nil {
				o.due = st.scheduled + max(ms, 1)
			}
		}
		if err != nil {
			x.fail(st, errorOf(err, st.path))
			return true
		}
		o.data, o.hasData = appendClaims(nil, list), true
	}
	x.emit(o)
	if x.err == nil {
		x.ask(st.claims, st.path)
	}
	return true
}

// claimsOf evaluates limits, in order of name and key, each once.
func (x *decider) claimsOf(defs []limitDef, sc *scope, path string, priority int) ([]claim, error) {
	var list []claim
	for _, d := range defs {
		x.in(sc, path)
		raw, _, err := d.t.Append(nil, &x.ctx)
		if err != nil {
			return nil, err
		}
		c, err := claimOf(raw)
		if err != nil {
			return nil, err
		}
		c.wish.priority = priority
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b claim) int {
		if a.name != b.name {
			return compare(a.name, b.name)
		}
		return compare(a.key, b.key)
	})
	return slices.CompactFunc(list, func(a, b claim) bool { return a.name == b.name && a.key == b.key }), nil
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// claimOf reads an evaluated limit.
func claimOf(raw []byte) (c claim, err error) {
	var with struct {
		Name        string
		Key         any
		Concurrency any
		Rate        string
		Weight      any
		Strategy    string
		Hold        string
	}
	if err = json.Unmarshal(raw, &with); err != nil {
		return c, limitError("the limit cannot be read: " + err.Error())
	}
	c.name, c.wish.strategy, c.wish.weight, c.whole = with.Name, with.Strategy, 1, with.Hold == "whole"
	if c.key, err = keyOf(with.Key); err != nil {
		return c, err
	}
	if with.Weight != nil {
		if c.wish.weight, err = wholeOf("weight", with.Weight); err != nil {
			return c, err
		}
	}
	if with.Rate != "" {
		var ok bool
		if c.wish.rate, c.wish.per, ok = parseRate(with.Rate); !ok {
			return c, limitError(strconv.Quote(with.Rate) + " is no rate; write a number, a slash and a time, such as 10/s")
		}
		return c, nil
	}
	c.wish.concurrency, err = wholeOf("concurrency", with.Concurrency)
	return c, err
}

func limitError(text string) error { return &expr.Error{Code: "limit", Message: text} }

// longestKey bounds the key of a limit, in bytes.
const longestKey = 512

func keyOf(v any) (string, error) {
	key := ""
	switch v := v.(type) {
	case nil:
	case string:
		key = v
	default:
		raw, err := json.Marshal(v)
		if err != nil {
			return "", err
		}
		key = string(raw)
	}
	if len(key) > longestKey {
		return "", limitError("the key of a limit is at most " + strconv.Itoa(longestKey) + " bytes")
	}
	return key, nil
}

func wholeOf(what string, v any) (int, error) {
	f, ok := v.(float64)
	if s, text := v.(string); text {
		n, err := strconv.Atoi(s)
		f, ok = float64(n), err == nil
	}
	if !ok || f < 1 || f > mostConcurrency || f != float64(int(f)) {
		return 0, limitError(what + " is a whole number from 1 to " + strconv.Itoa(mostConcurrency))
	}
	return int(f), nil
}

// ask asks for the next limit of a claim.
func (x *decider) ask(c *claims, path string) {
	if !c.waits() {
		return
	}
	k := &c.list[c.got]
	ns := x.s.start.Namespace
	id := LimitID(ns, k.name, k.key)
	w := k.wish
	if c.lent {
		w.strategy = "" // what has begun waits in line
	}
	birth := append(appendText(appendString([]byte(`{"name":`), k.name), "key", k.key, false), '}')
	x.post(Mail{
		Kind: MailAcquire, To: id, Step: path, Attempt: c.attempt, Data: w.append(nil),
		Start: entityStart(id, ns, LimitWorkflow, birth),
	})
}

// limitMailed handles what a limit sends to who holds or wants it. false: it is no message of a limit.
func (x *decider) limitMailed(m *Mail) bool {
	switch m.Kind {
	case MailGrant, MailTurned, MailYield, MailLost:
	case MailCheck:
		return true // the caller answers, from the state
	default:
		return false
	}
	st, c := x.claimant(m)
	if c == nil || !c.asked || c.attempt != m.Attempt || x.s.status.Closed() {
		return true // its end was told, or will be, by a message that is on its way
	}
	switch m.Kind {
	case MailGrant:
		if c.waits() && (x.limitAt(c, c.got) == m.From || bug.On(bug.GrantTwice)) {
			x.emit(Op{kind: opGranted, path: m.Step, attempt: m.Attempt, n: int64(c.got)})
			if x.err == nil {
				x.ask(c, m.Step)
			}
			if m.Step == "" && c.all() {
				x.regained()
			}
		}
	case MailTurned:
		if c.waits() && x.limitAt(c, c.got) == m.From {
			x.turned(st, m.Error)
		}
	case MailYield:
		x.yield(st, m)
	case MailLost:
		x.lostLimit(st, c, m)
	}
	return true
}

// claimant finds the claims that m is about; the step is nil for those of the execution.
func (x *decider) claimant(m *Mail) (*step, *claims) {
	if m.Step == "" {
		return nil, x.s.claims
	}
	st := x.s.findStep(m.Step)
	if st == nil || st.over() {
		return nil, nil
	}
	return st, st.claims
}

func (x *decider) limitAt(c *claims, i int) record.ID {
	return LimitID(x.s.start.Namespace, c.list[i].name, c.list[i].key)
}

// turned ends what a limit has turned down.
func (x *decider) turned(st *step, err *model.Error) {
	if st == nil {
		if x.s.begun > 0 && x.s.claims.lendable { // what it has to clean up asks again
			x.emit(Op{kind: opLend, n: x.s.signalSeq})
		}
		x.closeScope(x.s.root, ending{outcome: model.OutcomeErr, err: err})
		return
	}
	e := *err
	e.Step = st.path
	if st.limited() {
		x.turnedInside(st, &e)
		return
	}
	if x.retry(st, x.def(st), &e) {
		return
	}
	x.fail(st, &e)
}

// yield makes room for another: the step is withdrawn, the execution is cancelled.
func (x *decider) yield(st *step, m *Mail) {
	if st != nil {
		if st.asked == 0 && !st.stopped() {
			x.withdraw(st)
		}
		return
	}
	if !x.s.open() && x.s.status != model.Pending {
		x.emit(Op{kind: opStatus, word: string(model.Running)})
	}
	x.closeScope(x.s.root, ending{outcome: model.Withdrawn, err: &model.Error{Code: "cancelled", Message: "another execution took over its limit"}})
}

// resumeClaimed goes on with a step that holds all its limits.
func (x *decider) resumeClaimed(st *step) {
	n := x.def(st)
	switch {
	case n.kind == kindChild && st.away != nil:
		x.startChild(st, n, nil)
	case n.kind == kindChild:
		x.runChild(st, n)
	case n.kind.composite() && st.comp != nil:
		x.reenter(st)
	case n.kind.composite():
		x.enter(st, n)
	case st.attempt > 0 && x.mustQueue(st, n):
	case st.attempt > 0:
		x.emit(Op{kind: opTask, path: st.path, attempt: st.attempt + 1})
		x.dispatch(st, n)
	default:
		x.runEffect(st, n)
	}
}

// claimOwn takes the limits of the execution before it begins. false: it has none, or holds them.
func (x *decider) claimOwn() bool {
	if x.d.limits == nil || x.s.start.Body != nil || x.s.claims.all() {
		return false
	}
	if x.s.claims != nil {
		return true
	}
	list, err := x.claimsOf(x.d.limits, x.s.root, "", 0)
	if err != nil {
		x.closeScope(x.s.root, ending{outcome: model.OutcomeErr, err: errorOf(err, "")})
		return true
	}
	x.emit(Op{kind: opClaim, attempt: 1, data: appendClaims(nil, list), hasData: true})
	if x.err == nil {
		x.ask(x.s.claims, "")
	}
	return true
}

// letGo sends what the operations of this entry have released. It is called last: what was asked for and given up in one
// transition must arrive in that order. Where the next attempt has asked already, the limit takes that as the end of the
// one before.
func (x *decider) letGo() {
	if bug.On(bug.SlotKept) && x.s.root == nil {
		return // seeded: whoever waits for the limit waits for ever
	}
	for _, l := range x.s.loose {
		if bug.On(bug.ReleaseLost) && x.s.root != nil {
			continue
		}
		x.post(Mail{Kind: MailRelease, To: l.id, Step: l.step, Attempt: l.attempt})
	}
	x.s.loose = x.s.loose[:0]
}

// ClaimView is a limit that an execution holds or wants.
type ClaimView struct {
	Limit   record.ID
	Step    string // "" for the execution itself
	Attempt int
	Held    bool
	// Rate: it is spent when it is granted, and then neither held nor wanted.
	Rate bool
}

// Claims lists the limits that the execution holds or wants, in order of path. A rate is spent, not held.
func (s *State) Claims() (list []ClaimView) {
	add := func(path string, c *claims) {
		if c == nil || !c.asked {
			return
		}
		for i := range c.list {
			if i > c.got || i < c.got && c.list[i].wish.rate > 0 {
				continue
			}
			list = append(list, ClaimView{LimitID(s.start.Namespace, c.list[i].name, c.list[i].key), path, c.attempt, i < c.got, c.list[i].wish.rate > 0})
		}
	}
	if s.root == nil {
		return nil
	}
	add("", s.claims)
	own := len(list)
	s.eachStep(func(st *step) {
		if !st.over() {
			add(st.path, st.claims)
		}
	})
	slices.SortStableFunc(list[own:], func(a, b ClaimView) int { return compare(a.Step, b.Step) })
	return list
}

// openClaim describes the wait for a limit.
func (c *claims) open(o Outstanding) Outstanding {
	k := &c.list[c.got]
	o.Kind, o.Since = OpenLimit, c.since
	o.Limit, o.LimitKey = k.name, k.key
	return o
}

func (w *wish) append(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, `{"weight":`...), int64(w.weight), 10)
	return append(w.appendRest(dst), '}')
}

func (w *wish) appendRest(dst []byte) []byte {
	dst = appendInt(dst, "concurrency", int64(w.concurrency))
	dst = appendInt(dst, "rate", int64(w.rate))
	dst = appendInt(dst, "per", w.per)
	dst = appendInt(dst, "priority", int64(w.priority))
	return appendText(dst, "strategy", w.strategy, false)
}

func appendClaims(dst []byte, list []claim) []byte {
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		k := &list[i]
		dst = appendString(append(dst, `{"name":`...), k.name)
		dst = appendText(dst, "key", k.key, false)
		dst = appendFlag(dst, "whole", k.whole)
		dst = appendInt(dst, "weight", int64(k.wish.weight))
		dst = append(k.wish.appendRest(dst), '}')
	}
	return append(dst, ']')
}

// decodeWish reads what [wish.append] wrote.
func decodeWish(raw []byte) (w wish, err error) {
	p := &parser{b: raw}
	p.object(func(key string) {
		if !p.wish(&w, key) {
			p.unknown(key)
		}
	})
	return w, p.err
}

func (p *parser) wish(w *wish, key string) bool {
	switch key {
	case "weight":
		w.weight = int(p.int())
	case "concurrency":
		w.concurrency = int(p.int())
	case "rate":
		w.rate = int(p.int())
	case "per":
		w.per = p.int()
	case "priority":
		w.priority = int(p.int())
	case "strategy":
		w.strategy = p.string()
	default:
		return false
	}
	return true
}

// decodeClaims reads what appendClaims wrote.
func decodeClaims(raw []byte) (list []claim, err error) {
	p := &parser{b: raw}
	p.array(func() {
		var k claim
		p.object(func(key string) {
			switch {
			case key == "name":
				k.name = p.string()
			case key == "key":
				k.key = p.string()
			case key == "whole":
				k.whole = p.bool()
			case !p.wish(&k.wish, key):
				p.unknown(key)
			}
		})
		list = append(list, k)
	})
	return list, p.err
}
