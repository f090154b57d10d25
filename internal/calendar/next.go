package calendar

import (
	"math"
	"math/bits"
)

// Zone is what the clocks of a place show.
type Zone interface {
	// At is the period around an instant, in Unix seconds.
	At(unix int64) Period
}

// Period is a time during which clocks do not change: from From, inclusive, to To, exclusive, in Unix seconds. Offset
// is local time minus UTC, in seconds.
type Period struct {
	From, To int64
	Offset   int64
}

// UTC is the zone in which clocks never change.
var UTC Zone = utc{}

type utc struct{}

func (utc) At(int64) Period { return Period{From: math.MinInt64, To: math.MaxInt64} }

// horizon bounds the search for the next time, in years: 29 February on a given weekday can be 40 years away.
const horizon = 44

// latest is the last moment that counts, in Unix seconds: the end of the year 9999.
const latest = 253402300799

// Next is the first moment after the given one at which the line is due in z, in Unix milliseconds; false where there
// is none in the next 44 years or before the year 10000. nil is UTC.
func (c *Cron) Next(after int64, z Zone) (int64, bool) {
	if z == nil {
		z = UTC
	}
	t := floorDiv(after, 1000) + 1
	end := min(t+horizon*366*daySeconds, latest)
	for t <= end {
		p := z.At(t)
		if at, ok := c.in(p, t, end, z); ok {
			return at * 1000, true
		}
		if p.To <= t { // an endless period, or a zone that is none
			return 0, false
		}
		t = p.To
	}
	return 0, false
}

// in searches one period from t on.
func (c *Cron) in(p Period, t, end int64, z Zone) (int64, bool) {
	best, found := int64(0), false
	from := t + p.Offset
	if !c.Interval() && p.From != math.MinInt64 {
		before := z.At(p.From - 1)
		switch gap := p.Offset - before.Offset; {
		case gap > 0:
			// Times in the gap happen as much later as clocks went forward: at what the old clocks would have shown.
			first := max(p.From, t) + before.Offset
			if l, ok := c.local(first, p.From+before.Offset+gap); ok {
				best, found = l-before.Offset, true
			}
		case gap < 0:
			from = max(from, p.From+before.Offset) // what the clocks showed before does not count again
		}
	}
	stop := end + p.Offset + 1
	if p.To != math.MaxInt64 {
		stop = min(stop, p.To+p.Offset)
	}
	if found {
		stop = min(stop, best+p.Offset)
	}
	if l, ok := c.local(from, stop); ok {
		best, found = l-p.Offset, true
	}
	return best, found && best <= end
}

// local is the first local time in [from, stop) that fits the line, in seconds since 1970-01-01 local.
func (c *Cron) local(from, stop int64) (int64, bool) {
	if from >= stop {
		return 0, false
	}
	n := floorDiv(from, daySeconds)
	rest := from - n*daySeconds
	for d := dateOf(n); n*daySeconds < stop; {
		if c.month&(1<<d.month) == 0 {
			if d.month++; d.month > 12 {
				d.year, d.month = d.year+1, 1
			}
			d.day = 1
			n, rest = dayNumber(d), 0
			continue
		}
		if c.fits(d, n) {
			if s, ok := c.clock(rest); ok {
				l := n*daySeconds + s
				return l, l < stop
			}
		}
		n, rest = n+1, 0
		d = dateOf(n)
	}
	return 0, false
}

// clock is the first time of a day from the given second on.
func (c *Cron) clock(from int64) (int64, bool) {
	h, m, s := int(from/3600), int(from/60%60), int(from%60)
	for {
		next, ok := above(c.hour, h)
		if !ok {
			return 0, false
		}
		if next > h {
			h, m, s = next, 0, 0
		}
		next, ok = above(c.minute, m)
		if !ok {
			h, m, s = h+1, 0, 0
			continue
		}
		if next > m {
			m, s = next, 0
		}
		if next, ok = above(c.second, s); ok {
			return int64(h*3600 + m*60 + next), true
		}
		m, s = m+1, 0
	}
}

// above is the least member of set that is at least n.
func above(set uint64, n int) (int, bool) {
	if n > 63 {
		return 0, false
	}
	rest := set >> n
	if rest == 0 {
		return 0, false
	}
	return n + bits.TrailingZeros64(rest), true
}

// fits reports whether the line takes a day; n is its number. Where both days are named, either will do.
func (c *Cron) fits(d date, n int64) bool {
	switch {
	case c.openDay && c.openWeekday:
		return true
	case c.openDay:
		return c.fitsWeekday(d, n)
	case c.openWeekday:
		return c.fitsDay(d, n)
	}
	return c.fitsDay(d, n) || c.fitsWeekday(d, n)
}

func (c *Cron) fitsDay(d date, n int64) bool {
	if c.day&(1<<d.day) != 0 {
		return true
	}
	days := daysIn(d.year, d.month)
	if c.last&(1<<(days-d.day)) != 0 {
		return true
	}
	if c.lastW && n == weekdayNear(n+int64(days-d.day), days, days) {
		return true
	}
	if c.nearest == 0 {
		return false
	}
	for k := max(d.day-2, 1); k <= min(d.day+2, days); k++ {
		if c.nearest&(1<<k) != 0 && weekdayNear(n+int64(k-d.day), k, days) == n {
			return true
		}
	}
	return false
}

// weekdayNear is the number of the working day nearest to day k of a month of so many days, whose number is n, in the
// same month.
func weekdayNear(n int64, k, days int) int64 {
	switch weekdayOf(n) {
	case 6:
		if k > 1 {
			return n - 1
		}
		return n + 2
	case 0:
		if k < days {
			return n + 1
		}
		return n - 2
	}
	return n
}

func (c *Cron) fitsWeekday(d date, n int64) bool {
	w := weekdayOf(n)
	if c.weekday&(1<<w) != 0 || c.nth[(d.day-1)/7+1]&(1<<w) != 0 {
		return true
	}
	return c.lastOf&(1<<w) != 0 && d.day+7 > daysIn(d.year, d.month)
}

// Every is the first moment after the given one in a row of equal distances, all in milliseconds. The row goes
// through 1970-01-01T00:00:00Z, so it is the same whenever and wherever it is asked for.
func Every(period, after int64) int64 {
	period = max(period, 1)
	return (floorDiv(after, period) + 1) * period
}
