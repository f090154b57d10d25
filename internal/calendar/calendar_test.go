package calendar_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pawl-dev/pawl/internal/calendar"
	"github.com/pawl-dev/pawl/internal/zone"
)

// places are zones with every kind of change: an hour, half an hour, two hours, at midnight, across midnight, twice a
// year for a month of fasting, abolished, never.
var places = []string{
	"Africa/Cairo", "Africa/Casablanca", "Africa/El_Aaiun", "Africa/Johannesburg", "Africa/Lagos",
	"America/Anchorage", "America/Asuncion", "America/Bogota", "America/Chicago", "America/Godthab", "America/Havana",
	"America/Los_Angeles", "America/New_York", "America/Phoenix", "America/Port-au-Prince", "America/Santiago",
	"America/Sao_Paulo", "America/Scoresbysund", "America/St_Johns", "America/Tijuana",
	"Antarctica/Troll", "Asia/Amman", "Asia/Beirut", "Asia/Damascus", "Asia/Gaza", "Asia/Jerusalem", "Asia/Kathmandu",
	"Asia/Kolkata", "Asia/Pyongyang", "Asia/Tehran", "Asia/Tokyo",
	"Australia/Adelaide", "Australia/Lord_Howe", "Australia/Sydney",
	"Europe/Berlin", "Europe/Dublin", "Europe/Istanbul", "Europe/London", "Europe/Volgograd",
	"Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Easter", "UTC",
}

func find(t testing.TB, name string) (calendar.Zone, *time.Location) {
	t.Helper()
	z, err := zone.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z, l
}

func parse(t testing.TB, line string) *calendar.Cron {
	t.Helper()
	c, f := calendar.Parse(line)
	if f != nil {
		t.Fatalf("%s: %s", line, f.Message)
	}
	return c
}

// run lists the moments of a line between two instants, from exclusive and to inclusive.
func run(t testing.TB, c *calendar.Cron, z calendar.Zone, from, to time.Time) (list []int64) {
	t.Helper()
	for at := from.UnixMilli(); ; {
		next, ok := c.Next(at, z)
		if !ok || next > to.UnixMilli() {
			return list
		}
		if next <= at {
			t.Fatalf("%d follows %d", next, at)
		}
		list = append(list, next/1000)
		at = next
	}
}

// fixed is the rule for one named local time of a day, written another way: the first instant at which clocks show it,
// else the one at which clocks that had not changed would.
func fixed(l *time.Location, day time.Time, h, m int) int64 {
	wall := time.Date(day.Year(), day.Month(), day.Day(), h, m, 0, 0, time.UTC).Unix()
	offset := func(at int64) int64 {
		_, o := time.Unix(at, 0).In(l).Zone()
		return int64(o)
	}
	var fits []int64
	before := offset(wall - offset(wall) - 36*3600)
	for at := wall - 15*3600; at <= wall+15*3600; at += 900 {
		if at+offset(at) == wall {
			fits = append(fits, at)
		}
		if at+offset(at) < wall {
			before = offset(at)
		}
	}
	if len(fits) > 0 {
		return fits[0]
	}
	return wall - before
}

// years is the span of the tables: ten, three where time is short.
func years() (from, to time.Time) {
	from, to = time.Date(2015, 1, 1, 12, 0, 0, 0, time.UTC), time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC)
	if testing.Short() {
		from = time.Date(2022, 1, 1, 12, 0, 0, 0, time.UTC)
	}
	return from, to
}

// TestF14Fixed: fixed-time schedules happen exactly once per local day, over 44 zones and ten years.
func TestF14Fixed(t *testing.T) {
	from, to := years()
	for _, name := range places {
		z, l := find(t, name)
		for _, line := range []struct {
			text string
			h, m int
		}{{"30 2 * * *", 2, 30}, {"0 0 * * *", 0, 0}, {"30 23 * * *", 23, 30}} {
			var want []int64
			for d := from.AddDate(0, 0, -3); d.Before(to.AddDate(0, 0, 3)); d = d.AddDate(0, 0, 1) {
				if at := fixed(l, d, line.h, line.m); at > from.Unix() && at <= to.Unix() {
					want = append(want, at)
				}
			}
			got := run(t, parse(t, line.text), z, from, to)
			if !slices.Equal(got, want) {
				t.Errorf("F14: %s in %s: %d times, want %d; first difference %s", line.text, name, len(got), len(want), different(got, want, l))
			}
		}
	}
}

func different(a, b []int64, l *time.Location) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return time.Unix(a[i], 0).In(l).String() + ", want " + time.Unix(b[i], 0).In(l).String()
		}
	}
	return "at the end"
}

// TestF14Interval: interval schedules keep their distance: every instant whose local time fits, and no other.
func TestF14Interval(t *testing.T) {
	from, to := years()
	for _, name := range places {
		z, l := find(t, name)
		var want []int64
		for at := from.Unix() + 900; at <= to.Unix(); at += 900 {
			if m := time.Unix(at, 0).In(l).Minute(); m == 0 || m == 30 {
				want = append(want, at)
			}
		}
		if got := run(t, parse(t, "*/30 * * * *"), z, from, to); !slices.Equal(got, want) {
			t.Errorf("F14: */30 in %s: %d times, want %d; first difference %s", name, len(got), len(want), different(got, want, l))
		}
	}
}

// TestF14Table is the policy by examples.
func TestF14Table(t *testing.T) {
	for _, tt := range []struct{ name, line, zone, from, want string }{
		{"a gap: as much later", "30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", "2026-03-08T03:30:00-04:00 2026-03-09T02:30:00-04:00"},
		{"a gap, two named times on one instant", "30 2,3 * * *", "America/New_York", "2026-03-07T12:00:00Z", "2026-03-08T03:30:00-04:00 2026-03-09T02:30:00-04:00"},
		{"twice: the first time", "30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", "2026-11-01T01:30:00-04:00 2026-11-02T01:30:00-05:00"},
		{"asked between the two", "30 1 * * *", "America/New_York", "2026-11-01T05:45:00Z", "2026-11-02T01:30:00-05:00 2026-11-03T01:30:00-05:00"},
		{"an interval goes on through the repeated hour", "30 * * * *", "America/New_York", "2026-11-01T05:00:00Z", "2026-11-01T01:30:00-04:00 2026-11-01T01:30:00-05:00"},
		{"an interval over the gap", "30 * * * *", "America/New_York", "2026-03-08T06:00:00Z", "2026-03-08T01:30:00-05:00 2026-03-08T03:30:00-04:00"},
		{"midnight that does not exist", "0 0 * * *", "Asia/Beirut", "2024-03-30T12:00:00Z", "2024-03-31T01:00:00+03:00 2024-04-01T00:00:00+03:00"},
		{"midnight that comes twice", "0 0 * * *", "America/Havana", "2024-11-02T12:00:00Z", "2024-11-03T00:00:00-04:00 2024-11-04T00:00:00-05:00"},
		{"half an hour", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-04T02:45:00+11:00 2026-10-05T02:15:00+11:00"},
		{"a day that does not exist", "0 8 * * *", "Pacific/Apia", "2011-12-28T20:00:00Z", "2011-12-29T08:00:00-10:00 2011-12-31T08:00:00+14:00"},
		{"29 February", "0 0 29 2 *", "", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z 2032-02-29T00:00:00Z"},
		{"29 February over 1900", "0 0 29 2 *", "", "1896-03-01T00:00:00Z", "1904-02-29T00:00:00Z 1908-02-29T00:00:00Z"},
		{"either day", "0 0 13 * fri", "", "2026-02-01T00:00:00Z", "2026-02-06T00:00:00Z 2026-02-13T00:00:00Z 2026-02-20T00:00:00Z"},
		{"Sunday is 0 and 7", "0 0 * * 7", "", "2026-02-01T00:00:00Z", "2026-02-08T00:00:00Z"},
		{"seconds", "*/20 30 9 * * *", "", "2026-02-01T00:00:00Z", "2026-02-01T09:30:00Z 2026-02-01T09:30:20Z 2026-02-01T09:30:40Z 2026-02-02T09:30:00Z"},
		{"the last day", "0 0 L * *", "", "2028-01-31T00:00:00Z", "2028-02-29T00:00:00Z 2028-03-31T00:00:00Z"},
		{"three before the last", "0 0 L-3 2 *", "", "2026-01-01T00:00:00Z", "2026-02-25T00:00:00Z"},
		{"the last working day", "0 0 LW * *", "", "2026-01-01T00:00:00Z", "2026-01-30T00:00:00Z 2026-02-27T00:00:00Z"},
		{"a working day near", "0 0 1W,15W * *", "", "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z 2026-02-16T00:00:00Z 2026-03-02T00:00:00Z"},
		{"the last Friday", "0 0 * * friL", "", "2026-02-01T00:00:00Z", "2026-02-27T00:00:00Z 2026-03-27T00:00:00Z"},
		{"the second Tuesday", "0 0 * * tue#2", "", "2026-02-01T00:00:00Z", "2026-02-10T00:00:00Z 2026-03-10T00:00:00Z"},
		{"a word", "@monthly", "Europe/Berlin", "2026-03-15T00:00:00Z", "2026-04-01T00:00:00+02:00"},
		{"a range with a step", "0 9-17/4 * * mon-fri", "", "2026-02-06T10:00:00Z", "2026-02-06T13:00:00Z 2026-02-06T17:00:00Z 2026-02-09T09:00:00Z"},
		{"from a number on, in steps", "5/20 0 * * *", "", "2026-02-06T10:00:00Z", "2026-02-07T00:05:00Z 2026-02-07T00:25:00Z 2026-02-07T00:45:00Z"},
		{"the end of time", "0 0 1 1 *", "", "9998-06-01T00:00:00Z", "9999-01-01T00:00:00Z"},
	} {
		z, _ := find(t, tt.zone)
		from, err := time.Parse(time.RFC3339, tt.from)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		at := from.UnixMilli()
		for range strings.Fields(tt.want) {
			next, ok := parse(t, tt.line).Next(at, z)
			if !ok {
				break
			}
			got = append(got, calendar.Format(next, z))
			at = next
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %s in %q gives %s, want %s", tt.name, tt.line, tt.zone, s, tt.want)
		}
	}
	if _, ok := parse(t, "0 0 1 1 *").Next(253402300799000, nil); ok {
		t.Error("there is a next time after the year 9999")
	}
}

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		line, want string
		offset     int
	}{
		{"", "five fields", 0},
		{"* * * *", "this one has 4", 0},
		{"1 2 3 4 5 6 7", "this one has 7", 0},
		{"@noon", "no word for a time", 0},
		{"*/0 * * * *", `the minute of the cron line cannot be "*/0": no such step`, 0},
		{"0 25 * * *", `the hour of the cron line cannot be "25": "25" is out of range`, 2},
		{"0 2,x * * *", `the hour of the cron line cannot be "x"`, 4},
		{"0 0 0 * *", "day of month", 4},
		{"0 0 * foo *", `"foo" is out of range`, 6},
		{"0 0 * * fri-mon", "the range ends before it begins", 8},
		{"0 0 * * fri#6", "day of week", 8},
		{"0 0 L-31 * *", "day of month", 4},
		{"0 0 30 2 *", "never comes", 4},
		{"0 0 L-29 2 *", "never comes", 4},
		{"0 0 31W 4,6,9,11 *", "never comes", 4},
		{"60 * * * * *", "second", 0},
		{strings.Repeat("1,", 300) + "1 * * * *", "longer than 512 bytes", 0},
		{"0 0 * * *\x00", "day of week", 8},
		{"TZ=UTC", "five fields", 0},
	} {
		c, f := calendar.Parse(tt.line)
		if f == nil {
			t.Errorf("%q is accepted: %+v", tt.line, c)
			continue
		}
		if !strings.Contains(f.Message, tt.want) || f.Offset != tt.offset || f.Hint == "" {
			t.Errorf("%q: %q at %d (%s), want %q at %d", tt.line, f.Message, f.Offset, f.Hint, tt.want, tt.offset)
		}
	}
}

func TestEvery(t *testing.T) {
	for _, tt := range [][3]int64{{300_000, 0, 300_000}, {300_000, 299_999, 300_000}, {300_000, 300_000, 600_000}, {1000, -1500, -1000}, {0, 5, 6}} {
		if got := calendar.Every(tt[0], tt[1]); got != tt[2] {
			t.Errorf("every %d after %d: %d, want %d", tt[0], tt[1], got, tt[2])
		}
	}
}

func TestZoneNames(t *testing.T) {
	for _, name := range []string{"Local", "../../etc/passwd", "Europe/Nowhere", "/etc/localtime", "Europe/Berlin\x00"} {
		if _, err := zone.Find(name); err == nil {
			t.Errorf("%q is a zone", name)
		}
	}
}

// FuzzNext: a line that is accepted gives moments that follow each other, each of which fits when asked for from the
// instant before it.
func FuzzNext(f *testing.F) {
	for _, line := range []string{"0 2 * * *", "*/15 1-5 1,15 jan-mar mon", "0 0 LW * friL", "*/7 */3 29 2 *", "@weekly", "59 59 23 31 12 *"} {
		f.Add(line, int64(1_750_000_000_000), uint8(3))
	}
	f.Fuzz(func(t *testing.T, line string, at int64, place uint8) {
		c, fault := calendar.Parse(line)
		if fault != nil {
			return
		}
		z, _ := find(t, places[int(place)%len(places)])
		at = max(min(at, 253402300799000), -62135596800000)
		for range 5 {
			next, ok := c.Next(at, z)
			if !ok {
				return
			}
			again, ok := c.Next(next-1000, z)
			if next <= at || !ok || again != next {
				t.Fatalf("%q after %d: %d, then %d", line, at, next, again)
			}
			at = next
		}
	})
}

func BenchmarkNext(b *testing.B) {
	c := parse(b, "30 2 * * *")
	z, _ := find(b, "Europe/Berlin")
	at := int64(1_750_000_000_000)
	for b.Loop() {
		at, _ = c.Next(at, z)
	}
}
