package shard

import (
	"slices"
	"testing"
)

// tenants drives starts of one step with a timer and one task in two namespaces, and counts time in commits: the store
// of this test takes as long for each, whatever is in it.
type tenants struct {
	*desk
	asked map[uint64]int // commit at which a cold start was sent
	took  []int          // commits until it was answered
	n     int
}

func newTenants(t *testing.T) *tenants {
	d := newDesk(t, Config{PartEntries: 10, Round: 10, MaxPending: 1 << 20, Audit: -1})
	d.deploy(flow(waitFor("nap", `"for":"1ms"`), function("a")))
	for _, ns := range []string{"hot", "cold"} {
		d.defs[DefinitionRef{ns, "w", "1"}] = d.defs[DefinitionRef{"default", "w", "1"}]
	}
	return &tenants{desk: d, asked: map[uint64]int{}}
}

func (x *tenants) start(namespace string) uint64 {
	_, ref := x.begin("", func(c *Command) { c.Start.Namespace = namespace })
	return ref
}

// cycle is one commit. What the part brings out is done at once.
func (x *tenants) cycle() {
	x.n++
	x.now++
	x.work()
	x.answer()
	x.work()
	if x.take() {
		x.commit()
	}
	for ref, at := range x.asked {
		if _, ok := x.replies[ref]; ok {
			x.took = append(x.took, x.n-at)
			delete(x.asked, ref)
		}
	}
	for _, task := range x.dispatch {
		x.core.Lease(nameOf(task))
		x.report(task)
	}
	x.dispatch = nil
}

// p99 lets a tenant start an execution in every commit, and another tenant times as many.
func p99(t *testing.T, times int) (answer, end int) {
	x := newTenants(t)
	for range 60 {
		for range times {
			x.start("hot")
		}
		x.asked[x.start("cold")] = x.n
		x.cycle()
	}
	for cold := true; cold; x.cycle() {
		cold = len(x.asked) > 0
		for _, h := range x.heads {
			cold = cold || h.Namespace == "cold" && h.Ended == 0
		}
		if x.n > 5000 {
			t.Fatalf("the cold tenant does not come to an end; %d answers are missing", len(x.asked))
		}
	}
	slices.Sort(x.took)
	return x.took[len(x.took)*99/100], x.n - 60
}

// F45: a tenant that starts 20 times as much does not triple the time of the other: neither until its starts are
// durable, nor until its timers have fired and its tasks have ended.
func TestF45_HotTenantDoesNotDelayTheOthers(t *testing.T) {
	soloAnswer, soloEnd := p99(t, 0)
	answer, end := p99(t, 20)
	t.Logf("commits until the answer %d, alone %d; until all has ended %d, alone %d", answer, soloAnswer, end, soloEnd)
	if answer > 3*soloAnswer || end > 3*soloEnd {
		t.Fatalf("commits until the answer %d, alone %d; until all has ended %d, alone %d", answer, soloAnswer, end, soloEnd)
	}
}

func TestTurnsAreTakenOverNamespacesInOrderOfArrival(t *testing.T) {
	var q turns
	want := []string{"a1", "b1", "c1", "a2", "b2", "a3"}
	names := map[*execution]string{}
	for _, n := range []string{"a1", "a2", "a3", "b1", "b2", "c1"} {
		e := &execution{name: DefinitionRef{Namespace: n[:1]}}
		names[e] = n
		q.push(e)
	}
	var got []string
	for q.len() > 0 {
		got = append(got, names[q.pop()])
	}
	if !slices.Equal(got, want) {
		t.Fatal(got)
	}
}

// TestF45_BoundsOfAdmissionAreShared: who fills a bound does not shut the others out, who are let in up to their share.
func TestF45_BoundsOfAdmissionAreShared(t *testing.T) {
	for name, cfg := range map[string]Config{
		"inputs":     {MaxPending: 8},
		"executions": {MaxExecutions: 8},
		"bytes":      {MaxBytes: 3000},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.Audit = -1
			d := newDesk(t, cfg)
			d.deploy(flow(function("a")))
			for _, ns := range []string{"hot", "cold"} {
				d.defs[DefinitionRef{ns, "w", "1"}] = d.defs[DefinitionRef{"default", "w", "1"}]
			}
			admitted := func(ns string, times int) (n int) {
				for range times {
					_, ref := d.begin("", func(c *Command) { c.Start.Namespace = ns })
					d.collect()
					if r, answered := d.replies[ref]; !answered || r.Error == nil {
						n++
					}
					if name == "bytes" { // they count once they are there
						d.settle()
						d.now += censusEvery
					}
				}
				return n
			}
			hot := admitted("hot", 100)
			if hot == 100 {
				t.Fatal("the bound does not hold")
			}
			d.now += censusEvery
			if cold := admitted("cold", 100); cold == 0 || cold > hot {
				t.Errorf("hot has %d, cold gets %d", hot, cold)
			}
			if more := admitted("hot", 10); more > 0 {
				t.Errorf("hot gets %d more", more)
			}
		})
	}
}
