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

func (m *Model) put(d store.Definition, activate bool) error {
	i := m.find(d.Namespace, d.Workflow, d.Version)
	if i >= 0 && m.defs[i].Hash != d.Hash {
		return store.ErrVersionExists
	}
	if i < 0 {
		d.Body, d.Source = slices.Clone(d.Body), slices.Clone(d.Source)
		m.defs = append(m.defs, d)
	}
	if activate {
		m.active[[2]string{d.Namespace, d.Workflow}] = d.Version
	}
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
	return m.defs[i], nil
}
