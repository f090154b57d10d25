package runner

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// Signer makes and reads the text by which others answer a task: the attempt it names and a code that only stores of one
// incarnation make. It holds no secret of a user; whoever has such a text may answer that one step.
type Signer struct{ key []byte }

// ErrBadToken is a token that this store has not made.
var ErrBadToken = errors.New("the token was not made by this store, or was changed")

const (
	tokenVersion = 1
	tokenSum     = 16
	longestToken = 8 << 10
)

// NewSigner derives the key from the incarnation of the store: tokens from before it was restored from a backup are of
// steps that may be different ones now.
func NewSigner(incarnation [16]byte) *Signer {
	m := hmac.New(sha256.New, []byte("pawl task token"))
	m.Write(incarnation[:])
	return &Signer{m.Sum(nil)}
}

// Sign writes t as text that fits into a URL.
func (s *Signer) Sign(t Token) string {
	b := append(make([]byte, 0, 64+len(t.Step)), tokenVersion)
	b = append(b, t.Execution[:]...)
	b = binary.AppendUvarint(b, uint64(t.Attempt))
	b = append(b, t.Step...)
	return base64.RawURLEncoding.EncodeToString(append(b, s.sum(b)...))
}

// Open reads what Sign wrote; ErrBadToken for anything else.
func (s *Signer) Open(text string) (Token, error) {
	if len(text) > longestToken {
		return Token{}, ErrBadToken
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < 1+len(record.ID{})+1+tokenSum {
		return Token{}, ErrBadToken
	}
	body, sum := raw[:len(raw)-tokenSum], raw[len(raw)-tokenSum:]
	if !hmac.Equal(sum, s.sum(body)) || body[0] != tokenVersion {
		return Token{}, ErrBadToken
	}
	var t Token
	rest := body[1+copy(t.Execution[:], body[1:]):]
	attempt, n := binary.Uvarint(rest)
	if n <= 0 || attempt == 0 || attempt > 1<<31 {
		return Token{}, ErrBadToken
	}
	t.Attempt, t.Step = int(attempt), string(rest[n:])
	return t, nil
}

func (s *Signer) sum(b []byte) []byte {
	m := hmac.New(sha256.New, s.key)
	m.Write(b)
	return m.Sum(nil)[:tokenSum]
}

// Tidy makes the answer to a token fit for the journal, as results of executors are made fit. It returns what is wrong
// with its values, nil if nothing.
func Tidy(res *model.Result) *model.Error {
	if e := fit(res, defaultPayload); e != nil {
		return e
	}
	tidyLog(res)
	if res.Error != nil {
		tidyError(res.Error)
		res.Error.Step = ""
	}
	res.Delay = max(res.Delay, 0)
	return nil
}
