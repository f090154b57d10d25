package sealed

import (
	"bufio"
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// KEK is a key-encryption key: it wraps data keys and nothing else. Those of [ParseKeys] lie in memory; a key service can
// stand behind others. What is given as also is authenticated: a wrapped key only opens with the same.
type KEK interface {
	// ID names the key, and says nothing of it.
	ID() string
	Wrap(ctx context.Context, key, also []byte) ([]byte, error)
	Unwrap(ctx context.Context, wrapped, also []byte) ([]byte, error)
}

// Source gives the key-encryption keys that are here now: the first wraps, all unwrap. It is asked when a store is opened,
// and again when a data key is met that none of them opens, so that a key may come back while the engine runs.
type Source func(ctx context.Context) ([]KEK, error)

// FromFile reads the keys of a file, as [ParseKeys] does.
func FromFile(name string) Source {
	return func(context.Context) ([]KEK, error) {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		keys, err := ParseKeys(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return keys, nil
	}
}

// FromText gives the keys of a text, such as the value of an environment variable, as [ParseKeys] reads them.
func FromText(text string) Source {
	return func(context.Context) ([]KEK, error) { return ParseKeys([]byte(text)) }
}

// keySize is that of key-encryption keys and data keys: AES-256.
const keySize = 32

// ParseKeys reads keys of 32 random bytes in base64 or hex, one a line or with commas between them, the current one first.
// Lines that begin with # are comments. Errors name the line and never show it.
func ParseKeys(text []byte) ([]KEK, error) {
	var keys []KEK
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		for word := range strings.SplitSeq(line, ",") {
			raw, err := decodeKey(strings.TrimSpace(word))
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			k, err := newLocal(raw)
			if err != nil {
				return nil, err
			}
			keys = append(keys, k)
		}
	}
	if lines.Err() != nil {
		return nil, errKey
	}
	if len(keys) == 0 {
		return nil, errors.New("no key in it")
	}
	return keys, nil
}

var errKey = errors.New("want a key of 32 bytes in base64 or hex, as of: head -c 32 /dev/urandom | base64")

func decodeKey(word string) ([]byte, error) {
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString, base64.URLEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
	} {
		if raw, err := decode(word); err == nil && len(raw) == keySize {
			return raw, nil
		}
	}
	return nil, errKey
}

// local is a key in memory.
type local struct {
	id   string
	aead cipher.AEAD
}

func newLocal(key []byte) (*local, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte("pawl key-encryption key\x00"), key...))
	return &local{hex.EncodeToString(sum[:8]), aead}, nil
}

// newAEAD is AES-256-GCM that draws a nonce for each message and puts it in front.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (k *local) ID() string { return k.id }

// String keeps the key out of logs.
func (k *local) String() string { return "key " + k.id }

// GoString keeps the key out of logs.
func (k *local) GoString() string { return k.String() }

func (k *local) Wrap(_ context.Context, key, also []byte) ([]byte, error) {
	return k.aead.Seal(nil, nil, key, also), nil
}

func (k *local) Unwrap(_ context.Context, wrapped, also []byte) ([]byte, error) {
	return k.aead.Open(nil, nil, wrapped, also)
}
