package spec

// Sections of a file of cases. They are apart from those of definitions: a case is no part of one.

// CaseSections describes the keys of a file of cases, for its reference page.
func CaseSections() []*section {
	return []*section{&suiteKeys, &typeKeys, &testCaseKeys, &replyKeys, &actKeys, &expectKeys, &failsKeys}
}

var suiteKeys = section{
	name: "a file of cases", title: "The file",
	keys: []keyDoc{
		{name: "test", takes: "file name or list of them", def: "the file beside it without .test in its name", doc: "The definition files, relative to this one.", example: "test: order.yaml"},
		{name: "types", takes: "map of names to {outcomes, bad}", doc: "Effect node types that this program does not have; they can be mocked all the same.", example: "types: {ai: {outcomes: [tools]}, sql: {}}"},
		{name: "mocks", takes: "map of names to answers", doc: "Answers in every case. Those of a case come first.", example: "mocks: {reserve_stock: {output: {cents: 500}}}"},
		{name: "config", takes: "map of values", doc: "What expressions see as config, in cases that write none.", example: "config: {payments: https://pay.test}"},
		{name: "workflow", takes: "name", def: "the last one of the first definition file", doc: "What is started by cases that do not say.", example: "workflow: order"},
		{name: "cases", takes: "list of cases", must: true, doc: "The cases.", example: "cases: [{case: it works}]"},
	},
}

var typeKeys = section{
	name: "a declared type", title: "A declared type",
	keys: []keyDoc{
		{name: "outcomes", takes: "list of words", doc: "What it ends with beside success and error.", example: "outcomes: [tools]"},
		{name: "bad", takes: "list of words", doc: "Those of them that are bad.", example: "bad: [refused]"},
	},
}

var testCaseKeys = section{
	name: "a case", title: "A case",
	keys: []keyDoc{
		{name: "case", takes: "text", must: true, doc: "Its name, unique in the file.", example: "case: a declined card"},
		{name: "workflow", takes: "name", def: "that of the file", doc: "What is started.", example: "workflow: order"},
		{name: "at", takes: "time", def: "2026-01-01T00:00:00Z", doc: "What the clock says at the start.", example: `at: "2026-03-29T01:30:00Z"`},
		{name: "input", takes: "value", doc: "The input.", example: "input: {id: o-1}"},
		{name: "trigger", takes: "map", def: "{type: manual, time: the start}", doc: "What expressions see as trigger.", example: `trigger: {time: "2026-03-01T02:00:00Z"}`},
		{name: "config", takes: "map of values", def: "that of the file", doc: "What expressions see as config.", example: "config: {payments: https://pay.test}"},
		{name: "secrets", takes: "map of text", doc: "What mocks see in place of secrets; a secret without a value is its name.", example: "secrets: {slack: https://slack.test}"},
		{name: "schedules", takes: "boolean", def: "false", doc: "True: nothing is started; the triggers cron, every and after start as time passes, until the acts are over. What is expected is of the first execution.", example: "schedules: true"},
		{name: "key", takes: "text", doc: "The key of the execution.", example: "key: order-1"},
		{name: "by", takes: "text", doc: "Who starts it: execution.started_by.", example: "by: ada"},
		{name: "mocks", takes: "map of names to answers", doc: "Answers of tasks: by node id, else by the name of a function or service, else by node type, else any.", example: "mocks: {charge: [{error: busy}, {output: {receipt: r1}}]}"},
		{name: "then", takes: "list of acts", doc: "What happens from outside, one after the other, each when everything else is at rest.", example: "then: [{after: 2d}, {signal: paid}]"},
		{name: "crash", takes: "boolean", def: "true", doc: "False: the case is not played with crashes, because a crash may change how it ends.", example: "crash: false"},
		{name: "expect", takes: "map", def: "that it completes and that nothing stays outstanding", doc: "What must come of it.", example: "expect: {outcome: shipped}"},
	},
}

var replyKeys = section{
	name: "an answer", title: "An answer of a mock",
	short: "a list of answers: the first call gets the first, and so on, and the last stays; with when, the first that holds",
	keys: []keyDoc{
		{name: "when", takes: "bare expression", doc: "Whether this answers. It sees with (the configuration of the task), args, node, step, attempt and call, which counts from 1.", example: "when: args.amount > 50"},
		{name: "outcome", takes: "word", def: "success, or error where error is written", doc: "What the step ends with.", example: "outcome: declined"},
		{name: "output", takes: "value with ${ }", def: "null", doc: "The raw result; it sees the same names as when.", example: `output: {total: "${ args.count * 2 }"}`},
		{name: "error", takes: "code, \"code: message\", or a map", doc: "The attempt fails with it.", example: "error: gateway_busy"},
		{name: "delay", takes: "duration", def: "none", doc: "How long it takes.", example: "delay: 10s"},
		{name: "set", takes: "map", doc: "Variables that the result assigns.", example: "set: {attempts: {add: 1}}"},
		{name: "log", takes: "text or list of it", doc: "Lines of the step's log.", example: "log: asked twice"},
		{name: "tags", takes: "map", doc: "Tags of the execution that the result sets.", example: "tags: {risk: high}"},
		{name: "never", takes: "boolean", doc: "No answer ever comes: the step ends by its timeout or by being cancelled.", example: "never: true"},
		{name: "lost", takes: "boolean", doc: "The worker is gone without an answer, its effect unknown.", example: "lost: true"},
		{name: "late", takes: "boolean", doc: "Asked to stop, it goes on and answers as if nothing had been said.", example: "late: true"},
	},
}

var actKeys = section{
	name: "an act", title: "An act",
	keys: []keyDoc{
		{name: "after", takes: "duration", doc: "Time passes first.", example: "after: 2d"},
		{name: "until", takes: "node id", doc: "Time passes until a step of the node has begun and not ended.", example: "until: review"},
		{name: "signal", takes: "name", doc: "A signal arrives, with data and id.", example: "signal: paid, data: {amount: 10}"},
		{name: "decide", takes: "node id", doc: "by decides about an approval, with outcome and data for its form.", example: "decide: review, by: ann, outcome: approved"},
		{name: "callback", takes: "node id", doc: "The answer of a callback: output, outcome or error.", example: "callback: account, output: {id: 7}"},
		{name: "start", takes: "workflow", doc: "Another execution starts, with data as its input, and key.", example: "start: order, data: {id: o-2}"},
		{name: "cancel", takes: "true or the reason", doc: "Cancels the execution.", example: "cancel: not needed"},
		{name: "terminate", takes: "true or the reason", doc: "Ends it at once, undoing nothing.", example: "terminate: true"},
		{name: "pause", takes: "true or the reason", doc: "Pauses it.", example: "pause: an incident"},
		{name: "resume", takes: "true or the reason", doc: "Lets it go on.", example: "resume: true"},
		{name: "shift", takes: "boolean", def: "false", doc: "Resuming moves the timers by the time of the pause, instead of firing what is overdue.", example: "resume: true, shift: true"},
		{name: "retry", takes: "step path", doc: "An operator resets the failed step.", example: "retry: disburse"},
		{name: "skip", takes: "step path", doc: "An operator skips the step.", example: "skip: disburse"},
		{name: "complete", takes: "step path", doc: "An operator completes the step with outcome and output.", example: "complete: disburse, output: {id: 7}"},
		{name: "fail", takes: "step path", doc: "An operator fails the step with error.", example: "fail: disburse, error: refused"},
		{name: "route", takes: "step path", doc: "An operator chooses the edge of a parked choice; outcome is the target.", example: "route: check, outcome: accept"},
		{name: "move", takes: "node id or path", doc: "An operator begins at that node, and leaves the step from.", example: "move: review, from: charge"},
		{name: "vars", takes: "true or a scope", doc: "An operator sets the variables in data.", example: "vars: true, data: {carrier: fast}"},
		{name: "migrate", takes: "version", doc: "The execution goes on with another version that the files define.", example: "migrate: 2.0.0"},
		{name: "rerun", takes: "true or a step path", doc: "The closed execution runs again, from its failed steps or that one, as another execution: one of the others.", example: "rerun: charge"},
		{name: "fork", takes: "true or a step path", doc: "Another execution begins with the state of this one, and runs that step again.", example: "fork: charge"},
		{name: "crash", takes: "true or the reason", doc: "The process dies and another goes on.", example: "crash: true"},
		{name: "to", takes: "workflow or key", def: "the execution of the case", doc: "Which execution is meant.", example: "to: verify-income"},
		{name: "from", takes: "step path", doc: "The step that a move leaves; left out, none.", example: "move: review, from: charge"},
		{name: "version", takes: "version", def: "that of the original", doc: "With which a rerun or a fork goes on.", example: "rerun: charge, version: 2.0.0"},
		{name: "map", takes: "map of node ids", doc: "What nodes are called in the other version.", example: "migrate: 2.0.0, map: {old: new}"},
		{name: "data", takes: "value", doc: "The data of a signal or a form, the input of a start, variables.", example: "data: {amount: 10}"},
		{name: "id", takes: "text", doc: "The id of a signal; a repeated one is ignored.", example: "id: s-1"},
		{name: "key", takes: "text", doc: "The key of a start.", example: "key: order-2"},
		{name: "by", takes: "text", doc: "Who does it.", example: "by: ann"},
		{name: "groups", takes: "list of names", doc: "The groups of who decides.", example: "groups: [underwriters]"},
		{name: "why", takes: "text", doc: "The reason, kept in the journal.", example: "why: the bank called"},
		{name: "outcome", takes: "word", doc: "The decision, the outcome of a callback or of a completed step.", example: "outcome: approved"},
		{name: "output", takes: "value", doc: "The output of a callback or of a completed step.", example: "output: {id: 7}"},
		{name: "error", takes: "code, \"code: message\", or a map", doc: "The error of a callback or of a failed step.", example: "error: refused"},
		{name: "refused", takes: "code", doc: "The engine must refuse the act with this code.", example: "refused: unknown_signal"},
		{name: "expect", takes: "map", doc: "What must hold now, once everything is at rest.", example: "expect: {status: running, open: [review]}"},
	},
}

var expectKeys = section{
	name: "expect", title: "What is expected",
	keys: []keyDoc{
		{name: "workflow", takes: "name", doc: "Of another execution: its workflow.", example: "workflow: verify-income"},
		{name: "status", takes: "status", def: "completed; failed where error is written; running where open is", doc: "The status.", example: "status: cancelled"},
		{name: "outcome", takes: "word", doc: "The outcome of the execution.", example: "outcome: shipped"},
		{name: "output", takes: "value", doc: "The output, equal in every part.", example: "output: {order: o-1}"},
		{name: "error", takes: "code, \"code: message\", or a map", doc: "The error; what is not written is not compared.", example: "error: declined"},
		{name: "path", takes: "list of steps", doc: "All steps, in the order in which they ended. Another outcome than success stands behind the step.", example: "path: [reserve, {charge: declined}, release, refused]"},
		{name: "passes", takes: "list of steps", doc: "Steps that ended in this order, among others.", example: "passes: [reserve, release]"},
		{name: "open", takes: "list of node ids", def: "none", doc: "What is outstanding, and nothing else.", example: "open: [review]"},
		{name: "undelivered", takes: "list of names", def: "none", doc: "Signals that were left over.", example: "undelivered: [payment]"},
		{name: "calls", takes: "map of node ids to numbers", doc: "How many attempts were answered.", example: "calls: {charge: 3}"},
		{name: "took", takes: "duration", doc: "The time from the start to the end, or to now.", example: "took: 2d"},
		{name: "others", takes: "list", def: "that they end", doc: "Other executions that the case brought about, in order of their starts; those of one instant behind their parents, then in the order of their ids.", example: "others: [{workflow: verify-income, outcome: success}]"},
	},
}

var failsKeys = section{
	name: "error", title: "An error",
	short: "its code, or \"code: message\"",
	keys: []keyDoc{
		{name: "code", takes: "word", must: true, doc: "The code.", example: "code: declined"},
		{name: "message", takes: "text", doc: "The message.", example: "message: no money"},
		{name: "step", takes: "step path", doc: "Where it began; for what is expected.", example: "step: charge"},
		{name: "details", takes: "value", doc: "Details.", example: "details: {limit: 50}"},
		{name: "retryable", takes: "boolean", def: "left to the policy", doc: "Whether another attempt can help.", example: "retryable: false"},
		{name: "retry_after", takes: "duration", doc: "The least wait before the next attempt.", example: "retry_after: 30s"},
	},
}
