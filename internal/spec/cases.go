package spec

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
)

// Suite is a file of saved cases: what executions of some definitions are given, and what must come of it.
type Suite struct {
	File string
	// Definitions are the files of the workflows, as written: relative to the folder of the suite. Empty means the
	// file beside it whose name lacks the word test.
	Definitions []string
	// Types are effect node types that the suite declares, because nothing here can execute them.
	Types map[string]NodeType
	// Mocks answer in every case, behind those of the case.
	Mocks []Mock
	Cases []Case

	// config and workflow are those of cases that write none.
	config   map[string]json.RawMessage
	workflow string
}

// Config are the values of config.NAME for cases that write none.
func (s *Suite) Config() map[string]json.RawMessage { return s.config }

// Case is one of them. Raw values are JSON, nil where they were not written.
type Case struct {
	Name string
	Line int
	// Workflow is "" for the last workflow of the first file.
	Workflow string
	// At is the time at which the case begins, Unix milliseconds.
	At      int64
	Input   json.RawMessage
	Trigger json.RawMessage
	Config  map[string]json.RawMessage
	Secrets map[string]string
	Key, By string
	Mocks   []Mock
	Then    []Act
	Expect  Expectation
	// Schedules: nothing is started but by the triggers of the workflows.
	Schedules bool
	// NoCrash: the case is not played with crashes.
	NoCrash bool
}

// Mock answers the tasks of a node, or of all nodes of a type, or all that call a function.
type Mock struct {
	// For is a node id, the name of a function or service, a node type, or any.
	For  string
	Line int
	// Answers: where one of them has a When, the first that holds answers; else the first call takes the first, the
	// second the second, and the last stays.
	Answers []Reply
}

// Reply is what an executor is said to have done. Output is a JSON template.
type Reply struct {
	Line    int
	When    string
	Outcome string
	Output  json.RawMessage
	Error   *model.Error
	Delay   model.Millis
	Set     []model.Assign
	Log     []string
	Tags    map[string]json.RawMessage
	// Never: no answer comes; the step ends by its timeout, or by being cancelled.
	Never bool
	// Lost: the worker is gone without an answer.
	Lost bool
	// Late: asked to stop, it goes on and answers all the same.
	Late bool
}

// Act is something that happens from outside while a case runs. After and Until come first: time passes until then.
type Act struct {
	Line  int
	After model.Millis
	Until string
	// Verb is a key of the acts, "" for none; Of is its value: a signal, a node, a step, a reason.
	Verb, Of string
	// Shift: resuming moves the timers by the time of the pause.
	Shift bool
	// To names another execution than that of the case, by its workflow or key.
	To          string
	ID, By, Why string
	// Groups are those that By belongs to.
	Groups       []string
	Data, Output json.RawMessage
	Outcome      string
	Error        *model.Error
	Key          string
	// From is the step that a move leaves; Vars are the assignments of vars.
	From string
	Vars []model.Assign
	// Version is that with which a rerun or a fork goes on; Renames are the new ids of nodes in it, or in that of a migrate.
	Version string
	Renames map[string]string
	// Refused is the code with which the engine must refuse the act.
	Refused string
	Expect  *Expectation
}

// Expectation is what must have become of an execution. What is nil or empty was not written.
type Expectation struct {
	Line     int
	Workflow string
	Status   string
	Outcome  string
	Output   json.RawMessage
	// Error is compared by code, and by message and step where they are written.
	Error *model.Error
	// Path are the steps in the order of their ends, as in "charge" or "charge: declined"; nil: not compared.
	Path []string
	// Passes must appear in the path in this order, among others.
	Passes []string
	// Open are the nodes whose steps may, and must, be outstanding.
	Open []string
	// Undelivered are the signals left over at the end, by name.
	Undelivered []string
	// Calls counts the tasks that were answered, by node.
	Calls map[string]int
	// Took is how long it took, -1 where it was not written.
	Took model.Millis
	// Others are further executions: children and those that were started, in order of their starts.
	Others []Expectation
}

// ParseSuite reads a file of cases, with every fault found.
func ParseSuite(src []byte, file string) (*Suite, Faults) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	c := &collector{file: file, lines: newLines(src[:min(len(src), MaxFile)])}
	s := &Suite{File: file}
	roots := suiteRoots(c, src, file)
	if len(roots) == 0 {
		if !c.bad {
			c.add(1, 1, 1, Fault{Code: CodeEmpty, Message: "there is no case in the file", Hint: "begin with cases: [{case: name}]"})
		}
		return s, c.result()
	}
	r := &reader{o: &Options{File: file}, c: c, doc: &Document{nodes: map[string]*written{}}}
	r.suite(roots[0], s)
	for _, more := range roots[1:] {
		r.fault(more, CodeTooMany, "a file of cases is one document", "put the cases of the others into cases of the first")
	}
	return s, c.result()
}

func suiteRoots(c *collector, src []byte, file string) []*value {
	if len(src) > MaxFile {
		c.add(1, 1, 1, Fault{Code: CodeTooLarge, Message: "the file is larger than 16 MiB", Hint: "put the cases into several files"})
		return nil
	}
	if at, problem, hint := unreadable(src); problem != "" {
		ch := chunk{src, 1}
		line, col := ch.place(at)
		c.add(line, col, 1, Fault{Code: CodeEncoding, Message: problem, Hint: hint})
		return nil
	}
	if strings.HasSuffix(file, ".json") {
		return roots(c, chunk{src, 1}, true)
	}
	var out []*value
	for _, ch := range split(src) {
		out = append(out, roots(c, ch, false)...)
	}
	return out
}

func (r *reader) suite(v *value, s *Suite) {
	if !r.want(v, isMap, "a file of cases", "begin with cases: [{case: name}]") {
		return
	}
	r.keys(v, &suiteKeys)
	if !r.must(v, &suiteKeys) {
		return
	}
	s.Definitions = r.texts(v.get("test"), "test", "the name of a definition file")
	s.Types = r.declaredTypes(v.get("types"))
	s.Mocks = r.mocks(v.get("mocks"))
	s.config = r.values(v.get("config"), "config", r.identifier)
	s.workflow = r.workflowName(v.get("workflow"), "workflow")
	names := map[string]int{}
	for _, it := range r.list(v.get("cases"), "cases", "such as cases: [{case: it works}]") {
		one := r.testCase(it)
		if one.Config == nil {
			one.Config = s.config
		}
		if one.Workflow == "" {
			one.Workflow = s.workflow
		}
		if first := names[one.Name]; first > 0 && one.Name != "" {
			r.fault(it.get("case"), CodeDuplicateID, "the case "+quote(one.Name)+" stands in the file twice", "the first is in line "+decimal(first)+"; give one another name")
		}
		names[one.Name] = one.Line
		s.Cases = append(s.Cases, one)
	}
}

// texts reads text, or a list of it.
func (r *reader) texts(v *value, what, hint string) []string {
	switch {
	case v == nil:
		return nil
	case v.kind == isText:
		return []string{v.text}
	}
	out := []string{}
	for _, it := range r.list(v, what, hint) {
		if r.want(it, isText, what, hint) {
			out = append(out, it.text)
		}
	}
	return out
}

// declaredTypes reads node types that are only named here, with their outcomes.
func (r *reader) declaredTypes(v *value) map[string]NodeType {
	if v == nil || !r.want(v, isMap, "types", "such as {ai: {outcomes: [tools]}, sql: {}}") {
		return nil
	}
	out := map[string]NodeType{}
	for i, k := range v.keys {
		t := NodeType{Type: k.text}
		if !r.identifier(k, "a node type") {
			continue
		}
		if d := v.items[i]; d.kind != isNull && r.want(d, isMap, "a node type", "such as {outcomes: [tools]}, or {}") {
			r.keys(d, &typeKeys)
			t.Outcomes = r.texts(d.get("outcomes"), "outcomes", "")
			t.Bad = r.texts(d.get("bad"), "bad", "")
		}
		out[k.text] = t
	}
	return out
}

func (r *reader) testCase(v *value) (c Case) {
	c.Line, c.Expect.Took = v.line, -1
	if !r.want(v, isMap, "a case", "such as {case: it works, expect: {outcome: success}}") {
		return c
	}
	r.keys(v, &testCaseKeys)
	if !r.must(v, &testCaseKeys) {
		return c
	}
	c.Name = r.text(v.get("case"), "case")
	c.Workflow = r.workflowName(v.get("workflow"), "workflow")
	c.At = r.instant(v.get("at"))
	c.Input = v.get("input").json()
	c.Trigger = v.get("trigger").json()
	c.Config = r.values(v.get("config"), "config", r.identifier)
	c.Secrets = r.secrets(v.get("secrets"))
	c.Key = r.text(v.get("key"), "key")
	c.By = r.text(v.get("by"), "by")
	c.Mocks = r.mocks(v.get("mocks"))
	if s := v.get("schedules"); s != nil {
		c.Schedules = r.boolean(s, "schedules")
	}
	for _, key := range []string{"input", "trigger", "key", "by"} {
		if v.get(key) != nil && c.Schedules {
			r.fault(v.key(key), CodeNotHere, key+" is for a start by hand, and with schedules there is none", "leave it out, or leave schedules out")
		}
	}
	for _, it := range r.list(v.get("then"), "then", "such as then: [{after: 1d}, {signal: paid}]") {
		c.Then = append(c.Then, r.act(it))
	}
	if e := v.get("expect"); e != nil {
		c.Expect = r.expectation(e, true)
	}
	if crash := v.get("crash"); crash != nil {
		c.NoCrash = !r.boolean(crash, "crash")
	}
	return c
}

// CasesBegin is the time at which a case begins that says nothing: 2026-01-01T00:00:00Z.
const CasesBegin = 1_767_225_600_000

func (r *reader) instant(v *value) int64 {
	if v == nil {
		return CasesBegin
	}
	if !r.want(v, isText, "at", `quote it: "2026-03-01T02:00:00Z"`) {
		return CasesBegin
	}
	ms, err := expr.ParseTime(v.text)
	if err != nil {
		r.fault(v, CodeValue, "at cannot be "+quote(v.text), "such as 2026-03-01T02:00:00Z or 2026-03-01T02:00:00+01:00")
		return CasesBegin
	}
	return ms
}

func (r *reader) secrets(v *value) map[string]string {
	if v == nil || !r.want(v, isMap, "secrets", "such as {slack: not-a-secret}") {
		return nil
	}
	out := map[string]string{}
	for i, k := range v.keys {
		if r.identifier(k, "a secret") && r.want(v.items[i], isText, "the secret "+k.text, "") {
			out[k.text] = v.items[i].text
		}
	}
	return out
}

// fails reads an error: its code, "code: message", or a map.
func (r *reader) fails(v *value, what string) *model.Error {
	if v == nil {
		return nil
	}
	if v.kind == isText {
		code, message, _ := strings.Cut(v.text, ":")
		return &model.Error{Code: strings.TrimSpace(code), Message: strings.TrimSpace(message)}
	}
	if !r.want(v, isMap, what, "its code, or {code: declined, message: no money}") {
		return nil
	}
	r.keys(v, &failsKeys)
	r.must(v, &failsKeys)
	e := &model.Error{Code: r.text(v.get("code"), "code"), Message: r.text(v.get("message"), "message"), Step: r.text(v.get("step"), "step")}
	e.Details = v.get("details").json()
	e.RetryAfter = r.span(v.get("retry_after"), "retry_after")
	if again := v.get("retryable"); again != nil {
		yes := r.boolean(again, "retryable")
		e.Retryable = &yes
	}
	return e
}

// bare checks a bare expression of a suite.
func (r *reader) bare(v *value, what string) string {
	src := r.expression(v, what)
	if src == "" {
		return ""
	}
	if _, err := expr.Compile(src); err != nil {
		r.notExpression(v, what, err)
	}
	return src
}

// template checks a value with ${ }.
func (r *reader) template(v *value, what string) json.RawMessage {
	raw := v.json()
	if raw == nil {
		return nil
	}
	if _, err := expr.CompileTemplate(raw); err != nil {
		r.notExpression(v, what, err)
	}
	return raw
}

func (r *reader) notExpression(v *value, what string, err error) {
	hint := "pawl eval tries an expression"
	message := err.Error()
	if e, ok := err.(*expr.Error); ok {
		message = e.Message
		if e.Hint != "" {
			hint = e.Hint
		}
	}
	r.fault(v, CodeExpr, what+": "+message, hint)
}
