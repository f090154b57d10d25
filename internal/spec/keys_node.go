package spec

var nodeKeys = section{
	name:  "node",
	title: "A node",
	doc:   "Has exactly one type: as a key with its configuration, or as type and with. Every node may have the keys below; some make sense for some types only.",
	keys: []keyDoc{
		{name: "type", takes: "name of a node type", shape: "typeName", doc: "The type, in the long form.", example: "type: http"},
		{name: "with", takes: "map", shape: "any", doc: "The configuration, in the long form.", example: `with: {url: "https://example.com"}`},
		{name: "description", takes: "text", shape: "text", doc: "What the node is for.", example: "description: Takes the money"},
		{name: "next", takes: "target, list of targets, or map from outcome to either", shape: "next", doc: "Where the token goes. A target is a node of the same graph, stop or fail. In a list with when the first entry that holds is taken; in one without, all are. The outcome else stands for every good outcome not named, any for every outcome not named.", example: "next: {error: apologise, success: [{when: output.risk > 0.8, to: review}, ship]}"},
		{name: "after", takes: "node, list of nodes, or map from node to outcome", shape: "after", doc: "Edges written at their target.", example: "after: [orders, refunds]"},
		{name: "join", takes: "all, any, a number or each", def: "all", shape: "join", doc: "How many incoming edges start the node; each runs it, and what is behind it, once for every token.", example: "join: any"},
		{name: "split", takes: "all", shape: `{"const":"all"}`, doc: "Takes every entry of a choice that holds instead of the first.", example: "split: all"},
		{name: "if", takes: "expression", shape: "expression", doc: "Where it is false the node is skipped: no work, outcome success, output null.", example: "if: input.amount > 50000"},
		{name: "output", takes: "value with ${ }", def: "the raw result", shape: "any", doc: "Replaces the result before it is journaled; expressions see result.", example: `output: "${ result.body }"`},
		{name: "set", takes: "map of variables", shape: "assign", doc: "Changes variables when the step ends well; expressions see result. See set.", example: `set: {messages: {append: "${ result.message }"}}`},
		{name: "log", takes: "text with ${ }", shape: "text", doc: "A line of the step's log, written when it ends well.", example: `log: "charged ${ result.amount }"`},
		{name: "tags", takes: "map of values with ${ }", shape: "values", doc: "Tags of the execution, set when the step ends well.", example: `tags: {order: "${ result.id }"}`},
		{name: "retry", takes: "number, policy name, policy, or list of them", def: "one attempt", shape: "retry", doc: "What is tried again after an error. A number n is n attempts, 1s apart at first, doubling up to 1m.", example: "retry: 5"},
		{name: "timeout", takes: "duration or ${ }", def: "none", shape: "duration", doc: "From scheduling to the end, attempts and waits between them included.", example: "timeout: 10m"},
		{name: "attempt_timeout", takes: "duration or ${ }", def: "none", shape: "duration", doc: "From dispatch to the end of one attempt.", example: "attempt_timeout: 30s"},
		{name: "heartbeat", takes: "duration or ${ }", def: "none", shape: "duration", doc: "The longest silence of a worker.", example: "heartbeat: 10s"},
		{name: "callback", takes: "boolean", def: "false", shape: "boolean", doc: "After a successful attempt the step waits for the answer of its task's token.", example: "callback: true"},
		{name: "on_failure", takes: "fail, finish or park", def: "that of the composite or workflow", shape: "onFailure", doc: "What a bad outcome does that no edge handles; on a composite, for everything inside, too.", example: "on_failure: park"},
		{name: "compensate", takes: "node id", shape: "id", doc: "The node that undoes this one when its scope ends badly. It has no edges.", example: "compensate: release"},
		{name: "limits", takes: "list of limits", shape: "limits", doc: "Limits the step takes part in.", example: "limits: [{name: warehouse, concurrency: 1}]"},
		{name: "queue", takes: "name", shape: "text", doc: "The line of tasks that workers pull from.", example: "queue: warehouse"},
		{name: "priority", takes: "integer", def: "0", shape: "integer", doc: "Higher is sooner.", example: "priority: 5"},
		{name: "max_runs", takes: "integer from 1", shape: "positive", doc: "How many steps of this node one scope may have; the next one ends exhausted.", example: "max_runs: 4"},
		{name: "call", takes: "name of a function", shape: "text", doc: "Short for function: {name: ...}.", example: "call: reserve_stock"},
		{name: "args", takes: "value with ${ }", shape: "any", doc: "The argument of call.", example: `args: "${ input.items }"`},
	},
}

var compositeKeys = section{
	name:  "composite",
	title: "Composites: keys that all share",
	doc:   "They stand in the configuration of the composite or at its node, not in both.",
	keys: []keyDoc{
		{name: "do", takes: "graph", shape: "graph", doc: "The body of a scope, foreach or loop.", example: "do: [{work: {call: work}}]"},
		{name: "branches", takes: "map of graphs", shape: "branches", doc: "The branches of a parallel.", example: "branches: {a: [{x: {call: x}}], b: [{y: {call: y}}]}"},
		{name: "vars", takes: "map of values with ${ }", shape: "values", doc: "Variables of each instance with their first values.", example: "vars: {tries: 0}"},
		{name: "concurrency", takes: "integer from 1", def: "10 for foreach, else no bound", shape: "positive", doc: "Instances that run at a time; for a scope, its running steps with an executor. Composites inside it do not count, and have their own.", example: "concurrency: 8"},
		{name: "complete", takes: "expression over good, failed, done, total", def: "done == total", shape: "expression", doc: "Ends the composite as soon as it holds.", example: "complete: good >= 2"},
		{name: "tolerate", takes: "number or per cent", def: "0; 100% where complete is written", shape: "tolerate", doc: "How many instances may fail.", example: "tolerate: 2%"},
		{name: "rest", takes: "cancel or finish", def: "cancel", shape: `{"enum":["cancel","finish"]}`, doc: "What happens to the others when the composite ends early.", example: "rest: finish"},
		{name: "rollback", takes: "boolean", def: "true", shape: "boolean", doc: "Whether an instance that ends badly undoes itself. False hands the list to the enclosing scope.", example: "rollback: false"},
		{name: "finally", takes: "node, graph, or id of a node", shape: "finally", doc: "Runs whenever an instance ends, after rollback.", example: "finally: {call: clean}"},
		{name: "start", takes: "node id or list of them", def: "the only node without an incoming edge", shape: "ids", doc: "Where a token begins in do.", example: "start: work"},
	},
}

var entryKeys = section{
	name:  "entry",
	title: "An entry of a list under next",
	doc:   "The first entry whose condition holds is taken.",
	short: "a target: taken whatever holds",
	keys: []keyDoc{
		{name: "when", takes: "expression over output, error and the scope's names", shape: "expression", doc: "The condition.", example: "when: output.risk > 0.8"},
		{name: "to", takes: "target or list of targets", must: true, shape: "targets", doc: "Where the token goes.", example: "to: review"},
	},
}

var graphKeys = section{
	name:  "graph",
	title: "A graph, long form",
	doc:   "Needed only where a graph without a place for start has several nodes to start at.",
	short: "a map of nodes, or a list of one-key maps",
	keys: []keyDoc{
		{name: "nodes", takes: "map of nodes, or list of one-key maps", must: true, shape: "graph", doc: "The nodes.", example: "nodes: {a: {call: a}}"},
		{name: "start", takes: "node id or list of them", shape: "ids", doc: "Where a token begins.", example: "start: [a]"},
	},
}
