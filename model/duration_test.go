package model

import "testing"

func TestParseMillis(t *testing.T) {
	for in, want := range map[string]Millis{
		"250ms": 250, "90s": 90_000, "1h30m": 5_400_000, "7d": 604_800_000, "0s": 0, "1d2h3m4s5ms": 93_784_005,
		"36500d": MaxMillis,
	} {
		got, err := ParseMillis(in)
		if err != nil || got != want {
			t.Errorf("ParseMillis(%q) = %d, %v; want %d", in, got, err, want)
		}
		back, err := ParseMillis(got.String())
		if err != nil || back != got {
			t.Errorf("ParseMillis(%q) = %d, %v; want %d back", got.String(), back, err, got)
		}
	}
}

func TestParseMillisRefuses(t *testing.T) {
	for _, in := range []string{"", "5", "s", "-1s", "1.5h", "1m1h", "1s1s", "1 h", "10y", "5M", "36501d", "99999999999999999999d", "9223372036854775807ms", "NaN", "1h ", "1msx"} {
		if got, err := ParseMillis(in); err == nil {
			t.Errorf("ParseMillis(%q) = %d, want an error", in, got)
		}
	}
}

func TestMillisString(t *testing.T) {
	for in, want := range map[Millis]string{0: "0s", 90_000: "1m30s", 250: "250ms", 604_800_000: "7d", -1500: "-1s500ms"} {
		if got := in.String(); got != want {
			t.Errorf("Millis(%d).String() = %q, want %q", int64(in), got, want)
		}
	}
}
