package mysql_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/internal/drivertest"
	"github.com/pawl-dev/pawl/store/mysql"
)

// TestF35_BatchesOverThePacket writes batches that no single message can carry, as the server's own limit has it and
// with a far smaller one.
func TestF35_BatchesOverThePacket(t *testing.T) {
	for name, opts := range map[string][]mysql.Option{"small": {mysql.Packet(100_000)}, "server": nil} {
		t.Run(name, func(t *testing.T) {
			u := newUser(opened(t, servertest.MySQL(t), opts...), 1)
			id := drivertest.Execution(1)
			u.Write(t, u.Start(t, id))
			u.Write(t, u.More(t, id, 2, 10, 1<<20), u.More(t, id, 11, 19, 1<<20)) // 18 MiB
			u.Whole(t, id, 19)
			bad := u.More(t, id, 20, 30, 1<<20)
			bad.Entries = slices.Delete(bad.Entries, 5, 6)
			if o := u.Commit(t.Context(), u.Next(bad)); o.Result != store.NotCommitted || len(o.Rejected) != 1 {
				t.Fatalf("%s %v %v", o.Result, o.Rejected, o.Cause)
			}
			u.Whole(t, id, 19)
		})
	}
}

// TestF35_LargestBodies writes and reads what is just within the limit, and has what is over it named.
func TestF35_LargestBodies(t *testing.T) {
	const most = 16 << 20
	u := newUser(opened(t, servertest.MySQL(t)), 1)
	id, other := drivertest.Execution(1), drivertest.Execution(65)
	u.Write(t, u.Start(t, id))
	u.Write(t, u.Start(t, other))
	big := bytes.Repeat([]byte("it's\x00\\"), most)[:most]
	p := u.More(t, id, 2, 2, most)
	p.Snapshots = []record.Snapshot{{Execution: id, Seq: 1, Sum: record.Checksum(big), Body: big}}
	m := record.Message{ID: record.MessageID{From: id, Seq: 2}, Shard: 1, Namespace: "default", To: id, Body: big}
	p.Sends = []record.Message{m, m}
	u.Write(t, p)
	u.Whole(t, id, 2)
	again := u.More(t, id, 3, 3, 1)
	again.Sends = []record.Message{m}
	u.Write(t, again)
	mail, err := u.Inbox(t.Context(), 1, 9)
	if err != nil || len(mail) != 1 || !bytes.Equal(mail[0].Body, big) {
		t.Fatalf("%d messages: %v", len(mail), err)
	}
	got, err := u.Load(t.Context(), 1, []record.ID{id})
	if err != nil || got[0].Snapshot == nil || !bytes.Equal(got[0].Snapshot.Body, big) {
		t.Fatal("the snapshot is not what was written", err)
	}
	if err := u.PutBlob(t.Context(), "default", id, [32]byte{1}, big); err != nil {
		t.Fatal(err)
	}
	if b, err := u.GetBlob(t.Context(), "default", id, [32]byte{1}); err != nil || !bytes.Equal(b, big) {
		t.Fatal("the blob is not what was written", err)
	}
	over := u.More(t, other, 2, 2, most+1)
	over.Entries = append(over.Entries, drivertest.Entry(id, 4, 10))
	o := u.Commit(t.Context(), u.Next(over))
	if len(o.Rejected) != 1 || o.Rejected[0].Execution != other {
		t.Fatalf("%s %v %v", o.Result, o.Rejected, o.Cause)
	}
}
