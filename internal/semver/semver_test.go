package semver

import (
	"slices"
	"strings"
	"testing"
)

func parse(t *testing.T, s string) Version {
	t.Helper()
	v, ok := Parse(s)
	if !ok {
		t.Fatalf("%q is refused", s)
	}
	return v
}

func TestParse(t *testing.T) {
	for _, s := range []string{"0.0.0", "1.2.3", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-0.3.7", "1.0.0-x-y-z.--", "1.0.0+20130313144700",
		"1.0.0-beta+exp.sha.5114f85", "1.0.0+21AF26D3----117B344092BD", "1.0.0+007", "99999999999999999999.0.1"} {
		if v := parse(t, s); v.String() != s {
			t.Errorf("%q is written %q", s, v)
		}
	}
	for _, s := range []string{"", "1", "1.2", "v1.2.3", "1.2.3.4", "01.2.3", "1.02.3", "1.2.3-", "1.2.3+", "1.2.3-01", "1.2.3-a..b", "1.2.-3",
		"1.2.3-a_b", "1.2.3+a+b", " 1.2.3", "1.2.x", "١.٢.٣", strings.Repeat("1", Longest) + ".0.0"} {
		if Valid(s) {
			t.Errorf("%q is accepted", s)
		}
	}
}

// The order is that of https://semver.org, 11, beside the numbers that text puts the wrong way round.
func TestCompare(t *testing.T) {
	ordered := []string{"0.0.9", "0.0.10", "0.9.0", "0.10.0", "1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
		"1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.9.0", "1.10.0", "2.0.0-a", "2.0.0", "10.0.0",
		"99999999999999999999.0.0", "100000000000000000000.0.0"}
	for i, a := range ordered {
		for j, b := range ordered {
			got, want := Compare(a, b), 0
			switch {
			case i < j:
				want = -1
			case i > j:
				want = 1
			}
			if got != want {
				t.Errorf("Compare(%s, %s) = %d, want %d", a, b, got, want)
			}
		}
	}
	if Compare("1.0.0+a", "1.0.0+b") != 0 || Compare("1.0.0-a+x", "1.0.0-a") != 0 {
		t.Error("build metadata has a part in the order")
	}
	if Compare("nonsense", "0.0.0-0") != -1 || Compare("0.0.0", "") != 1 || Compare("a", "b") != -1 {
		t.Error("what is no version does not come first")
	}
}

func TestNext(t *testing.T) {
	for _, c := range [][3]string{
		{"1.2.3", "1.2.4", "2.0.0"}, {"1.2.9", "1.2.10", "2.0.0"}, {"9.0.99", "9.0.100", "10.0.0"}, {"1.2.3-rc.1", "1.2.4", "2.0.0"},
		{"1.2.3+b", "1.2.4", "2.0.0"}, {"0.0.1-a+b", "0.0.2", "1.0.0"},
	} {
		v := parse(t, c[0])
		if p, m := v.NextPatch().String(), v.NextMajor().String(); p != c[1] || m != c[2] {
			t.Errorf("after %s come %s and %s, want %s and %s", c[0], p, m, c[1], c[2])
		}
	}
}

func TestCompatible(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"1.0.0", "1.9.3", true}, {"1.0.0", "2.0.0", false}, {"0.1.0", "0.1.9", true}, {"0.1.0", "0.2.0", false}, {"0.9.0", "1.0.0", false}} {
		if got := parse(t, c.a).Compatible(parse(t, c.b)); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

func TestConstraint(t *testing.T) {
	for _, c := range []struct {
		constraint  string
		takes, lets string // lets: it lets them go
	}{
		{"1.2.3", "1.2.3 1.2.3+b", "1.2.4 1.2.3-a 1.2.2"},
		{"=1.2.3", "1.2.3", "1.2.4"},
		{"1.2.3+b", "1.2.3+b", "1.2.3 1.2.3+c"},
		{"1.2", "1.2.0 1.2.9", "1.3.0 1.1.9 1.2.0-a 1.3.0-a"},
		{"1", "1.0.0 1.99.0", "2.0.0 0.9.0 2.0.0-a"},
		{"1.x", "1.0.0 1.99.0", "2.0.0 0.9.0"},
		{"1.2.x", "1.2.0 1.2.10", "1.3.0"},
		{"1.2.*", "1.2.0 1.2.10", "1.3.0"},
		{"1.X.X", "1.0.0", "2.0.0"},
		{"*", "0.0.0 9.9.9", "1.0.0-a"},
		{"x", "0.0.0 9.9.9", "1.0.0-a"},
		{">=*", "0.0.0", "1.0.0-a"},
		{"^1.2.3", "1.2.3 1.3.0 1.10.0", "1.2.2 2.0.0 2.0.0-a 1.3.0-a 1.2.3-a"},
		{"^1.2", "1.2.0 1.9.9", "1.1.9 2.0.0"},
		{"^2", "2.0.0 2.10.0", "3.0.0 1.9.9"},
		{"^0.2.3", "0.2.3 0.2.9", "0.3.0 0.2.2"},
		{"^0.0.3", "0.0.3", "0.0.4 0.0.2"},
		{"^0.0", "0.0.0 0.0.9", "0.1.0"},
		{"^0", "0.0.0 0.9.9", "1.0.0"},
		{"^1.x", "1.0.0 1.9.0", "2.0.0"},
		{"^1.2.3-beta.2", "1.2.3-beta.2 1.2.3-rc 1.2.3 1.9.0", "1.2.3-beta.1 1.2.4-beta.9 2.0.0"},
		{"~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"},
		{"~1.4", "1.4.0 1.4.9", "1.5.0"},
		{"~1", "1.0.0 1.9.0", "2.0.0"},
		{"~0.0.1", "0.0.1 0.0.2", "0.1.0"},
		{">=1.2.0 <2.0.0", "1.2.0 1.9.9", "1.1.9 2.0.0 2.0.0-a"},
		{">= 1.2.0 < 2", "1.2.0 1.9.9", "1.1.9 2.0.0"},
		{">1.2", "1.3.0", "1.2.9"},
		{">1", "2.0.0", "1.9.9"},
		{">1.2.3", "1.2.4 2.0.0", "1.2.3 1.2.4-a"},
		{">1.2.3-a", "1.2.3-b 1.2.3", "1.2.3-a 1.2.4-b"},
		{"<=1.2", "1.2.9 0.1.0", "1.3.0"},
		{"<1.2", "1.1.9", "1.2.0"},
		{"<=1.2.3", "1.2.3", "1.2.4"},
		{"1.0.0 || ^2.1", "1.0.0 2.1.0 2.9.0", "1.0.1 2.0.0 3.0.0"},
		{">1.9.0", "1.10.0", "1.2.0 1.9.0"},
		{"^99999999999999999999", "99999999999999999999.1.0", "100000000000000000000.0.0"},
	} {
		k, ok := ParseConstraint(c.constraint)
		if !ok {
			t.Errorf("%q is refused", c.constraint)
			continue
		}
		for _, v := range strings.Fields(c.takes) {
			if !k.Takes(parse(t, v)) {
				t.Errorf("%q does not take %s", c.constraint, v)
			}
		}
		for _, v := range strings.Fields(c.lets) {
			if k.Takes(parse(t, v)) {
				t.Errorf("%q takes %s", c.constraint, v)
			}
		}
	}
	for _, s := range []string{"", " ", "newest", "^", ">", "1.2.3.4", "v1", "^v1", "=>1", "!1", "1.x.3", "x.1", ">x", "<*", "1 ||", "|| 1", "1,2", "1 - 2", "^01",
		"1.2.3-", strings.Repeat("1 ", 4*Longest)} {
		if _, ok := ParseConstraint(s); ok {
			t.Errorf("%q is accepted", s)
		}
	}
}

func TestHighest(t *testing.T) {
	versions := []string{"1.9.0", "1.10.0", "1.2.0", "2.0.0-rc.1", "nonsense", "1.10.0+later"}
	for constraint, want := range map[string]string{
		"^1": "1.10.0+later", "1.10.0+later": "1.10.0+later", "~1.2": "1.2.0", ">=2.0.0-0": "2.0.0-rc.1", "*": "1.10.0+later", "^3": "",
	} {
		c, ok := ParseConstraint(constraint)
		if !ok {
			t.Fatal(constraint)
		}
		got := ""
		if i := c.Highest(versions); i >= 0 {
			got = versions[i]
		}
		if got != want {
			t.Errorf("%s gives %q, want %q", constraint, got, want)
		}
	}
	if !slices.Equal(versions[:2], []string{"1.9.0", "1.10.0"}) {
		t.Error("the list was sorted in place")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1.2.3", "^1.2 || ~2", ">=1.2.0-a <2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if v, ok := Parse(s); ok && v.String() != s {
			t.Errorf("%q is written %q", s, v)
		}
		if c, ok := ParseConstraint(s); ok {
			c.Highest([]string{"1.2.3", s})
		}
	})
}
