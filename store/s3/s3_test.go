package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/pawl-dev/pawl/internal/servertest"
	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
	"github.com/pawl-dev/pawl/store/s3"
	"github.com/pawl-dev/pawl/store/storetest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a place on a server with its keys.
func open(t *testing.T, server *servertest.S3, url string, opts ...s3.Option) store.OutsideBlobs {
	t.Helper()
	b, err := s3.Open(url, append([]s3.Option{s3.Credentials(server.Key, server.Secret, "")}, opts...)...).OpenBlobs(t.Context())
	must(t, err)
	t.Cleanup(func() { b.Close() })
	return b
}

var (
	someone = record.NewID(1000, 1, 1)
	payload = bytes.Repeat([]byte("0123456789abcdef"), 1<<15) // 512 KiB
	sum     = sha256.Sum256(payload)
)

// TestConformance: a store whose blobs are in a bucket is one like any other.
func TestConformance(t *testing.T) {
	server := servertest.StartS3(t)
	stores := map[store.Backend]store.Opener{}
	prefixes := 0
	storetest.Run(t, func(t *testing.T) store.Backend {
		prefixes++
		o := store.WithBlobs(memory.Open(), s3.Open(server.URL(fmt.Sprintf("conformance/%d", prefixes)), s3.Credentials(server.Key, server.Secret, "")))
		b, err := o.Open(t.Context())
		must(t, err)
		stores[b] = o
		return b
	}, storetest.Reopen(func(t *testing.T, b store.Backend) store.Backend {
		must(t, b.Close())
		again, err := stores[b].Open(t.Context())
		must(t, err)
		stores[again] = stores[b]
		return again
	}))
}

// TestManyBlobsAndOwners: more than a server lists or deletes at once.
func TestManyBlobsAndOwners(t *testing.T) {
	server := servertest.StartS3(t)
	c := &carrier{}
	b := open(t, server, server.URL("many"), s3.Transport(c))
	var want []record.ID
	for i := range 1010 {
		id := record.NewID(int64(i+1), 5, 1)
		must(t, b.PutBlob(t.Context(), "", id, sum, []byte{1}))
		must(t, b.PutBlob(t.Context(), "", want0(want, id), [32]byte{byte(i), byte(i >> 8)}, []byte{2}))
		want = append(want, id)
	}
	got, err := b.BlobOwners(t.Context(), record.ID{}, 5000)
	if err != nil || len(got) != len(want) || got[0] != want[0] || got[1009] != want[1009] {
		t.Fatalf("%d owners: %v", len(got), err)
	}
	asked := c.requests.Load()
	got, err = b.BlobOwners(t.Context(), want[999], 5)
	if err != nil || len(got) != 5 || got[0] != want[1000] {
		t.Fatalf("%v: %v", got, err)
	}
	if n := c.requests.Load() - asked; n != 1 {
		t.Errorf("a page took %d requests", n)
	}
	must(t, b.DropBlobs(t.Context(), want[0])) // has 1011
	for object := range server.Client().ListObjectsIter(t.Context(), "pawl", minio.ListObjectsOptions{Prefix: "many/" + want[0].String() + "/", Recursive: true}) {
		t.Fatalf("%s is left: %v", object.Key, object.Err)
	}
	if got, err = b.BlobOwners(t.Context(), record.ID{}, 1); err != nil || len(got) != 1 || got[0] != want[1] {
		t.Fatalf("%v: %v", got, err)
	}
}

// want0 is the first of all, id where there is none yet.
func want0(all []record.ID, id record.ID) record.ID {
	if len(all) > 0 {
		return all[0]
	}
	return id
}

// TestStrangersUnderThePrefixAreLeftAlone: objects of others are not listed, and a prefix is not the beginning of a name.
func TestStrangersUnderThePrefixAreLeftAlone(t *testing.T) {
	server := servertest.StartS3(t)
	b := open(t, server, server.URL("a/b"))
	for _, key := range []string{"a/b/note", "a/b/UPPER/x", "a/bc/" + someone.String() + "/x", someone.String() + "/x", "a/b/zzzzzzzzzzzzzzzzzzzzzzzzzz/x"} {
		_, err := server.Client().PutObject(t.Context(), "pawl", key, strings.NewReader("x"), 1, minio.PutObjectOptions{})
		must(t, err)
	}
	must(t, b.PutBlob(t.Context(), "", someone, sum, payload))
	if got, err := b.BlobOwners(t.Context(), record.ID{}, 10); err != nil || len(got) != 1 || got[0] != someone {
		t.Fatalf("%v: %v", got, err)
	}
	must(t, b.DropBlobs(t.Context(), someone))
	left := 0
	for range server.Client().ListObjectsIter(t.Context(), "pawl", minio.ListObjectsOptions{Recursive: true}) {
		left++
	}
	if left != 5 {
		t.Fatalf("%d objects are left of 5 that are not ours", left)
	}
}

// TestDamageIsFound: an object that was changed behind our back, longer, shorter or another.
func TestDamageIsFound(t *testing.T) {
	server := servertest.StartS3(t)
	b := open(t, server, server.URL("p"))
	must(t, b.PutBlob(t.Context(), "", someone, sum, payload))
	key := fmt.Sprintf("p/%s/%x", someone, sum)
	info, err := server.Client().StatObject(t.Context(), "pawl", key, minio.StatObjectOptions{})
	must(t, err)
	other := bytes.Clone(payload)
	other[77]++
	_, err = server.Client().PutObject(t.Context(), "pawl", key, bytes.NewReader(other), int64(len(other)), minio.PutObjectOptions{UserMetadata: info.UserMetadata})
	must(t, err)
	if _, err := b.GetBlob(t.Context(), "", someone, sum); !errors.Is(err, store.ErrCorrupt) {
		t.Fatal(err)
	}
	must(t, b.PutBlob(t.Context(), "", someone, sum, payload)) // what is written again is whole again
	if got, err := b.GetBlob(t.Context(), "", someone, sum); err != nil || !bytes.Equal(got, payload) {
		t.Fatal(err)
	}
	// A copy without metadata is not damaged.
	_, err = server.Client().PutObject(t.Context(), "pawl", key, bytes.NewReader(payload), int64(len(payload)), minio.PutObjectOptions{})
	must(t, err)
	if _, err := b.GetBlob(t.Context(), "", someone, sum); err != nil {
		t.Fatal(err)
	}
}

// carrier counts requests and lets a test change answers.
type carrier struct {
	http.Transport
	requests atomic.Int64
	answer   func(n int64, r *http.Response) error
}

func (c *carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	n := c.requests.Add(1)
	a, err := c.Transport.RoundTrip(r)
	if err == nil && c.answer != nil {
		err = c.answer(n, a)
	}
	return a, err
}

// TestTruncatedAnswers: an answer that ends early is asked for again and never taken for a whole one, and where it always
// ends early that is an error.
func TestTruncatedAnswers(t *testing.T) {
	server := servertest.StartS3(t)
	c := &carrier{}
	b := open(t, server, server.URL("p"), s3.Transport(c))
	must(t, b.PutBlob(t.Context(), "", someone, sum, payload))
	half := func(r *http.Response) error {
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(r.Body, int64(len(payload)/2)), r.Body}
		return nil
	}
	first := c.requests.Load() + 1
	c.answer = func(n int64, r *http.Response) error {
		if n == first {
			return half(r)
		}
		return nil
	}
	if got, err := b.GetBlob(t.Context(), "", someone, sum); err != nil || !bytes.Equal(got, payload) || c.requests.Load() != first+1 {
		t.Fatalf("%d bytes after %d requests: %v", len(got), c.requests.Load()-first+1, err)
	}
	bare := fmt.Sprintf("p/%s/%064x", someone, 1) // without its SHA-256, so that the length must tell
	_, err := server.Client().PutObject(t.Context(), "pawl", bare, bytes.NewReader(payload), int64(len(payload)), minio.PutObjectOptions{})
	must(t, err)
	c.answer = func(_ int64, r *http.Response) error { return half(r) }
	for _, sum := range [][32]byte{sum, {31: 1}} {
		if got, err := b.GetBlob(t.Context(), "", someone, sum); !errors.Is(err, store.ErrCorrupt) || got != nil {
			t.Errorf("%d bytes: %v", len(got), err)
		}
	}
}

// TestDisorderIsRefused: a server that lists in no order would let a sweep miss some.
func TestDisorderIsRefused(t *testing.T) {
	server := servertest.StartS3(t)
	c := &carrier{}
	b := open(t, server, server.URL("p"), s3.Transport(c))
	other := record.NewID(2000, 1, 1)
	must(t, b.PutBlob(t.Context(), "", someone, sum, nil))
	must(t, b.PutBlob(t.Context(), "", other, sum, nil))
	c.answer = func(_ int64, r *http.Response) error {
		text, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(strings.NewReplacer(someone.String(), other.String(), other.String(), someone.String()).Replace(string(text))))
		return err
	}
	if _, err := b.BlobOwners(t.Context(), record.ID{}, 5); err == nil || !strings.Contains(err.Error(), "lists keys in no order") {
		t.Fatal(err)
	}
}

// TestConnectionsThatAreCut: bytes that are lost on the way, in either direction and in the middle of a body.
func TestConnectionsThatAreCut(t *testing.T) {
	server := servertest.StartS3(t)
	proxy := servertest.NewProxy(t, server.Addr)
	b := open(t, server, server.URL("p", proxy.Addr()))
	must(t, b.PutBlob(t.Context(), "", someone, sum, payload))
	for name, flows := range map[string][2]servertest.Flow{
		"requests": {servertest.Cut, servertest.Pass}, "answers": {servertest.Pass, servertest.Cut},
	} {
		proxy.Set(flows[0], flows[1])
		proxy.CutAll()
		if _, err := b.GetBlob(t.Context(), "", someone, sum); err == nil || errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: get: %v", name, err)
		}
		if err := b.PutBlob(t.Context(), "", someone, [32]byte{1}, payload); err == nil {
			t.Errorf("%s: put said it went well", name)
		}
		if _, err := b.BlobOwners(t.Context(), record.ID{}, 5); err == nil {
			t.Errorf("%s: a list of nobody knows what", name)
		}
		if err := b.DropBlobs(t.Context(), someone); err == nil {
			t.Errorf("%s: drop said it went well", name)
		}
	}
	proxy.Set(servertest.Pass, servertest.Pass)
	must(t, b.PutBlob(t.Context(), "", someone, sum, payload))
	if got, err := b.GetBlob(t.Context(), "", someone, sum); err != nil || !bytes.Equal(got, payload) {
		t.Fatal(err)
	}
}

// TestAServerThatSaysNothing: every call ends, at its own bound or at the caller's.
func TestAServerThatSaysNothing(t *testing.T) {
	server := servertest.StartS3(t)
	proxy := servertest.NewProxy(t, server.Addr)
	b := open(t, server, server.URL("p", proxy.Addr()), s3.Timeout(100*time.Millisecond))
	proxy.Set(servertest.Pass, servertest.Hold)
	if _, err := b.GetBlob(t.Context(), "", someone, sum); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	slow := open2(t, server, proxy)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	proxy.Set(servertest.Pass, servertest.Hold)
	if err := slow.PutBlob(ctx, "", someone, sum, payload); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// open2 is a second client through a proxy that answers while it opens.
func open2(t *testing.T, server *servertest.S3, proxy *servertest.Proxy) store.OutsideBlobs {
	t.Helper()
	proxy.Set(servertest.Pass, servertest.Pass)
	return open(t, server, server.URL("p", proxy.Addr()))
}

// TestServerIsKilledInTheMiddle: what was acknowledged is there afterwards, whole, and calls go well again without an open.
func TestServerIsKilledInTheMiddle(t *testing.T) {
	server := servertest.StartS3(t)
	b := open(t, server, server.URL("p"))
	acknowledged := make(chan byte, 256)
	failed := make(chan struct{})
	go func() {
		defer close(failed)
		defer close(acknowledged)
		for n := range byte(255) {
			if b.PutBlob(t.Context(), "", someone, [32]byte{n}, payload) != nil {
				return
			}
			acknowledged <- n
		}
	}()
	var done []byte
	done = append(done, <-acknowledged, <-acknowledged)
	server.Kill()
	<-failed
	for n := range acknowledged {
		done = append(done, n)
	}
	if _, err := b.GetBlob(t.Context(), "", someone, [32]byte{}); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Fatalf("from a server that is gone: %v", err)
	}
	server.Start()
	for _, n := range done {
		if got, err := b.GetBlob(t.Context(), "", someone, [32]byte{n}); err != nil || !bytes.Equal(got, payload) {
			t.Fatalf("blob %d of %d that were acknowledged: %v", n, len(done), err)
		}
	}
	must(t, b.DropBlobs(t.Context(), someone))
}

// TestOpenSaysWhatIsWrong, without a key in the text, and does not try for long.
func TestOpenSaysWhatIsWrong(t *testing.T) {
	server := servertest.StartS3(t)
	good := s3.Credentials(server.Key, server.Secret, "")
	for name, c := range map[string]struct {
		url  string
		key  s3.Option
		want string
	}{
		"secret":   {server.URL("p"), s3.Credentials(server.Key, "wrong-and-secret", ""), "the keys are not accepted (SignatureDoesNotMatch)"},
		"key":      {server.URL("p"), s3.Credentials("wrong", server.Secret, ""), "XAdminUserNotFound"}, // this server's own word
		"bucket":   {strings.Replace(server.URL("p"), "//pawl/", "//other/", 1), good, "there is no such bucket"},
		"nobody":   {strings.Replace(server.URL("p"), server.Addr, "127.0.0.1:1", 1), good, "connection refused"},
		"protocol": {strings.Replace(server.URL("p"), "http:", "https:", 1), good, "HTTP response to HTTPS client"},
	} {
		_, err := s3.Open(c.url, c.key).OpenBlobs(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "the bucket cannot be written: s3://") {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), server.Key)) {
			t.Errorf("%s: the error tells keys: %v", name, err)
		}
	}
}

// TestPreflightLeavesNothing behind in the bucket.
func TestPreflightLeavesNothing(t *testing.T) {
	server := servertest.StartS3(t)
	open(t, server, server.URL(""))
	for object := range server.Client().ListObjectsIter(t.Context(), "pawl", minio.ListObjectsOptions{Recursive: true}) {
		t.Fatalf("%s: %v", object.Key, object.Err)
	}
}

// TestUnchecked: keys that may only read are enough to look.
func TestUnchecked(t *testing.T) {
	server := servertest.StartS3(t)
	c := &carrier{}
	b := open(t, server, server.URL("p"), s3.Unchecked(), s3.Transport(c))
	if n := c.requests.Load(); n != 0 {
		t.Fatalf("%d requests", n)
	}
	if _, err := b.GetBlob(t.Context(), "", someone, sum); !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
}

// TestAPrefixIsOfOneStore: the first one that is opened there has it, whoever else comes is refused, and leaves it unswept.
func TestAPrefixIsOfOneStore(t *testing.T) {
	server := servertest.StartS3(t)
	place := func(opts ...s3.Option) store.BlobsOpener {
		return s3.Open(server.URL("p"), append(opts, s3.Credentials(server.Key, server.Secret, ""))...)
	}
	mine, other := memory.Open(), memory.Open()
	opens := func(inner store.Opener, opts ...s3.Option) {
		t.Helper()
		b, err := store.WithBlobs(inner, place(opts...)).Open(t.Context())
		must(t, err)
		must(t, b.Close())
	}
	refused := func(inner store.Opener, opts ...s3.Option) {
		t.Helper()
		_, err := store.WithBlobs(inner, place(opts...)).Open(t.Context())
		if !errors.Is(err, store.ErrForeignBlobs) || !strings.Contains(err.Error(), "s3://pawl/p: ") || !strings.Contains(err.Error(), "pawl store migrate") {
			t.Fatal(err)
		}
	}
	opens(other, s3.Unchecked()) // who only looks claims nothing
	opens(mine)
	opens(mine)
	opens(mine, s3.Unchecked())
	refused(other)
	refused(other, s3.Unchecked())
	opens(other, s3.TakeOver())
	opens(other)
	refused(mine)
}

// TestAPrefixIsOfOneStoreAtOnce: of many that come to a new prefix at the same time one has it.
func TestAPrefixIsOfOneStoreAtOnce(t *testing.T) {
	server := servertest.StartS3(t)
	all := make([]store.OutsideBlobs, 16)
	for i := range all {
		all[i] = open(t, server, server.URL("p"))
	}
	var have atomic.Int64
	var race sync.WaitGroup
	for i, b := range all {
		race.Go(func() {
			switch err := b.Belong(t.Context(), [16]byte{byte(i + 1)}); {
			case err == nil:
				have.Add(1)
			case !errors.Is(err, store.ErrForeignBlobs):
				t.Error(err)
			}
		})
	}
	race.Wait()
	if n := have.Load(); n != 1 {
		t.Fatalf("%d stores have the prefix", n)
	}
}

// TestAMarkThatCannotBeReadYet: a server that refuses to write the mark before there is one is asked again, and not for ever.
func TestAMarkThatCannotBeReadYet(t *testing.T) {
	server := servertest.StartS3(t)
	for name, hidden := range map[string]int64{"once": 1, "ever": 100} {
		c := &carrier{}
		b := open(t, server, server.URL(name), s3.Transport(c))
		var refused, unread int64
		c.answer = func(_ int64, a *http.Response) error {
			switch {
			case a.Request.Method == http.MethodPut && refused < hidden:
				refused++
				become(a, http.StatusConflict, "ConditionalRequestConflict")
			case a.Request.Method == http.MethodGet && refused > 0 && unread < hidden:
				unread++
				become(a, http.StatusNotFound, "NoSuchKey")
			}
			return nil
		}
		err := b.Belong(t.Context(), [16]byte{1})
		switch {
		case hidden == 1 && (err != nil || refused != 1 || unread != 1):
			t.Errorf("%s: refused %d times, unread %d times: %v", name, refused, unread, err)
		case hidden > 1 && (err == nil || !strings.Contains(err.Error(), "there is no mark") || refused != 4):
			t.Errorf("%s: refused %d times: %v", name, refused, err)
		}
	}
}

// become makes another answer of one.
func become(a *http.Response, status int, code string) {
	a.Body.Close()
	text := "<Error><Code>" + code + "</Code></Error>"
	a.StatusCode, a.Status, a.ContentLength, a.Body = status, http.StatusText(status), int64(len(text)), io.NopCloser(strings.NewReader(text))
	a.Header = http.Header{"Content-Type": {"application/xml"}}
}
