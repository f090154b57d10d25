package catalog

// Orphans refuses to retire a version because a dependent would be left without one.
type Orphans struct {
	Workflow   string      `json:"workflow"`
	Version    string      `json:"version"`
	Dependents []Dependent `json:"dependents"`
}

func (e *Orphans) Error() string {
	return e.Workflow + " " + e.Version + " is the last version that fits " + listed(e.Dependents)
}

// Retire decides whether a version may be retired: not where a version of another workflow that gets it now would get
// none.
func (c Catalog) Retire(workflow, version string) error {
	after := append(Catalog(nil), c...)
	for i := range after {
		if after[i].Workflow == workflow && after[i].Version == version {
			after[i].Retired = true
		}
	}
	var left []Dependent
	for _, d := range c.Dependents(workflow) {
		if _, ok := after.Resolve(workflow, d.Constraint); !ok && d.Takes == version {
			left = append(left, d)
		}
	}
	if len(left) == 0 {
		return nil
	}
	return &Orphans{Workflow: workflow, Version: version, Dependents: left}
}
