package calendar

import "strconv"

// The calendar is the proleptic Gregorian one without leap seconds.

const daySeconds = 24 * 60 * 60

// date is a day by its parts.
type date struct{ year, month, day int }

// dayNumber counts the days from 1970-01-01 to d. The year begins in March, so that the leap day is its last.
func dayNumber(d date) int64 {
	y := d.year
	if d.month <= 2 {
		y--
	}
	era := floorDiv(int64(y), 400)
	yoe := int64(y) - era*400
	doy := int64((153*((d.month+9)%12)+2)/5 + d.day - 1)
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
}

// dateOf is the inverse of dayNumber.
func dateOf(n int64) date {
	z := n + 719468
	era := floorDiv(z, 146097)
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	m := (5*doy + 2) / 153
	d := date{year: int(yoe + era*400), month: int((m+2)%12) + 1, day: int(doy-(153*m+2)/5) + 1}
	if d.month <= 2 {
		d.year++
	}
	return d
}

// weekdayOf is 0 for Sunday.
func weekdayOf(n int64) int { return int(((n+4)%7 + 7) % 7) }

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Format writes a moment as RFC 3339 to the second, as the clocks of z show it; nil is UTC.
func Format(ms int64, z Zone) string {
	at := floorDiv(ms, 1000)
	offset := int64(0)
	if z != nil {
		offset = z.At(at).Offset
	}
	local := at + offset
	n := floorDiv(local, daySeconds)
	d, rest := dateOf(n), local-n*daySeconds
	b := make([]byte, 0, 25)
	b = pad(b, d.year, 4)
	b = pad(append(b, '-'), d.month, 2)
	b = pad(append(b, '-'), d.day, 2)
	b = pad(append(b, 'T'), int(rest/3600), 2)
	b = pad(append(b, ':'), int(rest/60%60), 2)
	b = pad(append(b, ':'), int(rest%60), 2)
	if offset == 0 {
		return string(append(b, 'Z'))
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	b = pad(append(b, sign), int(offset/3600), 2)
	return string(pad(append(b, ':'), int(offset/60%60), 2))
}

func pad(b []byte, n, width int) []byte {
	s := strconv.Itoa(n)
	for range width - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}
