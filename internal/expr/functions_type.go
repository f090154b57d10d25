package expr

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"
)

var typeFunctions = []function{
	{Function: Function{"type", "type(value) string", "null, bool, int, float, string, list or map.", groupType, "type(1.5)", `"float"`}, min: 1, max: 1, call: callType},
	{Function: Function{"int", "int(value) int", "A string of digits, or a number cut to its whole part, as an int.", groupType, "int(\"42\") + int(3.9)", "45"}, min: 1, max: 1, call: callInt},
	{Function: Function{"float", "float(value) float", "A string or number as a float.", groupType, "float(\"1.5e1\")", "15"}, min: 1, max: 1, call: callFloat},
	{Function: Function{"string", "string(value) string", "The value as it stands in text: a string as it is, all else as compact JSON.", groupType, "string([1, null])", `"[1,null]"`}, min: 1, max: 1, call: callString},
	{Function: Function{"bool", "bool(value) bool", "The strings \"true\" and \"false\" as a bool.", groupType, "bool(\"true\")", "true"}, min: 1, max: 1, call: callBool},
	{Function: Function{"toJSON", "toJSON(value) string", "The value as compact JSON in key order.", groupType, "toJSON({b: 1, a: \"x\"})", `"{\"a\":\"x\",\"b\":1}"`}, min: 1, max: 1, call: callToJSON},
	{Function: Function{"fromJSON", "fromJSON(string) any", "The value of a JSON text.", groupType, "fromJSON(\"[1, 2.5]\")", "[1,2.5]"}, min: 1, max: 1, call: callFromJSON},
	{Function: Function{"toBase64", "toBase64(string) string", "The bytes of the string in standard base64.", groupType, "toBase64(\"pawl\")", `"cGF3bA=="`}, min: 1, max: 1, call: callToBase64},
	{Function: Function{"fromBase64", "fromBase64(string) string", "The text of standard base64; it must be UTF-8.", groupType, "fromBase64(\"cGF3bA==\")", `"pawl"`}, min: 1, max: 1, call: callFromBase64},
	{Function: Function{"coalesce", "coalesce(value, ...) any", "The first value that is not null, else null.", groupType, "coalesce(null, 0, 1)", "0"}, min: 1, max: -1, call: callCoalesce},
}

func callType(_ *machine, _ *callNode, a []any) (any, *Error) { return TypeName(a[0]), nil }

func callInt(m *machine, n *callNode, a []any) (any, *Error) {
	switch x := a[0].(type) {
	case int64:
		return x, nil
	case float64:
		if i, ok := exactInt(math.Trunc(x)); ok {
			return i, nil
		}
		return nil, n.fail(CodeNumber, "", "the number is beyond int64")
	case string:
		i, err := strconv.ParseInt(x, 10, 64)
		if err != nil {
			return nil, n.fail(CodeValue, "", "%s is no whole number within int64", m.show(x))
		}
		return i, m.scan(len(x), n.off)
	}
	return nil, n.want(a, 0, "a number or string")
}

func callFloat(m *machine, n *callNode, a []any) (any, *Error) {
	if s, ok := a[0].(string); ok {
		return m.parseFloat(n, s)
	}
	f, ok := asFloat(a[0])
	if !ok {
		return nil, n.want(a, 0, "a number or string")
	}
	return f, nil
}

// parseFloat accepts what JSON accepts, and no words such as inf.
func (m *machine) parseFloat(n *callNode, s string) (any, *Error) {
	if err := m.scan(len(s), n.off); err != nil {
		return nil, err
	}
	if len(s) > 0 && len(s) <= maxDigits && (s[0] == '-' || '0' <= s[0] && s[0] <= '9') {
		d := decoder{s: s}
		v, err := d.number()
		if err == nil && d.i == len(s) {
			f, _ := asFloat(v)
			return f, nil
		}
	}
	return nil, n.fail(CodeValue, "", "%s is no decimal number", m.show(s))
}

func callString(m *machine, n *callNode, a []any) (any, *Error) {
	if s, ok := a[0].(string); ok {
		return s, nil
	}
	b, err := m.shortText(nil, a[0], n.off, asText)
	if err != nil {
		return nil, err
	}
	return string(b), m.bytes(len(b), n.off)
}

func callBool(m *machine, n *callNode, a []any) (any, *Error) {
	switch x := a[0].(type) {
	case bool:
		return x, nil
	case string:
		if x == "true" || x == "false" {
			return x == "true", nil
		}
		return nil, n.fail(CodeValue, "", "%s is neither true nor false", m.show(x))
	}
	return nil, n.want(a, 0, "a bool or string")
}

func callToJSON(m *machine, n *callNode, a []any) (any, *Error) {
	b, err := m.shortText(nil, a[0], n.off, asJSON)
	if err != nil {
		return nil, err
	}
	return string(b), m.bytes(len(b), n.off)
}

func callFromJSON(m *machine, n *callNode, a []any) (any, *Error) {
	s, err := n.text(a, 0)
	if err != nil {
		return nil, err
	}
	if err := m.spend(len(s), n.off); err != nil {
		return nil, err
	}
	v, derr := Decode([]byte(s))
	if derr != nil {
		e := readError("the text", derr)
		if m.late {
			return nil, n.fail(e.Code, "", "the text is not JSON")
		}
		return nil, n.fail(e.Code, e.Hint, "%s (byte %d of the text)", e.Message, e.Offset)
	}
	return v, nil
}

func callToBase64(m *machine, n *callNode, a []any) (any, *Error) {
	s, err := n.text(a, 0)
	if err != nil {
		return nil, err
	}
	if err := m.bytes(len(s)/3*4+4, n.off); err != nil {
		return nil, err
	}
	return base64.StdEncoding.EncodeToString([]byte(s)), nil
}

func callFromBase64(m *machine, n *callNode, a []any) (any, *Error) {
	s, err := n.text(a, 0)
	if err != nil {
		return nil, err
	}
	if err := m.bytes(len(s), n.off); err != nil {
		return nil, err
	}
	b, derr := base64.StdEncoding.DecodeString(s)
	if derr != nil {
		return nil, n.fail(CodeValue, "", "the text is no standard base64")
	}
	if !utf8.Valid(b) {
		return nil, n.fail(CodeValue, "", "the decoded bytes are not UTF-8 text")
	}
	return string(b), nil
}

func callCoalesce(_ *machine, _ *callNode, a []any) (any, *Error) {
	for _, v := range a {
		if v != nil {
			return v, nil
		}
	}
	return nil, nil
}
