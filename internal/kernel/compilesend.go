package kernel

import (
	"encoding/json"
)

func (c *compiler) sendNode(n *nodeDef) {
	var with struct {
		To     json.RawMessage `json:"to"`
		Signal string          `json:"signal"`
		Data   json.RawMessage `json:"data"`
		ID     json.RawMessage `json:"id"`
		Start  bool            `json:"start"`
		Input  json.RawMessage `json:"input"`
	}
	c.with(n, &with)
	d := &sendDef{signal: with.Signal, start: with.Start}
	n.send = d
	d.id = c.nodeTemplate(n, "send/id", with.ID, atNode)
	d.data = c.nodeTemplate(n, "send/data", with.Data, atNode)
	d.input = c.nodeTemplate(n, "send/input", with.Input, atNode)
	c.sendTo(n, d, with.To)
	switch {
	case d.signal == "":
		c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: "send/signal", Offset: -1, Message: "send needs signal"})
	case d.start && d.key == nil:
		c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: "send/start", Offset: -1, Message: "only an execution with a key can be started by a signal", Hint: "write to: {workflow: ..., key: ...}"})
	case d.input != nil && !d.start:
		c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: "send/input", Offset: -1, Message: "input belongs to an execution that is started", Hint: "add start: true"})
	}
}

// sendTo reads who gets it: an id, {workflow, key} or parent.
func (c *compiler) sendTo(n *nodeDef, d *sendDef, to json.RawMessage) {
	var text string
	if json.Unmarshal(to, &text) == nil {
		if d.parent = text == "parent"; !d.parent {
			d.to = c.nodeTemplate(n, "send/to", to, atNode)
		}
		return
	}
	var by struct {
		Workflow json.RawMessage `json:"workflow"`
		Key      json.RawMessage `json:"key"`
	}
	if json.Unmarshal(to, &by) != nil || by.Workflow == nil || by.Key == nil {
		c.fault(Fault{Code: "bad_config", Node: n.m.ID, Field: "send/to", Offset: -1, Message: "to is an id, {workflow, key} or parent"})
		return
	}
	d.workflow = c.nodeTemplate(n, "send/to/workflow", by.Workflow, atNode)
	d.key = c.nodeTemplate(n, "send/to/key", by.Key, atNode)
}
