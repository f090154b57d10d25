package pawltest

import (
	"errors"
	"os"
	"testing"

	"github.com/pawl-dev/pawl/internal/rehearse"
	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/standard"
)

// CasesOption goes with [RunCases].
type CasesOption func(*casesOptions)

type casesOptions struct {
	everywhere bool
	covered    bool
	types      []node.Descriptor
}

// Everywhere plays each case again with a crash before and after each commit; all must end the same.
func Everywhere() CasesOption { return func(o *casesOptions) { o.everywhere = true } }

// Covered wants every node to have a step, and every edge to be taken, in some case of the file.
func Covered() CasesOption { return func(o *casesOptions) { o.covered = true } }

// Types adds node types that definitions may use.
func Types(types ...node.Descriptor) CasesOption {
	return func(o *casesOptions) { o.types = append(o.types, types...) }
}

// RunCases plays every case of a file of cases (NAME.test.yaml) as a subtest.
func RunCases(t *testing.T, file string, opts ...CasesOption) {
	t.Helper()
	var o casesOptions
	for _, opt := range opts {
		opt(&o)
	}
	s, err := rehearse.Load(file, append(standard.Descriptors(), o.types...), os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Spec.Cases) == 0 {
		t.Fatal(errors.New(file + " has no case"))
	}
	for i := range s.Spec.Cases {
		c := &s.Spec.Cases[i]
		t.Run(c.Name, func(t *testing.T) {
			r := s.Run(c, rehearse.Crash{})
			if o.everywhere && len(r.Problems) == 0 {
				r, _ = s.Everywhere(c)
			}
			for _, p := range r.Problems {
				t.Errorf("%s:%d: %s", file, p.Line, p.Text)
			}
		})
	}
	if o.covered {
		uncovered(t, s)
	}
}

func uncovered(t *testing.T, s *rehearse.Suite) {
	t.Helper()
	for _, v := range s.Coverage.Workflows {
		nodes, edges := v.Missing()
		for _, n := range nodes {
			t.Errorf("%s: no case has a step of %s", v.Workflow, n)
		}
		for _, e := range edges {
			t.Errorf("%s: no case takes %s", v.Workflow, e)
		}
	}
}
