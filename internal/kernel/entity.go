package kernel

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"github.com/pawl-dev/pawl/internal/kernel/graph"
	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// An entity is an execution of a built-in definition: a limit or a schedule. It has the journal, the owner, the fence,
// the page and the verbs of every execution, and no graph: what it does is here, in limit.go and in schedule.go. Its id
// derives from its name, so that everybody finds it without asking. It is made by the first message to it, and it has
// no end, because nobody could tell its end from its not having begun.

// The workflows of entities. No definition can have such a name: theirs have no dot.
const (
	LimitWorkflow    = "pawl.limit"
	ScheduleWorkflow = "pawl.schedule"
)

// BulkWorkflow is built in, too, and yet no entity: it has a graph, which is the engine's, and an end.
const BulkWorkflow = "pawl.bulk"

// BulkID is the execution of the bulk of that name in a namespace.
func BulkID(namespace, name string) record.ID { return entityID(BulkWorkflow, namespace, name) }

// IsEntity reports whether a workflow is built in.
func IsEntity(workflow string) bool { return strings.HasPrefix(workflow, "pawl.") }

// entityVersion is the version under which entities are journaled.
const entityVersion = "1.0.0"

// entityKind says what a definition is.
type entityKind uint8

const (
	entityLimit entityKind = iota + 1
	entitySchedule
)

var (
	limitDefinition    = builtin(LimitWorkflow, entityLimit)
	scheduleDefinition = builtin(ScheduleWorkflow, entitySchedule)
)

// Builtin is the definition of an entity's workflow; nil for every other workflow.
func Builtin(workflow string) *Definition {
	switch workflow {
	case LimitWorkflow:
		return limitDefinition
	case ScheduleWorkflow:
		return scheduleDefinition
	}
	return nil
}

func builtin(name string, kind entityKind) *Definition {
	w := &model.Workflow{Name: name, Version: entityVersion}
	g, _ := graph.New(&w.Root.Graph, nil)
	return &Definition{w: w, entity: kind, nodes: map[string]*nodeDef{}, root: &scopeDef{m: &w.Root, g: g}}
}

// LimitID is the execution of the limit of that name and key in a namespace; key "" is none.
func LimitID(namespace, name, key string) record.ID {
	return entityID(LimitWorkflow, namespace, name, key)
}

// ScheduleID is the execution of the schedule that a trigger of a workflow stands for.
func ScheduleID(namespace, workflow, name string) record.ID {
	return entityID(ScheduleWorkflow, namespace, workflow, name)
}

// entityID is drawn from what cannot be steered: nobody finds a name whose id is that of another tenant's entity.
func entityID(kind string, parts ...string) record.ID {
	h := sha256.New()
	h.Write([]byte(kind))
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	sum := h.Sum(nil)
	return record.NewID(0, binary.BigEndian.Uint64(sum), binary.BigEndian.Uint16(sum[8:]))
}

// entityStart is the birth of an entity.
func entityStart(id record.ID, namespace, workflow string, input []byte) *Start {
	return &Start{ID: id, Namespace: namespace, Workflow: workflow, Version: entityVersion, Input: input}
}

// bornEntity goes on after the start of an entity.
func (x *decider) bornEntity(in []byte) {
	switch x.d.entity {
	case entityLimit:
		x.bornLimit(in)
	case entitySchedule:
		x.bornSchedule(in)
	}
}

// entityInput handles what entities do not share with other executions. false: it is handled like everywhere.
func (x *decider) entityInput(i int, in *Input) bool {
	switch in.Kind {
	case InCancel, InTerminate:
		x.refuse(i, in, &model.Error{Code: CodeEntity, Message: "a " + x.d.entity.word() + " has no end; " + x.d.entity.instead()})
	case InSignal:
		x.entityCommand(i, in)
	case InMail:
		x.entityMail(i, in)
	default:
		return false
	}
	return true
}

// CodeEntity refuses what makes no sense for an entity.
const CodeEntity = "entity"

func (k entityKind) word() string {
	if k == entityLimit {
		return "limit"
	}
	return "schedule"
}

func (k entityKind) instead() string {
	if k == entityLimit {
		return "pause it, or change what it allows"
	}
	return "pause it, or deploy a version without its trigger"
}

// entityCommand handles a signal, the form in which commands for entities arrive.
func (x *decider) entityCommand(i int, in *Input) {
	sig := in.Signal
	var err *model.Error
	switch {
	case len(sig.Data) > x.bounds.Payload:
		err = &model.Error{Code: CodePayload, Message: "the command is larger than the engine keeps"}
	case x.d.entity == entityLimit:
		err = x.limitCommand(in)
	default:
		err = x.scheduleCommand(in)
	}
	x.answerEntity(i, in, err)
}

// answerEntity journals who commanded what under the name of the command.
func (x *decider) answerEntity(i int, in *Input, err *model.Error) {
	code := ""
	if err != nil {
		code = err.Code
	}
	if in.Request != "" || in.By != "" || in.Why != "" || err == nil {
		x.emit(Op{kind: opInput, word: in.Signal.Name, req: in.Request, by: in.By, why: in.Why, text: code, n: int64(x.remember(in)), digest: in.digest})
	}
	x.out.Answers = append(x.out.Answers, Answer{Input: i, Error: err, Status: x.s.status})
}

func unknownCommand(sig *Signal, known string) *model.Error {
	return &model.Error{Code: CodeUnknownSignal, Message: "there is no command " + sig.Name + " here; there are " + known}
}

// entityMail handles a message of an execution.
func (x *decider) entityMail(i int, in *Input) {
	m := in.Mail
	known := false
	if x.d.entity == entityLimit {
		known = x.limitMail(m)
	} else {
		known = x.scheduleMail(m)
	}
	if !known {
		x.out.Answers = append(x.out.Answers, Answer{Input: i, Status: x.s.status, Error: &model.Error{Code: CodeEntity, Message: "a " + x.d.entity.word() + " takes no such message"}})
	}
}

// advanceEntity does the next thing that an entity has to do; false: there is none now.
func (x *decider) advanceEntity() bool {
	if x.s.limit != nil {
		return x.advanceLimit()
	}
	return x.s.schedule != nil && x.advanceSchedule()
}

// entityReady reports whether advanceEntity would do something.
func (x *decider) entityReady() bool {
	if l := x.s.limit; l != nil {
		return l.ready(x.now)
	}
	return x.s.schedule != nil && x.s.schedule.ready(x.now)
}

// entityTimer is when an entity must look by itself; record.Never for not at all.
func (s *State) entityTimer() int64 {
	if s.limit != nil {
		return s.limit.nextTimer()
	}
	return s.schedule.nextTimer()
}

// post lets a message leave that an operation of this entry stands for, so that it needs none of its own.
func (x *decider) post(m Mail) {
	m.From = x.s.start.ID
	x.out.Sends = append(x.out.Sends, m)
}
