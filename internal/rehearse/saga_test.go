package rehearse_test

import (
	"os"
	"testing"

	"github.com/pawl-dev/pawl/internal/rehearse"
	"github.com/pawl-dev/pawl/node"
	"github.com/pawl-dev/pawl/node/function"
)

// TestF41_I18_Saga plays testdata/saga.test.yaml, with a crash at every commit unless the test is to be short: undone in reverse order, each once, also what is unknown.
func TestF41_I18_Saga(t *testing.T) {
	if crashes := playCases(t, "testdata/saga.test.yaml"); crashes < 100 {
		t.Errorf("only %d crashes", crashes)
	}
}

// TestOperatorInCases plays what an operator does in the course of a case.
func TestOperatorInCases(t *testing.T) { playCases(t, "testdata/operator.test.yaml") }

func playCases(t *testing.T, file string) (crashes int) {
	s, err := rehearse.Load(file, []node.Descriptor{function.Descriptor()}, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Spec.Cases {
		c := &s.Spec.Cases[i]
		t.Run(c.Name, func(t *testing.T) {
			r, tried := s.Run(c, rehearse.Crash{}), 1000
			if !testing.Short() {
				r, tried = s.Everywhere(c)
			}
			for _, p := range r.Problems {
				t.Errorf("line %d: %s", p.Line, p.Text)
			}
			crashes += tried
		})
	}
	return crashes
}
