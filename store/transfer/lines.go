package transfer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// formatVersion is that of the lines. A reader refuses those that it does not know.
const formatVersion = 1

// An export is lines of JSON, each an object with one member that says what it is: first "pawl", then "data_key",
// "definition", "execution" each followed by its "blob" and its "entry" lines, "blob" and "message", and last "end". docs/moves.md describes them.
type line struct {
	Header     *Header         `json:"pawl,omitempty"`
	DataKey    *dataKeyLine    `json:"data_key,omitempty"`
	Definition *definitionLine `json:"definition,omitempty"`
	Execution  *executionLine  `json:"execution,omitempty"`
	Blob       *blobLine       `json:"blob,omitempty"`
	Entry      *entryLine      `json:"entry,omitempty"`
	Message    *messageLine    `json:"message,omitempty"`
	End        *endLine        `json:"end,omitempty"`
}

// Header is the first line of an export.
type Header struct {
	Format int `json:"format"`
	// Driver, Incarnation and Shards are those of the store that was read.
	Driver      string `json:"driver"`
	Incarnation string `json:"incarnation"`
	Shards      int    `json:"shards"`
	// At is when it was written, Unix milliseconds.
	At         int64    `json:"at"`
	Namespaces []string `json:"namespaces"`
	// Query says that only some executions are there, and which; so parents may be missing.
	Query string `json:"query,omitempty"`
	// Unclean: the store was not closed, or engines worked on it.
	Unclean bool `json:"unclean,omitempty"`
	// Decrypted: what was sealed in the store is readable here.
	Decrypted bool `json:"decrypted,omitempty"`
}

type dataKeyLine struct {
	ID        uint64 `json:"id,string"`
	Namespace string `json:"namespace"`
	KEK       string `json:"kek"`
	Wrapped   []byte `json:"wrapped"`
	At        int64  `json:"at"`
}

type definitionLine struct {
	Namespace string    `json:"namespace"`
	Workflow  string    `json:"workflow"`
	Version   string    `json:"version"`
	Hash      string    `json:"hash"`
	At        int64     `json:"at"`
	By        string    `json:"by,omitempty"`
	Why       string    `json:"why,omitempty"`
	Retired   bool      `json:"retired,omitempty"`
	Active    bool      `json:"active,omitempty"`
	Uses      []useLine `json:"uses,omitempty"`
	payload
	// The text as it was written; in base64 where it is not UTF-8.
	Source    string `json:"source,omitempty"`
	SourceRaw []byte `json:"source_raw,omitempty"`
}

type useLine struct {
	Workflow   string `json:"workflow"`
	Constraint string `json:"constraint,omitempty"`
}

// payload is bytes: Body where they are JSON without needless space, else Raw in base64.
type payload struct {
	Body json.RawMessage `json:"body,omitempty"`
	Raw  []byte          `json:"raw,omitempty"`
}

type executionLine struct {
	ID          string  `json:"id"`
	Namespace   string  `json:"namespace"`
	Workflow    string  `json:"workflow"`
	Version     string  `json:"version"`
	Key         string  `json:"key,omitempty"`
	Parent      string  `json:"parent,omitempty"`
	Orphan      bool    `json:"orphan,omitempty"` // the parent is not there any more
	Status      string  `json:"status"`
	Outcome     string  `json:"outcome,omitempty"`
	Error       string  `json:"error,omitempty"`
	Fingerprint string  `json:"fingerprint,omitempty"`
	Waiting     string  `json:"waiting,omitempty"`
	Started     int64   `json:"started,omitempty"`
	Ended       int64   `json:"ended,omitempty"`
	NextAt      *int64  `json:"next_at,omitempty"` // absent: only a message wakes it
	Tags        []tag   `json:"tags,omitempty"`
	First       uint64  `json:"first"` // number of the first entry that is left
	KeyRow      *keyRow `json:"key_row,omitempty"`
}

type tag struct {
	Name string   `json:"name"`
	Text *string  `json:"text,omitempty"`
	Num  *float64 `json:"num,omitempty"`
}

// keyRow says that the key points to this execution.
type keyRow struct {
	Digest   uint64 `json:"digest,string"`
	ClosedAt int64  `json:"closed_at,omitempty"`
}

type entryLine struct {
	Execution string `json:"execution"`
	Seq       uint64 `json:"seq"`
	At        int64  `json:"at"`
	Sum       uint32 `json:"sum"`
	payload
}

type blobLine struct {
	Execution string `json:"execution"`
	Namespace string `json:"namespace"`
	Sum       string `json:"sum"` // SHA-256 of what it is where nothing is encrypted, in hex
	payload
}

type messageLine struct {
	From      string `json:"from"`
	Seq       uint64 `json:"seq,omitempty"`
	N         uint32 `json:"n,omitempty"`
	Namespace string `json:"namespace"`
	To        string `json:"to,omitempty"`
	At        int64  `json:"at"`
	payload
}

type endLine struct {
	DataKeys    int `json:"data_keys"`
	Definitions int `json:"definitions"`
	Executions  int `json:"executions"`
	Entries     int `json:"entries"`
	Messages    int `json:"messages"`
	Blobs       int `json:"blobs,omitempty"`
}

// payloadOf keeps b exactly. prefix is what a readable body begins with that is not written.
func payloadOf(b []byte, prefix ...byte) payload {
	if rest, ok := bytes.CutPrefix(b, prefix); ok && len(rest) > 0 && utf8.Valid(rest) {
		var same bytes.Buffer
		if json.Compact(&same, rest) == nil && bytes.Equal(same.Bytes(), rest) {
			return payload{Body: json.RawMessage(rest)}
		}
	}
	return payload{Raw: b}
}

// bytes is what [payloadOf] was given.
func (p *payload) bytes(prefix ...byte) ([]byte, error) {
	switch {
	case p.Body != nil && p.Raw != nil:
		return nil, fmt.Errorf("it has body and raw")
	case p.Body != nil:
		return append(append(make([]byte, 0, len(prefix)+len(p.Body)), prefix...), p.Body...), nil
	case len(p.Raw) > 0:
		return p.Raw, nil
	}
	return nil, fmt.Errorf("it has neither body nor raw")
}

func executionLineOf(x *execution) *executionLine {
	h := &x.head
	l := &executionLine{
		ID: h.Execution.String(), Namespace: h.Namespace, Workflow: h.Workflow, Version: h.Version, Key: h.Key, Orphan: x.orphan,
		Status: h.Status, Outcome: h.Outcome, Error: h.Error, Fingerprint: h.Fingerprint, Waiting: h.Waiting, Started: h.Started, Ended: h.Ended, First: x.first,
	}
	if !h.Parent.IsZero() {
		l.Parent = h.Parent.String()
	}
	if h.NextAt != record.Never {
		l.NextAt = &h.NextAt
	}
	for i := range h.Tags {
		t := tag{Name: h.Tags[i].Name, Text: &h.Tags[i].Text}
		if h.Tags[i].IsNum {
			t.Text, t.Num = nil, &h.Tags[i].Num
		}
		l.Tags = append(l.Tags, t)
	}
	if x.key != nil {
		l.KeyRow = &keyRow{x.key.Digest, x.key.ClosedAt}
	}
	return l
}

// execution is what the line says; the error says what cannot be.
func (l *executionLine) execution() (*execution, error) {
	h := record.Head{
		Namespace: l.Namespace, Workflow: l.Workflow, Version: l.Version, Key: l.Key, Status: l.Status, Outcome: l.Outcome, Error: l.Error,
		Fingerprint: l.Fingerprint, Waiting: l.Waiting, Started: l.Started, Ended: l.Ended, NextAt: record.Never,
	}
	x := &execution{first: l.First, orphan: l.Orphan}
	var err error
	if h.Execution, err = record.ParseID(l.ID); err != nil {
		return nil, err
	}
	if l.Parent != "" {
		if h.Parent, err = record.ParseID(l.Parent); err != nil {
			return nil, fmt.Errorf("parent: %w", err)
		}
	}
	if l.NextAt != nil {
		h.NextAt = *l.NextAt
	}
	for _, t := range l.Tags {
		switch {
		case (t.Text == nil) == (t.Num == nil):
			return nil, fmt.Errorf("tag %.40q is not one of text and num", t.Name)
		case t.Num != nil && (math.IsNaN(*t.Num) || math.IsInf(*t.Num, 0)):
			return nil, fmt.Errorf("tag %.40q is not a number", t.Name)
		case t.Num != nil:
			h.Tags = append(h.Tags, record.Tag{Name: t.Name, Num: *t.Num, IsNum: true})
		default:
			h.Tags = append(h.Tags, record.Tag{Name: t.Name, Text: *t.Text})
		}
	}
	if x.head = h; l.KeyRow != nil {
		k := keyOf(&x.head)
		if k.Key == "" || h.Execution.Slot() != record.KeySlot(k) {
			return nil, fmt.Errorf("the id is not one that its key gives")
		}
		x.key = &record.KeyRow{Key: k, Execution: h.Execution, Digest: l.KeyRow.Digest, ClosedAt: l.KeyRow.ClosedAt}
	}
	return x, nil
}

func (l *definitionLine) definition() (*store.Definition, error) {
	d := &store.Definition{
		Namespace: l.Namespace, Workflow: l.Workflow, Version: l.Version, Hash: l.Hash, At: l.At, By: l.By, Why: l.Why,
		Retired: l.Retired, Active: l.Active, Source: l.SourceRaw,
	}
	if l.Source != "" {
		d.Source = []byte(l.Source)
	}
	for _, u := range l.Uses {
		d.Uses = append(d.Uses, record.Use(u))
	}
	var err error
	d.Body, err = l.bytes()
	return d, err
}
