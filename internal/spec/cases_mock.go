package spec

import "github.com/pawl-dev/pawl/model"

// mocks reads a map from what is mocked to its answers.
func (r *reader) mocks(v *value) (out []Mock) {
	if v == nil || !r.want(v, isMap, "mocks", "such as {charge: {output: {receipt: r1}}}") {
		return nil
	}
	for i, k := range v.keys {
		m := Mock{For: k.text, Line: k.line}
		it := v.items[i]
		switch {
		case it.kind == isList && len(it.items) == 0:
			r.fault(it, CodeMissing, "the mock "+quote(k.text)+" has no answer", "write {} for success without an output")
		case it.kind == isList:
			for _, a := range it.items {
				m.Answers = append(m.Answers, r.reply(a))
			}
		default:
			m.Answers = []Reply{r.reply(it)}
		}
		r.order(it, m.Answers)
		out = append(out, m)
	}
	return out
}

// order refuses answers behind one that always holds, where the list is a choice.
func (r *reader) order(v *value, list []Reply) {
	choice := false
	for _, a := range list {
		choice = choice || a.When != ""
	}
	for i, a := range list {
		if choice && a.When == "" && i < len(list)-1 {
			r.fault(v.items[i+1], CodeUnused, "this answer is never given: the one before it holds always", "put the answer without when last")
			return
		}
	}
}

func (r *reader) reply(v *value) (a Reply) {
	a.Line = v.line
	if v.kind == isNull || !r.want(v, isMap, "an answer", "such as {output: {receipt: r1}}, {outcome: declined} or {error: busy}") {
		return a
	}
	r.keys(v, &replyKeys)
	a.When = r.bare(v.get("when"), "when")
	a.Outcome = r.outcomeWord(v.get("outcome"), "outcome")
	a.Output = r.template(v.get("output"), "output")
	a.Error = r.fails(v.get("error"), "error")
	a.Delay = r.span(v.get("delay"), "delay")
	a.Log = r.texts(v.get("log"), "log", "")
	a.Tags = r.values(v.get("tags"), "a tag", r.label)
	a.Set = r.plainAssigns(v.get("set"))
	a.Never = r.boolean(v.get("never"), "never")
	a.Lost = r.boolean(v.get("lost"), "lost")
	a.Late = r.boolean(v.get("late"), "late")
	if (a.Never || a.Lost) && (a.Outcome != "" || a.Output != nil || a.Error != nil) {
		r.fault(v, CodeTwice, "an answer that never comes has no outcome, output or error", "remove them, or remove never and lost")
	}
	return a
}

func (r *reader) plainAssigns(v *value) []model.Assign {
	if v == nil || !r.want(v, isMap, "set", "such as {attempts: {add: 1}}") {
		return nil
	}
	return r.assigns(v)
}
