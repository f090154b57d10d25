package kernel

// undoLists walks what is left to undo, scope by scope. The steps are there already.
func (c *codec) undoLists(s *State) {
	paths := append([]string{""}, s.scopePaths()...)
	for _, path := range paths {
		if c.err != nil {
			return
		}
		sc := s.scopeAt(path)
		sc.undo.sc = sc
		c.undoList(s, &sc.undo)
		for i := range sc.nodes {
			c.undoOf(s, sc.nodes[i].step)
		}
		for _, st := range sc.former {
			c.undoOf(s, st)
		}
	}
	for _, path := range paths { // all records are known now
		sc := s.scopeAt(path)
		for i := range sc.nodes {
			c.undoes(s, sc.nodes[i].step)
		}
		for _, st := range sc.former {
			c.undoes(s, st)
		}
	}
}

func (c *codec) undoOf(s *State, st *step) {
	if st.comp != nil && c.err == nil {
		st.comp.undo.st = st
		c.undoList(s, &st.comp.undo)
	}
}

func (c *codec) undoList(s *State, l *undoList) {
	list(c, &l.recs, func(u **undo) {
		if !c.save {
			*u = &undo{list: l}
		}
		c.path(&(*u).st)
		str(c, &(*u).by)
		num(c, &(*u).n)
		c.task(&(*u).with)
		if !c.save && (*u).st == nil {
			c.fail()
		}
		if !c.save && c.err == nil {
			s.pin(*u)
		}
	})
}

// undoes walks whether st is the compensation that runs.
func (c *codec) undoes(s *State, st *step) {
	if st.target == "" || c.err != nil {
		return
	}
	runs := st.undoes != nil && st.undoes.list.now == st
	c.flag(&runs)
	if c.save || !runs {
		return
	}
	if t := s.stepAt(st.target); t != nil && t.undo != nil {
		t.undo.begin(st)
		return
	}
	c.fail()
}
