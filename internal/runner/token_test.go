package runner

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/pawl-dev/pawl/record"
)

// TestTokensCannotBeMade: a token opens to what was signed, and nothing else opens, however close it is (S12).
func TestTokensCannotBeMade(t *testing.T) {
	s := NewSigner([16]byte{1, 2, 3})
	want := Token{Execution: record.NewID(1_750_000_000_000, 42, 7), Step: "each[17]/prüfe#2", Attempt: 300}
	text := s.Sign(want)
	if got, err := s.Open(text); err != nil || got != want {
		t.Fatalf("opens to %+v, %v", got, err)
	}
	for i := range len(text) {
		b := []byte(text)
		b[i] ^= 1
		if got, err := s.Open(string(b)); err == nil && string(b) != text {
			t.Errorf("opens with byte %d changed to %+v", i, got)
		}
	}
	if _, err := NewSigner([16]byte{1, 2, 4}).Open(text); !errors.Is(err, ErrBadToken) {
		t.Errorf("another store opens it: %v", err)
	}
	for _, bad := range []string{"", "x", "!!!", text + "=", text[:len(text)-2], base64.RawURLEncoding.EncodeToString(make([]byte, 64)), string(make([]byte, longestToken+1))} {
		if _, err := s.Open(bad); !errors.Is(err, ErrBadToken) {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}

func FuzzOpenToken(f *testing.F) {
	s := NewSigner([16]byte{9})
	f.Add(s.Sign(Token{Step: "a", Attempt: 1}))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := s.Open(text)
		if err == nil && s.Sign(got) != text {
			t.Errorf("%q opens to %+v, which is written otherwise", text, got)
		}
	})
}
