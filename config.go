package pawl

import (
	"encoding/json"
	"hash/fnv"

	"github.com/pawl-dev/pawl/internal/expr"
)

// configValues decodes the values of [Options.Config] as expressions see them and numbers their content: equal
// values have equal revisions, none has revision 0.
func configValues(config map[string]any) (values map[string]any, revision uint64, err error) {
	if len(config) == 0 {
		return nil, 0, nil
	}
	raw, err := json.Marshal(config)
	if err != nil {
		return nil, 0, invalid("Options.Config cannot be written as JSON: %v", err)
	}
	v, err := expr.Decode(raw)
	if err != nil {
		return nil, 0, invalid("Options.Config: %v", err)
	}
	h := fnv.New64a()
	_, _ = h.Write(raw) // map keys are sorted by encoding/json; a hash cannot fail
	// The journal holds signed numbers.
	return v.(map[string]any), h.Sum64() >> 1, nil
}
