package pawl

import (
	"slices"
	"time"
)

// NodeOption governs a node beside its type. Options that do not fit the type are reported when the definition is
// deployed.
type NodeOption struct{ apply func(*nodeDoc) }

// nodeField sets a key of the node, config one of its type's configuration.
func nodeField(key string, v any) NodeOption {
	return NodeOption{func(n *nodeDoc) { n.fields.set(key, v) }}
}

func config(key string, v any) NodeOption {
	return NodeOption{func(n *nodeDoc) { n.config.set(key, v) }}
}

func configIn(key, name string, v any) NodeOption {
	return NodeOption{func(n *nodeDoc) { n.config.child(key).set(name, v) }}
}

// Retry gives a step up to attempts tries, a second apart at first, then longer.
func Retry(attempts int) NodeOption { return nodeField("retry", attempts) }

// RetryPolicy is a policy with everything that can be said; zero fields take the defaults of [Retry].
type RetryPolicy struct {
	// MaxAttempts counts the first.
	MaxAttempts int
	// InitialInterval is the pause before the second attempt (1 s), MaxInterval the longest (1 m).
	InitialInterval, MaxInterval time.Duration
	// Backoff is the factor from one pause to the next (2).
	Backoff float64
	// Jitter is the share of a pause that is drawn by lot, from 0 to 1; nil means 0.2.
	Jitter *float64
	// Match lists the error codes that the policy takes; empty takes all. When is a bare expression over error.
	Match []string
	When  string
}

// RetryWith gives a step a list of policies; the first that takes an error applies, each with its own count.
func RetryWith(policies ...RetryPolicy) NodeOption {
	list := make([]any, len(policies))
	for i, p := range policies {
		list[i] = p.document()
	}
	return nodeField("retry", list)
}

func (p RetryPolicy) document() *object {
	o := &object{}
	o.set("max_attempts", p.MaxAttempts)
	if p.InitialInterval > 0 {
		o.set("initial_interval", span(p.InitialInterval))
	}
	if p.MaxInterval > 0 {
		o.set("max_interval", span(p.MaxInterval))
	}
	if p.Backoff > 0 {
		o.set("backoff_coefficient", p.Backoff)
	}
	if p.Jitter != nil {
		o.set("jitter", *p.Jitter)
	}
	if len(p.Match) > 0 {
		o.set("match", p.Match)
	}
	if p.When != "" {
		o.set("when", p.When)
	}
	return o
}

// Timeout bounds a step from the moment it is scheduled, attempts and pauses included.
func Timeout[D string | time.Duration](d D) NodeOption { return nodeField("timeout", spanOf(d)) }

// AttemptTimeout bounds one attempt.
func AttemptTimeout[D string | time.Duration](d D) NodeOption {
	return nodeField("attempt_timeout", spanOf(d))
}

// Heartbeat bounds how long the code of a step may be silent; see [Beat].
func Heartbeat[D string | time.Duration](d D) NodeOption { return nodeField("heartbeat", spanOf(d)) }

// If skips the node where the bare expression does not hold; the flow goes on behind it.
func If(cond string) NodeOption { return nodeField("if", cond) }

// Output replaces the result of a node before it is recorded, and is the output of an [End].
func Output(v any) NodeOption {
	return NodeOption{func(n *nodeDoc) {
		if n.kind == "end" {
			n.config.set("output", v)
			return
		}
		n.fields.set("output", v)
	}}
}

// Set changes variables when the step ends well.
func Set(vars map[string]any) NodeOption { return nodeField("set", vars) }

// LogLine adds a line to the step's log when it ends well.
func LogLine(text string) NodeOption { return nodeField("log", text) }

// Tagged sets tags of the execution when the step ends well.
func Tagged(tags map[string]any) NodeOption { return nodeField("tags", tags) }

// Compensate names the node that undoes this one when its scope ends badly.
func Compensate(node string) NodeOption { return nodeField("compensate", node) }

// JoinAny starts the node when the first edge to it is taken; without it all edges must have been decided.
func JoinAny() NodeOption { return nodeField("join", "any") }

// JoinN starts the node when the n-th edge to it is taken.
func JoinN(n int) NodeOption { return nodeField("join", n) }

// JoinEach starts what is behind the node once for each token that comes.
func JoinEach() NodeOption { return nodeField("join", "each") }

// SplitAll turns the choices of a node into "every entry that holds".
func SplitAll() NodeOption { return nodeField("split", "all") }

// MaxRuns bounds how often a node of a cycle runs; the next time it ends in exhausted.
func MaxRuns(n int) NodeOption { return nodeField("max_runs", n) }

// OnFailure says what an unhandled bad outcome of the node does: "fail", "finish" or "park".
func OnFailure(what string) NodeOption { return nodeField("on_failure", what) }

// Priority orders tasks that wait for an executor, higher first.
func Priority(p int) NodeOption { return nodeField("priority", p) }

// Callback lets an effect step wait, after an attempt that went well, for the answer to its task's token: see
// [Engine.CompleteTask].
func Callback() NodeOption { return nodeField("callback", true) }

// Queue names the line of tasks that workers pull from.
func Queue(name string) NodeOption { return nodeField("queue", name) }

// Describe says what the node is for.
func Describe(text string) NodeOption { return nodeField("description", text) }

// Field sets any other key of a node by its name in the file.
func Field(key string, v any) NodeOption { return nodeField(key, v) }

// Config sets any other key of the node type's configuration by its name in the file.
func Config(key string, v any) NodeOption { return config(key, v) }

// Header sets a header of an [HTTP] request.
func Header(name, value string) NodeOption { return configIn("headers", name, value) }

// JSON is the body of an [HTTP] request.
func JSON(v any) NodeOption { return config("json", v) }

// Accept lists the statuses of an [HTTP] response that are no error.
func Accept(statuses ...int) NodeOption { return config("accept", statuses) }

// Default is the outcome of a [Switch] none of whose cases holds.
func Default(outcome string) NodeOption { return config("default", outcome) }

// Match lets a [WaitSignal] take only signals for which the bare expression holds.
func Match(cond string) NodeOption { return config("match", cond) }

// Fresh lets a [WaitSignal] take only signals that come after it began.
func Fresh() NodeOption { return config("fresh", true) }

// Count lets a [WaitSignal] collect n signals.
func Count(n int) NodeOption { return config("count", n) }

// Assignees are the people and groups who may decide a [WaitApproval]; without it everybody may.
func Assignees(names ...string) NodeOption { return config("assignees", names) }

// Exclude are the people and groups who may not decide a [WaitApproval].
func Exclude(names ...string) NodeOption { return config("exclude", names) }

// ApprovalOutcomes are the words people choose from in a [WaitApproval]; [Quorum] counts the first. The default is
// approved and rejected.
func ApprovalOutcomes(words ...string) NodeOption { return config("outcomes", words) }

// Quorum is how many different people must choose the first word of a [WaitApproval]: 1.
func Quorum(n int) NodeOption { return config("quorum", n) }

// Veto is how many people choosing another word end a [WaitApproval]: 1.
func Veto(n int) NodeOption { return config("veto", n) }

// Escalate asks the people and groups in add too when a [WaitApproval] has waited for after; notify, if not nil, is
// said in the journal then. It may stand several times.
func Escalate[D string | time.Duration](after D, notify any, add ...string) NodeOption {
	e := &object{}
	e.set("after", spanOf(after))
	if len(add) > 0 {
		e.set("add", add)
	}
	if notify != nil {
		e.set("notify", notify)
	}
	return NodeOption{func(n *nodeDoc) {
		list, _ := n.config.get("escalate").([]any)
		n.config.set("escalate", append(slices.Clip(list), any(e)))
	}}
}

// FormSchema is the JSON Schema of what is filled in with each decision on a [WaitApproval].
func FormSchema(schema any) NodeOption { return configIn("form", "schema", schema) }

// Of lets an [End] end an enclosing composite by its id, or "execution".
func Of(composite string) NodeOption { return config("of", composite) }

// WithError ends what an [End] ends in error, with a code and a message.
func WithError(code, message string) NodeOption {
	e := &object{}
	e.set("code", code)
	e.set("message", message)
	return config("error", e)
}

// As names the element of a [Foreach]; the default is item.
func As(name string) NodeOption { return config("as", name) }

// Collect says what a [Foreach] gives: "list" (default), "count" or "none".
func Collect(what string) NodeOption { return config("collect", what) }

// Batch hands out lists of n items of a [Foreach] instead of items.
func Batch(n int) NodeOption { return config("batch", n) }

// AddOn lets signals of that name add items to a [Foreach] while it runs: the data is the item.
func AddOn(signal string) NodeOption { return config("add", signal) }

// CloseOn ends what [AddOn] feeds: after a signal of that name no items are added.
func CloseOn(signal string) NodeOption { return config("close", signal) }

// While runs passes of a [Loop] as long as the bare expression holds before them.
func While(cond string) NodeOption { return config("while", cond) }

// Until runs passes of a [Loop] until the bare expression holds after one.
func Until(cond string) NodeOption { return config("until", cond) }

// Max bounds the passes of a [Loop], which then ends in exhausted.
func Max(n int) NodeOption { return config("max", n) }

// Concurrency bounds the instances of a composite that run at once.
func Concurrency(n int) NodeOption { return nodeField("concurrency", n) }

// Complete ends a composite as soon as the bare expression over good, failed, done and total holds.
func Complete(cond string) NodeOption { return nodeField("complete", cond) }

// Tolerate lets so many instances of a composite fail: a number, or a share such as "2%".
func Tolerate[N int | string](n N) NodeOption { return nodeField("tolerate", n) }

// RestFinish lets the instances that still run when a composite completes go on to their end.
func RestFinish() NodeOption { return nodeField("rest", "finish") }

// Vars declares variables of each instance of a composite.
func Vars(vars map[string]any) NodeOption { return nodeField("vars", vars) }

// Finally runs whenever an instance of a composite ends.
func Finally(body *Builder) NodeOption {
	return NodeOption{func(n *nodeDoc) { n.fields.set("finally", n.graphOf(body)) }}
}

// NoRollback hands what a failed composite would undo to the scope around it.
func NoRollback() NodeOption { return nodeField("rollback", false) }
