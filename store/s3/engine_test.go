package s3_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/pawl-dev/pawl"
	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/s3"
	"github.com/pawl-dev/pawl/store/sealed"
)

// TestPayloadsOfAnEngine: a large input goes to the bucket, comes back whole in another life of the engine, and goes with its
// execution. With keys nothing of it can be read there.
func TestPayloadsOfAnEngine(t *testing.T) {
	server := servertest.StartS3(t)
	opener := sealed.Open(
		store.WithBlobs(memory.Open(), s3.Open(server.URL("orders"), s3.Credentials(server.Key, server.Secret, ""))),
		sealed.Options{Keys: sealed.FromText("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="), CompressAbove: -1},
	)
	open := func() *pawl.Engine {
		eng, err := pawl.Open(t.Context(), opener, pawl.Options{Retention: time.Millisecond})
		must(t, err)
		return eng
	}
	eng := open()
	_, err := eng.Deploy(t.Context(), pawl.Text("echo.yaml", []byte(`
workflow: echo
nodes:
  - go: {signal: {name: go}}
  - done: {end: {output: "${ input }"}}
`)))
	must(t, err)
	large := strings.Repeat("plain as day ", 100_000)
	run, err := eng.Start(t.Context(), "echo", map[string]any{"text": large})
	must(t, err)
	var objects, bytes int64
	for object := range server.Client().ListObjectsIter(t.Context(), "pawl", minio.ListObjectsOptions{Prefix: "orders/" + run.ID() + "/", Recursive: true}) {
		must(t, object.Err)
		objects, bytes = objects+1, bytes+object.Size
		body, err := server.Client().GetObject(t.Context(), "pawl", object.Key, minio.GetObjectOptions{})
		must(t, err)
		text, err := io.ReadAll(body)
		if err != nil || strings.Contains(string(text), "plain as day") {
			t.Errorf("%s can be read: %v", object.Key, err)
		}
	}
	if objects == 0 || bytes < int64(len(large)) {
		t.Fatalf("%d objects with %d bytes", objects, bytes)
	}
	must(t, eng.Close(t.Context()))

	eng = open()
	defer eng.Close(t.Context())
	run, err = eng.Run(run.ID())
	must(t, err)
	must(t, run.Signal(t.Context(), "go", nil))
	ended, err := run.Wait(t.Context())
	must(t, err)
	var out struct{ Text string }
	if err := json.Unmarshal(ended.Output, &out); err != nil || out.Text != large {
		t.Fatalf("%d bytes came back: %v", len(out.Text), err)
	}
	left := func() (n int) {
		for object := range server.Client().ListObjectsIter(t.Context(), "pawl", minio.ListObjectsOptions{Prefix: "orders/", Recursive: true}) {
			if object.Key != "orders/pawl-store" {
				n++
			}
		}
		return n
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for tries := 0; left() > 0; tries++ {
		if tries == 400 {
			t.Fatalf("%d objects are left of an execution that is forgotten", left())
		}
		<-tick.C
	}
}
