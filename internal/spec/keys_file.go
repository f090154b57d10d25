package spec

var fileKeys = section{
	name:  "file",
	title: "The file",
	doc:   "One document is one workflow. Several documents stand in one file, separated by ---.",
	keys: []keyDoc{
		{name: "workflow", takes: "name: a-z, 0-9 and -", must: true, shape: "workflowName", doc: "The name, unique in its namespace.", example: "workflow: order"},
		{name: "version", takes: "semantic version", def: "the last one with its patch raised, where the content changed", shape: "semver", doc: "A deployed version never changes.", example: "version: 1.2.0"},
		{name: "description", takes: "text", shape: "text", doc: "What the workflow is for.", example: "description: Reserve, charge, ship"},
		{name: "labels", takes: "map of text", shape: "labels", doc: "Labels of the definition; an authorizer sees them.", example: "labels: {team: payments}"},
		{name: "owner", takes: "text", shape: "text", doc: "Who answers for it.", example: "owner: shop"},
		{name: "input", takes: "map of types, or {schema, defaults}", def: "anything", shape: "input", doc: "What an execution is started with, in short types or as a JSON Schema.", example: `input: {id: string, items: [object], note: "string?", limit: "number = 100"}`},
		{name: "tags", takes: "map of values with ${ }", shape: "values", doc: "Tags of each execution: typed and searchable.", example: `tags: {customer: "${ input.customer }"}`},
		{name: "signals", takes: "map of names to {schema, ttl}", def: "any signal is accepted", shape: "signals", doc: "The signals that executions accept. Others are refused at the door.", example: "signals: {payment: {ttl: 7d}}"},
		{name: "triggers", takes: "list", shape: "triggers", doc: "What starts executions beside people and programs.", example: `triggers: [{cron: "0 2 * * *", zone: Europe/Berlin}, {every: 5m}]`},
		{name: "defaults", takes: "map", shape: "defaults", doc: "Keys that effect nodes have unless they write them themselves; under the name of a node type, those of that type.", example: "defaults: {timeout: 10m, retry: 3, http: {timeout: 5s}}"},
		{name: "policies", takes: "map of names to policies", shape: "policies", doc: "Named retry policies.", example: "policies: {net: {max_attempts: 5, initial_interval: 1s}}"},
		{name: "vars", takes: "map of values with ${ }", shape: "values", doc: "Variables of the execution with their first values. A variable must be declared before it is set.", example: "vars: {attempts: 0}"},
		{name: "timeout", takes: "duration or ${ }", def: "none", shape: "duration", doc: "How long an execution may take; compensation is not bounded by it.", example: "timeout: 7d"},
		{name: "retention", takes: "duration", def: "that of the store", shape: "duration", doc: "How long a closed execution is kept. One that is still open keeps its younger entries, and at least 10,000.", example: "retention: 30d"},
		{name: "start", takes: "node id or list of them", def: "the only node without an incoming edge", shape: "ids", doc: "Where a token begins.", example: "start: [orders, refunds]"},
		{name: "nodes", takes: "map of nodes, or list of one-key maps", must: true, shape: "graph", doc: "The graph. In a list, a good outcome that next does not name goes on to the following node.", example: "nodes: {done: {end: {}}}"},
		{name: "output", takes: "value with ${ }", def: "the last step's output, or a map from end nodes to outputs where the graph can fork", shape: "any", doc: "The result of an execution that ends well.", example: `output: {id: "${ input.id }"}`},
		{name: "on_failure", takes: "fail, finish or park", def: "fail", shape: "onFailure", doc: "What an unhandled bad outcome does: end the scope at once, let other live steps end first, or park the execution for a person.", example: "on_failure: park"},
		{name: "rollback", takes: "boolean", def: "true", shape: "boolean", doc: "Whether a scope that ends badly runs the compensations of its steps. False hands them to the enclosing scope.", example: "rollback: true"},
		{name: "finally", takes: "node, graph, or id of a node", shape: "finally", doc: "Runs whenever the execution ends, after rollback. It sees scope.outcome and scope.error.", example: "finally: {set: {}}"},
		{name: "limits", takes: "list of limits", shape: "limits", doc: "Limits that an execution takes part in.", example: "limits: [{name: warehouse, concurrency: 1}]"},
		{name: "ui", takes: "map", shape: "any", doc: "Positions of the drawing. Ignored by everything else, the content hash included.", example: "ui: {positions: {done: [0, 0]}}"},
	},
}

var inputKeys = section{
	name:  "input",
	title: "input, long form",
	doc:   "A JSON Schema instead of short types.",
	short: "a map of property names to short types",
	keys: []keyDoc{
		{name: "schema", takes: "JSON Schema (2020-12)", must: true, shape: "schema", doc: "The schema of the input.", example: "schema: {type: object, required: [id]}"},
		{name: "defaults", takes: "map of values with ${ }", shape: "values", doc: "Values of properties that are left out; expressions see trigger.", example: `defaults: {day: "${ trigger.time }"}`},
	},
}

var signalDeclKeys = section{
	name:  "signals",
	title: "signals: a declared signal",
	doc:   "A signal that executions accept.",
	keys: []keyDoc{
		{name: "schema", takes: "JSON Schema (2020-12)", def: "anything", shape: "schema", doc: "Data of the signal; checked at the door.", example: "schema: {type: object}"},
		{name: "ttl", takes: "duration", def: "until the execution ends", shape: "duration", doc: "How long an unconsumed signal is kept.", example: "ttl: 7d"},
	},
}

var defaultsKeys = section{
	name:  "defaults",
	title: "defaults",
	doc:   "The keys below hold for effect nodes. Under the name of a node type stand node keys and configuration keys of that type; they win over the former, the node itself wins over both.",
	keys: []keyDoc{
		{name: "timeout", takes: "duration or ${ }", shape: "duration", doc: "See node.timeout.", example: "timeout: 10m"},
		{name: "attempt_timeout", takes: "duration or ${ }", shape: "duration", doc: "See node.attempt_timeout.", example: "attempt_timeout: 30s"},
		{name: "heartbeat", takes: "duration or ${ }", shape: "duration", doc: "See node.heartbeat.", example: "heartbeat: 10s"},
		{name: "retry", takes: "number, policy name, policy, or list", shape: "retry", doc: "See node.retry.", example: "retry: 3"},
		{name: "queue", takes: "name", shape: "text", doc: "See node.queue.", example: "queue: slow"},
		{name: "priority", takes: "integer", shape: "integer", doc: "See node.priority.", example: "priority: 5"},
		{name: "on_failure", takes: "fail, finish or park", shape: "onFailure", doc: "See node.on_failure.", example: "on_failure: park"},
	},
}

var policyKeys = section{
	name:  "policy",
	title: "A retry policy",
	doc:   "Which errors are tried again, how often and when. In a list, the first policy that matches an error applies, each with its own count.",
	short: "a number of attempts, or the name of one of the policies",
	keys: []keyDoc{
		{name: "max_attempts", takes: "integer from 1", must: true, shape: "positive", doc: "Attempts, the first one included.", example: "max_attempts: 5"},
		{name: "initial_interval", takes: "duration", def: "1s", shape: "duration", doc: "The wait before the second attempt.", example: "initial_interval: 10s"},
		{name: "backoff_coefficient", takes: "number from 1", def: "2", shape: `{"type":"number","minimum":1,"maximum":100}`, doc: "What each further wait is multiplied by.", example: "backoff_coefficient: 1.5"},
		{name: "max_interval", takes: "duration", def: "1m", shape: "duration", doc: "The longest wait.", example: "max_interval: 5m"},
		{name: "jitter", takes: "number from 0 to 1", def: "0.2", shape: `{"type":"number","minimum":0,"maximum":1}`, doc: "The share of a wait that is spread; taken from the step's id, not from chance.", example: "jitter: 0.1"},
		{name: "match", takes: "error code or list of them", def: "every error", shape: "words", doc: "Codes this policy takes.", example: "match: [http_503, timeout]"},
		{name: "when", takes: "expression over error", shape: "expression", doc: "A condition that must hold, too.", example: "when: error.details.status != 409"},
	},
}

var limitKeys = section{
	name:  "limit",
	title: "A limit",
	doc:   "A line that steps of all executions share: so many at a time, or so many per time.",
	keys: []keyDoc{
		{name: "name", takes: "name", must: true, shape: "text", doc: "Name of the line.", example: "name: warehouse"},
		{name: "key", takes: "value with ${ }", shape: "any", doc: "One line for each key.", example: `key: "${ input.customer }"`},
		{name: "concurrency", takes: "integer from 1 or ${ }", shape: "count", doc: "How many hold the limit at a time.", example: "concurrency: 1"},
		{name: "rate", takes: "text such as 10/s, or ${ }", shape: "text", doc: "How many begin in a time. Stands instead of concurrency.", example: "rate: 10/s"},
		{name: "weight", takes: "integer from 1 or ${ }", def: "1", shape: "count", doc: "How much of the limit one holder takes.", example: "weight: 2"},
		{name: "strategy", takes: "queue, reject or cancel_running", def: "queue", shape: `{"enum":["queue","reject","cancel_running"]}`, doc: "What happens to one too many.", example: "strategy: reject"},
		{name: "hold", takes: "active or whole", def: "active", shape: `{"enum":["active","whole"]}`, doc: "Whether a composite gives its slot back while everything inside waits.", example: "hold: whole"},
	},
}

var triggerKeys = section{
	name:  "trigger",
	title: "A trigger",
	doc:   "Has one of cron, every, after and webhook.",
	keys: []keyDoc{
		{name: "cron", takes: "five fields, six with seconds in front, or @hourly, @daily, @weekly, @monthly, @yearly", shape: "text", doc: "Starts at the times that the fields name.", example: `cron: "0 2 * * *"`},
		{name: "every", takes: "duration", shape: "duration", doc: "Starts in equal distances, counted from 1970-01-01T00:00:00Z.", example: "every: 5m"},
		{name: "after", takes: "duration", shape: "duration", doc: "Starts that long after the execution started before has ended.", example: "after: 10m"},
		{name: "webhook", takes: "{path, verify}", shape: `{"type":"object"}`, doc: "Starts for each request that passes the check.", example: "webhook: {path: orders, verify: github}"},
		{name: "name", takes: "name", def: "its kind; from the second of a kind on with its number, such as cron-2", shape: "text", doc: "Name of the schedule. A new version's trigger of the same name changes it.", example: "name: nightly"},
		{name: "zone", takes: "IANA time zone", def: "UTC", shape: "text", doc: "The zone of cron.", example: "zone: Europe/Berlin"},
		{name: "overlap", takes: "skip, queue, cancel or allow", def: "skip", shape: `{"enum":["skip","queue","cancel","allow"]}`, doc: "What happens while the execution started before still runs.", example: "overlap: skip"},
		{name: "catch_up", takes: "integer from 0", def: "1", shape: `{"type":"integer","minimum":0}`, doc: "How many missed times are made up for.", example: "catch_up: 1"},
		{name: "jitter", takes: "duration", def: "0s", shape: "duration", doc: "Spreads starts over that time.", example: "jitter: 30s"},
		{name: "input", takes: "value with ${ }", shape: "any", doc: "The input of the execution; expressions see trigger.", example: `input: {day: "${ trigger.time }"}`},
		{name: "key", takes: "value with ${ }", shape: "any", doc: "The key of the execution; with debounce or batch, that of the starts that belong together.", example: `key: "${ trigger.body.id }"`},
		{name: "debounce", takes: "duration, or {quiet, max}", shape: "debounce", doc: "Starts once for events that follow each other closer than that: see debounce.", example: "debounce: 10s"},
		{name: "batch", takes: "{size, wait}", shape: "batch", doc: "Starts once for several events: see batch.", example: "batch: {size: 100, wait: 5s}"},
	},
}
