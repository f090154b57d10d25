package spec

// debounce and batch make several starts one execution.

var debounceKeys = section{
	name:  "debounce",
	title: "A debounce",
	doc:   "Starts that follow each other closely become one execution, with the input and the trigger of the newest. Those of one key belong together: the trigger's key, or else all of the trigger.",
	short: "a duration, which is quiet",
	keys: []keyDoc{
		{name: "quiet", takes: "duration", must: true, shape: "duration", doc: "It begins when no start has come for that long.", example: "quiet: 10s"},
		{name: "max", takes: "duration", shape: "duration", doc: "It begins at the latest so long after the first.", example: "max: 5m"},
	},
}

var batchKeys = section{
	name:  "batch",
	title: "A batch",
	doc:   "Several starts become one execution, whose input is the list of their inputs in order of arrival. The schema of input holds for each of them. Those of one key belong together: the trigger's key, or else all of the trigger.",
	keys: []keyDoc{
		{name: "size", takes: "integer from 1 to 10000", must: true, shape: `{"type":"integer","minimum":1,"maximum":10000}`, doc: "It begins with so many.", example: "size: 100"},
		{name: "wait", takes: "duration", must: true, shape: "duration", doc: "It begins so long after the first, with those that came.", example: "wait: 5s"},
	},
}

// gathers checks debounce and batch of a trigger.
func (r *reader) gathers(v *value) {
	d, b := v.get("debounce"), v.get("batch")
	if d != nil && b != nil {
		r.fault(v.key("batch"), CodeTwice, "a trigger has either debounce or batch", "starts are merged or collected, not both")
	}
	for _, k := range []string{"debounce", "batch"} {
		if v.get(k) != nil && v.get("after") != nil {
			r.fault(v.key(k), CodeUnused, "after waits for the end of one execution, so there is nothing to gather", "use every")
		}
	}
	if d != nil && d.kind != isMap {
		r.positive(d, "debounce")
	} else if d != nil {
		r.keys(d, &debounceKeys)
		r.must(d, &debounceKeys)
		r.positive(d.get("quiet"), "quiet")
		r.positive(d.get("max"), "max")
	}
	if b != nil && r.want(b, isMap, "batch", "such as {size: 100, wait: 5s}") {
		r.keys(b, &batchKeys)
		r.must(b, &batchKeys)
		r.integer(b.get("size"), "size", 1, 10_000)
		r.positive(b.get("wait"), "wait")
	}
}

// positive checks a duration that is not zero.
func (r *reader) positive(v *value, what string) {
	if v == nil {
		return
	}
	if ms, ok := r.millis(v, what); ok && ms < 1 {
		r.fault(v, CodeDuration, what+" is no time at all", "write 1s or more")
	}
}
