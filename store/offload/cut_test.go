package offload

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/record"
)

func small() *Store { return &Store{o: Options{Above: 20, Piece: 50}} }

// cutAll parts a body and puts it together again from its blobs.
func cutAll(t *testing.T, s *Store, body []byte, depth int) (kept []byte, pieces []string) {
	t.Helper()
	stored, blobs := s.cut(body, 7, s.texts(body, depth))
	if stored == nil {
		return body, nil
	}
	held := map[[sha256.Size]byte][]byte{}
	for _, b := range blobs {
		held[b.sum] = b.body
		pieces = append(pieces, string(b.body))
	}
	p, err := read(stored)
	if err != nil {
		t.Fatal(err)
	}
	got := make([][]byte, len(p.pieces))
	for i := range got {
		got[i] = held[p.pieces[i].sum]
	}
	back, err := p.whole(got)
	if err != nil || p.sum != 7 || !bytes.Equal(back, body) {
		t.Fatalf("%q came back as %q, sum %d, %v", body, back, p.sum, err)
	}
	return p.rest, pieces
}

// TestValuesAreCutWhole: what is cut out is a value, the smallest that is large, and never what is above the depth.
func TestValuesAreCutWhole(t *testing.T) {
	long, list := strings.Repeat("x", 30), "[1,2,3,4,5,6,7,8,9,10,11]"
	for _, c := range []struct {
		body, kept string
		depth      int
		pieces     []string
	}{
		{body: `{"a":"short","b":1}`, kept: `{"a":"short","b":1}`},
		{body: `{"a":"` + long + `","b":1}`, kept: `{"a":,"b":1}`, pieces: []string{`"` + long + `"`}},
		{body: `{"a":{"deep":"` + long + `"},"b":` + list + `}`, kept: `{"a":{"deep":},"b":}`, pieces: []string{`"` + long + `"`, list}},
		{body: `{"ops":[{"op":"done","output":` + list + `}]}`, kept: `{"ops":[{"op":"done","output":}]}`, depth: inEntry, pieces: []string{list}},
		{body: `{"ops":[{"op":"done","a":1,"b":2,"c":3}]}`, kept: `{"ops":[{"op":"done","a":1,"b":2,"c":3}]}`, depth: inEntry},
		{body: `{"a":"` + long + `\"","b":2}`, kept: `{"a":,"b":2}`, pieces: []string{`"` + long + `\""`}},
		// Of what is large besides the large in it, all is cut.
		{body: `{"a":{"s":"` + long + `","l":[1,2,3,4],"m":[5,6,7,8]}}`, kept: `{"a":}`, pieces: []string{
			(`{"s":"` + long + `","l":[1,2,3,4],"m":[5,6,7,8]}`)[:50], (`{"s":"` + long + `","l":[1,2,3,4],"m":[5,6,7,8]}`)[50:],
		}},
	} {
		kept, pieces := cutAll(t, small(), []byte("\x00"+c.body), max(c.depth, 1))
		if string(kept) != "\x00"+c.kept || strings.Join(pieces, "|") != strings.Join(c.pieces, "|") {
			t.Errorf("%s:\n kept  %q\n parts %q", c.body, kept, pieces)
		}
	}
}

// TestSameValueSamePieces: a value is cut alike in an entry, a message and a snapshot, so its blobs are kept once.
func TestSameValueSamePieces(t *testing.T) {
	value := `{"pages":["` + strings.Repeat("a", 70) + `",[1,2,3,4,5,6,7,8,9,10,11,12]],"n":1}`
	s := small()
	_, entry := cutAll(t, s, []byte("\x00"+`{"ops":[{"output":`+value+`}]}`), inEntry)
	_, message := cutAll(t, s, []byte("\x00"+`{"output":`+value+`}`), inMessage)
	snapshot := []byte("\x00\x05\xff\x07" + value + "\x00")
	spans := s.inside(snapshot, []record.Span{{From: 4, To: 4 + len(value)}})
	_, blobs := s.cut(snapshot, 7, spans)
	var third []string
	for _, b := range blobs {
		third = append(third, string(b.body))
	}
	one := strings.Join(entry, "|")
	if len(entry) != 3 || one != strings.Join(message, "|") || one != strings.Join(third, "|") {
		t.Errorf("entry %q\nmessage %q\nsnapshot %q", entry, message, third)
	}
}

// FuzzCut: whatever the bytes are, what was parted comes back.
func FuzzCut(f *testing.F) {
	for _, s := range []string{"", "\x03", "\x03\x00", "\x00{\"a\":[\"\\\"", "\x00]}{", `x"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"`} {
		f.Add([]byte(s), 0)
		f.Add([]byte(strings.Repeat(s, 20)), 3)
	}
	f.Fuzz(func(t *testing.T, body []byte, depth int) {
		cutAll(t, small(), body, depth)
	})
}

// FuzzRead: damage is an error, and asks for no more memory than what is stored warrants.
func FuzzRead(f *testing.F) {
	stored, _ := small().cut([]byte("\x00{\"a\":\""+strings.Repeat("x", 100)+"\"}"), 7, []record.Span{{From: 6, To: 100}})
	f.Add(stored)
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		bad := bytes.Clone(stored)
		bad[1+r.IntN(len(bad)-1)] ^= byte(1 + r.IntN(255))
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		p, err := read(stored)
		if err != nil {
			return
		}
		left := p.size
		for _, at := range p.pieces {
			left -= at.size
		}
		if left != len(p.rest) {
			t.Fatalf("%d bytes of %d are pieces, and %d are left", p.size-left, p.size, len(p.rest))
		}
	})
}
