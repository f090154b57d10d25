package expr

import (
	"strconv"
	"strings"
)

// The calendar is the proleptic Gregorian one in UTC, without leap seconds; there is no time zone but offsets.

const (
	dayMillis = 24 * 60 * 60 * 1000
	// years outside 0 to 9999 have no RFC 3339 form.
	minMillis = -62167219200000 // 0000-01-01
	maxMillis = 253402300799999 // 9999-12-31T23:59:59.999Z
)

var (
	monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = [...]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"}
)

// moment is a time in its parts. weekday 0 is Sunday, yearday starts at 1.
type moment struct {
	year, month, day, hour, minute, second, milli int
	weekday, yearday                              int
}

// daysOf counts the days from 1970-01-01 to a date. The year is shifted to start in March, so that the leap day is
// its last; 400 years always have 146097 days.
func daysOf(year, month, day int) int {
	y := year
	if month <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	doy := (153*((month+9)%12)+2)/5 + day - 1
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// momentOf takes Unix milliseconds apart.
func momentOf(ms int64) moment {
	days := floorDiv(int(ms), dayMillis)
	rest := int(ms) - days*dayMillis
	z := days + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	shifted := (5*doy + 2) / 153
	m := moment{
		year: yoe + era*400, month: (shifted+2)%12 + 1, day: doy - (153*shifted+2)/5 + 1,
		hour: rest / 3600000, minute: rest / 60000 % 60, second: rest / 1000 % 60, milli: rest % 1000,
	}
	if m.month <= 2 {
		m.year++
	}
	m.weekday = ((days+4)%7 + 7) % 7
	m.yearday = days - daysOf(m.year, 1, 1) + 1
	return m
}

// millis puts a checked moment together.
func (m moment) millis() int64 {
	return int64(daysOf(m.year, m.month, m.day))*dayMillis + int64(m.hour)*3600000 + int64(m.minute)*60000 + int64(m.second)*1000 + int64(m.milli)
}

func (m moment) valid() bool {
	if m.year < 0 || m.year > 9999 || m.month < 1 || m.month > 12 || m.day < 1 || m.hour > 23 || m.minute > 59 || m.second > 59 {
		return false
	}
	next := moment{year: m.year, month: m.month + 1, day: 1}
	if m.month == 12 {
		next.year, next.month = m.year+1, 1
	}
	return m.day <= daysOf(next.year, next.month, 1)-daysOf(m.year, m.month, 1)
}

func pad(b []byte, n, width int) []byte {
	s := strconv.Itoa(n)
	for i := len(s); i < width; i++ {
		b = append(b, '0')
	}
	return append(b, s...)
}

// defaultLayout gives RFC 3339 with milliseconds.
const defaultLayout = "%Y-%m-%dT%H:%M:%S.%LZ"

// formatMoment writes m by a layout of % directives; it returns the unknown directive, if any.
func formatMoment(m moment, layout string) (text, unknown string) {
	var b []byte
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' {
			b = append(b, layout[i])
			continue
		}
		if i++; i >= len(layout) {
			return "", "%"
		}
		switch c := layout[i]; c {
		case 'Y':
			b = pad(b, m.year, 4)
		case 'y':
			b = pad(b, m.year%100, 2)
		case 'm':
			b = pad(b, m.month, 2)
		case 'd':
			b = pad(b, m.day, 2)
		case 'e':
			b = pad(b, m.day, 1)
		case 'H':
			b = pad(b, m.hour, 2)
		case 'I':
			b = pad(b, (m.hour+11)%12+1, 2)
		case 'M':
			b = pad(b, m.minute, 2)
		case 'S':
			b = pad(b, m.second, 2)
		case 'L':
			b = pad(b, m.milli, 3)
		case 'j':
			b = pad(b, m.yearday, 3)
		case 'u':
			b = pad(b, (m.weekday+6)%7+1, 1)
		case 'p':
			b = append(b, [...]string{"AM", "PM"}[m.hour/12]...)
		case 'a':
			b = append(b, dayNames[m.weekday][:3]...)
		case 'A':
			b = append(b, dayNames[m.weekday]...)
		case 'b':
			b = append(b, monthNames[m.month-1][:3]...)
		case 'B':
			b = append(b, monthNames[m.month-1]...)
		case '%':
			b = append(b, '%')
		default:
			return "", layout[i-1 : i+1]
		}
	}
	return string(b), ""
}

// parseMoment reads s by a layout of the numeric directives. why is what does not fit, "" if all does.
func parseMoment(s, layout string) (m moment, why string) {
	m = moment{year: 1970, month: 1, day: 1}
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' || i+1 < len(layout) && layout[i+1] == '%' {
			if s == "" || s[0] != layout[i] {
				return m, "it does not follow the layout"
			}
			if layout[i] == '%' {
				i++
			}
			s = s[1:]
			continue
		}
		if i++; i >= len(layout) {
			return m, "the layout ends with %"
		}
		field, width := m.field(layout[i])
		if field == nil {
			return m, "the layout has a directive that cannot be read: %" + layout[i:i+1]
		}
		n, rest, ok := leadingDigits(s, width)
		if !ok {
			return m, "it does not follow the layout"
		}
		*field, s = n, rest
	}
	if s != "" {
		return m, "it is longer than the layout"
	}
	if !m.valid() {
		return m, "there is no such date or time"
	}
	return m, ""
}

func (m *moment) field(directive byte) (*int, int) {
	switch directive {
	case 'Y':
		return &m.year, 4
	case 'm':
		return &m.month, 2
	case 'd':
		return &m.day, 2
	case 'H':
		return &m.hour, 2
	case 'M':
		return &m.minute, 2
	case 'S':
		return &m.second, 2
	case 'L':
		return &m.milli, 3
	}
	return nil, 0
}

func leadingDigits(s string, width int) (n int, rest string, ok bool) {
	if len(s) < width {
		return 0, "", false
	}
	for i := range width {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, "", false
		}
		n = n*10 + int(c-'0')
	}
	return n, s[width:], true
}

// parseTime reads a date (2026-01-31), or an RFC 3339 time with a fraction and a zone that may be left out (then it
// is UTC). Digits finer than milliseconds are cut off.
func parseTime(s string) (ms int64, why string) {
	if len(s) == 10 {
		m, why := parseMoment(s, "%Y-%m-%d")
		return m.millis(), why
	}
	if len(s) < 19 || s[10] != 'T' && s[10] != 't' && s[10] != ' ' {
		return 0, "it is neither a date nor an RFC 3339 time"
	}
	m, why := parseMoment(s[:10]+"T"+s[11:19], "%Y-%m-%dT%H:%M:%S")
	if why != "" {
		return 0, why
	}
	rest := s[19:]
	if strings.HasPrefix(rest, ".") {
		digits := 1
		for digits < len(rest) && '0' <= rest[digits] && rest[digits] <= '9' {
			digits++
		}
		if digits == 1 {
			return 0, "the fraction has no digits"
		}
		m.milli, _ = strconv.Atoi((rest[1:digits] + "00")[:3])
		rest = rest[digits:]
	}
	offset, ok := zone(rest)
	if !ok {
		return 0, "the zone is neither Z nor like +02:00"
	}
	return m.millis() - offset, ""
}

// zone reads "", Z or an offset, in milliseconds.
func zone(s string) (int64, bool) {
	if s == "" || s == "Z" || s == "z" {
		return 0, true
	}
	if len(s) != 6 || s[3] != ':' || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	h, _, ok := leadingDigits(s[1:3], 2)
	m, _, ok2 := leadingDigits(s[4:6], 2)
	if !ok || !ok2 || h > 23 || m > 59 {
		return 0, false
	}
	ms := int64(h*60+m) * 60000
	if s[0] == '-' {
		ms = -ms
	}
	return ms, true
}

// ParseTime reads a date (2026-01-31) or an RFC 3339 time as Unix milliseconds; a zone left out is UTC. The error is
// *Error with code CodeValue.
func ParseTime(s string) (ms int64, err error) {
	ms, why := parseTime(s)
	if why != "" {
		return 0, &Error{Code: CodeValue, Message: short(s) + " is no time: " + why, Hint: "write it as 2026-01-31 or 2026-01-31T12:00:00Z", Source: s}
	}
	return ms, nil
}

// FormatTime writes Unix milliseconds as RFC 3339 in UTC with milliseconds. Times outside the years 0 to 9999 are
// written as a number.
func FormatTime(ms int64) string {
	if ms < minMillis || ms > maxMillis {
		return strconv.FormatInt(ms, 10)
	}
	s, _ := formatMoment(momentOf(ms), defaultLayout)
	return s
}
