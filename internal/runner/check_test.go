package runner

import (
	"encoding/json"
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
		strings.Repeat("[", 64) + strings.Repeat("]", 64): true, strings.Repeat("[", 100) + strings.Repeat("]", 100): false,
	} {
		if got := checkJSON([]byte(in)) == ""; got != ok {
			t.Errorf("%.40q accepted: %v, want %v (%s)", in, got, ok, checkJSON([]byte(in)))
		}
	}
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
