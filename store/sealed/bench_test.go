package sealed

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
)

// journalLike is a body of about size bytes such as entries have: names that come again, values that do not.
func journalLike(r *rand.Rand, size int) []byte {
	body := []byte("\x00{\"v\":1,\"ops\":[")
	for n := 0; len(body) < size-40; n++ {
		out, err := json.Marshal(map[string]any{
			"op": "done", "step": fmt.Sprintf("charge_%d", n), "status": "completed", "outcome": "success",
			"output": map[string]any{"id": fmt.Sprintf("%016x", r.Uint64()), "amount": r.IntN(100_000), "currency": "EUR"},
		})
		if err != nil {
			panic(err)
		}
		if n > 0 {
			body = append(body, ',')
		}
		body = append(body, out...)
	}
	return append(body, "]}"...)
}

// BenchmarkSeal is the cost of an entry in a batch of a thousand.
func BenchmarkSeal(b *testing.B) {
	for _, size := range []int{300, 1000, 4000} {
		for name, o := range map[string]Options{
			"zstd": {CompressAbove: 1}, "aes": {CompressAbove: -1, Keys: FromText(testKey)}, "both": {CompressAbove: 1, Keys: FromText(testKey)},
		} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				s := benchStore(b, o)
				from := benchBatch(size, 1000)
				stored := 0
				b.ReportAllocs()
				for n := 0; b.Loop(); n++ {
					sealed := s.fresh()
					if _, err := sealed.seal(context.Background(), s.codec, from); err != nil {
						b.Fatal(err)
					}
					stored = len(sealed.arena)
					s.recycle(sealed)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/entry")
				b.ReportMetric(float64(stored)/1000, "stored-B/entry")
			})
		}
	}
}

const testKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

func benchStore(tb testing.TB, o Options) *Store {
	b, err := Open(memory.Open(), o).Open(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { b.Close() })
	return b.(*Store)
}

func benchBatch(size, n int) *store.Batch {
	r := rand.New(rand.NewPCG(1, 2))
	p := record.Part{}
	for i := range n {
		e := record.Entry{Namespace: "default", Execution: record.NewID(int64(i), r.Uint64(), 0), Seq: 2, At: 5, Body: journalLike(r, size)}
		e.Sum = e.Checksum()
		p.Entries = append(p.Entries, e)
	}
	return &store.Batch{Number: 1, Parts: []record.Part{p}}
}

// BenchmarkOpen is the cost of reading an entry.
func BenchmarkOpen(b *testing.B) {
	for _, size := range []int{300, 1000, 4000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			s := benchStore(b, Options{CompressAbove: 1, Keys: FromText(testKey)})
			from := benchBatch(size, 1000)
			sealed := s.fresh()
			if _, err := sealed.seal(context.Background(), s.codec, from); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				e := sealed.Parts[0].Entries[n%1000]
				if err := s.entry(context.Background(), &e, "default"); err != nil || e.Body[0] != 0 {
					b.Fatal(err)
				}
			}
		})
	}
}
