package kernel

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
)

// hole is a place in a value that another value fills, so that what the journal holds already is not written again.
type hole struct {
	at string // JSON pointer (RFC 6901), never ""
	v  *value
}

// fill writes raw with its holes filled. raw was written by this package: it is compact and has null at each hole.
func fill(raw []byte, holes []hole) []byte {
	size := len(raw)
	for _, h := range holes {
		size += len(h.v.bytes())
	}
	f := filler{parser: parser{b: raw}, out: make([]byte, 0, size)}
	f.value(holes, 0)
	return append(f.out, raw[f.from:]...)
}

type filler struct {
	parser
	out  []byte
	from int // what is before was written
}

// value walks one value; holes are those in it, skip is how much of their pointers led here.
func (f *filler) value(holes []hole, skip int) {
	if len(holes) == 0 {
		f.raw()
		return
	}
	if len(holes[0].at) == skip {
		f.out = append(f.out, f.b[f.from:f.i]...)
		f.raw()
		f.out = append(f.out, holes[0].v.bytes()...)
		f.from = f.i
		return
	}
	if f.i < len(f.b) && f.b[f.i] == '[' {
		i := 0
		f.array(func() { f.child(holes, skip, strconv.Itoa(i)); i++ })
		return
	}
	f.object(func(key string) { f.child(holes, skip, pointerEscape(key)) })
}

func (f *filler) child(holes []hole, skip int, token string) {
	var in []hole
	for _, h := range holes {
		rest := h.at[skip+1:]
		if rest == token || strings.HasPrefix(rest, token) && rest[len(token)] == '/' {
			in = append(in, h)
		}
	}
	f.value(in, skip+1+len(token))
}

// plug puts the values of holes into a decoded value. v was decoded for this and is shared with nobody; what is put
// in is shared.
func plug(v any, holes []hole) (any, error) {
	for _, h := range holes {
		d, err := h.v.decode()
		if err != nil {
			return nil, err
		}
		if !plugAt(v, h.at, d) {
			return nil, errEntry
		}
	}
	return v, nil
}

func plugAt(in any, at string, v any) bool {
	for {
		token, rest, more := strings.Cut(at[1:], "/")
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		var next any
		switch in := in.(type) {
		case map[string]any:
			if !more {
				in[token] = v
				return true
			}
			next = in[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(in) {
				return false
			}
			if !more {
				in[i] = v
				return true
			}
			next = in[i]
		default:
			return false
		}
		in, at = next, "/"+rest
	}
}

// spanPath writes a path as one word without ':' in it, and pathSpan reads it.
func spanPath(path []string) string {
	var b strings.Builder
	for _, key := range path {
		b.WriteString("/" + strings.ReplaceAll(pointerEscape(key), ":", "~2"))
	}
	return b.String()
}

func pathSpan(span string) []string {
	path := strings.Split(strings.TrimPrefix(span, "/"), "/")
	for i, key := range path {
		path[i] = strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(key, "~2", ":"), "~1", "/"), "~0", "~")
	}
	return path
}

// rendered is an evaluated template: bytes, or what the journal already holds (from), or bytes with holes for that.
type rendered struct {
	raw  []byte
	from string
	refs []inref
	late []expr.Late
	// elsewhere is how many bytes are not in raw.
	elsewhere int
}

// put makes it the data of an operation.
func (r *rendered) put(o *Op) {
	o.data, o.hasData, o.text, o.refs = r.raw, r.from == "", r.from, r.refs
}

// render evaluates a template in the scope prepared by in. What is large and in the journal already is referred to.
func (x *decider) render(t *expr.Template) (r rendered, err error) {
	return x.renderInto(nil, t, "", true)
}

// renderInto appends to dst; places begin with prefix. With vars false no variable is referred to, because it may
// change before the operation is applied.
func (x *decider) renderInto(dst []byte, t *expr.Template, prefix string, vars bool) (r rendered, err error) {
	r.raw, r.late, err = t.AppendLess(dst, &x.ctx, func(ref expr.Ref, at string) bool {
		if !vars && ref[0] == "vars" {
			return false
		}
		v, src, ok := x.names.value(ref)
		if !ok || v == nil || v.raw != nil && len(v.raw) <= refBytes || v.depth() >= deepHoles {
			return false
		}
		n := len(v.bytes())
		if n <= refBytes {
			return false
		}
		r.elsewhere += n
		if at = prefix + at; at == "" {
			r.from = src
		} else {
			r.refs = append(r.refs, inref{at, src})
		}
		return true
	})
	if r.from != "" {
		r.raw = nil
	}
	for i := range r.late {
		r.late[i].Path = prefix + r.late[i].Path
	}
	return r, err
}

// tooMuch says why the journal or a worker cannot take a rendered value.
func (x *decider) tooMuch(what string, r *rendered, st *step) *model.Error {
	if n := len(r.raw) + r.elsewhere; n > x.bounds.Payload {
		return x.tooLarge(what, n, st)
	}
	x.warnLate(BoundPayload, int64(len(r.raw)), x.bounds.Payload)
	return nil
}

// deepHoles bounds references to values with references: what is nested deeper is copied.
const deepHoles = 8

// holesOf resolves references inside a value. Places are in order of the value's keys.
func (s *State) holesOf(refs []inref) ([]hole, error) {
	holes := make([]hole, 0, len(refs))
	for _, r := range refs {
		v, err := s.resolve(r.src)
		if err != nil {
			return nil, err
		}
		holes = append(holes, hole{r.key, v})
	}
	return slices.Clip(holes), nil
}
