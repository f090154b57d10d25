package expr

import (
	"errors"
	"testing"
)

var seeds = []string{
	"output.body.risk > 0.8", "filter(input.items, .qty > 0) | map({n: .name}) | len()", "let a = 1; a ?? 2 ** -3 .. 5", `"a" in {a: 1} ? 'x' : [1, 2][0:1]`,
	"reduce(1..9, #acc + #, 0)", "not (a matches '^x') and b?.c[d]", "if a { 1 } else { 2 }", "countBy(x, #index) // c", "formatTime(date('2026-01-01'), '%Y')",
	"1 < 2 < 3", "secrets.x + 'y'", "groupBy(input.items, .name)['pen'][0].price * -1.5e3", "`raw`[1:]", "b'x'", "::len(x)", "a; b",
	"sortBy(values(input.by), -#, 'desc')", "toJSON(fromJSON('[1.0]')) + string(1)", "get(input, ['a', 0], {})", "split(\"a,b\", \",\")[1] startsWith \"b\"",
}

// FuzzCompile: whatever the text, the answer is a program or a coded error that points into the text.
func FuzzCompile(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		p, err := Compile(src)
		checkError(t, err, src)
		if err == nil && (p.Source() != src || p.Late() && len(p.Reads()) == 0) {
			t.Errorf("%q: %v", src, p)
		}
		for _, tpl := range []string{src, "${" + src + "}", "a ${" + src + "} b"} {
			tp, err := CompileText(tpl)
			checkError(t, err, tpl)
			if err == nil {
				_ = tp.Reads()
			}
		}
	})
}

func checkError(t *testing.T, err error, src string) {
	t.Helper()
	if err == nil {
		return
	}
	var e *Error
	if !errors.As(err, &e) || e.Code == "" || e.Message == "" {
		t.Fatalf("%q: %#v", src, err)
	}
	if e.Source != src || e.Offset < 0 || e.Offset > len(src) {
		t.Fatalf("%q: offset %d in %q: %v", src, e.Offset, e.Source, e)
	}
	_ = e.Caret()
}

// FuzzEval: a program that compiles ends within its budget, with a value that is one of the language or a coded error,
// and twice with the same.
func FuzzEval(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, uint64(1))
	}
	names := fixture(f)
	f.Fuzz(func(t *testing.T, src string, seed uint64) {
		p, err := Compile(src)
		if err != nil {
			return
		}
		c := &Context{Names: names, Now: 1700000000000, Seed: seed, Cost: 20_000}
		one, err1 := p.Eval(c)
		two, err2 := p.Eval(c)
		if err1 != nil || err2 != nil {
			checkError(t, err1, src)
			if err1 == nil || err2 == nil || err1.Error() != err2.Error() {
				t.Fatalf("%q: %v, then %v", src, err1, err2)
			}
			return
		}
		a, err1 := Append(nil, one)
		b, err2 := Append(nil, two)
		if string(a) != string(b) || codeOf(err1) != codeOf(err2) {
			t.Fatalf("%q: %s %v, then %s %v", src, a, err1, b, err2)
		}
		if err1 != nil && codeOf(err1) != CodeSize && codeOf(err1) != CodeRead {
			t.Fatalf("%q: the value cannot be written: %v", src, err1)
		}
		if err1 == nil {
			if back, err := Decode(a); err != nil || !Equal(back, one) {
				t.Fatalf("%q: %s does not come back: %v", src, a, err)
			}
		}
	})
}
