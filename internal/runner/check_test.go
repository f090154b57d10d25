package runner

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCheckJSON(t *testing.T) {
	for in, ok := range map[string]bool{
		`null`: true, ` {"a": [1, -2.5e3, true, false, "x\u00e9\n"]} `: true, `""`: true, `0`: true, `-0`: true, `{}`: true, `[]`: true,
		`9223372036854775807`: true, `9223372036854775808`: false, `1e308`: true, `1e309`: false, `0.1`: true, `1e-400`: true,
		``: false, `{`: false, `[1,]`: false, `{"a"}`: false, `{"a":}`: false, `{a:1}`: false, `01`: false, `1.`: false, `.5`: false,
		`1e`: false, `+1`: false, `NaN`: false, `nul`: false, `"\x"`: false, `"\u12"`: false, `"\u+123"`: false, "\"\n\"": false, `1 1`: false,
		`"\u0000"`: false, "\"\xff\"": false, `"\ud83d\ude00"`: true,
		`"\ud83d"`: false, `"\ud83d\u0041"`: false, `"\ude00\ud83d"`: false, `"\ud83dx"`: false, `"\ud83d\u12"`: false,
		`{"a":1,"a":2}`: false, `{"a":1,"\u0061":2}`: false, `{"a":{"a":1},"b":[{"a":1},{"a":2}]}`: true, `{"":1,"":2}`: false,
		`{"a":1,"b":{"a":1,"c":1,"c":2}}`: false, `{"c":1,"a":{"b":1},"b":1,"C":1}`: true, `{"b":{"x":1},"a":1,"b":2}`: false,
		strings.Repeat("[", 64) + strings.Repeat("]", 64): true, strings.Repeat("[", 100) + strings.Repeat("]", 100): false,
		`{` + manyKeys(100) + `"x":1}`: true, `{` + manyKeys(100) + `"k50":1}`: false,
	} {
		if got := checkJSON([]byte(in)) == ""; got != ok {
			t.Errorf("%.40q accepted: %v, want %v (%s)", in, got, ok, checkJSON([]byte(in)))
		}
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"k%d":1,`, i)
	}
	return b.String()
}

func TestS20ADeepBombIsRefusedAtOnce(t *testing.T) {
	bomb := []byte(strings.Repeat(`{"a":[`, 5_000_000))
	if why := checkJSON(bomb); !strings.Contains(why, "nested") {
		t.Error(why)
	}
}

// What checkJSON accepts is JSON for encoding/json too, and what it refuses without naming a reason is not.
func FuzzCheckJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e-3,"x\n\u0041"]}`, `"\ud800"`, `[[[]]]`, `-0.0`, `1e999`, "\"\x00\""} {
		f.Add([]byte(s))
	}
	for _, s := range []string{`{"a":1,"\u0061":2}`, `"\ud83d\ude00\ud83d"`, `{"a":{"b":1,"b":1}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		why := checkJSON(b)
		valid := json.Valid(b)
		if why == "" && (!valid || !utf8.Valid(b)) {
			t.Errorf("accepted %q", b)
		}
		if strings.HasPrefix(why, notJSON) && valid && !strings.Contains(why, "behind") {
			t.Errorf("refused valid JSON %q: %s", b, why)
		}
	})
}
