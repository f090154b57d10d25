package expr

import (
	"errors"
	"strings"
	"sync"
	"testing"
)

// mapNames is a fixed set of names.
type mapNames map[string]any

func (n mapNames) Lookup(name string) (any, bool, error) { v, ok := n[name]; return v, ok, nil }

// lazy is an Object over a map; a key named broken cannot be read.
type lazy map[string]any

func (l lazy) Get(key string) (any, error) {
	if key == "broken" {
		return nil, errors.New("the journal is gone")
	}
	return l[key], nil
}

func (l lazy) Keys() []string { return appendKeys(nil, l) }

// fixture are the names of most tests.
func fixture(t testing.TB) mapNames {
	t.Helper()
	v, err := Decode([]byte(`{
		"input": {"id": "o-1", "note": null, "amount": 250, "rate": 0.5, "tags": ["red", "blue"], "big": 9007199254740993,
			"items": [{"name": "pen", "price": 3, "qty": 10}, {"name": "ink", "price": 7.5, "qty": 2}, {"name": "pad", "price": 4, "qty": 0}],
			"by": {"zoe": 1, "adam": 2}, "a key": {"b-c": 1}, "max": 9223372036854775807, "empty": [], "ok": true, "word": "grüße"},
		"output": {"status": 200, "body": {"risk": 0.9}},
		"error": null
	}`))
	if err != nil {
		t.Fatal(err)
	}
	names := mapNames(v.(map[string]any))
	names["nodes"] = lazy{
		"charge":  lazy{"output": map[string]any{"id": "c-7"}, "outcome": "success", "runs": int64(1)},
		"my-node": map[string]any{"output": int64(5)},
		"broken":  nil,
	}
	return names
}

func evalJSON(c *Context, src string) (string, error) {
	p, err := Compile(src)
	if err != nil {
		return "", err
	}
	v, err := p.Eval(c)
	if err != nil {
		return "", err
	}
	b, err := Append(nil, v)
	return string(b), err
}

func TestEval(t *testing.T) {
	c := &Context{Names: fixture(t), Now: 1700000000123, Seed: 7}
	for _, test := range []struct{ src, want string }{
		// literals
		{`null`, `null`}, {`nil`, `null`}, {`true`, `true`}, {`1_000`, `1000`}, {`0x10 + 0b11 + 0o7`, `26`}, {`1e3`, `1000`}, {`.5`, `0.5`},
		{`-9223372036854775807 - 1`, `-9223372036854775808`}, {`"a\tb\u00e9"`, `"a\tbé"`}, {`'it''s'`, ""}, {"`raw \\n ``q`` `", "\"raw \\\\n `q` \""},
		{`[1, "a", null]`, `[1,"a",null]`}, {`{b: 1, "a": 2, ("c" + "d"): 3, 5: 4}`, `{"5":4,"a":2,"b":1,"cd":3}`}, {`{}`, `{}`}, {`[]`, `[]`},
		// paths: missing and null
		{`input.id`, `"o-1"`}, {`input.missing`, `null`}, {`input.missing.deep.er`, `null`}, {`input.note.x`, `null`}, {`error.code`, `null`},
		{`input?.note?.x`, `null`}, {`input["a key"]["b-c"]`, `1`}, {`input.items[0].name`, `"pen"`}, {`input.items[-1].name`, `"pad"`},
		{`input.items[9]`, `null`}, {`input.items[9].name`, `null`}, {`input[input.missing ?? "id"]`, `"o-1"`}, {`input.missing[0]`, `null`},
		{`nodes.charge.output.id`, `"c-7"`}, {`nodes["my-node"].output`, `5`}, {`nodes.none.output`, `null`}, {`input.word[2]`, `"ü"`},
		{`input.word[-1]`, `"e"`}, {`input.word[9]`, `null`},
		// slices
		{`input.tags[0:1]`, `["red"]`}, {`input.tags[:]`, `["red","blue"]`}, {`[1, 2, 3][-2:]`, `[2,3]`}, {`[1, 2, 3][2:1]`, `[]`}, {`[1, 2][:99]`, `[1,2]`},
		{`input.word[0:3]`, `"grü"`}, {`"abc"[1:]`, `"bc"`},
		// arithmetic
		{`1 + 2 * 3 - 4`, `3`}, {`7 / 2`, `3.5`}, {`6 / 2`, `3`}, {`type(6 / 2)`, `"float"`}, {`7 % 3`, `1`}, {`-7 % 3`, `-1`}, {`2 ** 10`, `1024`}, {`2 ** -1`, `0.5`},
		{`2 ^ 3 ^ 2`, `512`}, {`2 ** 62`, `4611686018427387904`}, {`(-2) ** 63`, `-9223372036854775808`}, {`1 + 0.5`, `1.5`}, {`-input.amount`, `-250`}, {`+3`, `3`}, {`"a" + "b"`, `"ab"`},
		{`input.big`, `9007199254740993`}, {`input.big + 1`, `9007199254740994`}, {`0.1 + 0.2`, `0.30000000000000004`}, {`1e300 * 10`, `1e+301`},
		{`-(-5)`, `5`}, {`1 - -1`, `2`}, {`-9223372036854775807 % -1`, `0`},
		// comparison, exact between int and float
		{`1 == 1.0`, `true`}, {`input.big == 9007199254740992.0`, `false`}, {`input.big > 9007199254740992.0`, `true`}, {`1 < 1.5`, `true`}, {`2 > 1.5`, `true`}, {`-1 > -1.5`, `true`},
		{`9223372036854775807 < 1e19`, `true`}, {`-9223372036854775807 > -1e19`, `true`}, {`9223372036854775807 < 9223372036854775807.0`, `true`},
		{`"a" < "b"`, `true`}, {`1 < 2 < 3`, `true`}, {`1 < 2 < 2`, `false`}, {`3 >= 3 && 3 <= 3`, `true`},
		{`null == null`, `true`}, {`input.note == null`, `true`}, {`input.missing != null`, `false`}, {`1 == "1"`, `false`}, {`[1, {a: 2}] == [1.0, {a: 2.0}]`, `true`},
		{`{a: 1} == {a: 1, b: null}`, `false`}, {`nodes.charge.output == {id: "c-7"}`, `true`}, {`nodes.charge == {output: {id: "c-7"}, outcome: "success", runs: 1}`, `true`},
		// logic
		{`true && false || true`, `true`}, {`not false`, `true`}, {`!true`, `false`}, {`false and missing.name`, `false`}, {`true or missing.name`, `true`}, {`input.ok ? 1 : missing.name`, `1`},
		{`input.note ?? "none"`, `"none"`}, {`input.missing ?? input.note ?? 3`, `3`}, {`(input.missing ?? 1) > 0`, `true`}, {`false ?? true`, `false`}, {`if input.ok { 1 } else { 2 }`, `1`},
		{`if false { 1 } else if false { 2 } else { 3 }`, `3`}, {`input.id ?: 3`, ""}, {`1; 2`, `2`},
		// membership and text
		{`"red" in input.tags`, `true`}, {`"x" not in input.tags`, `true`}, {`null in [1, null]`, `true`}, {`1.0 in [1]`, `true`}, {`"zoe" in input.by`, `true`}, {`"charge" in nodes`, `true`},
		{`input.id contains "-"`, `true`}, {`input.tags contains "blue"`, `true`}, {`input.id startsWith "o"`, `true`}, {`input.id endsWith "2"`, `false`}, {`input.id not endsWith "2"`, `true`},
		{`input.id matches "^o-[0-9]+$"`, `true`}, {`input.id matches ("^" + "x")`, `false`}, {`input.word matches "ü"`, `true`},
		// ranges
		{`1..4`, `[1,2,3,4]`}, {`3..1`, `[]`}, {`sum(1..100)`, `5050`}, {`-1..1`, `[-1,0,1]`},
		// let and predicates
		{`let x = 2; let y = x * 3; x + y`, `8`}, {`let input = 5; input`, `5`}, {`let n = nodes.charge; n.output.id`, `"c-7"`},
		{`filter(input.items, .qty > 0 && #.price < 5)`, `[{"name":"pen","price":3,"qty":10}]`}, {`map(input.items, .price * .qty)`, `[30,15,0]`}, {`map(input.items, #index)`, `[0,1,2]`},
		{`sum(input.items, .price * .qty)`, `45`}, {`count(input.items, .qty > 0)`, `2`}, {`all([], false)`, `true`}, {`any([], true)`, `false`}, {`input.items | filter(.qty == 0) | map(.name) | first()`, `"pad"`},
		{`filter(input.by, # > 1)`, `{"adam":2}`}, {`map(input.by, #key + string(#))`, `["adam2","zoe1"]`}, {`mapValues(input.by, #key)`, `{"adam":"adam","zoe":"zoe"}`},
		{`map(1..3, map(1..#, #))`, `[[1],[1,2],[1,2,3]]`}, {`map([[3, 1], [2]], sortBy(#, -#))`, `[[3,1],[2]]`}, {`reduce(1..4, #acc + #)`, `10`}, {`reduce(map(1..3, {n: #}), #acc + .n, 100)`, `106`},
		{`map([{o: "desc"}, {o: "asc"}], sortBy([1, 2], #, .o))`, `[[2,1],[1,2]]`}, {`map([5], reduce([1], #acc + #, #))`, `[6]`}, {`reduce([[1, 2], [3]], #acc + sum(#), 0)`, `6`},
		{`filter(1..5, {let y = # * 2; y > 6})`, `[4,5]`}, {`find(input.items, .name == "zzz")`, `null`}, {`findIndex([1], # == 9)`, `null`}, {`groupBy(input.items, .qty > 0)`, `{"false":[{"name":"pad","price":4,"qty":0}],"true":[{"name":"pen","price":3,"qty":10},{"name":"ink","price":7.5,"qty":2}]}`},
		{`map(values(groupBy([3, 1, 2], "k")), #)`, `[[3,1,2]]`}, {`[1, 2] | countBy(# % 2)`, `{"0":1,"1":1}`}, {`map(keys(nodes.charge), #)`, `["outcome","output","runs"]`}, {`sortBy(["b", "a"], #)`, `["a","b"]`},
		{`sortBy(input.items, .price, "desc")[0].name`, `"ink"`}, {`sort(["b", "A", "a"])`, `["A","a","b"]`}, {`sort([2, 1], "desc")`, `[2,1]`}, {`uniqueBy(input.items, .qty > 0) | map(.name)`, `["pen","pad"]`}, {`unique([1, 1.0, 2 ** 53, 2.0 ** 53, "1", null, null])`, `[1,9007199254740992,"1",null]`},
		{`maxBy(input.items, .price).name`, `"ink"`}, {`minBy([], #)`, `null`}, {`count([true, false])`, `1`},
		// keys that the grammar has other words for
		{`{count: 1}.count`, `1`}, {`{countBy: 1}.countBy`, `1`}, {`let keyBy = [7]; keyBy[0]`, `7`}, {`{not: 1, in: 2}.not`, ""}, {`{"in": 2}.in`, `2`},
		// functions with more than one way
		{`len(input.word)`, `5`}, {`len(nodes)`, `3`}, {`min([])`, `null`}, {`mean([])`, `null`}, {`median([1, 2])`, `1.5`}, {`median([1.5, 9, 2])`, `2`}, {`max("a", "b")`, `"b"`}, {`min(1, 0.5)`, `0.5`},
		{`first([])`, `null`}, {`take([1], 5)`, `[1]`}, {`drop([1], 5)`, `[]`}, {`split("", ",")`, `[""]`}, {`split("añb", "")`, `["a","ñ","b"]`}, {`join(input.tags, ", ")`, `"red, blue"`}, {`join([], ",")`, `""`},
		{`trim("\t x \n")`, `"x"`}, {`replace("aaa", "a", "")`, `""`}, {`repeat("x", 0)`, `""`}, {`padStart("abc", 2)`, `"abc"`}, {`padEnd("ü", 3, "é")`, `"üéé"`}, {`indexOf("grüße", "e")`, `4`}, {`indexOf(["a", "b"], "b")`, `1`}, {`lastIndexOf([1, 1], 1.0)`, `1`},
		{`extract("ab", "x")`, `null`}, {`extract("b", "(a)?b")`, `["b",null]`}, {`round(2.5)`, `3`}, {`round(-2.5)`, `-3`}, {`round(1.005, 2)`, `1.01`}, {`round(-0.05, 1)`, `-0.1`}, {`round(9.99, 1)`, `10`}, {`round(99.5, 0)`, `100`}, {`round(1e300)`, `1e+300`}, {`floor(1e300)`, `1e+300`}, {`abs(-1.5)`, `1.5`},
		{`int("-7")`, `-7`}, {`int(-3.9)`, `-3`}, {`float(3)`, `3`}, {`type(float(3))`, `"float"`}, {`float("1e3")`, `1000`}, {`string(1.0)`, `"1"`}, {`string(null)`, `"null"`}, {`string({b: [1], a: "x"})`, `"{\"a\":\"x\",\"b\":[1]}"`}, {`bool("false")`, `false`},
		{`fromJSON(toJSON(input)) == input`, `true`}, {`get(input, "note", 1)`, `1`}, {`get(input.tags, 5)`, `null`}, {`get(input, ["items", 0, "name"])`, `"pen"`}, {`has(input, "note")`, `true`}, {`has(nodes, "x")`, `false`}, {`merge(input.by, null, {adam: 9})`, `{"adam":9,"zoe":1}`}, {`pick(nodes.charge, ["runs"])`, `{"runs":1}`}, {`omit(input.by, "zoe")`, `{"adam":2}`}, {`fromPairs(toPairs(input.by)) == input.by`, `true`}, {`coalesce(null, null)`, `null`},
		// time
		{`now()`, `1700000000123`}, {`formatTime(now())`, `"2023-11-14T22:13:20.123Z"`}, {`date("2023-11-14T22:13:20.123Z") == now()`, `true`}, {`date("1970-01-02")`, `86400000`}, {`date("2024-02-29 00:00:00")`, `1709164800000`}, {`date("31.12.1969", "%d.%m.%Y")`, `-86400000`}, {`formatTime(-1)`, `"1969-12-31T23:59:59.999Z"`}, {`formatTime(date("2026-11-05T15:04:05.9999-03:30"), "%y/%e %I%p %a %b %j %u %L%%")`, `"26/5 06PM Thu Nov 309 4 999%"`}, {`duration("1d12h")`, `129600000`}, {`now() - now()`, `0`},
		{`random() < 1`, `true`}, {`random(5, 5)`, `5`}, {`random(1, 6) in 1..6`, `true`}, {`uuid() == uuid()`, `false`}, {`uuid() matches "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"`, `true`},
		// comments
		{"1 + // one\n 2 /* two */", `3`},
	} {
		got, err := evalJSON(c, test.src)
		if test.want == "" { // the grammar refuses it, and this is known
			if err == nil {
				t.Errorf("%s: want a syntax error, got %s", test.src, got)
			}
			continue
		}
		if err != nil || got != test.want {
			t.Errorf("%s\n got %s %v\nwant %s", test.src, got, err, test.want)
		}
	}
}

// TestEvalErrors: each error has a code, names the path in its message or hint, and points into the source.
func TestEvalErrors(t *testing.T) {
	c := &Context{Names: fixture(t)}
	for _, test := range []struct {
		src, code, text string
		at              string // the source from the caret on
	}{
		{`input.note > 3`, CodeNull, "input.note is null and cannot be compared with >; give a default with ??, as in (input.note ?? ...)", "> 3"},
		{`3 < input.a.b`, CodeNull, "input.a.b is null", "< input"},
		{`input.note + 1`, CodeNull, "input.note is null and cannot be used with +", "+ 1"},
		{`input.id > 3`, CodeType, `input.id is a string and 3 is an int: they have no order`, "> 3"},
		{`input.id + 1`, CodeType, "join text with string(...)", "+ 1"},
		{`[1] + [2]`, CodeType, "concat()", "+ ["},
		{`5.5 % 2`, CodeType, "% takes two ints", "% 2"},
		{`1 / 0`, CodeNumber, "division by zero", "/ 0"}, {`1.5 / 0.0`, CodeNumber, "division by zero", "/ 0"}, {`1 % 0`, CodeNumber, "division by zero", "% 0"},
		{`input.max + 1`, CodeNumber, "(input.max + 1): the result is beyond int64", "+ 1"}, {`-input.max - 2`, CodeNumber, "int64", "- 2"}, {`input.max * 2`, CodeNumber, "int64", "* 2"},
		{`(-9223372036854775807 - 1) * -1`, CodeNumber, "int64", "* -1"}, {`-(-9223372036854775807 - 1)`, CodeNumber, "int64", "-(-"}, {`abs(-9223372036854775807 - 1)`, CodeNumber, "int64", "abs"}, {`3 ** 50`, CodeNumber, "int64", "** 50"}, {`10 ** 10 ** 10`, CodeNumber, "int64", ""},
		{`1e308 * 10`, CodeNumber, "finite", "* 10"}, {`0.0 ** -1`, CodeNumber, "finite", "**"}, {`(-1.5) ** 0.5`, CodeNumber, "finite", "**"}, {`sum([input.max, 1])`, CodeNumber, "sum: the result is beyond int64", "sum"},
		{`input.id && true`, CodeType, "input.id is a string, want a bool", "&&"}, {`not input.note`, CodeNull, "input.note is null, want a bool", "not"}, {`input.amount ? 1 : 2`, CodeType, "input.amount is an int, want a bool", "input"},
		{`input.id.x`, CodeType, `input.id is a string and has no key "x"`, "x"}, {`input.items.name`, CodeType, "map(input.items, .name)", "name"}, {`input.tags["a"]`, CodeType, "", ""}, {`input.by[0]`, CodeType, "as the key of a map", ""}, {`input.amount[0]`, CodeType, "has no elements", ""},
		{`inputs.x`, CodeName, "did you mean input?", "inputs"}, {`nodes.my-node`, CodeName, `nodes["my-node"]`, "node"},
		{`nodes.broken`, CodeRead, "nodes.broken cannot be read: the journal is gone", "broken"}, {`toJSON(nodes)`, CodeRead, "the journal is gone", ""}, {`nodes == nodes`, CodeRead, "gone", ""}, {`values(nodes)`, CodeRead, "gone", ""},
		{`"x" in input.note`, CodeNull, "input.note is null, want a list or map", "in"}, {`"o" in input.id`, CodeType, `input.id contains "o"`, "in"}, {`1 in input.by`, CodeType, "", ""}, {`input.note contains "x"`, CodeNull, "", "contains"}, {`input.id startsWith 1`, CodeType, "", ""}, {`5 matches "x"`, CodeType, "", ""}, {`input.id matches input.note`, CodeNull, "", ""},
		{`1..input.rate`, CodeType, "bound of a range", ".."}, {`1..1000000`, CodeSize, "more than 100000", ".."}, {`-9223372036854775807..9223372036854775807`, CodeSize, "", ".."},
		{`input.note[0:1]`, CodeNull, "", ""}, {`input.tags["a":]`, CodeType, "", ""}, {`{(input.amount): 1}`, CodeType, "as the key of a map", ""},
		{`len(input.note)`, CodeNull, "len: input.note is null, want a list, map or string; give a default with ??", "len"}, {`len(5)`, CodeType, "len: 5 is an int", "len"}, {`upper(1)`, CodeType, "upper: 1 is an int, want a string", ""},
		{`map(input.note, #)`, CodeNull, "map: input.note is null, want a list or map", "map"}, {`filter(input.items, .price)`, CodeType, "want a bool", ""}, {`sum(input.items, .nothing)`, CodeNull, "element 0 is null", ""}, {`sum(input.tags)`, CodeType, "element 0 is a string", ""}, {`count([1])`, CodeType, "give a predicate", ""}, {`flatMap([1], #)`, CodeType, "", ""}, {`mapValues([1], #)`, CodeType, "use map()", ""},
		{`groupBy([null], #)`, CodeType, "??", ""}, {`sortBy([{n: 1}, {n: "a"}], .n)`, CodeType, "mixed", ""}, {`sortBy([null], #)`, CodeNull, "no order", ""}, {`sortBy([[]], #)`, CodeType, "", ""}, {`sort([1], "up")`, CodeValue, `"asc" or "desc"`, ""}, {`min(1, "a")`, CodeType, "", ""}, {`max([null])`, CodeType, "", ""}, {`reduce([], #acc + #)`, CodeValue, "third argument", ""}, {`median(["a"])`, CodeType, "", ""}, {`mean([1, null])`, CodeType, "", ""}, {`sum([1], .x)`, CodeType, "", ""},
		{`int("1.5")`, CodeValue, `"1.5" is no whole number`, ""}, {`int(1e30)`, CodeNumber, "", ""}, {`int(null)`, CodeNull, "", ""}, {`float("inf")`, CodeValue, "", ""}, {`float("")`, CodeValue, "", ""}, {`float("1x")`, CodeValue, "", ""}, {`float("1e999")`, CodeValue, "", ""}, {`bool("yes")`, CodeValue, "", ""}, {`bool(1)`, CodeType, "", ""}, {`fromJSON("{")`, CodeBadJSON, "byte 1", ""}, {`fromBase64("!")`, CodeValue, "", ""}, {`fromBase64("/w==")`, CodeValue, "UTF-8", ""},
		{`repeat("x", -1)`, CodeValue, "", ""}, {`repeat("xx", 9223372036854775807)`, CodeSize, "", ""}, {`padStart("x", 9223372036854775807)`, CodeSize, "", ""}, {`padStart("x", 3, "ab")`, CodeValue, "", ""}, {`chunk([1], 0)`, CodeValue, "", ""}, {`round(1.5, 99)`, CodeValue, "", ""}, {`random(1)`, CodeFunction, "", ""}, {`random(2, 1)`, CodeValue, "", ""}, {`extract("a", "(")`, CodeRegex, "", ""}, {`concat([1], null)`, CodeNull, "", ""}, {`fromPairs([1])`, CodeType, "", ""}, {`fromPairs([[1, 2]])`, CodeType, "", ""}, {`pick({}, 1)`, CodeType, "", ""}, {`join([nodes])`, CodeRead, "", ""},
		{`date("2023-02-29")`, CodeValue, "no such date", ""}, {`date("yesterday")`, CodeValue, "neither a date nor", ""}, {`date("2023-01-01T00:00:00+25:00")`, CodeValue, "zone", ""}, {`date("2023", "%Q")`, CodeValue, "%Q", ""}, {`formatTime(1e18)`, CodeType, "", ""}, {`formatTime(9223372036854775807)`, CodeValue, "milliseconds", ""}, {`formatTime(0, "%Q")`, CodeValue, "%Q", ""}, {`duration("90")`, CodeDuration, "write 90s", ""}, {`duration("soon")`, CodeDuration, "1h30m", ""},
	} {
		p, err := Compile(test.src)
		if err == nil {
			_, err = p.Eval(c)
		}
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: no error", test.src)
			continue
		}
		if e.Code != test.code || !strings.Contains(e.Error(), test.text) {
			t.Errorf("%s\n got %s\nwant %s ... %s", test.src, e, test.code, test.text)
		}
		if e.Source != test.src || e.Offset < 0 || e.Offset > len(test.src) || !strings.HasPrefix(test.src[e.Offset:], test.at) {
			t.Errorf("%s: caret at %d of %q, want at %q\n%s", test.src, e.Offset, e.Source, test.at, e.Caret())
		}
		if strings.Contains(e.Error(), "\n") {
			t.Errorf("%s: the error has two lines: %q", test.src, e)
		}
	}
}

// TestCompileErrors: what can be known from the text alone is an error at deploy.
func TestCompileErrors(t *testing.T) {
	for _, test := range []struct{ src, code, text, at string }{
		{``, CodeSyntax, "empty", ""}, {"  // only\n", CodeSyntax, "empty", ""}, {`1 +`, CodeSyntax, "ends too early", ""}, {`a = 1`, CodeSyntax, "compare with ==", ""}, {`"abc`, CodeSyntax, "not closed", `"abc`}, {`1 /* x`, CodeSyntax, "comment", "/*"}, {"\xff", CodeSyntax, "UTF-8", ""}, {`(1`, CodeSyntax, "", ""}, {`1)`, CodeSyntax, `unexpected ")"`, ")"}, {`a b`, CodeSyntax, "", "b"}, {`b"x"`, CodeSyntax, "byte literals", ""}, {`@`, CodeSyntax, "", ""}, {`#x`, CodeSyntax, "", "#"},
		{`99999999999999999999`, CodeSyntax, "integer", ""}, {`a ?? 1 > 2`, CodeSyntax, "parentheses", ""}, {`{a: 1, a: 2}`, CodeSyntax, `"a" stands twice`, ""},
		{`lenght(x)`, CodeFunction, "here it is len", "lenght"}, {`length(x)`, CodeFunction, "here it is len", ""}, {`grupBy(x, y)`, CodeFunction, "did you mean groupBy?", ""}, {`smu(x)`, CodeFunction, "did you mean sum?", ""}, {`foo(x)`, CodeFunction, "no function foo", "foo"}, {`timezone("x")`, CodeFunction, "", ""}, {`bitand(1, 2)`, CodeFunction, "", ""}, {`zzzzzzzzzz()`, CodeFunction, "no function", ""},
		{`len()`, CodeFunction, "len got 0 arguments; it is len(value) int", "len"}, {`1 + len(1, 2)`, CodeFunction, "len got 2 arguments", "len"}, {`replace("a")`, CodeFunction, "1 argument;", ""}, {`keyBy(x)`, CodeFunction, "keyBy got 1 argument", "keyBy"}, {`minBy(x)`, CodeFunction, "minBy", ""},
		{`x.upper()`, CodeFunction, "write x | upper(...)", "upper"}, {`x.foo(1)`, CodeFunction, "no methods", ""}, {`map(x, #acc)`, CodeName, "reduce", ""}, {`reduce(x, map(y, #acc))`, CodeName, "reduce", ""}, {`map(x, #foo)`, CodeName, "no #foo", ""},
		{`x matches "("`, CodeRegex, "RE2", "matches"}, {`x matches "(?=a)"`, CodeRegex, "look-around", ""}, {`x matches 5`, CodeType, "pattern", ""}, {`null.x`, CodeType, "", ""},
		{`secrets.a + input.b`, CodeLateMixed, "names nothing else", "input"}, {`task.key + string(now())`, CodeLateMixed, "now", ""},
	} {
		_, err := Compile(test.src)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: no error", test.src)
			continue
		}
		if e.Code != test.code || !strings.Contains(e.Error(), test.text) || e.Source != test.src {
			t.Errorf("%s\n got %s\nwant %s ... %s", test.src, e, test.code, test.text)
		}
		if e.Offset > len(test.src) || !strings.HasPrefix(test.src[e.Offset:], test.at) {
			t.Errorf("%s: caret at %d, want at %q", test.src, e.Offset, test.at)
		}
	}
}

func TestCaret(t *testing.T) {
	_, err := Compile("let a = 1;\nüber(a)")
	e := err.(*Error)
	if want := "über(a)\n^"; e.Caret() != want {
		t.Errorf("got\n%s\nwant\n%s", e.Caret(), want)
	}
	e = &Error{Source: "a\tüb + c", Offset: len("a\tüb ")}
	if want := "a üb + c\n     ^"; e.Caret() != want {
		t.Errorf("got\n%s\nwant\n%s", e.Caret(), want)
	}
	long := &Error{Source: strings.Repeat("x", 500) + "!" + strings.Repeat("y", 500), Offset: 500}
	lines := strings.Split(long.Caret(), "\n")
	if len(lines[0]) > 110 || lines[0][len(lines[1])-1] != '!' {
		t.Errorf("got\n%s", long.Caret())
	}
	if (&Error{}).Caret() != "" {
		t.Error("a caret without a source")
	}
}

func TestBool(t *testing.T) {
	c := &Context{Names: fixture(t)}
	for _, test := range []struct{ src, code, text string }{
		{"output.body.risk > 0.8", "", ""},
		{"input.note", CodeNull, "the condition gives null, want a bool; give a default with ??, as in (input.note ?? ...)"},
		{"input.id", CodeType, "the condition gives a string, want a bool"},
		{"1 / 0", CodeNumber, "division"},
	} {
		p, err := Compile(test.src)
		if err != nil {
			t.Fatal(err)
		}
		ok, err := p.Bool(c)
		if test.code == "" {
			if !ok || err != nil {
				t.Errorf("%s: %v %v", test.src, ok, err)
			}
			continue
		}
		e, is := err.(*Error)
		if !is || e.Code != test.code || !strings.Contains(e.Error(), test.text) || e.Source != test.src {
			t.Errorf("%s: got %v", test.src, err)
		}
	}
}

func TestReadsAndLate(t *testing.T) {
	for _, test := range []struct {
		src, reads string
		late       bool
	}{
		{"nodes.a.output.x > 1", "nodes.a.output.x", false},
		{`nodes["a-b"].output[input.i].y + input.i`, "nodes.a-b.output input.i", false},
		{"nodes.a.output[0].x", "nodes.a.output", false},
		{"a?.b?.c", "a.b.c", false},
		{"map(input.list, .x + vars.y)", "input.list vars.y", false},
		{"let n = nodes.a; n.output.z", "nodes.a nodes.a.output.z", false},
		{"input.a == input.a", "input.a", false},
		{"1 + len('x')", "", false},
		{"upper(secrets.key) + task.token", "secrets.key task.token", true},
	} {
		p, err := Compile(test.src)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range p.Reads() {
			got = append(got, strings.Join(r, "."))
		}
		if s := strings.Join(got, " "); s != test.reads || p.Late() != test.late || p.Source() != test.src {
			t.Errorf("%s: reads %q late %v, want %q %v", test.src, s, p.Late(), test.reads, test.late)
		}
	}
}

// TestSeed: equal seeds give equal values, others differ.
func TestSeed(t *testing.T) {
	eval := func(seed uint64) string {
		s, err := evalJSON(&Context{Seed: seed}, "[uuid(), random(), random(-9223372036854775807, 9223372036854775807)]")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first, again, other := eval(1), eval(1), eval(2)
	if first != again || first == other {
		t.Error(first, again, other)
	}
}

// TestSharedProgram: evaluation leaves the program and its data as they are.
func TestSharedProgram(t *testing.T) {
	names := fixture(t)
	before, _ := Append(nil, names["input"])
	p, err := Compile("[sort([3, 1]), reverse(input.tags), concat(input.tags, [1]), merge(input.by, {x: 1}), [3, 1]]")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		v, err := p.Eval(&Context{Names: names})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := Append(nil, v)
		if want := `[[1,3],["blue","red"],["red","blue",1],{"adam":2,"x":1,"zoe":1},[3,1]]`; string(got) != want {
			t.Errorf("got %s", got)
		}
	}
	if after, _ := Append(nil, names["input"]); string(after) != string(before) {
		t.Errorf("input became %s", after)
	}
}

// TestMessagesAreShort: the name of a long chain is cut.
func TestMessagesAreShort(t *testing.T) {
	for _, src := range []string{strings.Repeat("input.amount + ", 400) + "null", "(" + strings.Repeat("-", 80) + "input.id)", "input" + strings.Repeat(".abcdefgh", 500) + " > 1", "input.id + " + strings.Repeat("-", 90) + "input.amount"} {
		_, err := evalJSON(&Context{Names: fixture(t)}, src)
		if err == nil || len(err.Error()) > 400 {
			t.Errorf("%v", err)
		}
	}
}

// TestConcurrentUse: programs and templates may be used by many at once.
func TestConcurrentUse(t *testing.T) {
	c := &Context{Names: fixture(t)}
	p, err := Compile(`sum(filter(input.items, .name matches "^p" && .name in ["pen", "pad"]), .qty) + len({a: 1})`)
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := CompileTemplate(Raw(`{"a": "${ sort(input.tags) } ${ input.id }", "b": {"c": "${ secrets.x }"}}`))
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 50 {
				if v, err := p.Eval(c); v != int64(11) || err != nil {
					t.Errorf("got %v %v", v, err)
				}
				if b, late, err := tpl.Append(nil, c); string(b) != `{"a":"[\"blue\",\"red\"] o-1","b":{"c":null}}` || len(late) != 1 || err != nil {
					t.Errorf("got %s %v %v", b, late, err)
				}
			}
		})
	}
	group.Wait()
}
