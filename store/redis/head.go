package redis

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/record"
	"github.com/pawl-dev/pawl/store"
)

// headFormat begins the part of a head that only this package reads.
const headFormat = 1

// encodeHead writes a head: what finds it (the script moves it in the indexes by that alone), then its columns.
// Tags are ordered by name, the last of a name counts.
func encodeHead(dst []byte, h *record.Head, tags []record.Tag, s record.Shard) []byte {
	dst = append(dst, shardBytes(s)...)
	dst = append(dst, timeBytes(h.NextAt)...)
	dst = appendSized(dst, h.Namespace)
	dst = appendSized(dst, pairOf(h.Workflow, h.Status))
	at := len(dst)
	dst = append(dst, 0, 0)
	dst = appendPlaces(dst, h, tags)
	binary.BigEndian.PutUint16(dst[at:], uint16(len(dst)-at-2))
	dst = append(dst, headFormat)
	for _, s := range []string{h.Workflow, h.Status, h.Version, h.Key, h.Outcome, h.Error, h.Fingerprint, h.Waiting} {
		dst = appendText(dst, s)
	}
	dst = append(dst, h.Parent[:]...)
	dst = binary.AppendVarint(dst, h.Started)
	dst = binary.AppendVarint(dst, h.Ended)
	dst = binary.AppendUvarint(dst, uint64(len(tags)))
	for i := range tags {
		dst = appendTag(dst, &tags[i])
	}
	return dst
}

// appendPlaces lists the indexes beside the one by workflow and status: names and members without the id.
func appendPlaces(dst []byte, h *record.Head, tags []record.Tag) []byte {
	place := func(name, member string) {
		dst = appendSized(dst, name)
		dst = appendSized(dst, member)
	}
	if h.Key != "" {
		place(keyIndex(h.Namespace), sized(h.Key))
	}
	if !h.Parent.IsZero() {
		place(parentIndex(h.Namespace), string(h.Parent[:]))
	}
	if h.Fingerprint != "" {
		place(fingerprintIndex(h.Namespace), sized(h.Fingerprint))
	}
	for i := range tags {
		place(tagIndex(h.Namespace, tags[i].Name), tagValue(&tags[i]))
	}
	return dst
}

// The names of indexes, behind the prefix and x.
func pairOf(workflow, status string) string    { return sized(workflow) + status }
func keyIndex(namespace string) string         { return "k:" + namespace }
func parentIndex(namespace string) string      { return "p:" + namespace }
func fingerprintIndex(namespace string) string { return "f:" + namespace }
func tagIndex(namespace, name string) string   { return "t:" + sized(namespace) + name }

// tagValue orders the values of a tag: numbers, then text.
func tagValue(t *record.Tag) string {
	if t.IsNum {
		return "n" + numberBytes(t.Num)
	}
	return "s" + t.Text + "\x00"
}

func appendSized(dst []byte, s string) []byte {
	dst = append(dst, byte(len(s)>>8), byte(len(s)))
	return append(dst, s...)
}

func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

func appendTag(dst []byte, t *record.Tag) []byte {
	dst = appendText(dst, t.Name)
	if t.IsNum {
		dst = append(dst, 1)
		return binary.BigEndian.AppendUint64(dst, math.Float64bits(t.Num))
	}
	dst = append(dst, 0)
	return appendText(dst, t.Text)
}

// cleanTags orders tags by name and keeps the last of each.
func cleanTags(tags []record.Tag) []record.Tag {
	if len(tags) == 0 {
		return nil
	}
	out := slices.Clone(tags)
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b record.Tag) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(out, func(a, b record.Tag) bool { return a.Name == b.Name })
}

// longest is what the parts of a head may have that its lengths in two bytes count.
const longest = 1<<16 - 1

// unindexable says why h cannot be found by its columns; "" if it can.
func unindexable(h *record.Head, tags []record.Tag) string {
	size := 0
	for i := range tags {
		t := &tags[i]
		if t.IsNum && math.IsNaN(t.Num) {
			return fmt.Sprintf("tag %q is not a number", t.Name)
		}
		size += len(t.Name) + len(t.Text) + len(h.Namespace) + 30
	}
	size += len(h.Key) + len(h.Fingerprint) + 3*len(h.Namespace) + 90
	if size > longest || len(h.Workflow)+len(h.Status)+20 > longest {
		return fmt.Sprintf("a head of %d bytes to search by is over the limit of %d", size, longest)
	}
	return ""
}

// decoder reads what encodeHead wrote; a fault makes everything after it empty.
type decoder struct {
	s   string
	bad bool
}

func (d *decoder) take(n int) string {
	if d.bad || n < 0 || n > len(d.s) {
		d.bad = true
		return ""
	}
	out := d.s[:n]
	d.s = d.s[n:]
	return out
}

func (d *decoder) sized() string {
	n := d.take(2)
	if d.bad {
		return ""
	}
	return d.take(int(n[0])<<8 | int(n[1]))
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint([]byte(d.s[:min(len(d.s), binary.MaxVarintLen64)]))
	d.take(max(n, -n))
	d.bad = d.bad || n <= 0
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint([]byte(d.s[:min(len(d.s), binary.MaxVarintLen64)]))
	d.take(max(n, -n))
	d.bad = d.bad || n <= 0
	return v
}

func (d *decoder) text() string {
	n := d.uvarint()
	if n > uint64(len(d.s)) {
		d.bad = true
		return ""
	}
	return d.take(int(n))
}

func (d *decoder) id() (id record.ID) {
	copy(id[:], d.take(16))
	return id
}

// decodeHead reads a head as encodeHead wrote it.
func decodeHead(id record.ID, value string) (record.Head, error) {
	d := &decoder{s: value}
	h := record.Head{Execution: id}
	d.take(2)
	h.NextAt = parseTime(d.take(8))
	h.Namespace = d.sized()
	d.sized()
	d.sized()
	if format := d.take(1); format != string([]byte{headFormat}) {
		return h, fmt.Errorf("%w: head of %s", store.ErrCorrupt, id)
	}
	for _, s := range []*string{&h.Workflow, &h.Status, &h.Version, &h.Key, &h.Outcome, &h.Error, &h.Fingerprint, &h.Waiting} {
		*s = d.text()
	}
	h.Parent = d.id()
	h.Started, h.Ended = d.varint(), d.varint()
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		h.Tags = append(h.Tags, d.tag())
	}
	if d.bad || d.s != "" {
		return h, fmt.Errorf("%w: head of %s", store.ErrCorrupt, id)
	}
	return h, nil
}

func (d *decoder) tag() record.Tag {
	t := record.Tag{Name: d.text()}
	if d.take(1) == "\x01" {
		t.IsNum, t.Num = true, math.Float64frombits(parseU64(d.take(8)))
		return t
	}
	t.Text = d.text()
	return t
}
