package calendar

import (
	"math/bits"
	"strconv"
	"strings"
)

// Cron is a parsed cron line. It never changes and may be shared.
type Cron struct {
	second, minute, hour, day, month, weekday uint64 // sets, one bit for each value

	// openDay and openWeekday: the field is *, so that the other alone decides.
	openDay, openWeekday bool
	// Days of the month beside the set: L, L-3, LW, 15W.
	last    uint32 // bit n: n days before the last
	lastW   bool
	nearest uint64 // bit n: the weekday nearest to day n
	// Weekdays beside the set.
	lastOf uint8    // bit n: the last weekday n of the month
	nth    [6]uint8 // of [k], bit n: the k-th weekday n of the month
}

// Fault is what is wrong with a cron line.
type Fault struct {
	// Offset and Width mark the place, in bytes.
	Offset, Width int
	Message, Hint string
}

// Error implements error.
func (f *Fault) Error() string { return f.Message }

// words stand for whole lines.
var words = [...]struct{ word, line string }{
	{"@hourly", "0 * * * *"}, {"@daily", "0 0 * * *"}, {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
	{"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"},
}

// field is one field of a line with its bounds and names.
type field struct {
	name        string
	least, most int
	words       string // three letters each
}

var fields = [...]field{
	{"second", 0, 59, ""},
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day of month", 1, 31, ""},
	{"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
	{"day of week", 0, 7, "sunmontuewedthufrisat"},
}

// longestLine bounds a line, in bytes.
const longestLine = 512

// Parse reads a cron line of five fields (minute, hour, day of month, month, day of week), of six with seconds in
// front, or an @word. Each field is a list of *, numbers, names, ranges and steps. Day of month also takes L, L-3, LW
// and 15W, day of week also friL or 5L and fri#2 or 5#2. Where both days are named, either will do.
func Parse(line string) (*Cron, *Fault) {
	if len(line) > longestLine {
		return nil, &Fault{Width: len(line), Message: "the cron line is longer than " + strconv.Itoa(longestLine) + " bytes", Hint: "write several triggers"}
	}
	if strings.HasPrefix(line, "@") {
		return parseWord(line)
	}
	parts := split(line)
	if len(parts) != 5 && len(parts) != 6 {
		return nil, &Fault{Width: len(line), Message: "a cron line has five fields, or six with seconds in front; this one has " + strconv.Itoa(len(parts)),
			Hint: "minute, hour, day of month, month, day of week, such as 0 2 * * *"}
	}
	c := &Cron{second: 1}
	for i, p := range parts {
		if f := c.field(i+len(fields)-len(parts), p); f != nil {
			return nil, f
		}
	}
	c.weekday = c.weekday&0x7f | c.weekday>>7&1 // 7 is Sunday, too
	if c.never() {
		return nil, &Fault{Offset: parts[len(parts)-3].at, Width: len(parts[len(parts)-3].text), Message: "the date of the cron line never comes", Hint: "no month named has that day"}
	}
	return c, nil
}

func parseWord(line string) (*Cron, *Fault) {
	for _, w := range words {
		if w.word == line {
			return Parse(w.line)
		}
	}
	return nil, &Fault{Width: len(line), Message: quote(line) + " is no word for a time", Hint: "@hourly, @daily, @weekly, @monthly or @yearly"}
}

// part is a piece of the line and where it stands.
type part struct {
	text string
	at   int
}

func split(line string) (parts []part) {
	for i := 0; i < len(line); {
		if line[i] == ' ' || line[i] == '\t' {
			i++
			continue
		}
		from := i
		for i < len(line) && line[i] != ' ' && line[i] != '\t' {
			i++
		}
		parts = append(parts, part{line[from:i], from})
	}
	return parts
}

// field reads field number i into c.
func (c *Cron) field(i int, p part) *Fault {
	f := &fields[i]
	sets := [...]*uint64{&c.second, &c.minute, &c.hour, &c.day, &c.month, &c.weekday}
	set, at := uint64(0), p.at
	for _, item := range strings.Split(p.text, ",") {
		s, problem := uint64(0), ""
		if !c.special(i, item) {
			s, problem = f.item(item)
		}
		if problem != "" {
			return &Fault{Offset: at, Width: max(len(item), 1), Message: "the " + f.name + " of the cron line cannot be " + quote(item) + ": " + problem,
				Hint: "from " + strconv.Itoa(f.least) + " to " + strconv.Itoa(f.most) + ", such as *, 5, 1-5, */15 or 1,15"}
		}
		set |= s
		at += len(item) + 1
	}
	*sets[i] = set
	switch f.name {
	case "day of month":
		c.openDay = p.text == "*"
	case "day of week":
		c.openWeekday = p.text == "*"
	}
	return nil
}

// item reads *, a number, a name, a range, each with a step.
func (f *field) item(s string) (set uint64, problem string) {
	span, stepText, stepped := strings.Cut(s, "/")
	step := 1
	if stepped {
		n, ok := digits(stepText)
		if !ok || n < 1 || n > f.most {
			return 0, "no such step"
		}
		step = n
	}
	from, to := f.least, f.most
	if f.most == 7 {
		to = 6 // Sunday once
	}
	if span != "*" {
		a, b, ranged := strings.Cut(span, "-")
		n, ok := f.number(a)
		if !ok {
			return 0, quote(a) + " is out of range"
		}
		switch from = n; {
		case ranged:
			if to, ok = f.number(b); !ok || to < from {
				return 0, "the range ends before it begins, or out of range"
			}
		case !stepped:
			to = from
		}
	}
	for n := from; n <= to; n += step {
		set |= 1 << n
	}
	return set, ""
}

func (f *field) number(s string) (int, bool) {
	if len(s) == 3 {
		for i := 0; i+3 <= len(f.words); i += 3 {
			if strings.EqualFold(f.words[i:i+3], s) {
				return i/3 + f.least, true
			}
		}
	}
	n, ok := digits(s)
	return n, ok && n >= f.least && n <= f.most
}

func digits(s string) (int, bool) {
	if s == "" || len(s) > 4 {
		return 0, false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// special reads what only the fields of days take; false: item is none of that.
func (c *Cron) special(i int, item string) bool {
	switch fields[i].name {
	case "day of month":
		return c.specialDay(strings.ToUpper(item))
	case "day of week":
		return c.specialWeekday(&fields[i], item)
	}
	return false
}

func (c *Cron) specialDay(item string) bool {
	if item == "L" {
		c.last |= 1
		return true
	}
	if item == "LW" {
		c.lastW = true
		return true
	}
	if rest, ok := strings.CutPrefix(item, "L-"); ok {
		n, ok := digits(rest)
		if !ok || n < 1 || n > 30 {
			return false
		}
		c.last |= 1 << n
		return true
	}
	if rest, ok := strings.CutSuffix(item, "W"); ok {
		n, ok := digits(rest)
		if !ok || n < 1 || n > 31 {
			return false
		}
		c.nearest |= 1 << n
		return true
	}
	return false
}

func (c *Cron) specialWeekday(f *field, item string) bool {
	if name, nth, ok := strings.Cut(item, "#"); ok {
		d, known := f.number(name)
		k, fine := digits(nth)
		if !known || !fine || k < 1 || k > 5 {
			return false
		}
		c.nth[k] |= 1 << (d % 7)
		return true
	}
	if n := len(item) - 1; n > 0 && (item[n] == 'L' || item[n] == 'l') {
		if d, known := f.number(item[:n]); known {
			c.lastOf |= 1 << (d % 7)
			return true
		}
	}
	return false
}

// never reports whether no month named has the only days named.
func (c *Cron) never() bool {
	if !c.openWeekday && !c.openDay || c.openDay {
		return false
	}
	longest := 0
	for m := 1; m <= 12; m++ {
		if c.month&(1<<m) != 0 {
			longest = max(longest, daysIn(2024, m)) // a leap year
		}
	}
	days := c.day | c.nearest
	if days != 0 && bits.TrailingZeros64(days) <= longest || c.lastW {
		return false
	}
	return c.last == 0 || bits.TrailingZeros32(c.last) >= longest
}

// Interval reports whether the line leaves its hours open, so that it keeps its distance when clocks change.
func (c *Cron) Interval() bool { return c.hour == 1<<24-1 }

// Policy says in one sentence what the line does when clocks change.
func (c *Cron) Policy() string {
	if c.Interval() {
		return "when clocks change it keeps its distance: it goes on through a repeated hour, and makes up for nothing in an hour that does not exist"
	}
	return "when clocks change each time happens once a day: one that does not exist as much later as clocks went forward, one that comes twice the first time"
}

func quote(s string) string { return strconv.Quote(s) }
