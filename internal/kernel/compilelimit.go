package kernel

import (
	"encoding/json"
	"strconv"

	"github.com/pawl-dev/pawl/internal/expr"
)

// limits compiles the limits of a node, or of the workflow where n is nil.
func (c *compiler) limits(n *nodeDef, node string, raw json.RawMessage) (defs []limitDef) {
	if len(raw) == 0 {
		return nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		c.fault(Fault{Code: "bad_config", Node: node, Field: "limits", Offset: -1, Message: "limits is a list of limits"})
		return nil
	}
	for i, l := range list {
		u := use{def: n, node: node, field: "limits/" + strconv.Itoa(i), at: atNode}
		if n == nil {
			u.scope = c.d.root
		}
		if t := c.compiled(u, l); t != nil {
			c.checkLimit(u, t, l)
			defs = append(defs, limitDef{t})
		}
	}
	return defs
}

// checkLimit reads a limit that has no expressions, so that its mistakes are found at deploy.
func (c *compiler) checkLimit(u use, t *expr.Template, raw json.RawMessage) {
	if !t.Const() {
		return
	}
	if _, err := claimOf(raw); err != nil {
		c.fault(Fault{Code: "bad_value", Node: u.node, Field: u.field, Offset: -1, Message: err.Error()})
	}
}
