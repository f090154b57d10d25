package expr

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The attacks of reliability B.3 and B.4 on expressions and JSON. Each must end as a coded error (or a value) within
// the time and memory named.

func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

// honest is a program that does nothing but plain work until its budget is spent.
const honest = "map(1..1000, sum(map(1..1000, sum(1..1000))))"

// within runs f and fails if it took more than so many percent of the processor time of honest, measured beside it on
// the same thread: a slow machine and the race detector slow both. One of five runs must keep to it, for caches and the
// collector of garbage have their say.
func within(t *testing.T, percent int, what string, f func()) {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	plain, err := Compile(honest)
	if err != nil {
		t.Fatal(err)
	}
	var took, allowed time.Duration
	for range 5 {
		start := cpuTime(t)
		_, _ = plain.Eval(nil)
		between := cpuTime(t)
		f()
		took, allowed = cpuTime(t)-between, (between-start)*time.Duration(percent)/100
		if took <= allowed {
			return
		}
	}
	t.Errorf("%s took %v, more than %v", what, took, allowed)
}

func TestS44ParserBombs(t *testing.T) {
	deep := func(open, close string, n int) string {
		return strings.Repeat(open, n) + "1" + strings.Repeat(close, n)
	}
	for name, src := range map[string]string{
		"a million (":             strings.Repeat("(", 1_000_000),
		"five million -":          strings.Repeat("-", 5_000_000),
		"a megabyte of nested [":  deep("[", "]", 500_000),
		"a megabyte of nested {":  strings.Repeat("{a:", 350_000),
		"a megabyte of not":       strings.Repeat("not ", 250_000),
		"( in 16 KiB":             strings.Repeat("(", MaxSource),
		"balanced ( in 16 KiB":    deep("(", ")", 8000),
		"[ in 16 KiB":             deep("[", "]", 8000),
		"{ in 16 KiB":             strings.Repeat("{a:", 5000),
		"- in 16 KiB":             strings.Repeat("-", MaxSource-1) + "1",
		"! in 16 KiB":             strings.Repeat("!", MaxSource-4) + "true",
		"not in 16 KiB":           strings.Repeat("not ", 4000) + "true",
		"ternaries to the right":  strings.Repeat("true?1:", 2300) + "1",
		"ternaries in the middle": strings.Repeat("true?", 2300) + "1" + strings.Repeat(":1", 2300),
		"powers":                  strings.Repeat("1**", 5000) + "1",
		"carets":                  strings.Repeat("1^", 8000) + "1",
		"lets":                    strings.Repeat("let a=1;", 2000) + "1",
		"else ifs":                strings.Repeat("if a{1}else ", 1300) + "{1}",
		"nested predicates":       strings.Repeat("map(a,", 2500) + "1" + strings.Repeat(")", 1000),
		"nested indexes":          deep("a[", "]", 5000),
		"nested closures":         strings.Repeat("map(a,{", 2000),
		"?? and minus":            strings.Repeat("a ?? -", 2600) + "a",
		"* and not":               strings.Repeat("a * not ", 2000) + "a",
		"sum of 8000":             strings.Repeat("1+", 8000) + "1",
		"members of members":      "a" + strings.Repeat(`["b"]`, 3000) + strings.Repeat("[0]", 600),
		"indexes of indexes":      "a" + strings.Repeat("[0]", 5000),
		"pipes":                   "a" + strings.Repeat("|len()", 2700),
		// a chain shares its middle operand: written out, this tree has 2^90 nodes
		"chains of comparisons": strings.Repeat("1<(", 90) + "1" + strings.Repeat(")<1", 90),
	} {
		t.Run(name, func(t *testing.T) {
			var err error
			within(t, 50, "the refusal", func() { _, err = Compile(src) })
			if code := codeOf(err); code != CodeTooComplex {
				t.Errorf("got %v, want %s", code, CodeTooComplex)
			}
			if e := err.(*Error); e.Offset > len(src) || len(e.Caret()) > 400 {
				t.Errorf("offset %d, caret of %d bytes", e.Offset, len(e.Caret()))
			}
		})
	}
}

// TestS44NotTooStrict: expressions that people write pass.
func TestS44NotTooStrict(t *testing.T) {
	for name, src := range map[string]string{
		"400 terms":        strings.Repeat("a+", 400) + "a",
		"400 conditions":   strings.Repeat("!a && ", 400) + "true",
		"300 cases":        "[" + strings.Repeat("a ? 1 : 2,", 300) + "1]",
		"90 brackets":      strings.Repeat("(", 90) + "1" + strings.Repeat(")", 90),
		"30 ternaries":     strings.Repeat("a == 1 ? 1 : ", 30) + "2",
		"a list of 3000":   "[" + strings.Repeat("1,", 3000) + "1]",
		"40 lets":          strings.Repeat("let a = 1;", 40) + "a",
		"a text of 15 KiB": `"` + strings.Repeat("(", 15<<10) + `"`,
	} {
		if _, err := Compile(src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestS44TemplateBombs(t *testing.T) {
	for name, test := range map[string]struct{ src, code string }{
		"a million (":          {"${" + strings.Repeat("(", 1_000_000), CodeSyntax},
		"a closed million (":   {"${" + strings.Repeat("(", 500_000) + strings.Repeat(")", 500_000) + "}", CodeTooComplex},
		"a million ${":         {strings.Repeat("${", 1_000_000), CodeSyntax},
		"a million {":          {"${" + strings.Repeat("{", 500_000) + strings.Repeat("}", 500_000) + "}", CodeTooComplex},
		"an open string":       {"${ 'abc }", CodeSyntax},
		"an open comment":      {"${ a /* }", CodeSyntax},
		"a comment to the end": {"${ a // }", CodeSyntax},
	} {
		var err error
		within(t, 600, name, func() { _, err = CompileText(test.src) })
		if code := codeOf(err); code != test.code {
			t.Errorf("%s: got %s, want %s", name, code, test.code)
		}
	}
}

// attack evaluates src and returns the last result.
func attack(t *testing.T, src string, names Names) (v any, err error) {
	t.Helper()
	p, err := Compile(src)
	if err != nil {
		return nil, err
	}
	within(t, 2000, src[:min(len(src), 60)], func() { v, err = p.Eval(&Context{Names: names}) })
	return v, err
}

func TestS42CPU(t *testing.T) {
	list := make([]any, 250)
	long := make([]any, 50_000)
	for i := range list {
		list[i] = int64(i)
	}
	big := strings.Repeat("a", 256<<10)
	for i := range long {
		long[i] = big[:len(big)-i%2]
	}
	names := mapNames{"a": list, "long": long, "big": big, "s": strings.Repeat("a", 30)}
	nested := "true"
	for range 5 {
		nested = "count(a, " + nested + ") > 0"
	}
	for name, src := range map[string]string{
		"nested predicates":     nested,
		"ranges in ranges":      "map(1..1000, sum(map(1..1000, sum(1..1000))))",
		"sort of long strings":  "sort(long)",
		"sortBy a constant":     "map(1..1000, sortBy(1..1000, -#))",
		"big alternation":       "map(long, # matches '(a|b|c|d|e|f)*(a|b|c|d|e|f)*(a|b|c|d|e|f)*x')",
		"dynamic patterns":      "map(1..10000, 'x' matches ('a{900}' + string(#)))",
		"contains":              "map(1..100000, big contains 'ab')",
		"equality":              "map(1..100000, long == long)",
		"upper":                 "map(1..100000, upper(big))",
		"hash":                  "map(1..100000, hash(big))",
		"characters":            "map(1..100000, big[200000])",
		"slices of characters":  "map(1..100000, big[1:2])",
		"len":                   "map(1..100000, len(big))",
		"fromJSON":              "map(1..100000, fromJSON('[' + repeat('1,', 100) + '1]'))",
		"index of":              "map(1..100000, indexOf(long, 'x'))",
		"a folded tree doubled": "let x = reduce(1..60, [#acc, #acc], 1); toJSON(x)",
		"equal doubled trees":   "let x = reduce(1..40, [#acc, #acc], 1); let y = reduce(1..40, [#acc, #acc], 1); x == y",
		"flatten":               "flatten(reduce(1..60, [#acc, #acc], 1))",
		"unique":                "unique(map(1..100000, long))",
		"trim":                  "map(1..100000, trim(big, 'abcdefgh'))",
		"groupBy":               "map(1..1000, groupBy(1..1000, string(#)))",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := attack(t, src, names)
			if code := codeOf(err); code != CodeCost && code != CodeSize {
				t.Errorf("got %v, want %s", err, CodeCost)
			}
		})
	}
	// What cannot become a string is not written until the budget is spent.
	for _, f := range []string{"toJSON(x)", "string(x)", "join([x])"} {
		if _, err := attack(t, "let x = reduce(1..60, [#acc, #acc], 1); "+f, names); codeOf(err) != CodeSize {
			t.Errorf("%s: got %v, want %s", f, err, CodeSize)
		}
	}
	// The classic blow-up of backtracking is no work at all for RE2.
	if v, err := attack(t, "s matches '("+strings.Repeat("a?", 23)+strings.Repeat("a", 23)+")+x'", names); v != false || err != nil {
		t.Errorf("got %v %v", v, err)
	}
}

// TestS42SmallBudget: the budget of the caller is kept.
func TestS42SmallBudget(t *testing.T) {
	p, err := Compile("sum(1..100)")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Eval(&Context{Cost: 50}); codeOf(err) != CodeCost {
		t.Errorf("got %v", err)
	}
	if v, err := p.Eval(&Context{Cost: 500}); v != int64(5050) {
		t.Errorf("got %v %v", v, err)
	}
}

func TestS43Memory(t *testing.T) {
	names := mapNames{"big": strings.Repeat("x", 256<<10)}
	for name, src := range map[string]string{
		"repeat":              "repeat('x', 5000000000)",
		"repeat of repeat":    "repeat(repeat('x', 1000000), 1000000)",
		"doubling":            "reduce(1..60, #acc + #acc, 'xxxxxxxx')",
		"doubling lists":      "reduce(1..60, concat(#acc, #acc), [1])",
		"filling a list":      "map(1..100000, map(1..100000, #))",
		"filling maps":        "map(1..100000, {a: 1, b: 2, c: 3})",
		"filling groups":      "map(1..1000, groupBy(1..1000, string(#)))",
		"replace":             "replace(repeat('a', 100000), 'a', repeat('b', 100000))",
		"join":                "join(map(1..1000, big))",
		"pads":                "map(1..100000, padStart('', 1000000))",
		"pairs":               "map(1..100000, toPairs({a: 1, b: 2}))",
		"merges":              "reduce(1..100000, merge(#acc, {(string(#)): 1}), {})",
		"a range":             "0..9223372036854775807",
		"split":               "map(1..100000, split(big, ''))",
		"JSON of the data":    "map(1..100000, toJSON(big))",
		"base64":              "map(1..100000, toBase64(big))",
		"closures over lists": "map(1..100000, let x = 1..100; x)",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			p, err := Compile(src)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Eval(&Context{Names: names})
			runtime.ReadMemStats(&after)
			if code := codeOf(err); code != CodeCost && code != CodeSize {
				t.Errorf("got %v, want %s or %s", err, CodeSize, CodeCost)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > 128<<20 {
				t.Errorf("allocated %d MiB in all", n>>20)
			}
		})
	}
}

// TestS43Template: text that multiplies data is bounded as a whole.
func TestS43Template(t *testing.T) {
	c := &Context{Names: mapNames{"big": strings.Repeat("x", 256<<10)}}
	raw := []byte(`["` + strings.Repeat("${ big }", 500) + `"]`)
	for _, text := range []string{string(raw), `[` + strings.Repeat(`"${ big }",`, 500) + `1]`} {
		tpl, err := CompileTemplate([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		dst := []byte("kept")
		out, _, err := tpl.Append(dst, c)
		if code := codeOf(err); code != CodeCost {
			t.Errorf("got %v", err)
		}
		if string(out) != "kept" {
			t.Errorf("dst became %d bytes", len(out))
		}
	}
}

func TestS20JSON(t *testing.T) {
	var keys strings.Builder
	keys.WriteByte('{')
	for i := range 1_000_000 {
		fmt.Fprintf(&keys, `"k%d":1,`, i)
	}
	keys.WriteString(`"z":1}`)
	for name, test := range map[string]struct{ src, code string }{
		"100,000 deep lists":   {strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), CodeComplex},
		"100,000 deep objects": {strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000), CodeComplex},
		"a million keys":       {keys.String(), CodeComplex},
		"a 10 MB number":       {strings.Repeat("9", 10<<20), CodeComplex},
		"a 10 MB fraction":     {"0." + strings.Repeat("9", 10<<20), CodeComplex},
		"1e400":                {"1e400", CodeComplex},
		"-1e400":               {"[-1e400]", CodeComplex},
		"1e99999999999":        {"1e99999999999", CodeComplex},
		"beyond int64":         {"9223372036854775808", CodeBadNumber},
		"below int64":          {"-9223372036854775809", CodeBadNumber},
		"65 deep":              {strings.Repeat("[", 65) + strings.Repeat("]", 65), CodeComplex},
	} {
		raw := []byte(test.src)
		var err error
		within(t, 600, name, func() { _, err = Decode(raw) })
		if code := codeOf(err); code != test.code {
			t.Errorf("%s: got %s, want %s", name, code, test.code)
		}
	}
	if _, err := Decode([]byte(strings.Repeat("[", 64) + strings.Repeat("]", 64))); err != nil {
		t.Errorf("64 deep: %v", err)
	}
}

func TestS21StrictJSON(t *testing.T) {
	for _, src := range []string{
		`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `1 2`, `{} x`, "\ufeff{}", `{"a":1,}`, `[1,]`, `[,1]`, `{a:1}`, `{'a':1}`, `// x
1`, `/* */1`, `01`, `-`, `+1`, `.5`, `1.`, `1e`, `1e+`, `0x10`, `NaN`, `Infinity`, `-Infinity`, `nul`, `tru`, `True`, ``, ` `, `"`, `"\`, `"\x"`, `"\u12"`, `"\u12g4"`,
		"\"\x01\"", "\"a\nb\"", `"\ud800"`, `"\ud800\u0041"`, `"\udc00"`, "\"\xff\"", "\"\xed\xa0\x80\"", "\"\\n\x02\"", `[1`, `{"a"`, `{"a":`, `{"a":1`, `{"a" 1}`, `]`, `}`, `[1}`, `"a" "b"`, `--1`, `1-`, `"\ud83d"`, "\x00",
	} {
		v, err := Decode([]byte(src))
		if code := codeOf(err); code != CodeBadJSON {
			t.Errorf("%q: got %v %s, want %s", src, v, code, CodeBadJSON)
		}
	}
}
