package kernel

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/pawl-dev/pawl/model"
	"github.com/pawl-dev/pawl/record"
)

// operator runs a line of a script that an operator could type: the verb with op- in front, its step or - for none, the
// words it takes, and by=, why=, request=, if= anywhere.
func (s *Script) operator(verb, rest string) (lines []string, ok bool, err error) {
	name, found := strings.CutPrefix(verb, "op-")
	plans := false
	if !found {
		name, plans = strings.CutPrefix(verb, "plan-")
	}
	if !found && !plans {
		return nil, false, nil
	}
	if name == "rerun" || name == "fork" {
		lines, err := s.fork(name, strings.Fields(rest), plans)
		return lines, true, err
	}
	in := Input{}
	var words []string
	for _, w := range strings.Fields(rest) {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "by":
			in.By = value
		case "why":
			in.Why = strings.ReplaceAll(value, "_", " ")
		case "request":
			in.Request = value
		case "if":
			if _, err := fmt.Sscan(value, &in.IfSeq); err != nil {
				in.IfAt = value
			}
		default:
			words = append(words, w)
		}
	}
	word := func(i int) string {
		if i >= len(words) || words[i] == "-" {
			return ""
		}
		return words[i]
	}
	in.Step = word(0)
	switch name {
	case "retry":
		in.Kind = InRetry
	case "skip":
		in.Kind = InSkip
	case "move":
		in.Kind, in.To = InMove, word(1)
	case "complete":
		in.Kind, in.Result = InComplete, &model.Result{Outcome: word(1), Output: []byte(word(2))}
	case "fail":
		in.Kind = InFail
	case "route":
		in.Kind, in.To = InRoute, word(1)
	case "migrate":
		in = Input{Kind: InMigrate, Migration: &Migration{Definition: s.next, Version: "2.0.0", Hash: "b1", Map: map[string]string{}}}
		for _, w := range words {
			if w == "back" {
				in.Migration.Definition, in.Migration.Version, in.Migration.Hash = s.first, "1.0.0", "a1"
			}
			if old, now, ok := strings.Cut(w, ">"); ok {
				in.Migration.Map[old] = now
			}
		}
	case "vars":
		in.Kind = InVars
		for i := 1; i < len(words); i++ {
			left, value, _ := strings.Cut(words[i], "=")
			a := model.Assign{Var: left, Value: []byte(value)}
			if v, op, ok := strings.Cut(left, ":"); ok {
				a.Var, a.Op = v, op
			}
			in.Vars = append(in.Vars, a)
		}
	default:
		return nil, false, fmt.Errorf("unknown operator %q", name)
	}
	if plans {
		lines, err = s.plan(in)
		return lines, true, err
	}
	dec := s.e.feed(in)
	lines = s.told(dec)
	for _, a := range dec.Answers {
		if a.Error != nil && a.Error.Details != nil {
			lines = append(lines, string(a.Error.Details))
		}
	}
	return lines, true, nil
}

// plan says what an input would do, and checks that asking changes nothing.
func (s *Script) plan(in Input) (lines []string, err error) {
	before := Save(nil, s.e.s)
	p, err := Foresee(s.e.d, s.e.s, in, s.e.env)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(before, Save(nil, s.e.s)) {
		return nil, fmt.Errorf("the preview changed the state")
	}
	return tellPlan(p), nil
}

func tellPlan(p Preview) (lines []string) {
	if p.Error != nil {
		return []string{"would be refused: " + p.Error.Code + ": " + p.Error.Message}
	}
	for _, l := range []struct {
		what  string
		steps []string
	}{{"would keep", p.Kept}, {"would run again", p.Again}, {"would cancel", p.Cancelled}, {"would end", p.Ends}, {"would repeat the effect of", p.Repeats}, {"would begin", p.Begins}} {
		if len(l.steps) > 0 {
			lines = append(lines, l.what+" "+strings.Join(l.steps, ", "))
		}
	}
	return append(lines, "would be "+string(p.Status))
}

// entries are the journal, decoded.
func (e *execution) entries() (list []Entry, err error) {
	for i, body := range e.journal {
		ops, err := Decode(body)
		if err != nil {
			return nil, err
		}
		list = append(list, Entry{uint64(i + 1), e.ats[i], ops})
	}
	return list, nil
}

// fork lets the script go on with a fork of its execution: from the failed steps or the named ones, up to an entry at=n.
func (s *Script) fork(verb string, words []string, plans bool) ([]string, error) {
	entries, err := s.e.entries()
	if err != nil {
		return nil, err
	}
	var from []string
	upto, renames := uint64(0), map[string]string{}
	for _, w := range words {
		if n, ok := strings.CutPrefix(w, "at="); ok {
			if _, err := fmt.Sscan(n, &upto); err != nil {
				return nil, err
			}
			continue
		}
		if old, now, ok := strings.Cut(w, ">"); ok { // with #next, which it goes on with then
			renames[old] = now
			continue
		}
		if w == "next" {
			continue
		}
		from = append(from, w)
	}
	f, refusal := NewFork(entries, upto, from, verb == "rerun" && from == nil)
	if refusal != nil {
		return []string{"refused: " + refusal.Code + ": " + refusal.Message}, nil
	}
	if slices.Contains(words, "next") {
		f.Migration = &Migration{Definition: s.next, Version: "2.0.0", Hash: "b1", Map: renames}
	}
	start := f.Start
	start.ID, start.Fork = record.NewID(s.e.now, 43, 7), f
	in := Input{Kind: InStart, Start: &start}
	if plans {
		env := s.e.env
		env.Now = s.e.now
		p, err := ForeseeFork(s.e.d, in, env)
		return tellPlan(p), err
	}
	next := newExecution(s.e.t, s.e.d.w)
	next.now, next.env = s.e.now, s.e.env
	dec := next.feed(in)
	if dec.Seq > 0 && len(dec.Ops) > 0 { // it was not refused
		s.e = next
	}
	return s.told(dec), nil
}
