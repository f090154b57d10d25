package spec

import (
	"strings"
	"testing"
)

// TestEqualMeaningEqualHash pairs definitions that are written differently and mean the same.
func TestEqualMeaningEqualHash(t *testing.T) {
	for name, pair := range map[string][2]string{
		"list and map": {
			`{workflow: w, nodes: [{a: {call: a}}, {b: {call: b, next: {error: c}}}, {c: {call: c}}]}`,
			`{workflow: w, nodes: {a: {call: a, next: b}, b: {call: b, next: {error: c, else: c}}, c: {call: c}}}`,
		},
		"the last node of a list stops": {
			`{workflow: w, nodes: [{a: {call: a}}]}`,
			`{workflow: w, nodes: {a: {call: a, next: stop}}}`,
		},
		"a list with an error handler at its end": {
			`{workflow: w, nodes: [{a: {call: a, next: {error: fail}}}]}`,
			`{workflow: w, nodes: {a: {call: a, next: {error: fail}}}}`,
		},
		"next and after": {
			`{workflow: w, nodes: {a: {call: a, next: {else: [c], error: d}}, c: {call: c}, d: {call: d}}}`,
			`{workflow: w, nodes: {a: {call: a}, c: {call: c, after: a}, d: {call: d, after: {a: error}}}}`,
		},
		"order of outcomes": {
			`{workflow: w, nodes: {a: {call: a, next: {x: b, error: fail}}, b: {call: b}}}`,
			`{workflow: w, nodes: {a: {call: a, next: {error: fail, x: b}}, b: {call: b}}}`,
		},
		"call and function": {
			`{workflow: w, nodes: {a: {call: f, args: {x: 1}}}}`,
			`{workflow: w, nodes: {a: {type: function, with: {args: {x: 1}, name: f}}}}`,
		},
		"signal and wait": {
			`{workflow: w, nodes: {a: {signal: {name: s, count: 2}, timeout: 24h}}}`,
			`{workflow: w, nodes: {a: {wait: {signal: s, count: 2, timeout: 1d}}}}`,
		},
		"composite keys at the node": {
			`{workflow: w, nodes: {a: {foreach: {items: [1], concurrency: 2, do: [{b: {call: b}}]}}}}`,
			`{workflow: w, nodes: {a: {foreach: {items: [1]}, concurrency: 2, do: {start: b, nodes: {b: {call: b}}}}}}`,
		},
		"join of instances": {
			`{workflow: w, nodes: {a: {foreach: {items: [1], join: any, do: [{b: {call: b}}]}}}}`,
			`{workflow: w, nodes: {a: {foreach: {items: [1], complete: good >= 1, do: [{b: {call: b}}]}}}}`,
		},
		"policies and defaults": {
			`{workflow: w, policies: {p: {max_attempts: 3}}, defaults: {retry: p, timeout: 60s}, nodes: {a: {call: a}}}`,
			`{workflow: w, nodes: {a: {call: a, retry: 3, timeout: 1m}}}`,
		},
		"defaults that say what is so": {
			`{workflow: w, nodes: {a: {call: a, join: all, next: stop}, b: {end: {}}}, start: [a, b]}`,
			`{workflow: w, nodes: {a: {call: a}, b: {end: success}}, start: [a, b]}`,
		},
		"inferred start": {
			`{workflow: w, nodes: {a: {call: a, next: b}, b: {call: b}}}`,
			`{workflow: w, start: a, nodes: {a: {call: a, next: b}, b: {call: b}}}`,
		},
		"aliases": {
			"workflow: w\nnodes:\n  a: {call: a, args: &x {k: 1}, next: b}\n  b: {call: b, args: {<<: *x, l: 2}}\n",
			`{workflow: w, nodes: {a: {call: a, args: {k: 1}, next: b}, b: {call: b, args: {k: 1, l: 2}}}}`,
		},
		"short and long input": {
			`{workflow: w, input: {a: string, b: "integer = 5"}, nodes: {a: {call: a}}}`,
			`{workflow: w, input: {schema: {type: object, properties: {b: {type: integer, default: 5}, a: {type: string}}, required: [a]}}, nodes: {a: {call: a}}}`,
		},
		"order of keys in data": {
			`{workflow: w, labels: {a: x, b: "1"}, nodes: {a: {call: a, args: {p: 1, q: [0x10, 1.0]}}}}`,
			`{nodes: {a: {args: {q: [16, 1], p: 1}, call: a}}, labels: {b: 1, a: x}, workflow: w}`,
		},
		"version, description and ui": {
			`{workflow: w, version: 1.2.3, description: d, ui: {x: 1}, nodes: {a: {call: a}}}`,
			`{workflow: w, nodes: {a: {call: a}}}`,
		},
		"line breaks and byte order mark": {
			"\ufeffworkflow: w\r\nnodes:\r\n  a:\r\n    call: a\r\n    args: |-\r\n      x\r\n      y\r\n      }\r\n",
			"workflow: w\nnodes: {a: {call: a, args: \"x\\ny\\n}\"}}",
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := one(t, pair[0], "a.yaml"), one(t, pair[1], "b.yaml")
			if hash(t, a) != hash(t, b) {
				t.Errorf("another hash\n%s\n%s", models(t, []*Document{a}), models(t, []*Document{b}))
			}
		})
	}
}

// TestOtherMeaningOtherHash guards the test above: what differs in meaning differs in hash.
func TestOtherMeaningOtherHash(t *testing.T) {
	base := `{workflow: w, vars: {v: 1}, nodes: {a: {call: a, next: b}, b: {call: b}}}`
	seen := map[string]string{hash(t, one(t, base, "")): base}
	for _, change := range [][2]string{
		{"workflow: w", "workflow: v"}, {"v: 1", "v: 2"}, {"call: a,", "call: c,"}, {"next: b", "next: {success: b}"}, {"next: b", "next: {any: b}"},
		{"next: b", "next: [{when: input.x, to: b}, stop]"}, {"{call: b}", "{call: b, join: any}"}, {"{call: b}", "{call: b, retry: 1}"},
		{"{call: b}", "{call: b, timeout: 1s}"}, {"{call: b}", "{call: b, callback: true}"}, {"vars:", "owner: x, vars:"}, {"vars:", "labels: {a: b}, vars:"},
		{"vars:", "on_failure: park, vars:"}, {"vars:", "rollback: false, vars:"}, {"vars:", "timeout: 1h, vars:"}, {"vars:", "limits: [{name: x, concurrency: 1}], vars:"},
		{"vars:", "output: 1, vars:"}, {"vars:", "tags: {a: 1}, vars:"}, {"vars:", "input: {a: string}, vars:"}, {"vars:", "finally: {call: x}, vars:"},
	} {
		src := strings.Replace(base, change[0], change[1], 1)
		h := hash(t, one(t, src, ""))
		if other, same := seen[h]; same {
			t.Errorf("equal hash:\n%s\n%s", src, other)
		}
		seen[h] = src
	}
}
