package pawl

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/node/function"
)

// encode turns what a caller gave into JSON: nil is null, json.RawMessage is taken as it is. Whether that is JSON at
// all is for those to say who read it against a schema.
func encode(what string, v any) ([]byte, error) {
	if raw, ok := v.(json.RawMessage); ok {
		return raw, checkPayload(what, raw)
	}
	if v == nil {
		return nil, nil
	}
	raw, err := marshal(v)
	if err != nil {
		return nil, &Error{Code: CodeInvalid, Message: what + " cannot be written as JSON", Cause: err}
	}
	// encoding/json writes the replacement character as an escape only where it replaced something.
	if bytes.Contains(raw, []byte(`\ufffd`)) && !function.ValidText(v) {
		return nil, invalid("%s holds text that is not valid UTF-8", what)
	}
	return raw, checkPayload(what, raw)
}

// digest identifies an input whatever the order of its keys, and numbers by how they are written.
func digest(raw []byte) uint64 {
	h := fnv.New64a()
	h.Write(canonical(raw))
	return h.Sum64()
}

// canonical is raw with sorted keys and no blanks; null where there is nothing.
func canonical(raw []byte) []byte {
	var v any
	if len(raw) == 0 || unmarshalExact(raw, &v) != nil {
		return []byte("null")
	}
	out, err := marshal(v)
	if err != nil {
		return raw
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
