package kernel

import (
	"strconv"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// entryVersion is the schema version of entries; readers know every version up to it.
const entryVersion = 1

// opNames are the names of the operations in the journal.
var opNames = [...]string{
	opInput: "input", opStart: "start", opBegin: "begin", opOpen: "open", opStep: "step", opAgain: "again",
	opQueued: "queued", opTask: "task", opWait: "wait", opEnter: "enter", opBackoff: "backoff", opLost: "lost",
	opCancel: "cancel", opDone: "done", opEdges: "edges", opRegion: "region", opAbsorbed: "absorbed", opSet: "set",
	opTags: "tags", opLog: "log", opSignal: "signal", opTook: "took", opExpired: "expired",
	opUndelivered: "undelivered", opHold: "hold", opClose: "close", opClosed: "closed", opVerdict: "verdict",
	opStatus: "status", opEnd: "end", opMore: "more", opConfig: "config",
	opFeed: "feed",
	opAsk:  "ask", opVote: "vote", opEscalate: "escalate",
	opUndo: "undo", opUndone: "undone", opAlarm: "alarm",
	opReset: "reset", opCopied: "copied", opMigrate: "migrate", opGraph: "graph",
	opSend: "send", opChild: "child", opListen: "listen", opLeft: "left",
	opAwait: "await", opAnswered: "answered", opBeat: "beat",
	opBase: "base", opTrim: "trim", opWarn: "warn",
	opSpawn: "spawn", opReturned: "returned", opPutBack: "put_back",
	opClaim: "claim", opGranted: "granted", opLend: "lend", opLimit: "limit", opPlace: "place", opGrant: "grant",
	opYield: "yield", opFree: "free", opTurned: "turned", opSchedule: "schedule", opDue: "due", opTick: "tick",
	opQueue: "queue", opEnded: "ended", opGather: "gather", opGathered: "gathered",
}

// fieldNames are the JSON keys of the fields an operation uses; "" where it does not use the field.
type fieldNames struct {
	path, name, word, text, n, due, until, attempt, flag, data, dead, size string
}

var opFields = [...]fieldNames{
	opInput:       {word: "kind", name: "on", text: "answer", n: "remember"},
	opStart:       {due: "timeout_at"},
	opBegin:       {due: "timeout_at"},
	opOpen:        {path: "scope", text: "of", n: "index"},
	opStep:        {path: "step", word: "type", text: "undoes"},
	opAgain:       {path: "step"},
	opQueued:      {path: "step"},
	opTask:        {path: "step", attempt: "attempt", data: "with", n: "attempt_timeout", until: "heartbeat", due: "timeout_at", flag: "callback"},
	opWait:        {path: "step", n: "after_signal", due: "timeout_at"},
	opEnter:       {path: "step", attempt: "attempt", n: "total", until: "concurrency", data: "items", text: "from", name: "over", due: "timeout_at", word: "collect", flag: "open", size: "batch"},
	opBackoff:     {path: "step", attempt: "attempt", n: "policy", until: "until", flag: "queues"},
	opLost:        {path: "step", attempt: "attempt", flag: "released"},
	opCancel:      {path: "step", until: "grace_until", flag: "withdrawn"},
	opDone:        {path: "step", name: "status", word: "outcome", data: "output", text: "from", n: "arm", until: "delay_until", flag: "unknown"},
	opEdges:       {path: "of", flag: "scope", dead: "dead"},
	opRegion:      {path: "scope", n: "region", word: "state"},
	opAbsorbed:    {path: "scope", name: "node"},
	opSet:         {path: "scope", name: "var", word: "how", data: "value", flag: "declare", text: "from"},
	opTags:        {},
	opLog:         {path: "step", text: "text"},
	opSignal:      {n: "n", name: "name", data: "data", until: "expires_at"},
	opTook:        {path: "step", n: "signal", attempt: "arm"},
	opExpired:     {n: "signal"},
	opUndelivered: {n: "signal", name: "name"},
	opHold:        {path: "scope", text: "step"},
	opClose:       {path: "scope", word: "outcome", data: "output", text: "from", until: "grace_until", flag: "hands_up"},
	opClosed:      {path: "scope", word: "outcome", data: "output", text: "from"},
	opVerdict:     {path: "step", word: "outcome", data: "output", text: "from"},
	opStatus:      {word: "to", text: "reason", name: "step", n: "shift"},
	opEnd:         {word: "status", name: "outcome", data: "output"},
	opMore:        {},
	opConfig:      {n: "revision"},
	opFeed:        {path: "step", n: "tokens", until: "signal", flag: "closed"},
	opAsk:         {path: "step", due: "timeout_at"},
	opVote:        {path: "step", word: "outcome", data: "form"},
	opEscalate:    {path: "step", n: "index", data: "how"},
	opUndo:        {path: "step", name: "by", n: "n"},
	opUndone:      {path: "step", text: "of"},
	opAlarm:       {path: "step"},
	opSend:        {path: "step", data: "input", text: "from", due: "timeout_at", flag: "withdraws", word: "policy", name: "because"},
	opReset:       {path: "scope"},
	opMigrate:     {path: "from", name: "version", text: "hash"},
	opGraph:       {path: "scope"},
	opCopied:      {n: "seq", due: "at"},
	opChild:       {path: "step", attempt: "attempt", text: "id", word: "version", name: "at_end"},
	opListen:      {text: "who", name: "step", attempt: "attempt"},
	opLeft:        {text: "child"},
	opPutBack:     {path: "step", n: "signal", attempt: "arm"},
	opAwait:       {path: "step", attempt: "attempt", word: "outcome", data: "output", until: "silent_at"},
	opAnswered:    {path: "step", attempt: "attempt", word: "outcome", data: "output", n: "delay"},
	opBeat:        {path: "step", attempt: "attempt", data: "progress", until: "silent_at"},
	opBase:        {text: "hash", data: "state"},
	opTrim:        {n: "before", text: "hash", flag: "aged"},
	opWarn:        {name: "bound", attempt: "percent", n: "used", until: "limit"},
	opSpawn:       {path: "step", n: "from", until: "count", data: "captured", name: "ids", flag: "recalls"},
	opReturned:    {path: "step", word: "outcome", data: "output", flag: "unknown"},
	opClaim:       {path: "step", attempt: "attempt", data: "limits", due: "timeout_at", flag: "again"},
	opLend:        {path: "step", n: "heard"},
	opGranted:     {path: "step", attempt: "attempt", n: "limit"},
	opLimit:       {name: "name", word: "key", n: "concurrency", attempt: "rate", until: "per", flag: "fixed"},
	opPlace:       {path: "step", text: "execution", attempt: "attempt", n: "weight", until: "priority"},
	opGrant:       {path: "step", text: "execution", attempt: "attempt"},
	opYield:       {path: "step", text: "execution", attempt: "attempt"},
	opFree:        {path: "step", text: "execution", attempt: "attempt", word: "how", flag: "early"},
	opTurned:      {path: "step", text: "execution", attempt: "attempt"},
	opSchedule:    {data: "trigger", name: "workflow", word: "name", flag: "retired"},
	opDue:         {n: "nominal", due: "at"},
	opTick:        {n: "nominal", until: "through", attempt: "times", word: "verdict", text: "execution", name: "how"},
	opQueue:       {n: "nominal", name: "how"},
	opEnded:       {text: "execution", word: "status"},
	opGather:      {n: "n", due: "not_before", data: "input", size: "size", until: "wait", attempt: "most"},
	opGathered:    {n: "n", word: "why"},
}

// Encode appends the JSON of an entry (without the codec byte): {"v":1,"ops":[{"op":"step",...},...]}.
func Encode(dst []byte, ops []Op) []byte {
	dst = append(dst, `{"v":`...)
	dst = strconv.AppendInt(dst, entryVersion, 10)
	dst = append(dst, `,"ops":[`...)
	for i := range ops {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = ops[i].append(dst)
	}
	return append(dst, "]}"...)
}

func (o *Op) append(dst []byte) []byte {
	f := &opFields[o.kind]
	dst = append(dst, `{"op":"`...)
	dst = append(dst, opNames[o.kind]...)
	dst = append(dst, '"')
	if f.path != "" {
		dst = appendText(dst, f.path, o.path, true)
	}
	dst = appendText(dst, f.name, o.name, false)
	dst = appendText(dst, f.word, o.word, false)
	dst = appendText(dst, f.text, o.text, false)
	dst = appendInt(dst, f.n, o.n)
	dst = appendInt(dst, f.attempt, int64(o.attempt))
	dst = appendInt(dst, f.size, int64(o.size))
	dst = appendInt(dst, f.due, o.due)
	dst = appendInt(dst, f.until, o.until)
	if o.flag && f.flag != "" {
		dst = append(appendKey(dst, f.flag), "true"...)
	}
	if o.hasData && f.data != "" {
		dst = append(appendKey(dst, f.data), o.data...)
	}
	dst = appendText(dst, "request", o.req, false)
	dst = appendText(dst, "digest", o.digest, false)
	dst = appendText(dst, "by", o.by, false)
	dst = appendText(dst, "why", o.why, false)
	if o.err != nil {
		dst = appendError(appendKey(dst, "error"), o.err)
	}
	dst = appendEdges(dst, "taken", o.taken)
	dst = appendEdges(dst, "dead", o.dead)
	dst = o.appendRare(dst)
	return append(dst, '}')
}

func (o *Op) appendRare(dst []byte) []byte {
	if len(o.refs) > 0 {
		dst = append(appendKey(dst, "refs"), '{')
		for i, r := range o.refs {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(append(appendString(dst, r.key), ':'), r.src)
		}
		dst = append(dst, '}')
	}
	if len(o.tags) > 0 {
		dst = append(appendKey(dst, "tags"), '{')
		for i, t := range o.tags {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(appendString(dst, t.name), ':'), t.data...)
		}
		dst = append(dst, '}')
	}
	if len(o.late) > 0 {
		dst = appendLate(appendKey(dst, "late"), o.late)
	}
	if len(o.arms) > 0 {
		dst = append(appendKey(dst, "arms"), '[')
		for i := range o.arms {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = o.arms[i].append(dst)
		}
		dst = append(dst, ']')
	}
	if len(o.sets) > 0 {
		dst = append(appendKey(dst, "set"), '[')
		for i := range o.sets {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(append(dst, `{"var":`...), o.sets[i].Var)
			dst = appendText(dst, "op", o.sets[i].Op, false)
			if len(o.sets[i].Value) > 0 {
				dst = append(appendKey(dst, "value"), o.sets[i].Value...)
			}
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	if o.ask != nil {
		dst = o.ask.append(appendKey(dst, "ask"))
	}
	dst = o.appendOperated(dst)
	if o.start != nil {
		dst = o.start.append(dst)
	}
	if o.mail != nil {
		dst = o.mail.Encode(appendKey(dst, "mail"))
	}
	return dst
}

func (a *askSpec) append(dst []byte) []byte {
	dst = appendString(append(dst, `{"title":`...), a.title)
	dst = appendText(dst, "description", a.text, false)
	dst = appendStrings(appendKey(dst, "outcomes"), a.outcomes)
	if !a.open {
		dst = appendStrings(appendKey(dst, "assignees"), a.assignees)
	}
	if len(a.exclude) > 0 {
		dst = appendStrings(appendKey(dst, "exclude"), a.exclude)
	}
	dst = appendInt(dst, "quorum", int64(a.quorum))
	dst = appendInt(dst, "veto", int64(a.veto))
	if len(a.form) > 0 {
		dst = append(appendKey(dst, "form"), a.form...)
	}
	if len(a.escalate) > 0 {
		dst = append(appendKey(dst, "escalate"), '[')
		for i := range a.escalate {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = a.escalate[i].append(dst)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func (e *escalation) append(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, `{"gap":`...), e.gap, 10)
	if len(e.add) > 0 {
		dst = appendStrings(appendKey(dst, "add"), e.add)
	}
	if len(e.notify) > 0 {
		dst = append(appendKey(dst, "notify"), e.notify...)
	}
	return append(dst, '}')
}

func appendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, s)
	}
	return append(dst, ']')
}

func (a *armSpec) append(dst []byte) []byte {
	dst = append(dst, '{')
	dst = appendString(append(dst, `"name":`...), a.name)
	dst = appendInt(dst, "due", a.due)
	dst = appendText(dst, "signal", a.signal, false)
	dst = appendInt(dst, "count", int64(a.count))
	for _, f := range [...]struct {
		on  bool
		key string
	}{{a.match, "match"}, {a.when, "when"}, {a.fresh, "fresh"}} {
		if f.on {
			dst = append(appendKey(dst, f.key), "true"...)
		}
	}
	return append(dst, '}')
}

func appendLate(dst []byte, late []expr.Late) []byte {
	dst = append(dst, '[')
	for i, l := range late {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(append(dst, `{"path":`...), l.Path)
		dst = append(dst, `,"parts":[`...)
		for j, p := range l.Parts {
			if j > 0 {
				dst = append(dst, ',')
			}
			if p.Expr != "" {
				dst = appendString(append(dst, `{"x":`...), p.Expr)
			} else {
				dst = appendString(append(dst, `{"t":`...), p.Text)
			}
			dst = append(dst, '}')
		}
		dst = append(dst, "]}"...)
	}
	return append(dst, ']')
}

func (st *Start) append(dst []byte) []byte {
	dst = appendText(dst, "id", st.ID.String(), true)
	dst = appendText(dst, "namespace", st.Namespace, true)
	dst = appendText(dst, "workflow", st.Workflow, true)
	dst = appendText(dst, "version", st.Version, true)
	dst = appendText(dst, "hash", st.Hash, false)
	dst = appendText(dst, "key", st.Key, false)
	if st.Parent != (record.ID{}) {
		dst = appendText(dst, "parent", st.Parent.String(), true)
	}
	if st.Of != (record.ID{}) {
		dst = appendText(dst, "fork_of", st.Of.String(), true)
		dst = appendInt(dst, "fork_seq", int64(st.OfSeq))
	}
	dst = appendInt(dst, "not_before", st.NotBefore)
	if st.Gather != nil {
		dst = st.Gather.append(appendKey(dst, "gather"))
	}
	if len(st.Input) > 0 {
		dst = append(appendKey(dst, "input"), st.Input...)
	}
	if len(st.Trigger) > 0 {
		dst = append(appendKey(dst, "trigger"), st.Trigger...)
	}
	dst = appendText(dst, "by", st.By, false)
	dst = appendText(dst, "parent_step", st.Step, false)
	dst = appendInt(dst, "parent_attempt", int64(st.Attempt))
	dst = appendFlag(dst, "parent_waits", st.Waits)
	dst = appendFlag(dst, "unchecked", st.Unchecked)
	if st.Body != nil {
		dst = st.Body.append(appendKey(dst, "body"))
	}
	if len(st.Tags) > 0 {
		dst = append(appendKey(dst, "tags"), '{')
		for i, t := range st.Tags {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(appendString(dst, t.Name), ':'), t.Data...)
		}
		dst = append(dst, '}')
	}
	return dst
}

func appendError(dst []byte, e *model.Error) []byte {
	dst = appendString(append(dst, `{"code":`...), e.Code)
	dst = appendText(dst, "message", e.Message, true)
	if len(e.Details) > 0 {
		dst = append(appendKey(dst, "details"), e.Details...)
	}
	if e.Retryable != nil {
		dst = strconv.AppendBool(appendKey(dst, "retryable"), *e.Retryable)
	}
	dst = appendInt(dst, "retry_after", int64(e.RetryAfter))
	dst = appendText(dst, "step", e.Step, false)
	return append(dst, '}')
}

func appendEdges(dst []byte, key string, edges []int32) []byte {
	if len(edges) == 0 {
		return dst
	}
	dst = append(appendKey(dst, key), '[')
	for i, e := range edges {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(e), 10)
	}
	return append(dst, ']')
}

// appendOperated writes what resets, migrations and forks carry.
func (o *Op) appendOperated(dst []byte) []byte {
	dst = appendList(dst, "nodes", o.list)
	dst = appendEdges(dst, "undecided", o.open)
	dst = appendEdges(dst, "regions", o.regions)
	if len(o.renames) > 0 {
		dst = append(appendKey(dst, "renamed"), '{')
		for i, r := range o.renames {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(append(appendString(dst, r.key), ':'), r.src)
		}
		dst = append(dst, '}')
	}
	if len(o.ops) > 0 {
		dst = append(appendKey(dst, "ops"), '[')
		for i := range o.ops {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = o.ops[i].append(dst)
		}
		dst = append(dst, ']')
	}
	return dst
}

func appendList(dst []byte, key string, names []string) []byte {
	if len(names) == 0 {
		return dst
	}
	dst = append(appendKey(dst, key), '[')
	for i, n := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, n)
	}
	return append(dst, ']')
}

func appendKey(dst []byte, key string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, key...)
	return append(dst, '"', ':')
}

func appendText(dst []byte, key, s string, always bool) []byte {
	if key == "" || s == "" && !always {
		return dst
	}
	return appendString(appendKey(dst, key), s)
}

func appendInt(dst []byte, key string, n int64) []byte {
	if key == "" || n == 0 {
		return dst
	}
	return strconv.AppendInt(appendKey(dst, key), n, 10)
}

const hex = "0123456789abcdef"

// appendString writes s as a JSON string; bytes that are no UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, s[from:i]...), "\ufffd"...)
				from = i + 1
			}
			i += n
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}
