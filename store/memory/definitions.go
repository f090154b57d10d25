package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/pawl-dev/pawl/store"
)

type workflowKey struct{ namespace, workflow string }

type versionKey struct {
	workflowKey
	version string
}

// Put implements [store.Definitions].
func (s *Store) Put(ctx context.Context, d store.Definition, m *store.Move) error {
	unlock, err := s.write(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	w := workflowKey{d.Namespace, d.Workflow}
	k := versionKey{w, d.Version}
	old := s.versions[k]
	if old != nil && old.Hash != d.Hash {
		return fmt.Errorf("%s %s: %w", d.Workflow, d.Version, store.ErrVersionExists)
	}
	if m != nil {
		if err := s.move(k, *m); err != nil {
			return err
		}
	}
	if old == nil {
		d.Body, d.Source, d.Uses, d.Active = slices.Clone(d.Body), slices.Clone(d.Source), slices.Clone(d.Uses), false
		s.versions[k] = &d
	}
	return nil
}

// move changes the active version of a workflow, with the lock held.
func (s *Store) move(to versionKey, m store.Move) error {
	if at := s.active[to.workflowKey]; at != m.From {
		return fmt.Errorf("%s is at %q, not at %q: %w", to.workflow, at, m.From, store.ErrMoved)
	}
	s.active[to.workflowKey] = to.version
	return nil
}

// Activate implements [store.Definitions].
func (s *Store) Activate(ctx context.Context, namespace, workflow, version string, m store.Move) error {
	unlock, err := s.write(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	k := versionKey{workflowKey{namespace, workflow}, version}
	if s.versions[k] == nil {
		return fmt.Errorf("workflow %s %s: %w", workflow, version, store.ErrNotFound)
	}
	return s.move(k, m)
}

// Get implements [store.Definitions].
func (s *Store) Get(ctx context.Context, namespace, workflow, version string) (store.Definition, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return store.Definition{}, err
	}
	defer unlock()
	w := workflowKey{namespace, workflow}
	if version == "" {
		version = s.active[w]
	}
	d := s.versions[versionKey{w, version}]
	if d == nil {
		return store.Definition{}, fmt.Errorf("workflow %s %s: %w", workflow, version, store.ErrNotFound)
	}
	c := *d
	c.Body, c.Source, c.Uses = slices.Clone(d.Body), slices.Clone(d.Source), slices.Clone(d.Uses)
	c.Active = s.active[w] == version
	return c, nil
}

// List implements [store.Definitions].
func (s *Store) List(ctx context.Context, namespace, workflow string) ([]store.Definition, error) {
	unlock, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []store.Definition
	for k, d := range s.versions {
		if k.namespace != namespace || (workflow != "" && workflow != k.workflow) {
			continue
		}
		c := *d
		c.Body, c.Source, c.Uses = nil, nil, slices.Clone(d.Uses)
		c.Active = s.active[k.workflowKey] == d.Version
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b store.Definition) int {
		return cmp.Or(cmp.Compare(a.Workflow, b.Workflow), cmp.Compare(a.At, b.At), cmp.Compare(a.Version, b.Version))
	})
	return out, nil
}

// Retire implements [store.Definitions].
func (s *Store) Retire(ctx context.Context, namespace, workflow, version string, retired bool) error {
	unlock, err := s.write(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	d := s.versions[versionKey{workflowKey{namespace, workflow}, version}]
	if d == nil {
		return fmt.Errorf("workflow %s %s: %w", workflow, version, store.ErrNotFound)
	}
	d.Retired = retired
	return nil
}
