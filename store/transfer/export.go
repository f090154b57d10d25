package transfer

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// ExportOptions say what is written.
type ExportOptions struct {
	Options
	// Filter selects executions of Options.Namespace, which must be set; nil is all. Query is the filter as text.
	Filter *store.Filter
	Query  string
	// Live lets engines work meanwhile: each execution is written as of one moment, but not all of the same one.
	Live bool
	// Decrypted says that the backend opens what is sealed; nothing locked is then written.
	Decrypted bool
}

// Export writes what a store holds as lines of JSON.
func Export(ctx context.Context, from store.Backend, w io.Writer, o ExportOptions) (done Done, err error) {
	var before []record.Fence
	if done.Unclean = o.Live; !o.Live {
		var clean bool
		if before, clean, err = atRest(ctx, from, o.watch()); err != nil {
			return done, err
		}
		done.Unclean = !clean
	}
	s := &source{b: from, o: o.Options, done: &done, tell: &teller{to: o.Progress}, filter: o.Filter, live: o.Live, opened: o.Decrypted}
	spaces, err := s.spaces(ctx)
	if err != nil {
		return done, err
	}
	i := from.Info()
	e := newEncoder(w, o.Decrypted)
	s.to = e
	e.line(line{Header: &Header{
		Format: formatVersion, Driver: i.Driver, Incarnation: hex.EncodeToString(i.Incarnation[:]), Shards: i.Shards, At: time.Now().UnixMilli(),
		Namespaces: spaces, Query: o.Query, Unclean: done.Unclean, Decrypted: o.Decrypted,
	}})
	if err := s.run(ctx); err != nil {
		return done, err
	}
	if !o.Live {
		after, err := from.Claims(ctx)
		if err == nil && !slices.Equal(before, after) {
			err = ErrChanged
		}
		if err != nil {
			return done, err
		}
	}
	e.line(line{End: &endLine{done.DataKeys, done.Definitions, done.Executions, done.Entries, done.Messages, done.Blobs}})
	return done, errors.Join(e.err, e.w.Flush())
}

// encoder is a sink that writes lines.
type encoder struct {
	w      *bufio.Writer
	json   *json.Encoder
	opened bool
	err    error
}

func newEncoder(w io.Writer, opened bool) *encoder {
	e := &encoder{w: bufio.NewWriterSize(w, 1<<16), opened: opened}
	e.json = json.NewEncoder(e.w)
	e.json.SetEscapeHTML(false)
	return e
}

func (e *encoder) line(l line) error {
	if e.err == nil {
		e.err = e.json.Encode(&l)
	}
	return e.err
}

func (e *encoder) dataKey(_ context.Context, k *store.DataKey) error {
	return e.line(line{DataKey: &dataKeyLine{k.ID, k.Namespace, k.KEK, k.Wrapped, k.At}})
}

func (e *encoder) definition(_ context.Context, d *store.Definition) error {
	l := &definitionLine{
		Namespace: d.Namespace, Workflow: d.Workflow, Version: d.Version, Hash: d.Hash, At: d.At, By: d.By, Why: d.Why,
		Retired: d.Retired, Active: d.Active, payload: payloadOf(d.Body), Source: string(d.Source),
	}
	if !utf8.Valid(d.Source) {
		l.Source, l.SourceRaw = "", d.Source
	}
	for _, u := range d.Uses {
		l.Uses = append(l.Uses, useLine(u))
	}
	return e.line(line{Definition: l})
}

func (e *encoder) execution(_ context.Context, x *execution) error {
	return e.line(line{Execution: executionLineOf(x)})
}

// errLocked: a line would hold what nobody can read.
var errLocked = errors.New("it cannot be opened with the keys that are here, or is damaged")

func (e *encoder) blob(_ context.Context, b *blob) error {
	return e.line(line{Blob: &blobLine{Execution: b.execution.String(), Namespace: b.namespace, Sum: hex.EncodeToString(b.sum[:]), payload: payloadOf(b.body)}})
}

func (e *encoder) entries(_ context.Context, list []record.Entry) error {
	for i := range list {
		n := &list[i]
		if e.opened && len(n.Body) > 0 && n.Body[0] != record.CodecPlain && n.Body[0] != record.CodecApart {
			return fmt.Errorf("entry %d: %w", n.Seq, errLocked)
		}
		l := &entryLine{Execution: n.Execution.String(), Seq: n.Seq, At: n.At, Sum: n.Sum, payload: payloadOf(n.Body, record.CodecPlain)}
		if err := e.line(line{Entry: l}); err != nil {
			return err
		}
	}
	return nil
}

func (e *encoder) end(context.Context) error { return nil }

func (e *encoder) messages(_ context.Context, list []record.Message) error {
	for i := range list {
		m := &list[i]
		if e.opened && len(m.Body) > 0 && (m.Body[0] == record.CodecEncrypted || m.Body[0] == record.CodecDamaged) {
			return fmt.Errorf("a message to %s: %w", m.To, errLocked)
		}
		l := &messageLine{From: m.ID.From.String(), Seq: m.ID.Seq, N: m.ID.N, Namespace: m.Namespace, At: m.At, payload: payloadOf(m.Body)}
		if !m.To.IsZero() {
			l.To = m.To.String()
		}
		if err := e.line(line{Message: l}); err != nil {
			return err
		}
	}
	return nil
}
