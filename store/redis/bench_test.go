package redis_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/redis/rueidis"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
)

// sizes are the entries of one commit.
var sizes = []int{1, 10, 100, 1000}

// benchServer flushes every commit, or what PAWL_BENCH_FSYNC says.
func benchServer(b *testing.B) *servertest.RedisServer {
	if fsync := os.Getenv("PAWL_BENCH_FSYNC"); fsync != "" {
		return servertest.StartRedis(b, "--appendfsync", fsync)
	}
	return servertest.StartRedis(b)
}

// BenchmarkCommit appends entries of 300 bytes to 1,000 executions that live at once, eight entries each, in batches
// of n. The rows are those of BenchmarkBare.
func BenchmarkCommit(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) { benchmarkCommit(b, n, false) })
	}
}

// BenchmarkChain commits what three-step executions write: for each a head at the start and at the end, and four
// entries, one commit apart.
func BenchmarkChain(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) { benchmarkCommit(b, n, true) })
	}
}

func benchmarkCommit(b *testing.B, n int, chain bool) {
	s := open(b, benchServer(b).URL())
	defer s.Close()
	g := newGenerator(b, s, chain)
	for range 20 {
		g.commit(b, n)
	}
	b.ResetTimer()
	b.ReportAllocs()
	for range b.N {
		g.commit(b, n)
	}
	b.ReportMetric(float64(b.N)*float64(n)/b.Elapsed().Seconds(), "rows/s")
}

// bareScript is the least that keeps the same rows behind lane and fence.
const bareScript = `
if redis.call('HGET', 'bare:lane', ARGV[1]) ~= ARGV[2] then return 'lane' end
if redis.call('HGET', 'bare:fence', '0') ~= ARGV[4] then return 'fence' end
redis.call('HSET', 'bare:lane', ARGV[1], ARGV[3])
for i = 5, #ARGV, 2 do redis.call('RPUSH', ARGV[i], ARGV[i + 1]) end
return 'ok'`

// BenchmarkBare appends the same entries with the client alone: a list for each execution, one script.
func BenchmarkBare(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("entries=%d", n), func(b *testing.B) { benchmarkBare(b, n) })
	}
}

func benchmarkBare(b *testing.B, n int) {
	r := benchServer(b)
	c, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{r.Addr}, DisableCache: true, ForceSingleClient: true})
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	script := rueidis.NewLuaScript(bareScript)
	r.Do("HSET", "bare:lane", "l", "0")
	r.Do("HSET", "bare:fence", "0", "mine")
	body, next := string(bytes.Repeat([]byte("x"), 242)), 0
	commit := func(number int) {
		words := []string{"l", strconv.Itoa(number), strconv.Itoa(number + 1), "mine"}
		for range n {
			i := next % 1000
			words = append(words, fmt.Sprintf("j:%d:%d", next/8000, i), body)
			next++
		}
		if got, err := script.Exec(b.Context(), c, nil, words).ToString(); got != "ok" {
			b.Fatal(got, err)
		}
	}
	for i := range 20 {
		commit(i)
	}
	b.ResetTimer()
	for i := range b.N {
		commit(20 + i)
	}
	b.ReportMetric(float64(b.N)*float64(n)/b.Elapsed().Seconds(), "rows/s")
}

// generator makes the batches.
type generator struct {
	store  store.Backend
	fences []record.Fence
	batch  store.Batch
	parts  []record.Part
	live   []record.Head
	seq    []uint64
	length uint64
	next   int
	drawn  uint64
	heads  bool
	body   []byte
}

func newGenerator(b testing.TB, s store.Backend, chain bool) *generator {
	u := drivertest.NewKeeper(b, s, 1)
	g := &generator{store: s, fences: u.Fences, heads: chain, length: 8, body: bytes.Repeat([]byte("x"), 230)}
	if chain {
		g.length = 4
	}
	g.batch.Lane.Owner = u.Owner
	g.parts = make([]record.Part, len(g.fences))
	g.live, g.seq = make([]record.Head, 1000), make([]uint64, 1000)
	return g
}

// commit writes n entries, the live executions in turn, as one part for each shard.
func (g *generator) commit(b testing.TB, n int) {
	for i := range g.parts {
		g.parts[i] = record.Part{Fence: g.fences[i], Entries: g.parts[i].Entries[:0], Heads: g.parts[i].Heads[:0]}
	}
	for range n {
		g.entry()
	}
	g.batch.Parts = g.batch.Parts[:0]
	for i := range g.parts {
		if len(g.parts[i].Entries) > 0 {
			g.batch.Parts = append(g.batch.Parts, g.parts[i])
		}
	}
	g.batch.Number++
	g.batch.Digest = g.batch.Number * 31
	if o := g.store.Commit(b.Context(), &g.batch); o.Result != store.Committed {
		b.Fatal(drivertest.Describe(o))
	}
}

func (g *generator) entry() {
	i := g.next
	g.next = (g.next + 1) % len(g.live)
	h := &g.live[i]
	first := g.seq[i] == 0 || g.seq[i] == g.length
	if first {
		g.drawn++
		id := record.NewID(1_700_000_000_000+int64(g.drawn/5), g.drawn*0x9e3779b97f4a7c15, uint16(g.drawn*40503))
		*h = record.Head{
			Execution: id, Insert: true, Namespace: "default", Workflow: "order", Version: "1.0.0",
			Status: "running", Started: id.Millis(), NextAt: 0,
		}
		g.seq[i] = 0
	}
	g.seq[i]++
	p := &g.parts[h.Execution.Shard(len(g.fences))]
	p.Entries = append(p.Entries, record.Entry{Execution: h.Execution, Seq: g.seq[i], At: 1, Sum: 2, Body: g.body})
	switch {
	case first:
		p.Heads = append(p.Heads, *h)
	case g.heads && g.seq[i] == g.length:
		h.Insert = false
		h.Status, h.Outcome, h.Ended, h.NextAt = "completed", "success", h.Started+5, record.Never
		p.Heads = append(p.Heads, *h)
	}
}
