package expr

var timeFunctions = []function{
	{Function: Function{"now", "now() int", "The time of the transition in Unix milliseconds; equal wherever it stands in one transition.", groupTime, "", ""}, min: 0, max: 0, drawn: true, call: callNow},
	{Function: Function{"date", "date(string, layout?) int", "A date (2026-01-31) or an RFC 3339 time as Unix milliseconds; without a zone it is UTC. With a layout: %Y %m %d %H %M %S %L.", groupTime, "date(\"2026-01-31T12:00:00+02:00\")", "1769853600000"}, min: 1, max: 2, call: callDate},
	{Function: Function{"formatTime", "formatTime(ms, layout?) string", "Unix milliseconds in UTC, as RFC 3339 or by a layout: %Y %y %m %d %e %H %I %M %S %L (milliseconds) %p %j %u %a %A %b %B %%.", groupTime, "formatTime(0, \"%A, %d.%m.%Y\")", `"Thursday, 01.01.1970"`}, min: 1, max: 2, call: callFormatTime},
	{Function: Function{"duration", "duration(string) int", "A duration such as 250ms, 90s, 1h30m, 7d in milliseconds.", groupTime, "duration(\"1m30s\")", "90000"}, min: 1, max: 1, call: callDuration},
	{Function: Function{"formatDuration", "formatDuration(ms) string", "Milliseconds as a duration.", groupTime, "formatDuration(90000)", `"1m30s"`}, min: 1, max: 1, call: callFormatDuration},
}

func callNow(m *machine, _ *callNode, _ []any) (any, *Error) { return m.c.Now, nil }

func callDate(m *machine, n *callNode, a []any) (any, *Error) {
	s, err := m.texts(n, a)
	if err != nil {
		return nil, err
	}
	var ms int64
	why := ""
	if len(s) == 1 {
		ms, why = parseTime(s[0])
	} else {
		var t moment
		if t, why = parseMoment(s[0], s[1]); why == "" {
			ms = t.millis()
		}
	}
	if m.late && why != "" {
		return nil, n.fail(CodeValue, "", "the text is no time")
	}
	if why != "" {
		return nil, n.fail(CodeValue, "", "%s is no time: %s", m.show(s[0]), why)
	}
	return ms, nil
}

func callFormatTime(m *machine, n *callNode, a []any) (any, *Error) {
	ms, err := n.int(a, 0)
	if err != nil {
		return nil, err
	}
	layout := defaultLayout
	if len(a) > 1 {
		if layout, err = n.text(a, 1); err != nil {
			return nil, err
		}
	}
	if ms < minMillis || ms > maxMillis {
		return nil, n.fail(CodeValue, "times are in milliseconds", "the time is outside the years 0 to 9999")
	}
	if err := m.bytes(len(layout), n.off); err != nil {
		return nil, err
	}
	s, unknown := formatMoment(momentOf(ms), layout)
	if m.late && unknown != "" {
		unknown = "of this kind"
	}
	if unknown != "" {
		return nil, n.fail(CodeValue, "write %% for the sign", "the layout has no directive %s", unknown)
	}
	return s, m.bytes(len(s), n.off)
}

func callDuration(m *machine, n *callNode, a []any) (any, *Error) {
	s, err := n.text(a, 0)
	if err != nil {
		return nil, err
	}
	ms, derr := ParseDuration(s)
	if derr == nil {
		return ms, m.scan(len(s), n.off)
	}
	e := readError(s, derr)
	if m.late {
		return nil, n.fail(e.Code, durationHint, "the text is no duration")
	}
	return nil, n.fail(e.Code, e.Hint, "%s", e.Message)
}

func callFormatDuration(_ *machine, n *callNode, a []any) (any, *Error) {
	ms, err := n.int(a, 0)
	if err != nil {
		return nil, err
	}
	return FormatDuration(ms), nil
}
