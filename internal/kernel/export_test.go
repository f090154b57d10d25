package kernel

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
)

// Script is an execution driven by the lines of testdata/*.txt.
type Script struct {
	e           *execution
	first, next *Definition // for the verb migrate
}

// Next gives the version that the verb migrate goes on with.
func (s *Script) Next(w *model.Workflow) { s.next = compileOK(s.e.t, w) }

// NewScript compiles the workflow of a script.
func NewScript(t testing.TB, w *model.Workflow) *Script {
	s := &Script{e: newExecution(t, w)}
	s.first = s.e.d
	s.e.env.Bounds = Bounds{PerDecide: 1000}
	return s
}

// Explain lists what is outstanding, one sentence each.
func (s *Script) Explain() (lines []string) {
	for o := range Open(s.e.s) {
		lines = append(lines, Explain(o, s.e.now))
	}
	return lines
}

// Do runs one line of a script and says what happened.
func (s *Script) Do(line string) ([]string, error) {
	verb, rest, _ := strings.Cut(line, " ")
	e := s.e
	step, arg, _ := strings.Cut(rest, " ")
	attempt := 1
	if e.s.root != nil {
		if st := e.s.stepAt(step); st != nil {
			attempt = st.attempt
		}
	}
	switch verb {
	case "quiet": // says only how much happened
		lines, err := s.Do(rest)
		return []string{fmt.Sprintf("%d lines, the last: %s", len(lines), lines[len(lines)-1])}, err
	case "start":
		return s.told(e.start(orNullText(rest))), nil
	case "start-in":
		ms, err := expr.ParseDuration(step)
		if err != nil {
			return nil, err
		}
		return s.told(e.feed(Input{Kind: InStart, Start: &Start{ID: testID, Namespace: "default", Workflow: e.d.w.Name, Version: "1.0.0", Input: []byte(orNullText(arg)), NotBefore: e.now + ms}})), nil
	case "gather": // gather batch=3/1h REQUEST INPUT, gather debounce=10s/1m REQUEST INPUT; - is no request
		return s.gathers(step, arg)
	case "ok":
		return s.result(step, attempt, model.Result{Output: []byte(orNullText(arg))}), nil
	case "outcome":
		word, out, _ := strings.Cut(arg, " ")
		return s.result(step, attempt, model.Result{Outcome: word, Output: []byte(orNullText(out))}), nil
	case "delayed": // delayed STEP DURATION OUTPUT: a good result whose edges are followed later
		wait, out, _ := strings.Cut(arg, " ")
		ms, err := expr.ParseDuration(wait)
		return s.result(step, attempt, model.Result{Output: []byte(orNullText(out)), Delay: model.Millis(ms)}), err
	case "config": // config REVISION NAME TEXT
		name, text, _ := strings.Cut(arg, " ")
		e.env.Config = map[string]any{name: text}
		_, err := fmt.Sscan(step, &e.env.Revision)
		return nil, err
	case "sends": // a good result that starts WORKFLOW, signals its KEY and the parent
		workflow, key, _ := strings.Cut(arg, " ")
		return s.result(step, attempt, model.Result{
			Start: []model.StartRequest{{Workflow: workflow, Input: []byte("1")}},
			Send:  []model.SendRequest{{Workflow: workflow, Key: key, Signal: "go", Data: []byte("2")}, {To: "parent", Signal: "go"}},
		}), nil
	case "fail", "fail-for-good":
		code, msg, _ := strings.Cut(arg, " ")
		failure := &model.Error{Code: code, Message: msg}
		if verb == "fail-for-good" {
			failure.Retryable = new(bool)
		}
		return s.result(step, attempt, model.Result{Error: failure}), nil
	case "again": // the same report of attempt N once more
		var n int
		if _, err := fmt.Sscan(arg, &n); err != nil {
			return nil, err
		}
		return s.result(step, n, model.Result{Output: []byte(`"again"`)}), nil
	case "lost":
		return s.told(e.feed(Input{Kind: InLost, Step: step, Attempt: attempt})), nil
	case "released":
		return s.told(e.feed(Input{Kind: InReleased, Step: step, Attempt: attempt})), nil
	case "signal":
		return s.told(e.feed(Input{Kind: InSignal, Signal: &Signal{Name: step, Data: []byte(orNullText(arg))}})), nil
	case "signal-id":
		id, data, _ := strings.Cut(arg, " ")
		return s.told(e.feed(Input{Kind: InSignal, Signal: &Signal{Name: step, ID: id, Data: []byte(orNullText(data))}})), nil
	case "signal-ttl": // signal-ttl NAME 1m DATA
		ttl, data, _ := strings.Cut(arg, " ")
		ms, err := expr.ParseDuration(ttl)
		if err != nil {
			return nil, err
		}
		return s.told(e.feed(Input{Kind: InSignal, Signal: &Signal{Name: step, TTL: ms, Data: []byte(orNullText(data))}})), nil
	case "after":
		ms, err := expr.ParseDuration(step)
		if err != nil {
			return nil, err
		}
		e.now += ms
		return s.told(e.feed(Input{Kind: InTick})), nil
	case "base": // with the next input, a state is written
		e.trim = &Trim{Base: true}
		return nil, nil
	case "trim": // with the next input: KEEP entries, or DURATION of age
		e.trim = &Trim{}
		if ms, err := expr.ParseDuration(step); err == nil {
			e.trim.Before = e.now - ms
		} else if _, err := fmt.Sscan(step, &e.trim.Keep); err != nil {
			return nil, err
		}
		return nil, nil
	case "bound": // sets a bound on steps, live steps or kept signals
		var n int
		if _, err := fmt.Sscan(arg, &n); err != nil {
			return nil, err
		}
		*map[string]*int{BoundSteps: &e.env.Bounds.Steps, BoundLiveSteps: &e.env.Bounds.LiveSteps, BoundSignals: &e.env.Bounds.Signals, BoundUndos: &e.env.Bounds.Undos, "transition": &e.env.Bounds.PerDecide}[step] = n
		return nil, nil
	case "command": // of a limit or a schedule
		return s.told(e.feed(Input{Kind: InSignal, By: "ann", Signal: &Signal{Name: step, Data: []byte(arg)}})), nil
	case "grant", "turned", "yield": // what a limit says; - is the execution
		return s.told(e.feed(s.ofLimit(verb, step, arg))), nil
	case "continue":
		return s.told(e.feed(Input{Kind: InContinue})), nil
	case "crash": // a new owner folds the journal
		e.s = e.fold()
		return nil, nil
	case "explain":
		return s.Explain(), nil
	case "decide":
		return s.told(e.feed(decision(rest))), nil
	case "token": // the holder of the token of an attempt answers: token STEP ATTEMPT ok|outcome|fail|beat ...
		in, err := tokenAnswer(rest)
		if err != nil {
			return nil, err
		}
		return s.told(e.feed(in)), nil
	case "late-answer": // an input that comes when time has passed and no tick was given: late-answer 1h token ...
		ms, err := expr.ParseDuration(step)
		if err != nil {
			return nil, err
		}
		in, err := s.input(arg)
		if err != nil {
			return nil, err
		}
		e.now += ms
		return s.told(e.feed(in)), nil
	case "both": // several inputs in one transition
		var in []Input
		for _, part := range strings.Split(rest, "; ") {
			one, err := s.input(part)
			if err != nil {
				return nil, err
			}
			in = append(in, one)
		}
		return s.told(e.feed(in...)), nil
	}
	if verb == "resume-shift" {
		return s.told(e.feed(Input{Kind: InResume, Shift: true})), nil
	}
	if lines, ok, err := s.operator(verb, rest); ok || err != nil {
		return lines, err
	}
	kinds := map[string]InputKind{"cancel": InCancel, "terminate": InTerminate, "pause": InPause, "resume": InResume}
	if kind, ok := kinds[verb]; ok {
		in := Input{Kind: kind}
		if id, found := strings.CutPrefix(rest, "request="); found {
			in.Request = id
		} else {
			in.Why = rest
		}
		return s.told(e.feed(in)), nil
	}
	return nil, fmt.Errorf("unknown verb %q", verb)
}

// input reads a line that is one input, for both.
func (s *Script) input(line string) (Input, error) {
	verb, rest, _ := strings.Cut(line, " ")
	name, data, _ := strings.Cut(rest, " ")
	switch verb {
	case "decide":
		return decision(rest), nil
	case "token":
		return tokenAnswer(rest)
	case "cancel":
		return Input{Kind: InCancel, Why: rest}, nil
	case "tick":
		return Input{Kind: InTick}, nil
	case "signal":
		return Input{Kind: InSignal, Signal: &Signal{Name: name, Data: []byte(orNullText(data))}}, nil
	case "ok":
		return Input{Kind: InResult, Step: name, Attempt: 1, Result: &model.Result{Output: []byte(orNullText(data))}}, nil
	}
	return Input{}, fmt.Errorf("%q is no input", line)
}

func tokenAnswer(text string) (Input, error) {
	text, request, _ := strings.Cut(text, " request=")
	fields := strings.SplitN(text, " ", 4)
	in := Input{Kind: InCallback, Request: request, Step: fields[0], Callback: &Callback{}}
	if len(fields) < 3 {
		return in, fmt.Errorf("token %s: STEP ATTEMPT VERB", text)
	}
	if _, err := fmt.Sscan(fields[1], &in.Attempt); err != nil {
		return in, err
	}
	rest := ""
	if len(fields) == 4 {
		rest = fields[3]
	}
	word, data, _ := strings.Cut(rest, " ")
	r := &model.Result{}
	switch fields[2] {
	case "ok":
		r.Output = []byte(rest)
	case "outcome":
		r.Outcome, r.Output = word, []byte(data)
	case "fail":
		r.Error = &model.Error{Code: word, Message: data}
	case "set": // set VAR VALUE
		r.Set = []model.Assign{{Var: word, Value: []byte(data)}}
	case "delayed": // delayed DURATION OUTPUT
		ms, err := expr.ParseDuration(word)
		if err != nil {
			return in, err
		}
		r.Output, r.Delay = []byte(data), model.Millis(ms)
	case "beat":
		in.Callback.Progress = []byte(rest)
		return in, nil
	default:
		return in, fmt.Errorf("unknown answer %q", fields[2])
	}
	in.Callback.Result = r
	return in, nil
}

// decision reads "PERSON STEP OUTCOME", then groups=a,b why=text request=id and the form, a JSON object. A STEP or
// PERSON of - is none.
func decision(text string) Input {
	in := Input{Kind: InDecide, Decision: &Decision{}}
	fields, form, _ := strings.Cut(text, " {")
	if form != "" {
		in.Decision.Form = []byte("{" + form)
	}
	for i, f := range strings.Fields(fields) {
		key, val, named := strings.Cut(f, "=")
		switch {
		case f == "-":
		case i == 0:
			in.By = f
		case i == 1:
			in.Decision.Step = f
		case !named:
			in.Decision.Outcome = f
		case key == "groups":
			in.Decision.Groups = strings.Split(val, ",")
		case key == "why":
			in.Why = val
		case key == "request":
			in.Request = val
		}
	}
	return in
}

func (s *Script) result(step string, attempt int, r model.Result) []string {
	return s.told(s.e.feed(Input{Kind: InResult, Step: step, Attempt: attempt, Result: &r}))
}

func orNullText(s string) string {
	if s == "" {
		return "null"
	}
	return s
}

func (s *Script) told(dec Decided) (lines []string) {
	tasks := map[string]Task{}
	for _, t := range dec.Dispatch {
		tasks[fmt.Sprint(t.Step, t.Attempt)] = t
	}
	for i := range dec.Ops {
		if line := s.tell(&dec.Ops[i], tasks); line != "" {
			lines = append(lines, line)
		}
	}
	for i := range dec.Sends {
		if line := s.sent(&dec.Sends[i]); line != "" {
			lines = append(lines, line)
		}
	}
	for _, a := range dec.Answers {
		switch {
		case a.Error != nil:
			lines = append(lines, "refused: "+a.Error.Code+": "+a.Error.Message)
		case a.Repeated:
			lines = append(lines, "answered as before")
		}
	}
	return lines
}

// ofLimit is a message of the limit that a step, or the execution, has asked for last.
func (s *Script) ofLimit(verb, step, arg string) Input {
	c := s.e.s.claims
	if step == "-" {
		step = ""
	} else if st := s.e.s.stepAt(step); st != nil {
		c = st.claims
	}
	m := &Mail{Kind: map[string]MailKind{"grant": MailGrant, "turned": MailTurned, "yield": MailYield}[verb], Step: step}
	if code, text, ok := strings.Cut(arg, " "); ok {
		m.Error = &model.Error{Code: code, Message: text}
	}
	if c != nil && len(c.list) > 0 {
		k := c.list[min(c.got, len(c.list)-1)]
		m.From, m.Attempt = LimitID("default", k.name, k.key), c.attempt
	}
	return Input{Kind: InMail, Mail: m}
}

// sent says what leaves for a limit.
func (s *Script) sent(m *Mail) string {
	who := m.Step
	if who == "" {
		who = "the execution"
	}
	switch m.Kind {
	case MailAcquire:
		return fmt.Sprintf("%s asks for %s with %s", who, m.Start.Input, m.Data)
	case MailRelease:
		return who + " gives its limit back, or leaves the line"
	}
	return ""
}

func (s *Script) in(at int64) string { return expr.FormatDuration(at - s.e.now) }

func (s *Script) tell(o *Op, tasks map[string]Task) string {
	switch o.kind {
	case opTask:
		text := fmt.Sprintf("%s: attempt %d", o.path, o.attempt)
		if t, ok := tasks[fmt.Sprint(o.path, o.attempt)]; ok && o.attempt == 1 {
			text += " " + string(t.With)
			for _, l := range t.Late {
				text += fmt.Sprintf(" late %s %v", l.Path, l.Parts)
			}
		}
		return text
	case opWait:
		return o.path + ": waits for " + s.arms(o)
	case opEnter:
		if o.n < 0 {
			return o.path + ": begins"
		}
		return fmt.Sprintf("%s: begins %d", o.path, o.n)
	case opDone:
		text := o.path + ": " + o.word
		if o.name == "skipped" || o.name == "cancelled" {
			text = o.path + ": " + o.name
		}
		if o.flag {
			text += " (effect unknown)"
		}
		if o.err != nil {
			text += " " + o.err.Code + ": " + o.err.Message
		}
		if o.hasData {
			text += " " + string(o.data)
		}
		return text
	case opBackoff:
		return fmt.Sprintf("%s: %s: %s; again in %s", o.path, o.err.Code, o.err.Message, s.in(o.until))
	case opLost:
		if o.flag {
			return fmt.Sprintf("%s: attempt %d was given back", o.path, o.attempt)
		}
		return fmt.Sprintf("%s: attempt %d lost", o.path, o.attempt)
	case opCancel:
		return o.path + ": asked to stop"
	case opStep:
		if o.text != "" {
			return o.path + " undoes " + o.text
		}
	case opUndone:
		return o.text + " is undone"
	case opAlarm:
		return fmt.Sprintf("alarm: %s: %s: %s", o.path, o.err.Code, o.err.Message)
	case opSet:
		return fmt.Sprintf("vars.%s %s %s", o.name, o.word, o.data)
	case opLog:
		return "log: " + o.text
	case opTags:
		text := "tags:"
		for _, t := range o.tags {
			text += " " + t.name + "=" + string(t.data)
		}
		return text
	case opSignal:
		return fmt.Sprintf("signal %d %s arrives", o.n, o.name)
	case opTook:
		return fmt.Sprintf("signal %d goes to %s", o.n, o.path)
	case opPutBack:
		return fmt.Sprintf("signal %d comes back from %s", o.n, o.path)
	case opExpired:
		return fmt.Sprintf("signal %d has expired", o.n)
	case opGather:
		return strings.TrimSpace(fmt.Sprintf("start %d comes: %s, by %s; until %s", o.n, o.data, o.by, s.in(o.due)))
	case opGathered:
		return fmt.Sprintf("gathered %d: %s", o.n, o.word)
	case opUndelivered:
		return fmt.Sprintf("signal %d was never consumed", o.n)
	case opHold:
		return "the failure waits for the other steps: " + o.err.Code
	case opAbsorbed:
		return o.name + ": a late token is absorbed"
	case opClosed:
		if o.path == "" {
			return ""
		}
		return o.path + " ends " + s.ended(o)
	case opClose:
		if o.path == "" {
			if o.until == 0 {
				return "the execution is ending"
			}
			return "everything still running is asked to stop"
		}
		return o.path + " is closing"
	case opStatus:
		if o.err != nil {
			return o.word + ": " + o.err.Code + ": " + o.err.Message
		}
		return o.word
	case opEnd:
		text := "execution " + o.word + ", outcome " + o.name
		if o.err != nil {
			return text + " " + o.err.Code + ": " + o.err.Message
		}
		if out := s.e.s.Output(); out != nil {
			text += " " + string(out)
		}
		return text
	case opBase:
		return "(the whole state is kept here)"
	case opTrim:
		return fmt.Sprintf("entries before %d are removed", o.n)
	case opWarn:
		return "warning: " + Warning{o.name, o.attempt, o.n, o.until}.String()
	case opFeed:
		text := o.path + ":"
		if o.until > 0 {
			text += fmt.Sprintf(" takes signal %d", o.until)
		}
		if o.n > 0 {
			text += fmt.Sprintf(" %d more", o.n)
		}
		if o.flag {
			if text != o.path+":" {
				text += ","
			}
			text += " no more come"
		}
		return text
	case opLimit, opPlace, opGrant, opYield, opFree, opTurned:
		return tellLimit(o)
	case opSchedule, opDue, opTick, opQueue, opEnded:
		return tellSchedule(o)
	case opMore:
		return "(to be continued)"
	case opAsk:
		text := o.path + ": asks"
		if o.ask.open {
			text += " everybody"
		} else {
			text += " " + strings.Join(o.ask.assignees, ", ")
		}
		text += " for " + strings.Join(o.ask.outcomes, " or ") + fmt.Sprintf(": %q", o.ask.title)
		if o.due > 0 {
			text += ", at most " + s.in(o.due)
		}
		return text
	case opAwait:
		text := o.path + ": waits for the answer to its token"
		if o.until > 0 {
			text += ", silent at most " + s.in(o.until)
		}
		return text
	case opAnswered:
		text := fmt.Sprintf("%s: the token of attempt %d says %s", o.path, o.attempt, o.word)
		if o.hasData {
			text += " " + string(o.data)
		}
		return text
	case opBeat:
		return strings.TrimRight(o.path+": the token gives a sign of life "+string(o.data), " ")
	case opVote:
		return o.path + ": " + o.by + " chooses " + o.word
	case opEscalate:
		return o.path + ": escalates " + string(o.data)
	case opSend:
		return tellSend(o)
	case opCopied:
		var steps []string
		for i := range o.ops {
			if o.ops[i].kind == opDone {
				steps = append(steps, o.ops[i].path)
			}
		}
		if steps == nil {
			return ""
		}
		return fmt.Sprintf("copied from entry %d: %s", o.n, strings.Join(steps, ", "))
	case opMigrate:
		return "goes on with version " + o.name
	case opReset:
		if o.list == nil {
			return ""
		}
		return "taken back: " + strings.Join(o.list, ", ")
	case opSpawn:
		if o.flag {
			return o.path + ": its children are asked to end"
		}
		return fmt.Sprintf("%s: starts %d children from %d on %s", o.path, o.until, o.n, o.data)
	case opReturned:
		return fmt.Sprintf("%s: children %v end %s", o.path, o.taken, s.ended(o))
	case opChild:
		if o.text != "" {
			return o.path + ": is attached to " + o.text + " of version " + o.word
		}
		return o.path + ": the child is there, of version " + o.word
	case opListen:
		return o.text + " listens"
	case opLeft:
		return "the child " + o.text + " has ended before"
	}
	return ""
}

func (s *Script) ended(o *Op) string {
	if o.err != nil {
		return o.word + " " + o.err.Code
	}
	return o.word
}

func (s *Script) arms(o *Op) string {
	var parts []string
	for _, a := range o.arms {
		text := ""
		switch {
		case a.signal != "":
			text = "signal " + a.signal
			if a.count > 1 {
				text = fmt.Sprintf("%d signals %s", a.count, a.signal)
			}
		case a.due > 0:
			text = s.in(a.due)
		default:
			text = "its condition"
		}
		if a.name != "" {
			text = a.name + " (" + text + ")"
		}
		parts = append(parts, text)
	}
	text := strings.Join(parts, " or ")
	if o.due > 0 {
		text += ", at most " + s.in(o.due)
	}
	return text
}

// CheckTails checks every snapshot the execution could have had.
func (s *Script) CheckTails() { s.e.checkTails() }
