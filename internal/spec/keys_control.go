package spec

var switchKeys = section{
	name:  "switch",
	title: "switch: choose an outcome",
	doc:   "Ends with the outcome of the first case that holds, else with default. Without a default, and where no case holds, the step ends in error with code no_case.",
	short: "the list of cases",
	keys: []keyDoc{
		{name: "cases", takes: "list of {when, outcome}", must: true, shape: `{"type":"array","items":{"$ref":"#/$defs/case"}}`, doc: "The cases, tried in order.", example: "cases: [{when: input.total > 100, outcome: high}]"},
		{name: "default", takes: "outcome", shape: "outcome", doc: "The outcome where no case holds.", example: "default: low"},
	},
}

var caseKeys = section{
	name:  "case",
	title: "A case of a switch",
	doc:   "An expression and the outcome it stands for.",
	keys: []keyDoc{
		{name: "when", takes: "expression", must: true, shape: "expression", doc: "The condition.", example: "when: input.total > 100"},
		{name: "outcome", takes: "word", must: true, shape: "outcome", doc: "The outcome of the step.", example: "outcome: high"},
	},
}

var setKeys = section{
	name:  "set",
	title: "set: change variables",
	doc:   "A map from variables to values, or a list of such maps. A value may also be one of the operations below; a map that has such a key and is meant as it stands is written {set: {...}}.",
	keys: []keyDoc{
		{name: "set", takes: "value with ${ }", shape: "any", doc: "The value as it stands.", example: "x: {set: {append: 1}}"},
		{name: "append", takes: "value with ${ }", shape: "any", doc: "Adds one element to a list.", example: `messages: {append: "${ result }"}`},
		{name: "concat", takes: "list, or ${ } that gives one", shape: "any", doc: "Adds the elements of a list.", example: "messages: {concat: [1, 2]}"},
		{name: "merge", takes: "map, or ${ } that gives one", shape: "any", doc: "Adds the keys of a map.", example: "seen: {merge: {a: true}}"},
		{name: "add", takes: "number, or ${ } that gives one", shape: "any", doc: "Adds a number.", example: "attempts: {add: 1}"},
		{name: "unset", takes: "true", shape: `{"const":true}`, doc: "Makes the variable null.", example: "note: {unset: true}"},
	},
}

var waitKeys = section{
	name:  "wait",
	title: "wait: for a time, a condition or a signal",
	doc:   "Takes one of for, until, when, signal and first. The output of a wait on a signal is its data.",
	short: "a duration",
	keys: []keyDoc{
		{name: "for", takes: "duration or ${ }", shape: "duration", doc: "Waits that long.", example: "for: 2d"},
		{name: "until", takes: "time as RFC 3339 text, or ${ } that gives one or Unix milliseconds", shape: "text", doc: "Waits until then.", example: `until: "2030-01-01T09:00:00Z"`},
		{name: "when", takes: "expression", shape: "expression", doc: "Waits until it holds; it is evaluated again when a name it reads has changed.", example: "when: vars.ready"},
		{name: "signal", takes: "name", shape: "signalName", doc: "Waits for a signal.", example: "signal: payment"},
		{name: "match", takes: "expression over signal.data and the scope's names", shape: "expression", doc: "Takes only signals for which it holds.", example: "match: signal.data.id == input.id"},
		{name: "count", takes: "integer from 1 or ${ }", def: "1", shape: "count", doc: "Collects that many; the output is the list of their data.", example: "count: 3"},
		{name: "fresh", takes: "boolean", def: "false", shape: "boolean", doc: "Takes only signals that come after the wait began.", example: "fresh: true"},
		{name: "first", takes: "map from names to one of the above", shape: "arms", doc: "Waits for the first of several; the outcome is its name.", example: "first: {got: {signal: documents}, late: {for: 2d}}"},
		{name: "timeout", takes: "duration or ${ }", def: "none", shape: "duration", doc: "Ends the wait with outcome timeout. May stand at the node instead.", example: "timeout: 1d"},
	},
}

var signalKeys = section{
	name:  "signal",
	title: "signal: wait for a signal",
	doc:   "Short for a wait on one signal.",
	short: "the name of the signal",
	keys: []keyDoc{
		{name: "name", takes: "name", must: true, shape: "signalName", doc: "The signal.", example: "name: payment"},
		{name: "match", takes: "expression over signal.data and the scope's names", shape: "expression", doc: "See wait.match.", example: "match: signal.data.id == input.id"},
		{name: "count", takes: "integer from 1 or ${ }", def: "1", shape: "count", doc: "See wait.count.", example: "count: 3"},
		{name: "fresh", takes: "boolean", def: "false", shape: "boolean", doc: "See wait.fresh.", example: "fresh: true"},
		{name: "timeout", takes: "duration or ${ }", def: "none", shape: "duration", doc: "See wait.timeout.", example: "timeout: 1d"},
	},
}

var approvalKeys = section{
	name:  "approval",
	title: "approval: wait for a decision",
	doc:   "Waits for people to decide. The output is {decision, by, at, form, votes}.",
	keys: []keyDoc{
		{name: "title", takes: "text with ${ }", must: true, shape: "text", doc: "What is decided.", example: `title: "Loan of ${ input.amount }"`},
		{name: "description", takes: "text with ${ }", shape: "text", doc: "What one must know to decide.", example: "description: See the file"},
		{name: "assignees", takes: "list of groups or people with ${ }", def: "everybody who may decide", shape: "any", doc: "Who may decide.", example: "assignees: [underwriters]"},
		{name: "exclude", takes: "list of people with ${ }", shape: "any", doc: "Who may not.", example: `exclude: ["${ execution.started_by }"]`},
		{name: "outcomes", takes: "list of words", def: "[approved, rejected]", shape: `{"type":"array","items":{"$ref":"#/$defs/outcome"},"minItems":1}`, doc: "The decisions; quorum counts the first.", example: "outcomes: [answered, closed]"},
		{name: "quorum", takes: "integer from 1 or ${ }", def: "1", shape: "count", doc: "How many different people must choose the first word.", example: "quorum: 2"},
		{name: "veto", takes: "integer from 1 or ${ }", def: "1", shape: "count", doc: "How many choosing another word end it.", example: "veto: 2"},
		{name: "escalate", takes: "list of {after, add, notify}", shape: `{"type":"array","items":{"type":"object"}}`, doc: "Who is asked in addition after a while.", example: "escalate: [{after: 1d, add: [managers]}]"},
		{name: "form", takes: "{schema}", shape: `{"type":"object"}`, doc: "What is filled in with a decision.", example: "form: {schema: {type: object}}"},
		{name: "timeout", takes: "duration or ${ }", def: "none", shape: "duration", doc: "Ends the wait with outcome timeout. May stand at the node instead.", example: "timeout: 5d"},
	},
}

var sendKeys = section{
	name:  "send",
	title: "send: signal another execution",
	doc:   "Ends success, or not_found where there is no such execution.",
	keys: []keyDoc{
		{name: "to", takes: "id, {workflow, key}, or parent", must: true, shape: "any", doc: "Who gets it.", example: `to: {workflow: order, key: "${ input.order }"}`},
		{name: "signal", takes: "name", must: true, shape: "signalName", doc: "The signal's name.", example: "signal: payment"},
		{name: "data", takes: "value with ${ }", def: "null", shape: "any", doc: "The signal's data.", example: `data: {amount: "${ input.amount }"}`},
		{name: "id", takes: "text with ${ }", def: "derived from the step", shape: "text", doc: "A repeated id is ignored.", example: `id: "${ input.id }"`},
		{name: "start", takes: "boolean", def: "false", shape: "boolean", doc: "Starts the execution if it is absent; to names workflow and key then.", example: "start: true"},
		{name: "input", takes: "value with ${ }", def: "null", shape: "any", doc: "The input of an execution that is started.", example: "input: {}"},
	},
}

var cancelKeys = section{
	name:  "cancel",
	title: "cancel: end live steps",
	doc:   "The live steps of the nodes named, in this scope, end cancelled with all they had started.",
	short: "the list of nodes, or one",
	keys: []keyDoc{
		{name: "nodes", takes: "list of node ids of the same graph", must: true, shape: "ids", doc: "Whose steps.", example: "nodes: [slow]"},
	},
}

var endKeys = section{
	name:  "end",
	title: "end: end a scope",
	doc:   "Ends its own scope, or an enclosing one. What is live in it is cancelled.",
	short: "an outcome",
	keys: []keyDoc{
		{name: "of", takes: "id of an enclosing composite, or execution", def: "its own scope", shape: "text", doc: "Which scope ends.", example: "of: execution"},
		{name: "outcome", takes: "word", def: "success; error where error is written", shape: "outcome", doc: "The outcome of the scope. The root's is kept as the execution's.", example: "outcome: paid"},
		{name: "output", takes: "value with ${ }", shape: "any", doc: "The output of the scope; wins over its own output.", example: `output: {id: "${ input.id }"}`},
		{name: "error", takes: "{code, message}, or the message, with ${ }", shape: "any", doc: "Ends it in error with that code and message.", example: "error: {code: no_stock, message: Nothing left}"},
	},
}

var scopeKeys = section{
	name:  "scope",
	title: "scope: one graph",
	doc:   "Runs a graph with variables, failure rules and clean-up of its own. See composite for the keys that all composites share.",
	keys: []keyDoc{
		{name: "join", takes: "all", shape: "join", doc: "See composite.complete.", example: "join: all"},
	},
}

var parallelKeys = section{
	name:  "parallel",
	title: "parallel: several graphs at a time",
	doc:   "The output is a map from branch to its output. See composite for the keys that all composites share.",
	keys: []keyDoc{
		{name: "join", takes: "all, any or a number", def: "all", shape: "join", doc: "Short for complete: good >= that number.", example: "join: any"},
	},
}

var foreachKeys = section{
	name:  "foreach",
	title: "foreach: one graph for each item",
	doc:   "The output is the list of the items' outputs in their order, null where an item failed; over a map it is a map. See composite for the keys that all composites share.",
	keys: []keyDoc{
		{name: "items", takes: "list or map, or ${ } that gives one", must: true, shape: "any", doc: "The items.", example: `items: "${ input.lines }"`},
		{name: "as", takes: "name", def: "item", shape: "identifier", doc: "The name of the item in do; index is its number, or its key in a map.", example: "as: line"},
		{name: "batch", takes: "integer from 1", shape: "positive", doc: "Hands out lists of so many items: item is the list, and the output has one element for each.", example: "batch: 100"},
		{name: "mode", takes: "inline or children", def: "inline", shape: `{"enum":["inline","children"]}`, doc: "Whether items run in this execution or in executions of their own.", example: "mode: inline"},
		{name: "collect", takes: "list, count or none", def: "list", shape: `{"enum":["list","count","none"]}`, doc: "What the output is: the list, the number of good items, or null.", example: "collect: count"},
		{name: "add", takes: "name of a signal", shape: "signalName", doc: "Signals that add an item each while it runs: their data. Where the items are a map, a map of further ones.", example: "add: more"},
		{name: "close", takes: "name of a signal", shape: "signalName", doc: "The signal after which no items are added; it waits for one.", example: "close: done"},
		{name: "join", takes: "all, any or a number", def: "all", shape: "join", doc: "Short for complete: good >= that number.", example: "join: 3"},
	},
}

var loopKeys = section{
	name:  "loop",
	title: "loop: one graph again and again",
	doc:   "The output is the last pass's; index and last are in scope. See composite for the keys that all composites share.",
	keys: []keyDoc{
		{name: "while", takes: "expression", shape: "expression", doc: "Tested before a pass.", example: "while: vars.left > 0"},
		{name: "until", takes: "expression", shape: "expression", doc: "Tested after a pass.", example: "until: last.done"},
		{name: "max", takes: "integer from 1 or ${ }", shape: "count", doc: "Passes; reaching it ends the loop exhausted, with its output.", example: "max: 20"},
		{name: "join", takes: "all", shape: "join", doc: "See composite.complete.", example: "join: all"},
	},
}

var childKeys = section{
	name:  "workflow",
	title: "workflow: a child execution",
	doc:   "Starts an execution of another workflow and waits for it. See composite for the keys that all composites share.",
	keys: []keyDoc{
		{name: "name", takes: "name of a workflow", must: true, shape: "workflowName", doc: "What is started.", example: "name: verify-income"},
		{name: "version", takes: "version constraint", def: "the active version", shape: "constraint", doc: "Resolved once for the step.", example: "version: ^2"},
		{name: "input", takes: "value with ${ }", def: "null", shape: "any", doc: "The child's input.", example: `input: "${ input }"`},
		{name: "key", takes: "value with ${ }", shape: "any", doc: "The child's key.", example: `key: "${ input.id }"`},
		{name: "attach", takes: "boolean", def: "false", shape: "boolean", doc: "Waits for the execution that has the key already instead of failing with key_in_use.", example: "attach: true"},
		{name: "wait", takes: "boolean", def: "true", shape: "boolean", doc: "Whether the step waits for the child's end.", example: "wait: false"},
		{name: "on_parent_close", takes: "cancel, abandon or terminate", def: "cancel if waited for, else abandon", shape: `{"enum":["cancel","abandon","terminate"]}`, doc: "What happens to the child when the step is over.", example: "on_parent_close: abandon"},
	},
}
