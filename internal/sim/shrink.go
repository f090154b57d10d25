package sim

// Shrink looks for a smaller world in which the seed still breaks the same law: with fewer kinds of faults, fewer
// starts, one member, and nobody who operates. step is told of each attempt; it may be nil.
func Shrink(seed uint64, law string, o Options, step func(o Options, kept bool)) (Options, error) {
	o.Trace, o.Timeline = nil, nil
	breaks := func(try Options) (bool, error) {
		r, err := Run(seed, try)
		kept := err == nil && len(r.Violations) > 0 && r.Violations[0].Law == law
		if step != nil && err == nil {
			step(try, kept)
		}
		return kept, err
	}
	for smaller := true; smaller; {
		smaller = false
		for _, try := range candidates(seed, o) {
			kept, err := breaks(try)
			if err != nil {
				return o, err
			}
			if kept {
				o, smaller = try, true
				break
			}
		}
	}
	return o, nil
}

// candidates are the worlds that are a little smaller, those that leave out most first.
func candidates(seed uint64, o Options) (out []Options) {
	s, err := setupOf(seed, o)
	if err != nil {
		return nil
	}
	var on []string
	for f := range faultKinds {
		if s.enabled[f] {
			on = append(on, f.String())
		}
	}
	without := func(names []string) Options {
		try := o
		try.Without = append(append([]string{}, o.Without...), names...)
		return try
	}
	if len(on) > 1 {
		out = append(out, without(on), without(on[:len(on)/2]), without(on[len(on)/2:]))
	}
	if !o.Calm {
		try := o
		try.Calm = true
		out = append(out, try)
	}
	for _, n := range []int{s.starts / 4, s.starts / 2, s.starts - 1} {
		if n > 0 && n < s.starts {
			try := o
			try.Starts = n
			out = append(out, try)
		}
	}
	if s.members > 1 {
		try := o
		try.Members = s.members - 1
		out = append(out, try)
	}
	for _, name := range on {
		out = append(out, without([]string{name}))
	}
	return out
}
