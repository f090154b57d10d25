package redis

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/pawl-dev/pawl/store"
)

// A version is three rows of its namespace: v: what is known of it, vb: body and source, vh: its hash. Beside them va:
// has the active version of each workflow and vr: the retired ones.

func versionField(workflow, version string) string { return sized(workflow) + version }

// Put implements [store.Definitions].
func (s *Store) Put(ctx context.Context, d store.Definition, m *store.Move) error {
	body, source := d.Body, d.Source
	d.Body, d.Source, d.Active, d.Retired = nil, nil, false, false
	row, err := json.Marshal(d)
	if err != nil {
		return err
	}
	from := ""
	if m != nil {
		from = m.From
	}
	return s.define(ctx, "put", d.Namespace, d.Workflow, d.Version, d.Hash, string(row),
		strconv.Itoa(len(body))+":"+string(body)+string(source), strconv.FormatBool(m != nil), from)
}

// Activate implements [store.Definitions].
func (s *Store) Activate(ctx context.Context, namespace, workflow, version string, m store.Move) error {
	return s.define(ctx, "activate", namespace, workflow, version, m.From)
}

// Retire implements [store.Definitions].
func (s *Store) Retire(ctx context.Context, namespace, workflow, version string, retired bool) error {
	return s.define(ctx, "retire", namespace, workflow, version, strconv.FormatBool(retired))
}

func (s *Store) define(ctx context.Context, verb, namespace, workflow, version string, more ...string) error {
	words := []string{verb, namespace, workflow, version, versionField(workflow, version)}
	got, err := s.change(ctx, defineScript, append(words, more...))
	if err != nil {
		return err
	}
	if len(got) == 0 {
		return errReply
	}
	switch got[0].text() {
	case "done":
		return nil
	case "exists":
		return fmt.Errorf("%s %s: %w", workflow, version, store.ErrVersionExists)
	case "moved":
		return fmt.Errorf("%s is at %.80q: %w", workflow, got[len(got)-1].text(), store.ErrMoved)
	case "missing":
		return fmt.Errorf("workflow %s %s: %w", workflow, version, store.ErrNotFound)
	}
	return errReply
}

// Get implements [store.Definitions].
func (s *Store) Get(ctx context.Context, namespace, workflow, version string) (store.Definition, error) {
	asked := version
	for {
		if asked == "" {
			got, err := s.read(ctx, []string{"HGET", s.prefix + "va:" + namespace, workflow})
			if err != nil {
				return store.Definition{}, err
			}
			version = got[0].text()
		}
		d, found, err := s.version(ctx, namespace, workflow, version)
		switch {
		case err != nil:
			return store.Definition{}, err
		case !found:
			return store.Definition{}, fmt.Errorf("workflow %s %s: %w", workflow, asked, store.ErrNotFound)
		case asked != "" || d.Active:
			return d, nil
		}
		// Another one has become the active one between the two questions.
	}
}

func (s *Store) version(ctx context.Context, namespace, workflow, version string) (d store.Definition, found bool, err error) {
	f := versionField(workflow, version)
	got, err := s.read(ctx,
		[]string{"HGET", s.prefix + "v:" + namespace, f}, []string{"HGET", s.prefix + "vb:" + namespace, f},
		[]string{"HGET", s.prefix + "va:" + namespace, workflow}, []string{"SISMEMBER", s.prefix + "vr:" + namespace, f})
	if err != nil || got[0].none() {
		return d, false, err
	}
	if d, err = parseDefinition(got[0].text()); err != nil {
		return d, false, err
	}
	text := got[1].text()
	i := 0
	for i < len(text) && text[i] != ':' {
		i++
	}
	n, err := strconv.Atoi(text[:i])
	if err != nil || n < 0 || i+1+n > len(text) {
		return d, false, fmt.Errorf("%w: the body of %s %s", store.ErrCorrupt, workflow, version)
	}
	d.Body, d.Source = []byte(text[i+1:i+1+n]), []byte(text[i+1+n:])
	d.Active, d.Retired = got[2].text() == version, got[3].number() == 1
	return d, true, nil
}

func parseDefinition(text string) (d store.Definition, err error) {
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return d, fmt.Errorf("%w: a definition", store.ErrCorrupt)
	}
	return d, nil
}

// List implements [store.Definitions].
func (s *Store) List(ctx context.Context, namespace, workflow string) (out []store.Definition, err error) {
	got, err := s.read(ctx, []string{"HVALS", s.prefix + "v:" + namespace},
		[]string{"HGETALL", s.prefix + "va:" + namespace}, []string{"SMEMBERS", s.prefix + "vr:" + namespace})
	if err != nil {
		return nil, err
	}
	active, retired := map[string]string{}, map[string]bool{}
	for all := got[1].list(); len(all) > 1; all = all[2:] {
		active[all[0].text()] = all[1].text()
	}
	for _, r := range got[2].list() {
		retired[r.text()] = true
	}
	for _, r := range got[0].list() {
		d, err := parseDefinition(r.text())
		if err != nil {
			return nil, err
		}
		if workflow != "" && workflow != d.Workflow {
			continue
		}
		d.Active, d.Retired = active[d.Workflow] == d.Version, retired[versionField(d.Workflow, d.Version)]
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b store.Definition) int {
		return cmp.Or(cmp.Compare(a.Workflow, b.Workflow), cmp.Compare(a.At, b.At), cmp.Compare(a.Version, b.Version))
	})
	return out, nil
}
