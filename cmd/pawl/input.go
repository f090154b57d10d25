package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v4"
)

// maxInput bounds what a flag or file may hold; the engine's own bound on inputs is smaller.
const maxInput = 64 << 20

// readInput puts the values of --input together: @FILE or @- (JSON or YAML), JSON text, or k=v pairs, which may follow
// an object and change its fields. None gives nil.
func readInput(e *env, args []string) (json.RawMessage, error) {
	var whole json.RawMessage
	pairs := map[string]json.RawMessage{}
	for _, a := range args {
		switch {
		case strings.HasPrefix(a, "@"):
			raw, err := readData(e, a[1:])
			if err != nil {
				return nil, err
			}
			whole = raw
		case json.Valid([]byte(a)):
			whole = json.RawMessage(a)
		default:
			key, value, ok := strings.Cut(a, "=")
			if !ok || key == "" {
				return nil, usage("--input %q is neither @FILE, JSON nor key=value", a)
			}
			v, err := pairValue(e, value)
			if err != nil {
				return nil, err
			}
			pairs[key] = v
		}
	}
	if len(pairs) == 0 {
		return whole, nil
	}
	return merge(whole, pairs)
}

func pairValue(e *env, value string) (json.RawMessage, error) {
	if strings.HasPrefix(value, "@") {
		return readData(e, value[1:])
	}
	return looseJSON(value), nil
}

// looseJSON takes JSON as it is and anything else as text.
func looseJSON(s string) json.RawMessage {
	if json.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	raw, _ := json.Marshal(s) // a string always marshals
	return raw
}

func merge(whole json.RawMessage, pairs map[string]json.RawMessage) (json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	if len(whole) > 0 {
		if err := json.Unmarshal(whole, &all); err != nil {
			return nil, usage("--input key=value needs an object to change, and the input is none")
		}
	}
	for k, v := range pairs {
		all[k] = v
	}
	return json.Marshal(all)
}

// readData reads JSON or YAML from a file, or from stdin for "-".
func readData(e *env, name string) (json.RawMessage, error) {
	raw, err := readFile(e, name)
	if err != nil {
		return nil, err
	}
	if json.Valid(raw) {
		return raw, nil
	}
	var n yaml.Node
	if err := yaml.Unmarshal(raw, &n); err != nil {
		return nil, usage("%s is neither JSON nor YAML: %v", name, err)
	}
	var v any
	if err := n.Decode(&v); err != nil {
		return nil, usage("%s: %v", name, err)
	}
	out, err := json.Marshal(v)
	if err != nil {
		return nil, usage("%s holds what JSON cannot: %v", name, err)
	}
	return out, nil
}

func readFile(e *env, name string) ([]byte, error) {
	var src io.Reader = e.in
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, notFound("%v", err)
		}
		defer f.Close()
		src = f
	}
	raw, err := io.ReadAll(io.LimitReader(src, maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(raw) > maxInput {
		return nil, usage("%s is larger than %d MiB", name, maxInput>>20)
	}
	return raw, nil
}
