package kernel

import (
	"encoding/json"
)

func (c *compiler) childNode(n *nodeDef) {
	var with struct {
		Name    string          `json:"name"`
		Version json.RawMessage `json:"version"`
		Input   json.RawMessage `json:"input"`
		Key     json.RawMessage `json:"key"`
		Attach  bool            `json:"attach"`
		Wait    *bool           `json:"wait"`
		Policy  string          `json:"on_parent_close"`
	}
	if m := n.m.Composite; m == nil || json.Unmarshal(m.Child, &with) != nil {
		c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: "workflow", Offset: -1, Message: "the configuration of the child does not fit"})
		return
	}
	d := &childDef{name: with.Name, attach: with.Attach, wait: with.Wait == nil || *with.Wait, policy: with.Policy}
	n.child = d
	d.constraint = asWritten(with.Version)
	d.input = c.nodeTemplate(n, "workflow/input", with.Input, atNode)
	d.key = c.nodeTemplate(n, "workflow/key", with.Key, atNode)
	if d.policy == "" {
		d.policy = policyAbandon
		if d.wait {
			d.policy = policyCancel
		}
	}
	bad := func(field, message, hint string) {
		c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: "workflow/" + field, Offset: -1, Message: message, Hint: hint})
	}
	switch {
	case d.name == "":
		bad("name", "a child needs the name of a workflow", "")
	case d.attach && d.key == nil:
		bad("attach", "only to an execution with a key can one attach", "add key")
	case d.attach && !d.wait:
		bad("attach", "attach waits for the execution that has the key", "remove wait: false")
	}
}

// asWritten reads a text or a number as it stands.
func asWritten(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
