package storetest

import (
	"bytes"
	"slices"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

var blobTests = []test{
	{"PutAndGet", blobPut},
	{"I25_OfOneExecution", blobApart},
	{"OwnersInPages", blobOwners},
	{"I25_OwnersWithManyAreOneEach", blobMany},
	{"Sums", blobSums},
	{"Dropped", blobDrop},
	{"ForgottenOwnersAreNotListed", blobForget},
	{"OwnersOfARejectedForgetStay", blobRejected},
}

func blobPut(f *fixture) {
	id := f.id(0) // a blob comes before the commit that names it
	for i, body := range [][]byte{{}, []byte("\x00\xff"), make([]byte, 3<<20)} {
		sum := [32]byte{31: byte(i)}
		f.must(f.PutBlob(f.ctx, "default", id, sum, body))
		f.must(f.PutBlob(f.ctx, "default", id, sum, body))
		got, err := f.GetBlob(f.ctx, "default", id, sum)
		f.must(err)
		f.equal(got, body)
	}
}

func blobApart(f *fixture) {
	a, b := f.id(0), f.id(0)
	sum := [32]byte{1, 2, 3}
	f.must(f.PutBlob(f.ctx, "default", a, sum, []byte("a")))
	for id, s := range map[record.ID][32]byte{b: sum, a: {1, 2}} {
		_, err := f.GetBlob(f.ctx, "default", id, s)
		f.is(err, store.ErrNotFound)
	}
	f.must(f.PutBlob(f.ctx, "default", b, sum, []byte("b")))
	got, err := f.GetBlob(f.ctx, "default", a, sum)
	f.must(err)
	f.equal(got, []byte("a"))
}

func blobSums(f *fixture) {
	a, b := f.id(0), f.id(0)
	for _, n := range []byte{200, 3, 0} {
		f.putBlob(a, n)
	}
	f.putBlob(b, 7)
	for _, c := range []struct {
		id   record.ID
		want [][32]byte
	}{{a, [][32]byte{{0}, {3}, {200}}}, {b, [][32]byte{{7}}}, {f.id(0), nil}} {
		got, err := f.BlobSums(f.ctx, c.id)
		f.must(err)
		f.equal(got, c.want)
	}
}

// owners wants the listing to be of exactly these executions, page by page and with every size of page.
func (f *fixture) owners(want ...record.ID) {
	f.Helper()
	slices.SortFunc(want, func(a, b record.ID) int { return bytes.Compare(a[:], b[:]) })
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []record.ID
		for after, more := (record.ID{}), true; more; {
			page, err := f.BlobOwners(f.ctx, after, limit)
			f.must(err)
			got = append(got, page...)
			if len(page) > limit || len(got) > len(want) {
				f.Fatalf("pages of %d gave %v, want %v", limit, got, want)
			}
			if more = len(page) == limit; more {
				after = page[limit-1]
			}
		}
		f.equal(got, want)
	}
	none, err := f.BlobOwners(f.ctx, record.ID{}, 0)
	f.must(err)
	f.equal(none, []record.ID(nil))
}

func (f *fixture) putBlob(id record.ID, n byte) {
	f.Helper()
	f.must(f.PutBlob(f.ctx, "default", id, [32]byte{n}, []byte{n}))
}

func (f *fixture) hasBlob(id record.ID, n byte, want bool) {
	f.Helper()
	body, err := f.GetBlob(f.ctx, "default", id, [32]byte{n})
	if !want {
		f.is(err, store.ErrNotFound)
		return
	}
	f.must(err)
	f.equal(body, []byte{n})
}

func blobOwners(f *fixture) {
	f.owners()
	real := f.start(3, 1, nil).Execution
	// The others never came to be: of other shards, with bytes that end texts, and at both ends of the order.
	list := []record.ID{real, f.id(1), f.id(0), {15: 1}, {0x27, 0x5c, 0, 0x25}, f.id(2)}
	for i := range list[3:5] {
		f.putBlob(list[3+i], 9)
	}
	last := record.ID{}
	for i := range last {
		last[i] = 0xff
	}
	list = append(list, last)
	for i := len(list) - 1; i >= 0; i-- {
		f.putBlob(list[i], 1)
	}
	f.owners(list...)
	f.restart()
	f.owners(list...)
	page, err := f.BlobOwners(f.ctx, last, 5)
	f.must(err)
	f.equal(page, []record.ID(nil))
	between := real
	between[15]-- // after what is not there
	page, err = f.BlobOwners(f.ctx, between, 1)
	f.must(err)
	f.equal(page, []record.ID{real})
}

func blobMany(f *fixture) {
	var list []record.ID
	for range 3 {
		id := f.id(0)
		list = append(list, id)
		for n := range byte(7) {
			f.putBlob(id, n)
		}
	}
	f.owners(list...)
}

func blobDrop(f *fixture) {
	h := f.start(0, 1, nil)
	orphan, keep := f.id(0), f.id(0)
	for _, id := range []record.ID{h.Execution, orphan, keep} {
		f.putBlob(id, 1)
		f.putBlob(id, 2)
	}
	f.must(f.DropBlobs(f.ctx, f.id(0))) // has none
	for _, id := range []record.ID{h.Execution, orphan, orphan} {
		f.must(f.DropBlobs(f.ctx, id))
	}
	f.owners(keep)
	f.length(h.Execution, 1) // nothing else goes
	for _, n := range []byte{1, 2} {
		f.hasBlob(h.Execution, n, false)
		f.hasBlob(orphan, n, false)
		f.hasBlob(keep, n, true)
	}
	f.putBlob(orphan, 1)
	f.restart()
	f.owners(orphan, keep)
	f.hasBlob(orphan, 2, false)
}

func blobForget(f *fixture) {
	h, keep := f.start(0, 1, nil), f.start(0, 1, nil)
	f.putBlob(h.Execution, 1)
	f.putBlob(h.Execution, 2)
	f.putBlob(keep.Execution, 1)
	f.end(h)
	f.owners(h.Execution, keep.Execution)
	f.forget(h.Execution)
	f.restart()
	f.owners(keep.Execution)
	f.hasBlob(h.Execution, 1, false)
}

func blobRejected(f *fixture) {
	closedOne, none, open := f.start(0, 1, nil), f.start(0, 1, nil), f.start(0, 1, nil)
	f.putBlob(closedOne.Execution, 1)
	f.putBlob(open.Execution, 1)
	f.end(closedOne)
	f.end(none)
	p := f.part(0)
	p.Forgets = []record.ID{closedOne.Execution, none.Execution, open.Execution}
	f.rejected([]record.ID{open.Execution}, p)
	f.restart()
	f.owners(closedOne.Execution, open.Execution)
	f.hasBlob(closedOne.Execution, 1, true)
}
