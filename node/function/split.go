package function

import (
	"bytes"
	"encoding/json"
	"errors"
)

var errConfig = errors.New("the configuration is not {name, args}")

// split takes the configuration apart without decoding the arguments.
func split(with json.RawMessage) (name string, args json.RawMessage, err error) {
	if name, args, ok := quickSplit(with); ok {
		return name, args, nil
	}
	var c struct {
		Name string          `json:"name"`
		Args json.RawMessage `json:"args"`
	}
	if err := json.Unmarshal(with, &c); err != nil || c.Name == "" {
		return "", nil, errConfig
	}
	return c.Name, c.Args, nil
}

// quickSplit handles the form in which the engine writes configurations, keys in order and no blanks:
// {"args":...,"name":"x"} or {"name":"x"}.
func quickSplit(with []byte) (name string, args json.RawMessage, ok bool) {
	tail, found := bytes.CutSuffix(with, []byte(`"}`))
	if !found {
		return "", nil, false
	}
	from := bytes.LastIndexByte(tail, '"')
	if from < 0 || !validName(string(tail[from+1:])) {
		return "", nil, false
	}
	name = string(tail[from+1:])
	head, found := bytes.CutSuffix(tail[:from], []byte(`"name":`))
	if !found || len(head) == 0 || head[0] != '{' {
		return "", nil, false
	}
	if len(head) == 1 {
		return name, nil, true
	}
	args, found = bytes.CutPrefix(head, []byte(`{"args":`))
	if !found {
		return "", nil, false
	}
	args, found = bytes.CutSuffix(args, []byte(","))
	// What is left must be one value: {"args":1,"x":"","name":"y"} is not of this form.
	if !found || !json.Valid(args) {
		return "", nil, false
	}
	return name, args, true
}
