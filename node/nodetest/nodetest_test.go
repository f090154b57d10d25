package nodetest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/node"
)

// echo is the smallest node type that passes the suite.
type echo struct{}

func (e *echo) Execute(ctx context.Context, t *node.Task) (model.Result, error) {
	var c struct {
		Say  *string `json:"say"`
		Wait bool    `json:"wait"`
	}
	d := json.NewDecoder(strings.NewReader(string(t.With)))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil || c.Say == nil {
		no := false
		return model.Result{Error: &model.Error{Code: "bad_config", Message: "want {say, wait}", Retryable: &no}}, nil
	}
	if c.Wait {
		<-ctx.Done()
		return model.Result{}, ctx.Err()
	}
	out, err := json.Marshal(*c.Say)
	return model.Result{Output: out}, err
}

func TestTheSuitePasses(t *testing.T) {
	Run(t, Case{
		Type: node.Type{
			Descriptor: node.Descriptor{
				Type:  "echo",
				Short: "Says what it is told",
				Doc:   strings.Repeat("It says what it is told. ", 10),
				Config: json.RawMessage(`{"type":"object","properties":{"say":{"type":"string"},"wait":{"type":"boolean"}},
					"required":["say"],"additionalProperties":false,"examples":[{"say":"hello"}]}`),
				Output: json.RawMessage(`{"type":"string"}`),
			},
			Executor: &echo{},
		},
		Good: `{"say":"hello"}`,
		Slow: `{"say":"x","wait":true}`,
		Bad:  []string{`{"say":3}`},
	})
}
