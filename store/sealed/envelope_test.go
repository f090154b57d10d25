package sealed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
	"github.com/pawl-dev/pawl/store/memory"
)

// testStores are stores that do one of the things, or both, or neither.
func testStores(t testing.TB) map[string]*Store {
	return map[string]*Store{
		"plain":      benchStore(t, Options{CompressAbove: -1}),
		"compressed": benchStore(t, Options{CompressAbove: 1}),
		"encrypted":  benchStore(t, Options{CompressAbove: -1, Keys: FromText(testKey)}),
		"both":       benchStore(t, Options{CompressAbove: 1, Keys: FromText(testKey)}),
	}
}

// TestWhatIsSealedOpens: any body, of any length, with any first byte, and the sum that came with it.
func TestWhatIsSealedOpens(t *testing.T) {
	for name, s := range testStores(t) {
		t.Run(name, func(t *testing.T) {
			var w work
			rapid.Check(t, func(t *rapid.T) {
				body := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "body")
				body = bytes.Repeat(body, rapid.IntRange(1, 20).Draw(t, "times"))
				sum := rapid.Uint32().Draw(t, "sum")
				to := entryBound(&record.Entry{Namespace: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "namespace"), Seq: rapid.Uint64().Draw(t, "seq")})
				before := bytes.Clone(body)
				out, changed, err := s.codec.seal(context.Background(), &w, []byte("dst"), body, sum, to)
				if err != nil || !bytes.Equal(before, body) {
					t.Fatalf("%v, or the caller's body was changed", err)
				}
				stored := body
				if changed {
					stored = out[len("dst"):]
				}
				if len(stored) > len(body)+overhead {
					t.Fatalf("%d bytes became %d", len(body), len(stored))
				}
				o, err := s.codec.open(context.Background(), stored, to)
				if err != nil || !bytes.Equal(o.body, body) || o.sealed != changed || changed && o.sum != sum {
					t.Fatalf("got %v %x %x, want %x %x", err, o.body, o.sum, body, sum)
				}
			})
		})
	}
}

// rows seals one row of each kind in a namespace.
func rows(t *testing.T, s *Store, namespace string) map[string]func(body []byte, id record.ID, seq uint64) ([]byte, error) {
	seal := func(body []byte, to bound) ([]byte, error) {
		var w work
		out, _, err := s.codec.seal(t.Context(), &w, nil, body, record.Checksum(body), to)
		return out, err
	}
	return map[string]func(body []byte, id record.ID, seq uint64) ([]byte, error){
		"entry": func(body []byte, id record.ID, seq uint64) ([]byte, error) {
			return seal(body, entryBound(&record.Entry{Namespace: namespace, Execution: id, Seq: seq}))
		},
		"snapshot": func(body []byte, id record.ID, seq uint64) ([]byte, error) {
			return seal(body, snapshotBound(&record.Snapshot{Namespace: namespace, Execution: id, Seq: seq}))
		},
		"message": func(body []byte, id record.ID, seq uint64) ([]byte, error) {
			return seal(body, messageBound(&record.Message{Namespace: namespace, To: id, ID: record.MessageID{Seq: seq}}))
		},
		"answer": func(body []byte, id record.ID, seq uint64) ([]byte, error) {
			return seal(body, answerBound(&record.Answer{Namespace: namespace, To: id, At: int64(seq)}))
		},
		"blob": func(body []byte, id record.ID, seq uint64) ([]byte, error) {
			return seal(body, blobBound(namespace, id, [32]byte{byte(seq)}))
		},
	}
}

// openAs reads stored bytes as a row of a kind of the default namespace.
func openAs(t *testing.T, s *Store, kind string, stored []byte, id record.ID, seq uint64) error {
	to := map[string]bound{
		"entry":    entryBound(&record.Entry{Execution: id, Seq: seq}),
		"snapshot": snapshotBound(&record.Snapshot{Execution: id, Seq: seq}),
		"message":  messageBound(&record.Message{To: id, ID: record.MessageID{Seq: seq}}),
		"answer":   answerBound(&record.Answer{To: id, At: int64(seq)}),
		"blob":     blobBound("default", id, [32]byte{byte(seq)}),
	}[kind]
	o, err := s.codec.open(t.Context(), stored, to)
	if err == nil && !o.of("default") {
		err = errDamaged
	}
	return err
}

// TestS49_CiphertextOfAnotherRowIsRefused: of another execution, another number, another kind, another namespace.
func TestS49_CiphertextOfAnotherRowIsRefused(t *testing.T) {
	s := benchStore(t, Options{CompressAbove: -1, Keys: FromText(testKey)})
	a, b := record.NewID(1, 2, 3), record.NewID(1, 2, 4)
	for kind, seal := range rows(t, s, "default") {
		stored, err := seal([]byte("a body"), a, 7)
		if err != nil {
			t.Fatal(err)
		}
		if err := openAs(t, s, kind, stored, a, 7); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		for other := range rows(t, s, "default") {
			if err := openAs(t, s, other, stored, a, 7); other != kind && !errors.Is(err, errDamaged) {
				t.Errorf("%s is taken for %s: %v", kind, other, err)
			}
		}
		if err := openAs(t, s, kind, stored, b, 7); !errors.Is(err, errDamaged) {
			t.Errorf("%s of another execution: %v", kind, err)
		}
		if err := openAs(t, s, kind, stored, a, 8); !errors.Is(err, errDamaged) {
			t.Errorf("%s of another number: %v", kind, err)
		}
		foreign, err := rows(t, s, "other")[kind]([]byte("a body"), a, 7)
		if err != nil {
			t.Fatal(err)
		}
		if err := openAs(t, s, kind, foreign, a, 7); !errors.Is(err, errDamaged) {
			t.Errorf("%s of another namespace: %v", kind, err)
		}
	}
}

// TestS49_AnyChangedByteIsRefused: of the header, the key's id, the salt, the nonce, the body and the tag.
func TestS49_AnyChangedByteIsRefused(t *testing.T) {
	for name, s := range testStores(t) {
		if name == "plain" || name == "compressed" {
			continue // the sum of the row finds it: TestF31
		}
		id := record.NewID(1, 2, 3)
		stored, err := rows(t, s, "default")["entry"](bytes.Repeat([]byte("a body "), 20), id, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(stored); i++ {
			for _, flip := range []byte{1, 0x80} {
				bad := bytes.Clone(stored)
				bad[i] ^= flip
				if err := openAs(t, s, "entry", bad, id, 1); !errors.Is(err, errDamaged) && !errors.Is(err, ErrUnavailable) {
					t.Fatalf("%s: byte %d of %d: %v", name, i, len(stored), err)
				}
			}
		}
		for n := range stored {
			if err := openAs(t, s, "entry", stored[:n], id, 1); n > 0 && err == nil {
				t.Fatalf("%s: %d of %d bytes are taken for a body", name, n, len(stored))
			}
		}
	}
}

// TestF31_FlippedBitOfASealedEntry: whatever bit of a stored row flips, who reads the journal notices.
func TestF31_FlippedBitOfASealedEntry(t *testing.T) {
	for name, s := range testStores(t) {
		id := record.NewID(1, 2, 3)
		plain := record.Entry{Namespace: "default", Execution: id, Seq: 1, At: 9, Body: bytes.Repeat([]byte("\x00{}"), 30)}
		plain.Sum = plain.Checksum()
		sealed := s.fresh()
		if _, err := sealed.seal(t.Context(), s.codec, &store.Batch{Parts: []record.Part{{Entries: []record.Entry{plain}}}}); err != nil {
			t.Fatal(err)
		}
		good := sealed.Parts[0].Entries[0]
		read := func(e record.Entry) record.Entry {
			if err := s.entry(t.Context(), &e, "default"); err != nil {
				t.Fatal(err)
			}
			return e
		}
		if e := read(good); !bytes.Equal(e.Body, plain.Body) || e.Sum != plain.Sum {
			t.Fatalf("%s: got %x", name, e.Body)
		}
		for i := range good.Body {
			for bit := range 8 {
				bad := good
				bad.Body = bytes.Clone(good.Body)
				bad.Body[i] ^= 1 << bit
				if e := read(bad); len(e.Body) > 0 && e.Body[0] != record.CodecDamaged && e.Checksum() == e.Sum {
					t.Fatalf("%s: bit %d of byte %d goes unnoticed", name, bit, i)
				}
			}
		}
		for _, change := range []func(e *record.Entry){
			func(e *record.Entry) { e.Seq++ }, func(e *record.Entry) { e.At++ }, func(e *record.Entry) { e.Sum ^= 1 },
			func(e *record.Entry) { e.Execution[3] ^= 1 },
		} {
			bad := good
			change(&bad)
			if e := read(bad); e.Body[0] != record.CodecDamaged && e.Checksum() == e.Sum {
				t.Fatalf("%s: %+v goes unnoticed", name, bad)
			}
		}
	}
}

// TestS23_BombIsRefused: a small stored body does not become a large one.
func TestS23_BombIsRefused(t *testing.T) {
	huge := make([]byte, mostOpened+1)
	frame := compress(nil, huge)
	for name, payload := range map[string][]byte{
		"says so":      append([]byte{0x81, 0x80, 0x80, 0x08}, frame...), // 16 MiB + 1
		"says less":    append([]byte{0x80, 0x08}, frame...),             // 1 KiB
		"says nothing": {},
		"no frame":     {5, 1, 2, 3},
	} {
		if body, err := decompress(payload); !errors.Is(err, errDamaged) {
			t.Errorf("%s: %d bytes, %v", name, len(body), err)
		}
	}
	if allowed := testing.AllocsPerRun(1, func() { decompress(append([]byte{0x80, 0x08}, frame...)) }); allowed > 1000 {
		t.Errorf("%v allocations", allowed)
	}
}

// FuzzOpen: no stored bytes make reading panic.
func FuzzOpen(f *testing.F) {
	s := benchStore(f, Options{CompressAbove: 1, Keys: FromText(testKey)})
	var w work
	for _, body := range [][]byte{nil, []byte("\x00{}"), bytes.Repeat([]byte("abc"), 500)} {
		out, _, err := s.codec.seal(context.Background(), &w, nil, body, 1, bound{namespace: "default"})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(slices.Clone(out))
	}
	f.Add([]byte{1, 0x11, 0, 0, 0, 0, 3, 0x28, 0xb5, 0x2f, 0xfd})
	f.Fuzz(func(t *testing.T, stored []byte) {
		o, err := s.codec.open(context.Background(), stored, bound{namespace: "default"})
		if err == nil && len(o.body) > mostOpened+len(stored) {
			t.Fatalf("%d bytes", len(o.body))
		}
	})
}

// TestRepeatSendsTheSameBytes: a batch with an unknown outcome is sent as it was, another version of it is not.
func TestRepeatSendsTheSameBytes(t *testing.T) {
	inner := &deaf{Backend: benchStore(t, Options{CompressAbove: -1}).Backend, result: store.Unknown}
	s := Wrap(inner, Options{CompressAbove: -1, Keys: FromText(testKey)}, keysOf(t, testKey))
	b := benchBatch(300, 3)
	for _, want := range []struct {
		digest uint64
		same   bool
	}{{1, false}, {1, true}, {2, false}, {2, true}} {
		b.Digest = want.digest
		before := inner.last
		if o := s.Commit(t.Context(), b); o.Result != store.Unknown {
			t.Fatalf("%v", o)
		}
		if got := before != nil && bytes.Equal(before, inner.last); got != want.same {
			t.Fatalf("digest %d: the same bytes: %v", want.digest, got)
		}
	}
	inner.result = store.Committed
	s.Commit(t.Context(), b)
	if len(s.pending) != 0 {
		t.Fatalf("%d batches are kept", len(s.pending))
	}
}

// deaf answers commits as it is told.
type deaf struct {
	store.Backend
	result store.Result
	last   []byte
}

func (d *deaf) Commit(_ context.Context, b *store.Batch) store.Outcome {
	d.last = nil
	for _, e := range b.Parts[0].Entries {
		d.last = append(d.last, e.Body...)
	}
	return store.Outcome{Result: d.result}
}

func keysOf(t testing.TB, text string) []KEK {
	t.Helper()
	keys, err := ParseKeys([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestDerivedKeyIsReplaced: after as many messages as one may carry, and when a newer data key is there.
func TestDerivedKeyIsReplaced(t *testing.T) {
	s := benchStore(t, Options{Keys: FromText(testKey)})
	first, err := s.codec.keys.session(t.Context(), "default")
	if err != nil {
		t.Fatal(err)
	}
	first.left.Store(1)
	if again, _ := s.codec.keys.session(t.Context(), "default"); again != first {
		t.Fatal("replaced too early")
	}
	second, err := s.codec.keys.session(t.Context(), "default")
	if err != nil || second == first || second.salt == first.salt || second.key != first.key {
		t.Fatalf("%v: the same derived key goes on", err)
	}
	if _, err := Rekey(t.Context(), s, keysOf(t, testKey), true); err != nil {
		t.Fatal(err)
	}
	if again, _ := s.codec.keys.session(t.Context(), "default"); again != second {
		t.Fatal("looked too early")
	}
	second.since.Add(-freshFor.Milliseconds())
	third, err := s.codec.keys.session(t.Context(), "default")
	if err != nil || third.key == second.key {
		t.Fatalf("%v: the new data key is not used", err)
	}
}

// TestS48_KeysAreNotShown: neither by errors nor by printing.
func TestS48_KeysAreNotShown(t *testing.T) {
	for _, text := range []string{"", "# only this", "c2VjcmV0LWNhbmFyeQ==", testKey + "\nsecret-canary", testKey[:40]} {
		_, err := ParseKeys([]byte(text))
		if err == nil || bytes.Contains([]byte(err.Error()), []byte("canary")) || bytes.Contains([]byte(err.Error()), []byte(testKey[:10])) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, keysOf(t, testKey)); strings.Contains(text, "AAEC") || strings.Contains(text, "aead") {
			t.Errorf("%s shows %s", verb, text)
		}
	}
	o := Open(memory.Open(), Options{Keys: FromFile(t.TempDir() + "/none")})
	if _, err := o.Open(t.Context()); err == nil {
		t.Error("opened without its keys")
	}
}

// TestS49_WrappedKeyOfAnotherNamespaceIsRefused: whoever can write to the store cannot give a namespace the key of another.
func TestS49_WrappedKeyOfAnotherNamespaceIsRefused(t *testing.T) {
	s := benchStore(t, Options{Keys: FromText(testKey)})
	if _, err := s.codec.keys.session(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	keys, err := s.DataKeys(t.Context(), "a")
	if err != nil || len(keys) != 1 {
		t.Fatal(keys, err)
	}
	for _, change := range []func(k *store.DataKey){
		func(k *store.DataKey) { k.Namespace = "b" }, func(k *store.DataKey) { k.ID++ },
		func(k *store.DataKey) { k.Wrapped = bytes.Clone(k.Wrapped); k.Wrapped[20] ^= 1 },
	} {
		moved := keys[0]
		change(&moved)
		if _, err := unwrapWith(t.Context(), keysOf(t, testKey), &moved); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%+v: %v", moved, err)
		}
	}
	if _, err := unwrapWith(t.Context(), keysOf(t, testKey), &keys[0]); err != nil {
		t.Error(err)
	}
}

// TestS49_LockedMessagesAreReadPast: they stay, with those behind them of the same sender; others are read.
func TestS49_LockedMessagesAreReadPast(t *testing.T) {
	inner, err := memory.Open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	const otherKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	with := Wrap(inner, Options{Keys: FromText(testKey)}, keysOf(t, testKey))
	without := Wrap(inner, Options{Keys: FromText(otherKey)}, keysOf(t, otherKey))
	message := func(from byte, seq uint64) record.Message {
		return record.Message{ID: record.MessageID{From: record.ID{from}, Seq: seq}, Namespace: "default", To: record.ID{9}, Body: []byte("{}")}
	}
	for range 20 {
		if err := with.Send(t.Context(), []record.Message{message(1, 1), message(2, 1)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := inner.Send(t.Context(), []record.Message{message(1, 2), message(3, 1), message(3, 2)}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		s     *Store
		limit int
		from  []byte
	}{{with, 10, []byte{1, 2, 1, 3, 3}}, {with, 2, []byte{1, 2}}, {without, 10, []byte{3, 3}}, {without, 1, []byte{3}}} {
		list, err := want.s.Inbox(t.Context(), 0, want.limit)
		if err != nil {
			t.Fatal(err)
		}
		var from []byte
		for _, m := range list {
			from = append(from, m.ID.From[0])
		}
		if !bytes.Equal(from, want.from) {
			t.Errorf("limit %d: got %v, want %v", want.limit, from, want.from)
		}
	}
}

// TestNewDataKeyIsWrappedWithTheCurrentKey: that of now, not that of when the store was opened.
func TestNewDataKeyIsWrappedWithTheCurrentKey(t *testing.T) {
	const newKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	text, fails := testKey, error(nil)
	s := benchStore(t, Options{Keys: func(context.Context) ([]KEK, error) { return keysOf(t, text), fails }})
	put := func(namespace string) error {
		return s.PutBlob(t.Context(), namespace, record.ID{1}, [32]byte{}, []byte("x"))
	}
	if err := put("old"); err != nil {
		t.Fatal(err)
	}
	text = newKey + "," + testKey
	if err := put("new"); err != nil {
		t.Fatal(err)
	}
	for namespace, want := range map[string]string{"old": testKey, "new": newKey} {
		keys, err := s.DataKeys(t.Context(), namespace)
		if err != nil || len(keys) != 1 || keys[0].KEK != keysOf(t, want)[0].ID() {
			t.Errorf("%s: %+v %v", namespace, keys, err)
		}
	}
	fails = errors.New("no such file")
	if err := put("newer"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("without a current key: %v", err)
	}
	if err := put("old"); err != nil {
		t.Errorf("what is there goes on: %v", err)
	}
}

// TestS49_SlowKeyKeepsNobodyElseWaiting: a key service that hangs holds up those who need it for the first time alone.
func TestS49_SlowKeyKeepsNobodyElseWaiting(t *testing.T) {
	s := benchStore(t, Options{Keys: FromText(testKey)})
	if err := s.PutBlob(t.Context(), "fast", record.ID{1}, [32]byte{}, []byte("x")); err != nil {
		t.Fatal(err)
	}
	hanging, reached, goOn := newHanging()
	keks := append(keysOf(t, testKey), hanging)
	s.codec.keys.source = func(context.Context) ([]KEK, error) { return keks, nil }
	s.codec.keys.keks = keks
	if err := s.AddDataKey(t.Context(), store.DataKey{ID: 1, Namespace: "slow", KEK: hanging.ID(), At: 1}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- s.PutBlob(t.Context(), "slow", record.ID{1}, [32]byte{}, []byte("x")) }()
	<-reached
	for range 10 {
		if err := s.PutBlob(t.Context(), "fast", record.ID{1}, [32]byte{}, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	close(goOn)
	if err := <-ended; !errors.Is(err, ErrUnavailable) {
		t.Fatal(err)
	}
}

// hanging is a key in a service that answers late, and no.
type hanging struct {
	reached chan struct{}
	goOn    chan struct{}
}

func newHanging() (KEK, chan struct{}, chan struct{}) {
	h := &hanging{make(chan struct{}, 10), make(chan struct{})}
	return h, h.reached, h.goOn
}

func (h *hanging) ID() string { return "hanging" }

func (h *hanging) Wrap(ctx context.Context, _, _ []byte) ([]byte, error) {
	return h.Unwrap(ctx, nil, nil)
}

func (h *hanging) Unwrap(context.Context, []byte, []byte) ([]byte, error) {
	h.reached <- struct{}{}
	<-h.goOn
	return nil, errors.New("the service is away")
}

// TestAnswersWithoutAKey: an answer that cannot be encrypted is none, and no part is refused for its sake.
func TestAnswersWithoutAKey(t *testing.T) {
	s := benchStore(t, Options{Keys: FromText(testKey)})
	err := s.AddDataKey(t.Context(), store.DataKey{ID: 1, Namespace: "lost", KEK: "of long ago", At: 1})
	if err != nil {
		t.Fatal(err)
	}
	sealed := s.fresh()
	rejected, err := sealed.seal(t.Context(), s.codec, &store.Batch{Parts: []record.Part{{Answers: []record.Answer{{Namespace: "lost", Body: []byte("secret")}}}}})
	if err != nil || len(rejected) > 0 || bytes.Contains(sealed.Parts[0].Answers[0].Body, []byte("secret")) {
		t.Fatalf("%v %v %q", err, rejected, sealed.Parts[0].Answers[0].Body)
	}
}
