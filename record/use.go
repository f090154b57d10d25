package record

// Use is a workflow that another one starts.
type Use struct {
	Workflow string
	// Constraint says which versions fit; "" is the active one.
	Constraint string
}
