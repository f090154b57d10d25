package kernel

import (
	"fmt"

	"github.com/pawl-dev/pawl/model"
)

// applyClaim folds that a step, or the execution, asks for its limits.
func (s *State) applyClaim(o *Op) error {
	c, err := s.claimsAt(o.path)
	if err != nil {
		return err
	}
	if o.hasData {
		list, err := decodeClaims(o.data)
		if err != nil {
			return err
		}
		*c = &claims{list: list, lendable: lendable(list) && (o.path == "" || s.stepAt(o.path).composite())}
	}
	if *c == nil {
		return fmt.Errorf("nothing claims at %q", o.path)
	}
	if o.path != "" && !o.flag {
		(*c).lent = false
	}
	(*c).attempt, (*c).asked, (*c).got, (*c).since = o.attempt, true, 0, s.at
	if o.flag {
		(*c).lent = true
		(*c).skipRates()
	}
	if o.path != "" {
		s.lender(s.stepAt(o.path))
	}
	if o.flag {
		return nil
	}
	if o.path == "" {
		s.setStatus(model.Pending)
		s.begun = 0
		return nil
	}
	st := s.stepAt(o.path)
	st.answered()
	st.due = 0
	s.setStepDeadline(st, o.due)
	return nil
}

func (s *State) claimsAt(path string) (**claims, error) {
	if path == "" {
		return &s.claims, nil
	}
	st := s.stepAt(path)
	if st == nil {
		return nil, errNoStep(path)
	}
	return &st.claims, nil
}

// applyGranted folds that the next limit is held.
func (s *State) applyGranted(o *Op) error {
	c, err := s.claimsAt(o.path)
	if err != nil || *c == nil {
		return fmt.Errorf("nothing claims at %q", o.path)
	}
	(*c).got = int(o.n) + 1
	if (*c).lent {
		(*c).skipRates()
	}
	if !(*c).all() {
		return nil
	}
	again := (*c).lent
	(*c).lent = false
	if o.path == "" {
		return nil
	}
	st := s.stepAt(o.path)
	s.push(workClaimed, st)
	if again && st.limited() {
		s.rearm(st)
	}
	return nil
}

// applyLend folds that limits are given back for a while.
func (s *State) applyLend(o *Op) error {
	c, err := s.claimsAt(o.path)
	if err != nil || *c == nil {
		return fmt.Errorf("nothing claims at %q", o.path)
	}
	asked := (*c).asked && !(*c).all()
	s.unclaim(*c, o.path)
	(*c).lent, (*c).heard = true, o.n
	if st := s.stepAt(o.path); asked && o.path != "" && st.limited() {
		s.rearm(st) // it asks no more
	}
	return nil
}

// unclaim notes that the limits of c are neither held nor wanted any more.
func (s *State) unclaim(c *claims, path string) {
	if c == nil || !c.asked {
		return
	}
	for i := 0; i < len(c.list) && i <= c.got; i++ {
		if i < c.got && c.list[i].wish.rate > 0 {
			continue // spent
		}
		k := &c.list[i]
		s.loose = append(s.loose, loose{LimitID(s.start.Namespace, k.name, k.key), path, c.attempt})
	}
	c.asked, c.got = false, 0
}

// unclaimAll is unclaim for everything, at the end of an execution.
func (s *State) unclaimAll() {
	s.unclaim(s.claims, "")
	for _, c := range s.Claims() {
		s.loose = append(s.loose, loose{c.Limit, c.Step, c.Attempt})
	}
}
