package kernel

import (
	"strconv"
	"strings"

	"github.com/pawl-dev/pawl/internal/expr"
)

// gathers gives an execution a start that gathers: the first makes it. how is batch=SIZE/WAIT or debounce=QUIET[/MAX],
// followed by @VERSION where that is not the one of the first.
func (s *Script) gathers(how, rest string) ([]string, error) {
	how, version, _ := strings.Cut(how, "@")
	if version == "" {
		version = "1.0.0"
	}
	kind, with, _ := strings.Cut(how, "=")
	one, two, _ := strings.Cut(with, "/")
	g := &Gather{}
	var err error
	if kind == "batch" {
		if g.Size, err = strconv.Atoi(one); err == nil {
			g.Wait, err = expr.ParseDuration(two)
		}
	} else if g.Wait, err = expr.ParseDuration(one); err == nil && two != "" {
		g.Most, err = expr.ParseDuration(two)
	}
	if err != nil {
		return nil, err
	}
	request, data, _ := strings.Cut(rest, " ")
	in := Input{Kind: InGather, By: "ann", Start: &Start{
		ID: testID, Namespace: "default", Workflow: s.e.d.w.Name, Version: version, Key: GatherKey("k"), Gather: g,
		Input: []byte(orNullText(data)), Trigger: []byte(`{"came":` + orNullText(data) + `}`),
	}}
	if request != "-" {
		in.Request = request
	}
	if s.e.s.seq == 0 {
		in.Kind = InStart
	}
	return s.told(s.e.feed(in)), nil
}
