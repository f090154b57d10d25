package pawl

import (
	"encoding/json"

	"github.com/pawl-dev/pawl/internal/spec"
	"github.com/pawl-dev/pawl/node"
)

// Schema is a JSON Schema (2020-12) of definition files, with which editors complete and check them; with nodeType,
// that of the configuration of one node type. Nodes are the effect node types beside function.
func Schema(nodeType string, nodes ...node.Type) ([]byte, error) {
	whole := spec.Schema(specOptions("", nodes))
	if nodeType == "" {
		return whole, nil
	}
	var file struct {
		Schema json.RawMessage            `json:"$schema"`
		Defs   map[string]json.RawMessage `json:"$defs"`
	}
	if err := json.Unmarshal(whole, &file); err != nil {
		return nil, &Error{Code: CodeInvalid, Message: "the schema", Cause: err}
	}
	name := "type." + nodeType
	if file.Defs[name] == nil {
		return nil, notFound("there is no node type %q", nodeType)
	}
	out := &object{}
	out.set("$schema", file.Schema)
	out.set("title", nodeType)
	out.set("$ref", "#/$defs/"+name)
	out.set("$defs", file.Defs)
	return out.MarshalJSON()
}

// ExplainKey documents a key of the definition file as plain text: node.retry, foreach.tolerate, http.url. An empty
// path lists what there is. An unknown one is not_found and names what was probably meant.
func ExplainKey(path string, nodes ...node.Type) (string, error) {
	text, err := spec.Explain(path, specOptions("", nodes))
	if err != nil {
		return "", &Error{Code: CodeNotFound, Message: err.Error()}
	}
	return text, nil
}
