package modelstore

import (
	"slices"

	"github.com/pawl-dev/pawl/store"
)

func (m *Model) find(namespace, workflow, version string) int {
	return slices.IndexFunc(m.defs, func(d store.Definition) bool {
		return d.Namespace == namespace && d.Workflow == workflow && d.Version == version
	})
}

func (m *Model) put(d store.Definition, move *store.Move) error {
	i := m.find(d.Namespace, d.Workflow, d.Version)
	if i >= 0 && m.defs[i].Hash != d.Hash {
		return store.ErrVersionExists
	}
	if move != nil {
		if err := m.activate(d.Namespace, d.Workflow, d.Version, *move); err != nil {
			return err
		}
	}
	if i < 0 {
		d.Body, d.Source, d.Uses, d.Active = slices.Clone(d.Body), slices.Clone(d.Source), slices.Clone(d.Uses), false
		m.defs = append(m.defs, d)
	}
	return nil
}

func (m *Model) activate(namespace, workflow, version string, move store.Move) error {
	w := [2]string{namespace, workflow}
	if m.active[w] != move.From {
		return store.ErrMoved
	}
	m.active[w] = version
	return nil
}

func (m *Model) get(namespace, workflow, version string) (store.Definition, error) {
	if version == "" {
		version = m.active[[2]string{namespace, workflow}]
	}
	i := m.find(namespace, workflow, version)
	if i < 0 || version == "" {
		return store.Definition{}, store.ErrNotFound
	}
	d := m.defs[i]
	d.Active = m.active[[2]string{namespace, workflow}] == version
	return d, nil
}
