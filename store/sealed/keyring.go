package sealed

import (
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pawl-dev/pawl/store"
)

const (
	// mostUses bounds the messages under one derived key, whose nonces are drawn at random: NIST SP 800-38D.
	mostUses = 1 << 32
	// freshFor is how long a namespace's data key is written with before it is looked for a newer one.
	freshFor = 10 * time.Minute
	// lockedFor is how long a data key that nothing opened is not tried again.
	lockedFor = 5 * time.Second
	// mostOpeners bounds the derived keys that are kept to read with.
	mostOpeners = 4096
)

// keyring knows the data keys that were unwrapped.
type keyring struct {
	store  store.DataKeys
	source Source
	now    func() time.Time

	// slow guards what is asked of the store, of the source and of keys that lie elsewhere. Who has what it needs does not
	// wait for that.
	slow sync.Mutex
	keks []KEK
	// asked is when the source was asked last.
	asked time.Time
	keys  map[uint64]*dataKey

	mu      sync.RWMutex         // held for moments only
	locked  map[uint64]time.Time // when it was tried
	writes  map[string]*session  // by namespace
	openers map[openerID]openerOf
}

type dataKey struct {
	id        uint64
	namespace string
	secret    []byte
}

// session is a key that this process alone derives from a data key, with a salt of its own, and writes with.
type session struct {
	key   uint64
	salt  [saltBytes]byte
	aead  cipher.AEAD
	left  atomic.Int64
	since atomic.Int64 // Unix milliseconds: when its data key was the newest
}

type openerID struct {
	key  uint64
	salt [saltBytes]byte
}

type openerOf struct {
	aead      cipher.AEAD
	namespace string
}

func newKeyring(s store.DataKeys, source Source, keks []KEK) *keyring {
	return &keyring{
		store: s, source: source, now: time.Now, keks: keks,
		keys: map[uint64]*dataKey{}, locked: map[uint64]time.Time{}, writes: map[string]*session{}, openers: map[openerID]openerOf{},
	}
}

// encrypts reports whether what is written is encrypted.
func (r *keyring) encrypts() bool { return r.source != nil }

// session is what rows of a namespace are written with.
func (r *keyring) session(ctx context.Context, namespace string) (*session, error) {
	r.mu.RLock()
	s := r.writes[namespace]
	r.mu.RUnlock()
	if s != nil && s.left.Add(-1) >= 0 && r.now().UnixMilli()-s.since.Load() < freshFor.Milliseconds() {
		return s, nil
	}
	r.slow.Lock()
	defer r.slow.Unlock()
	key, err := r.newest(ctx, namespace)
	if err != nil {
		return nil, err
	}
	if s = r.writes[namespace]; s == nil || s.key != key.id || s.left.Add(-1) < 0 { // changed under slow alone
		if s, err = key.begin(); err != nil {
			return nil, err
		}
	}
	s.since.Store(r.now().UnixMilli())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes[namespace] = s
	return s, nil
}

// newest is the newest data key of the namespace that opens. One is made where there is none; where there are some and
// none opens, nothing is written: a key given by mistake must not be written with.
func (r *keyring) newest(ctx context.Context, namespace string) (*dataKey, error) {
	list, err := r.store.DataKeys(ctx, namespace)
	if err != nil {
		return nil, err
	}
	for i := len(list) - 1; i >= 0; i-- {
		key, err := r.unwrap(ctx, &list[i])
		if !errors.Is(err, ErrUnavailable) {
			return key, err
		}
	}
	if len(list) > 0 || len(r.keks) == 0 {
		return nil, fmt.Errorf("%w (namespace %q)", ErrUnavailable, namespace)
	}
	return r.add(ctx, namespace)
}

// begin derives a key to write with.
func (k *dataKey) begin() (s *session, err error) {
	s = &session{key: k.id}
	rand.Read(s.salt[:])
	s.left.Store(mostUses - 1)
	s.aead, err = k.derive(s.salt)
	return s, err
}

// add makes a data key for a namespace. The source is asked which key is the current one by now: a former one may be gone
// once this process ends.
func (r *keyring) add(ctx context.Context, namespace string) (*dataKey, error) {
	keks, err := r.source(ctx)
	if err != nil || len(keks) == 0 {
		return nil, fmt.Errorf("%w: the current key cannot be had: %w", ErrUnavailable, err)
	}
	r.keks = keks
	k, secret, err := newDataKey(ctx, r.keks[0], namespace, r.now())
	if err != nil {
		return nil, err
	}
	if err := r.store.AddDataKey(ctx, k); err != nil {
		return nil, err
	}
	key := &dataKey{k.ID, namespace, secret}
	r.keys[k.ID] = key
	return key, nil
}

// newDataKey draws a key and wraps it.
func newDataKey(ctx context.Context, with KEK, namespace string, now time.Time) (k store.DataKey, secret []byte, err error) {
	var id [8]byte
	rand.Read(id[:])
	secret = make([]byte, keySize)
	rand.Read(secret)
	k = store.DataKey{ID: max(binary.LittleEndian.Uint64(id[:])>>1, 1), Namespace: namespace, KEK: with.ID(), At: now.UnixMilli()}
	if k.Wrapped, err = with.Wrap(ctx, secret, wrapBound(&k)); err != nil {
		return k, nil, fmt.Errorf("%w: key %s: %w", ErrUnavailable, with.ID(), err)
	}
	return k, secret, nil
}

// wrapBound is what a wrapped key is bound to, so that it opens nothing of another namespace.
func wrapBound(k *store.DataKey) []byte {
	b := binary.LittleEndian.AppendUint64([]byte("pawl data key 1\x00"), k.ID)
	return append(b, k.Namespace...)
}

// unwrap opens a data key, and remembers it.
func (r *keyring) unwrap(ctx context.Context, k *store.DataKey) (*dataKey, error) {
	if known := r.keys[k.ID]; known != nil {
		return known, nil
	}
	secret, err := unwrapWith(ctx, r.keks, k)
	if err != nil && r.asksAgain(ctx) {
		secret, err = unwrapWith(ctx, r.keks, k)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.locked[k.ID] = r.now()
		return nil, err
	}
	delete(r.locked, k.ID)
	key := &dataKey{k.ID, k.Namespace, secret}
	r.keys[k.ID] = key
	return key, nil
}

func unwrapWith(ctx context.Context, keks []KEK, k *store.DataKey) ([]byte, error) {
	for _, with := range keks {
		if with.ID() != k.KEK {
			continue
		}
		secret, err := with.Unwrap(ctx, k.Wrapped, wrapBound(k))
		if err == nil && len(secret) != keySize {
			err = errors.New("it is no data key")
		}
		if err != nil {
			return nil, fmt.Errorf("%w: data key %d, key %s: %w", ErrUnavailable, k.ID, k.KEK, err)
		}
		return secret, nil
	}
	return nil, fmt.Errorf("%w: data key %d wants key %s", ErrUnavailable, k.ID, k.KEK)
}

// asksAgain asks the source for keys that may have come back; false: it was asked just now, or has none. Keys that are
// here stay where it fails.
func (r *keyring) asksAgain(ctx context.Context) bool {
	now := r.now()
	if r.source == nil || now.Sub(r.asked) < lockedFor && !r.asked.IsZero() {
		return false
	}
	r.asked = now
	keks, err := r.source(ctx)
	if err != nil || len(keks) == 0 {
		return false
	}
	r.keks = keks
	return true
}

// opener is what reads messages under a data key and a salt, and the namespace of the key.
func (r *keyring) opener(ctx context.Context, id uint64, salt [saltBytes]byte) (cipher.AEAD, string, error) {
	at := openerID{id, salt}
	r.mu.RLock()
	o, ok := r.openers[at]
	tried, locked := r.locked[id]
	r.mu.RUnlock()
	if ok {
		return o.aead, o.namespace, nil
	}
	if locked && r.now().Sub(tried) < lockedFor {
		return nil, "", ErrUnavailable
	}
	key, err := r.dataKey(ctx, id)
	if err != nil {
		return nil, "", err
	}
	aead, err := key.derive(salt)
	if err != nil {
		return nil, "", err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.openers) >= mostOpeners {
		clear(r.openers)
	}
	r.openers[at] = openerOf{aead, key.namespace}
	return aead, key.namespace, nil
}

// dataKey is a data key by its id.
func (r *keyring) dataKey(ctx context.Context, id uint64) (*dataKey, error) {
	r.slow.Lock()
	defer r.slow.Unlock()
	if key := r.keys[id]; key != nil {
		return key, nil
	}
	k, err := r.store.DataKey(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		r.mu.Lock()
		r.locked[id] = r.now()
		r.mu.Unlock()
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if err != nil {
		return nil, err
	}
	return r.unwrap(ctx, &k)
}

func (k *dataKey) derive(salt [saltBytes]byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, k.secret, salt[:], "pawl payload 1", keySize)
	if err != nil {
		return nil, err
	}
	return newAEAD(key)
}
