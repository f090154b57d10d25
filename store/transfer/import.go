package transfer

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// ErrLine: an export cannot be read, or says what cannot be. The text has the line and the reason, no payload.
var ErrLine = errors.New("the export is refused")

// Bounds of what is read.
const (
	longestLine = 48 << 20 // a body of 16 MiB in base64, and what surrounds it
	longestBody = 16 << 20
	longestText = 512
	mostTags    = 64
	farthest    = 24 * time.Hour // that the time in an id may lie ahead
)

// ReadHeader reads the first line of an export.
func ReadHeader(r io.Reader) (Header, error) {
	d := &decoder{}
	s := scanner(r)
	if !s.Scan() {
		return Header{}, d.refuse("it is empty, or its first line is too long")
	}
	d.n = 1
	l, err := d.parse(s.Bytes())
	if err != nil {
		return Header{}, err
	}
	return d.head, d.header(l.Header)
}

// Import reads an export twice: first everything is checked, against itself and against what the store holds, then it is
// written as [Copy] writes. Where something is wrong nothing has been written. What is there, equal, is left as it is.
func Import(ctx context.Context, r io.ReadSeeker, to store.Backend, o Options) (done Done, err error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return done, err
	}
	head, err := ReadHeader(r)
	if err != nil {
		return done, err
	}
	done.Unclean = head.Unclean
	t, err := openTarget(ctx, to, o, &done)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, t.close(ctx)) }()
	dry := &target{b: to, o: Options{DryRun: true}, done: &done}
	if err := again(ctx, r, dry, o, &done); err != nil || o.DryRun {
		return done, err
	}
	done = Done{Unclean: done.Unclean}
	if err := again(ctx, r, t, o, &done); err != nil {
		return done, err
	}
	return done, t.flush(ctx)
}

// again reads the whole file into a sink.
func again(ctx context.Context, r io.ReadSeeker, to sink, o Options, done *Done) error {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return err
	}
	d := &decoder{to: to, o: o, done: done, tell: &teller{to: o.Progress}, known: map[record.ID]kin{}, latest: time.Now().Add(farthest).UnixMilli()}
	return d.run(ctx, r)
}

func scanner(r io.Reader) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 1<<16), longestLine)
	return s
}

// kin is what is remembered of an execution: whose it is.
type kin struct {
	namespace string
	parent    record.ID
	line      int // where a parent is wanted that has not come yet; 0: none is missed
}

// decoder reads lines, believes none of them, and gives what they say to a sink.
type decoder struct {
	to     sink
	o      Options
	done   *Done
	tell   *teller
	latest int64

	n     int
	head  Header
	stage int // of the lines; it never falls
	known map[record.ID]kin
	cur   *execution
	next  uint64 // number of the entry that must follow
	// What was read and not given away yet.
	list  []record.Entry
	mail  []record.Message
	bytes int
	last  struct {
		namespace string
		id        record.ID
	}
}

func (d *decoder) refuse(format string, args ...any) error {
	return fmt.Errorf("%w: line %d: %s", ErrLine, d.n, fmt.Sprintf(format, args...))
}

// because names the line of an error of the sink.
func (d *decoder) because(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("line %d: %w", d.n, err)
}

// The stages of a file.
const (
	atHeader = iota
	atDataKeys
	atDefinitions
	atExecutions
	atMessages
	atEnd
)

func (d *decoder) run(ctx context.Context, r io.Reader) error {
	s := scanner(r)
	for s.Scan() {
		d.n++
		if err := ctx.Err(); err != nil {
			return err
		}
		l, err := d.parse(s.Bytes())
		if err == nil {
			err = d.take(ctx, &l)
		}
		if err != nil {
			return err
		}
		d.tell.tell(d.done)
	}
	d.n++
	switch err := s.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return d.refuse("it is longer than %d bytes", longestLine)
	case err != nil:
		return err
	case d.stage != atEnd:
		return d.refuse("the end is missing; the file was cut off")
	}
	return nil
}

// parse reads one line: one object with one member, and no member that is not known.
func (d *decoder) parse(b []byte) (l line, err error) {
	if !utf8.Valid(b) {
		return l, d.refuse("it is not UTF-8")
	}
	j := json.NewDecoder(bytes.NewReader(b))
	j.DisallowUnknownFields()
	if err := j.Decode(&l); err != nil {
		return l, d.refuse("%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if j.InputOffset() != int64(len(bytes.TrimRight(b, " \t\r"))) {
		return l, d.refuse("something follows the object")
	}
	n := 0
	for _, is := range []bool{l.Header != nil, l.DataKey != nil, l.Definition != nil, l.Execution != nil, l.Blob != nil, l.Entry != nil, l.Message != nil, l.End != nil} {
		if is {
			n++
		}
	}
	if n != 1 {
		return l, d.refuse("it says %d things, not one", n)
	}
	return l, nil
}

// step goes to a stage, which is never an earlier one.
func (d *decoder) step(ctx context.Context, to int) error {
	switch {
	case d.stage == atEnd:
		return d.refuse("it comes after the end")
	case d.stage == atHeader && d.head.Format == 0:
		return d.refuse("the first line is not a header")
	case to < d.stage:
		return d.refuse("it comes too late: data keys, definitions, executions with their entries, messages, end")
	}
	d.stage = to
	return d.finish(ctx)
}

func (d *decoder) take(ctx context.Context, l *line) error {
	switch {
	case l.Header != nil:
		return d.header(l.Header)
	case l.DataKey != nil:
		return d.dataKey(ctx, l.DataKey)
	case l.Definition != nil:
		return d.definition(ctx, l.Definition)
	case l.Execution != nil:
		return d.execution(ctx, l.Execution)
	case l.Blob != nil:
		return d.blob(ctx, l.Blob)
	case l.Entry != nil:
		return d.entry(ctx, l.Entry)
	case l.Message != nil:
		return d.message(ctx, l.Message)
	}
	return d.end(ctx, l.End)
}

var namespacePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func (d *decoder) header(h *Header) error {
	switch {
	case h == nil || d.head.Format != 0:
		return d.refuse("the first line, and no other, is the header")
	case h.Format != formatVersion:
		return d.refuse("its format is %d, this program knows %d", h.Format, formatVersion)
	}
	for _, ns := range h.Namespaces {
		if !namespacePattern.MatchString(ns) {
			return d.refuse("%.70q is no namespace", ns)
		}
		if d.o.Namespace != "" && ns != d.o.Namespace {
			return d.refuse("it holds the namespace %s, and only %s was to be imported", ns, d.o.Namespace)
		}
	}
	d.head = *h
	return nil
}

// tenant refuses namespaces that the header does not name.
func (d *decoder) tenant(ns string) error {
	if !slices.Contains(d.head.Namespaces, ns) {
		return d.refuse("the namespace %.70q is not one of the header's", ns)
	}
	return nil
}

// texts refuses what no store keeps.
func (d *decoder) texts(list ...string) error {
	for _, s := range list {
		if len(s) > longestText || strings.IndexByte(s, 0) >= 0 {
			return d.refuse("a text is longer than %d bytes, or has a NUL", longestText)
		}
	}
	return nil
}

func (d *decoder) dataKey(ctx context.Context, l *dataKeyLine) error {
	if err := d.step(ctx, atDataKeys); err != nil {
		return err
	}
	if l.Namespace != "" {
		if err := d.tenant(l.Namespace); err != nil {
			return err
		}
	}
	if l.ID == 0 || l.ID > 1<<63-1 || len(l.Wrapped) == 0 || len(l.Wrapped) > 4096 || l.KEK == "" {
		return d.refuse("it is no data key")
	}
	if err := d.texts(l.KEK); err != nil {
		return err
	}
	d.done.DataKeys++
	return d.because(d.to.dataKey(ctx, &store.DataKey{ID: l.ID, Namespace: l.Namespace, KEK: l.KEK, Wrapped: l.Wrapped, At: l.At}))
}

func (d *decoder) definition(ctx context.Context, l *definitionLine) error {
	if err := d.step(ctx, atDefinitions); err != nil {
		return err
	}
	if err := d.tenant(l.Namespace); err != nil {
		return err
	}
	v, err := l.definition()
	if err != nil {
		return d.refuse("%s", err)
	}
	if v.Workflow == "" || v.Version == "" || v.Hash == "" || len(v.Body) > longestBody || len(v.Source) > longestBody {
		return d.refuse("it is no definition")
	}
	if err := d.texts(v.Workflow, v.Version, v.Hash, v.By, v.Why); err != nil {
		return err
	}
	d.done.Definitions++
	return d.because(d.to.definition(ctx, v))
}

func (d *decoder) execution(ctx context.Context, l *executionLine) error {
	if err := d.step(ctx, atExecutions); err != nil {
		return err
	}
	if err := d.tenant(l.Namespace); err != nil {
		return err
	}
	x, err := l.execution()
	if err != nil {
		return d.refuse("%s", err)
	}
	if err := d.plausible(x); err != nil {
		return err
	}
	d.known[x.head.Execution] = kin{l.Namespace, x.head.Parent, d.wants(x)}
	d.last.namespace, d.last.id = l.Namespace, x.head.Execution
	d.cur, d.next = x, x.first
	return d.because(d.to.execution(ctx, x))
}

// wants is the line, where the parent must be in the file too.
func (d *decoder) wants(x *execution) int {
	if x.head.Parent.IsZero() || x.orphan || d.head.Query != "" {
		return 0
	}
	return d.n
}

// plausible refuses heads that no engine writes.
func (d *decoder) plausible(x *execution) error {
	h := &x.head
	list := []string{h.Workflow, h.Version, h.Key, h.Status, h.Outcome, h.Error, h.Fingerprint, h.Waiting}
	for i := range h.Tags {
		list = append(list, h.Tags[i].Name, h.Tags[i].Text)
	}
	if err := d.texts(list...); err != nil {
		return err
	}
	after := d.last.id
	switch _, twice := d.known[h.Execution]; {
	case h.Execution.IsZero():
		return d.refuse("it has no id")
	case twice:
		return d.refuse("the execution %s comes twice", h.Execution)
	case h.Namespace < d.last.namespace || h.Namespace == d.last.namespace && bytes.Compare(h.Execution[:], after[:]) <= 0:
		return d.refuse("executions are not in order of namespace and id")
	case h.Execution.Millis() > d.latest:
		return d.refuse("the id %s is of the future", h.Execution)
	case h.Workflow == "" || h.Status == "" || x.first == 0 || len(h.Tags) > mostTags:
		return d.refuse("it is no execution")
	case h.Started < 0 || h.Ended < 0 || h.NextAt < 0 || h.Waiting == halfCopied:
		return d.refuse("a time is negative, or it is half copied")
	case h.Parent == h.Execution:
		return d.refuse("it is its own parent")
	}
	return nil
}

// blob takes a large payload of the execution above it or, before the messages, of one that is not in the file.
func (d *decoder) blob(ctx context.Context, l *blobLine) error {
	b := &blob{namespace: l.Namespace}
	if d.cur == nil || l.Execution != d.cur.head.Execution.String() {
		if err := d.step(ctx, atMessages); err != nil {
			return err
		}
		if err := d.tenant(l.Namespace); err != nil {
			return err
		}
	}
	var err error
	if b.execution, err = record.ParseID(l.Execution); err != nil {
		return d.refuse("%s", err)
	}
	k, known := d.known[b.execution]
	sum, _ := hex.DecodeString(l.Sum)
	if b.body, err = l.bytes(); err != nil {
		return d.refuse("%s", err)
	}
	switch {
	case known && k.namespace != l.Namespace:
		return d.refuse("a payload of %s in the namespace %.70q", l.Execution, l.Namespace)
	case known && d.cur == nil:
		return d.refuse("a payload of %s comes behind its entries", l.Execution)
	case len(sum) != len(b.sum) || len(b.body) > longestBody:
		return d.refuse("it is no payload that was kept apart")
	case d.head.Decrypted && sha256.Sum256(b.body) != [32]byte(sum):
		return d.refuse("a payload of %s is not the one that its hash names", l.Execution)
	}
	b.sum = [32]byte(sum)
	d.done.Blobs++
	return d.because(d.to.blob(ctx, b))
}

func (d *decoder) entry(ctx context.Context, l *entryLine) error {
	if d.cur == nil || d.stage != atExecutions {
		return d.refuse("an entry without its execution before it")
	}
	body, err := l.bytes(record.CodecPlain)
	if err != nil {
		return d.refuse("%s", err)
	}
	e := record.Entry{Namespace: d.cur.head.Namespace, Execution: d.cur.head.Execution, Seq: l.Seq, At: l.At, Sum: l.Sum, Body: body}
	switch {
	case l.Execution != d.cur.head.Execution.String():
		return d.refuse("the entry is of the execution %.26q, after the line of %s", l.Execution, d.cur.head.Execution)
	case l.Seq != d.next:
		return d.refuse("entry %d of %s stands where %d must be", l.Seq, l.Execution, d.next)
	case len(body) > longestBody:
		return d.refuse("a body of more than %d bytes", longestBody)
	case body[0] > record.CodecApart || d.head.Decrypted && body[0] != record.CodecPlain && body[0] != record.CodecApart:
		return d.refuse("the body has the codec %d", body[0])
	case e.Checksum() != e.Sum:
		return d.refuse("the checksum of entry %d of %s does not fit", l.Seq, l.Execution)
	}
	d.next++
	d.done.Entries++
	d.list = append(d.list, e)
	if d.bytes += len(e.Body); len(d.list) < entryPage && d.bytes < pageBytes {
		return nil
	}
	return d.give(ctx)
}

// give gives what was read to the sink.
func (d *decoder) give(ctx context.Context) (err error) {
	if len(d.list) > 0 {
		err = d.to.entries(ctx, d.list)
	}
	if err == nil && len(d.mail) > 0 {
		err = d.to.messages(ctx, d.mail)
	}
	d.list, d.mail, d.bytes = d.list[:0], d.mail[:0], 0
	return d.because(err)
}

// finish ends the execution under way.
func (d *decoder) finish(ctx context.Context) error {
	if d.cur == nil {
		return nil
	}
	if d.next == d.cur.first {
		return d.refuse("the execution %s before it has no entries", d.cur.head.Execution)
	}
	if err := d.give(ctx); err != nil {
		return err
	}
	d.cur = nil
	d.done.Executions++
	return d.because(d.to.end(ctx))
}

func (d *decoder) message(ctx context.Context, l *messageLine) error {
	if err := d.step(ctx, atMessages); err != nil {
		return err
	}
	if err := d.tenant(l.Namespace); err != nil {
		return err
	}
	m := record.Message{ID: record.MessageID{Seq: l.Seq, N: l.N}, Namespace: l.Namespace, At: l.At}
	var err error
	if m.ID.From, err = record.ParseID(l.From); err != nil || m.ID.From.IsZero() {
		return d.refuse("it has no sender")
	}
	if l.To != "" {
		if m.To, err = record.ParseID(l.To); err != nil {
			return d.refuse("to: %s", err)
		}
	}
	if m.Body, err = l.bytes(); err != nil {
		return d.refuse("%s", err)
	}
	to, known := d.known[m.To]
	switch {
	case len(m.Body) > longestBody:
		return d.refuse("a body of more than %d bytes", longestBody)
	case m.ID.Seq > 1<<62:
		return d.refuse("it has no place in its sender")
	case known && to.namespace != m.Namespace:
		return d.refuse("it goes from the namespace %s to an execution of %s", m.Namespace, to.namespace)
	}
	d.done.Messages++
	d.mail = append(d.mail, m)
	if d.bytes += len(m.Body); len(d.mail) < mostSent && d.bytes < pageBytes {
		return nil
	}
	return d.give(ctx)
}

func (d *decoder) end(ctx context.Context, l *endLine) error {
	if err := d.step(ctx, atEnd); err != nil {
		return err
	}
	got := endLine{d.done.DataKeys, d.done.Definitions, d.done.Executions, d.done.Entries, d.done.Messages, d.done.Blobs}
	if err := d.give(ctx); err != nil {
		return err
	}
	if *l != got {
		return d.refuse("the end counts %+v, there were %+v", *l, got)
	}
	return d.families()
}

// families refuses parents that are missing, of others, or their own descendants.
func (d *decoder) families() error {
	good := map[record.ID]bool{}
	for id := range d.known { // sorted: any fault will do
		var chain []record.ID
		seen := map[record.ID]bool{}
		for at := id; !good[at]; {
			k, known := d.known[at]
			if !known {
				break
			}
			if seen[at] {
				return d.refuse("the execution %s is its own ancestor", at)
			}
			seen[at] = true
			chain = append(chain, at)
			if k.parent.IsZero() {
				break
			}
			p, there := d.known[k.parent]
			switch {
			case !there && k.line > 0:
				return fmt.Errorf("%w: line %d: the parent %s of %s is not in the file", ErrLine, k.line, k.parent, at)
			case there && p.namespace != k.namespace:
				return d.refuse("the parent of %s is of another namespace", at)
			}
			at = k.parent
		}
		for _, at := range chain {
			good[at] = true
		}
	}
	return nil
}
