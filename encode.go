package pawl

import (
	"encoding/json"
	"hash/fnv"
	"maps"
	"slices"
)

// encode turns what a caller gave into JSON: nil is null, json.RawMessage is taken as it is.
func encode(what string, v any) ([]byte, error) {
	if raw, ok := v.(json.RawMessage); ok {
		if len(raw) == 0 {
			return nil, nil
		}
		if !json.Valid(raw) {
			return nil, invalid("%s is not JSON", what)
		}
		return raw, nil
	}
	if v == nil {
		return nil, nil
	}
	raw, err := marshal(v)
	if err != nil {
		return nil, &Error{Code: CodeInvalid, Message: what + " cannot be written as JSON", Cause: err}
	}
	return raw, nil
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
