package kernel

import "testing"

// Errors that differ in what varies have one fingerprint, others have not.
func TestFingerprintGroupsWhatIsEqual(t *testing.T) {
	same := [][]string{
		{`order 17 of "Ann" was declined`, `order 9241 of "Bob O'Neill" was declined`, `Order  x9 of “Carl” was declined.`},
		{`can't reach '10.0.0.1'`, `can't reach 'db two'`},
		{`dial tcp 10.0.0.1:5432: connection refused`, `dial tcp 127.0.0.1:80: connection refused`},
		{`execution 01m2k4v8q0000000000000000a is gone`, `execution 01m2k4v8q00000000000000zzz is gone`},
	}
	seen := map[string]string{}
	for _, group := range same {
		want := Fingerprint("declined", group[0])
		if other, ok := seen[want]; ok {
			t.Errorf("%q and %q share a fingerprint", group[0], other)
		}
		if seen[want] = group[0]; len(want) != 16 {
			t.Errorf("%q is not 16 digits", want)
		}
		for _, m := range group[1:] {
			if got := Fingerprint("declined", m); got != want {
				t.Errorf("%q: %q and %q differ: %q and %q", got, m, group[0], lasting(m), lasting(group[0]))
			}
		}
	}
	if Fingerprint("a", "x") == Fingerprint("b", "x") {
		t.Error("the code does not count")
	}
	Fingerprint("", "\xff'\x00\"“")
}
