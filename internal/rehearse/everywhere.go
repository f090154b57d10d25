package rehearse

import "github.com/pawl-dev/pawl/internal/spec"

// Everywhere plays a case again and again, and lets the process die once in each: at each commit, before it reaches
// the store and after. Every run must end as the one without a crash did. It gives that run's result with a problem for
// each crash that changed something, and the number of crashes tried.
func (s *Suite) Everywhere(c *spec.Case) (*Result, int) {
	r := s.Run(c, Crash{})
	if len(r.Problems) > 0 || c.NoCrash {
		return r, 0
	}
	tried := 0
	for n := 1; n <= r.Commits; n++ {
		for _, durable := range []bool{false, true} {
			tried++
			s.same(r, s.Run(c, Crash{n, durable}), Crash{n, durable})
		}
	}
	return r, tried
}

// same adds to r what differs in the run with a crash.
func (s *Suite) same(r, crashed *Result, at Crash) {
	when := "before"
	if at.Durable {
		when = "after"
	}
	x := &run{r: r}
	if len(r.ends) == len(crashed.ends) {
		for i := range r.ends {
			if d := r.ends[i].differ(&crashed.ends[i]); d != "" {
				x.problem(r.Line, "a crash %s commit %d changes how %s ends:\n%s", when, at.Commit, r.ends[i].Workflow, d)
				return
			}
		}
	}
	for _, p := range crashed.Problems {
		x.problem(p.Line, "after a crash %s commit %d: %s", when, at.Commit, p.Text)
		return
	}
	if len(r.ends) != len(crashed.ends) {
		x.problem(r.Line, "a crash %s commit %d: want %d executions, got %d", when, at.Commit, len(r.ends), len(crashed.ends))
	}
}
