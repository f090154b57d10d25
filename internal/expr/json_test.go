package expr

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		src  string
		want any
	}{
		{`null`, nil}, {` true `, true}, {`false`, false}, {`"x"`, "x"}, {`""`, ""},
		{`0`, int64(0)}, {`-0`, int64(0)}, {`12`, int64(12)}, {`9007199254740993`, int64(9007199254740993)},
		{`9223372036854775807`, int64(math.MaxInt64)}, {`-9223372036854775808`, int64(math.MinInt64)}, {`123456789012345678`, int64(123456789012345678)},
		{`1.0`, float64(1)}, {`1e2`, float64(100)}, {`-1.5E-1`, -0.15}, {`1e-400`, float64(0)}, {`1.7976931348623157e308`, math.MaxFloat64},
		{`"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00x"`, "\"\\/\b\f\n\r\té😀x"}, {`"é😀"`, "é😀"}, {`"a\u0000b"`, "a\x00b"}, {"\"\u2028\ufeff\"", "\u2028\ufeff"},
		{`[]`, []any{}}, {`[ ]`, []any{}}, {`{ }`, map[string]any{}}, {`[1, "a", [null]]`, []any{int64(1), "a", []any{nil}}},
		{"\t{ \"a\" : 1 ,\r\n\"b\" : { \"c\" : [ ] } } ", map[string]any{"a": int64(1), "b": map[string]any{"c": []any{}}}},
	} {
		got, err := Decode([]byte(test.src))
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %#v, %v; want %#v", test.src, got, err, test.want)
		}
	}
}

func TestDecodeErrorsPoint(t *testing.T) {
	for _, test := range []struct {
		src string
		off int
	}{{`[1, x]`, 4}, {`{"a": 1, "a": 2}`, 0}, {"[\"\xff\"]", 2}, {`[1] 2`, 4}, {`[99999999999999999999]`, 1}} {
		_, err := Decode([]byte(test.src))
		if e, ok := err.(*Error); !ok || e.Offset != test.off {
			t.Errorf("%q: got %#v, want offset %d", test.src, err, test.off)
		}
	}
}

func TestAppend(t *testing.T) {
	for _, test := range []struct {
		v    any
		want string
	}{
		{nil, `null`}, {true, `true`}, {int64(-5), `-5`}, {int64(math.MinInt64), `-9223372036854775808`},
		{1.0, `1`}, {-3.0, `-3`}, {math.Copysign(0, -1), `0`}, {0.5, `0.5`}, {1e20, `1e+20`}, {1e300, `1e+300`}, {float64(1 << 62), `4611686018427387904`}, {float64(-1 << 63), `-9223372036854775808`}, {float64(1 << 63), `9.223372036854776e+18`}, {1e-7, `1e-07`}, {123456.789, `123456.789`}, {math.SmallestNonzeroFloat64, `5e-324`},
		{"a\"\\\n\r\t\x00\x1fé<&>\u2028", "\"a\\\"\\\\\\n\\r\\t\\u0000\\u001fé<&>\u2028\""}, {"é\n\"", `"é\n\""`},
		{[]any{}, `[]`}, {map[string]any{}, `{}`}, {map[string]any{"b": 1.0, "a": []any{nil}, "": "x"}, `{"":"x","a":[null],"b":1}`},
		{lazy{"z": "1", "y": lazy{}}, `{"y":{},"z":"1"}`},
	} {
		got, err := Append([]byte("<"), test.v)
		if err != nil || string(got) != "<"+test.want {
			t.Errorf("%#v: got %s, %v; want %s", test.v, got, err, test.want)
		}
		if !json.Valid(got[1:]) {
			t.Errorf("%s is no JSON", got[1:])
		}
	}
	deep := any(nil)
	for range 65 {
		deep = []any{deep}
	}
	for _, test := range []struct {
		v    any
		code string
	}{
		{math.NaN(), CodeNumber}, {math.Inf(1), CodeNumber}, {[]any{math.Inf(-1)}, CodeNumber}, {"\xff", CodeValue}, {"aé\xff", CodeValue}, {map[string]any{"\xff": 1.0}, CodeValue},
		{5, CodeType}, {make(chan int), CodeType}, {[]string{"a"}, CodeType}, {deep, CodeSize}, {lazy{"broken": 1.0}, CodeRead},
	} {
		got, err := Append([]byte("<"), test.v)
		if codeOf(err) != test.code || string(got) != "<" {
			t.Errorf("%#v: got %s, %v; want %s", test.v, got, err, test.code)
		}
	}
}

// values draws any value of the language.
func values(depth int) *rapid.Generator[any] {
	scalar := rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.Int64(), func(i int64) any { return i }),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }).Filter(func(v any) bool { return !math.IsInf(v.(float64), 0) && !math.IsNaN(v.(float64)) }),
		rapid.Map(rapid.String(), func(s string) any { return strings.ToValidUTF8(s, "?") }),
	)
	if depth == 0 {
		return scalar
	}
	return rapid.OneOf(scalar,
		rapid.Map(rapid.SliceOfN(values(depth-1), 0, 4), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(rapid.StringMatching(`[a-z"\\é]{0,3}`), values(depth-1), 0, 4), func(m map[string]any) any { return m }),
	)
}

// TestRoundTrip: what Append writes, Decode reads as an equal value, and equal values give equal bytes.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values(3).Draw(t, "v")
		b, err := Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(b)
		if err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if !Equal(v, back) || !Equal(back, v) {
			t.Fatalf("%#v became %#v", v, back)
		}
		again, err := Append(nil, back)
		if err != nil || !bytes.Equal(b, again) {
			t.Fatalf("%s became %s, %v", b, again, err)
		}
		var std any
		if err := json.Unmarshal(b, &std); err != nil {
			t.Fatalf("encoding/json: %s: %v", b, err)
		}
	})
}

func TestEqual(t *testing.T) {
	for _, test := range []struct {
		a, b any
		want bool
	}{
		{nil, nil, true}, {nil, false, false}, {int64(1), 1.0, true}, {int64(1), 1.5, false}, {int64(1), true, false}, {"a", "a", true}, {"a", "b", false},
		{int64(math.MaxInt64), float64(math.MaxInt64), false}, {int64(math.MinInt64), float64(math.MinInt64), true}, {int64(9007199254740993), 9007199254740992.0, false},
		{0.0, math.Copysign(0, -1), true}, {math.NaN(), math.NaN(), false},
		{[]any{int64(1)}, []any{1.0}, true}, {[]any{}, []any{nil}, false}, {[]any{}, map[string]any{}, false},
		{map[string]any{"a": nil}, map[string]any{}, false}, {map[string]any{"a": nil}, map[string]any{"b": nil}, false}, {map[string]any{"a": 1.0}, lazy{"a": int64(1)}, true}, {lazy{"a": "x"}, lazy{"a": "x"}, true},
		{lazy{"broken": "x"}, lazy{"broken": "x"}, false}, {5, 5, false},
	} {
		if Equal(test.a, test.b) != test.want || Equal(test.b, test.a) != test.want {
			t.Errorf("%#v == %#v: want %v", test.a, test.b, test.want)
		}
	}
	deep := func() any {
		var v any
		for range 100_000 {
			v = []any{v}
		}
		return v
	}
	if Equal(deep(), deep()) {
		t.Error("values beyond the depth are equal to nothing")
	}
}

func TestTypeName(t *testing.T) {
	for want, v := range map[string]any{"null": nil, "bool": true, "int": int64(1), "float": 1.0, "string": "", "list": []any{}, "map": lazy{}, "Go int": 1} {
		if got := TypeName(v); got != want {
			t.Errorf("%#v: got %s, want %s", v, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x",null,true]}`, `"\ud83d\ude00"`, `1e400`, `[[[]]]`, `{"a":1,"a":2}`, `-0`, "\"\xff\"", `[1,]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		v, err := Decode(raw)
		if err != nil {
			if v != nil {
				t.Errorf("a value beside the error %v", err)
			}
			return
		}
		if !json.Valid(raw) {
			t.Fatalf("accepted %q", raw)
		}
		b, err := Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(b)
		if err != nil || !Equal(v, back) {
			t.Fatalf("%q became %q: %v", raw, b, err)
		}
	})
}

// document is a typical output of a step.
var document = []byte(`{"status":200,"headers":{"Content-Type":"application/json","Content-Length":"512"},"body":{"id":"ch_1a2b3c4d","amount":129900,"currency":"eur","risk":0.87,"captured":true,"customer":null,
"lines":[{"sku":"PEN-1","qty":10,"price":3.5},{"sku":"INK-7","qty":2,"price":7.25},{"sku":"PAD-3","qty":1,"price":4}],"note":"Bitte \"vorsichtig\" liefern"}}`)

func BenchmarkDecode(b *testing.B) {
	b.Run("pawl", func(b *testing.B) {
		b.SetBytes(int64(len(document)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Decode(document); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.SetBytes(int64(len(document)))
		b.ReportAllocs()
		for b.Loop() {
			var v any
			if err := json.Unmarshal(document, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	v, err := Decode(document)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("pawl", func(b *testing.B) {
		b.ReportAllocs()
		var dst []byte
		for b.Loop() {
			if dst, err = Append(dst[:0], v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
