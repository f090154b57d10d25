package expr

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	for s, want := range map[string]int64{
		"250ms": 250, "90s": 90_000, "1h30m": 5_400_000, "7d": 604_800_000, "1d12h": 129_600_000, "0s": 0, "1.5s": 1500, "0.001s": 1, "2d3h4m5s6ms": 183_845_006, "106751991167d": 106751991167 * 86_400_000,
	} {
		if got, err := ParseDuration(s); got != want || err != nil {
			t.Errorf("%s: got %d, %v; want %d", s, got, err, want)
		}
	}
	for s, hint := range map[string]string{
		"90": "write 90s for seconds or 90ms for milliseconds", "": durationHint, "s": durationHint, "1x": durationHint, "-5s": durationHint, "5 s": durationHint, "1m1h": durationHint, "1s1s": durationHint, "1.2345s": durationHint, "1.s": durationHint, ".5s": durationHint, "1..5s": durationHint, "1h 30m": durationHint, "5S": durationHint, "1e3s": durationHint,
		"106751991168d": durationHint, "9223372036854775807ms1ms": durationHint, "99999999999999999999d": durationHint, "106751991167d24h": durationHint, "1s5": durationHint, "1.1.1s": durationHint, "1w": durationHint,
	} {
		got, err := ParseDuration(s)
		e, ok := err.(*Error)
		if !ok || e.Code != CodeDuration || e.Hint != hint || e.Source != s || e.Offset > len(s) {
			t.Errorf("%q: got %d, %#v", s, got, err)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for ms, want := range map[int64]string{0: "0s", 90_000: "1m30s", 604_800_000: "7d", 5_400_001: "1h30m1ms", -1500: "-1s500ms", math.MinInt64: "-106751991167d7h12m55s808ms"} {
		if got := FormatDuration(ms); got != want {
			t.Errorf("%d: got %s, want %s", ms, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Min(0).Draw(t, "ms")
		if back, err := ParseDuration(FormatDuration(ms)); back != ms || err != nil {
			t.Fatalf("%d became %s, %d, %v", ms, FormatDuration(ms), back, err)
		}
	})
}

// TestCalendar: the calendar is that of package time.
func TestCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(minMillis, maxMillis).Draw(t, "ms")
		want := time.UnixMilli(ms).UTC()
		got, unknown := formatMoment(momentOf(ms), "%Y-%m-%dT%H:%M:%S.%LZ %y %e %I %p %j %a %A %b %B %%")
		if s := want.Format("2006-01-02T15:04:05.000Z 06 2 03 PM 002 Mon Monday Jan January %"); got != s || unknown != "" {
			t.Fatalf("%d: got %s, want %s", ms, got, s)
		}
		weekday, _ := formatMoment(momentOf(ms), "%u")
		if n := int(weekday[0] - '0'); n%7 != int(want.Weekday()) {
			t.Fatalf("%d: weekday %d", ms, n)
		}
		zone := time.FixedZone("", 60*rapid.IntRange(-23*60, 23*60).Draw(t, "zone"))
		local := want.In(zone)
		if local.Year() < 0 || local.Year() > 9999 {
			return
		}
		if back, why := parseTime(local.Format("2006-01-02T15:04:05.999Z07:00")); back != ms || why != "" {
			t.Fatalf("%s: got %d %s, want %d", local, back, why, ms)
		}
		if back, why := parseMoment(got[:24], defaultLayout); back.millis() != ms || why != "" {
			t.Fatalf("%s: got %d %s", got, back.millis(), why)
		}
	})
	for _, s := range []string{"2023-02-30", "2023-13-01", "2023-00-10", "2023-01-00", "1900-02-29", "2023-01-01T24:00:00Z", "2023-01-01T00:60:00Z", "2023-01-01T00:00:60Z", "2023-01-01T00:00:00.Z", "2023-01-01T00:00:00+0200", "2023-1-1", "", "2023-01-01x00:00:00"} {
		if ms, why := parseTime(s); why == "" {
			t.Errorf("%s: got %d", s, ms)
		}
	}
}

func TestParseTime(t *testing.T) {
	if ms, err := ParseTime("2026-01-31T12:00:00+02:00"); ms != 1769853600000 || err != nil {
		t.Errorf("got %d %v", ms, err)
	}
	if _, err := ParseTime("soon"); codeOf(err) != CodeValue {
		t.Errorf("got %v", err)
	}
	if s := FormatTime(1769853600000); s != "2026-01-31T10:00:00.000Z" {
		t.Errorf("got %s", s)
	}
	if s := FormatTime(math.MaxInt64); s != "9223372036854775807" {
		t.Errorf("got %s", s)
	}
}
