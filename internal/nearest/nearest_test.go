package nearest

import "testing"

func TestWord(t *testing.T) {
	words := []string{"retry", "timeout", "set", "next", "len", "integer"}
	for word, want := range map[string]string{
		"retyr": "retry", "tiemout": "timeout", "nxet": "next", "RETRY": "retry", "": "", "zebra": "", "next": "", "le": "len",
	} {
		if got := Word(word, words); got != want {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
	if got := Hint("timout", words); got != "did you mean timeout?" {
		t.Error(got)
	}
}
