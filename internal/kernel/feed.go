package kernel

import (
	"maps"
	"slices"

	"github.com/pawl-dev/pawl/internal/expr"
	"github.com/pawl-dev/pawl/model"
)

// feedable reports whether signals may still add items to the step.
func (st *step) feedable() bool {
	return st.comp != nil && st.comp.open && st.comp.verdict == "" && st.status == model.StepRunning && !st.over()
}

// feeds are the signals that a foreach takes while it runs.
func (c *compDef) feeds() (arms []armSpec) {
	if c.add != "" {
		arms = append(arms, armSpec{name: "add", signal: c.add})
	}
	if c.closing != "" {
		arms = append(arms, armSpec{name: "close", signal: c.closing})
	}
	return arms
}

// feed gives a running foreach the kept signals that add items or close it, oldest first.
func (x *decider) feed(st *step) {
	n, fed := x.def(st), false
	for k := 0; k < len(x.s.signals) && st.feedable() && x.err == nil; {
		sig := &x.s.signals[k]
		if sig.name != n.comp.add && sig.name != n.comp.closing {
			k++
			continue
		}
		if sig.expires > 0 && sig.expires <= x.now {
			x.emit(Op{kind: opExpired, n: sig.n})
			continue
		}
		closes := sig.name == n.comp.closing
		if !closes {
			if err := st.comp.unfit(sig); err != nil {
				err.Step = st.path
				x.verdict(st, ending{outcome: model.OutcomeErr, err: err})
				return
			}
		}
		x.emit(Op{kind: opFeed, path: st.path, until: sig.n, flag: closes})
		fed = true
	}
	if fed && x.err == nil {
		x.judge(st, n, nil)
	}
}

// unfit says why the data of a signal is no item: where the items are a map it must be a map of further ones.
func (c *comp) unfit(sig *keptSignal) *model.Error {
	d, err := sig.data.decode()
	if err != nil {
		return errorOf(err, "")
	}
	if c.keys == nil {
		return nil
	}
	more, ok := d.(map[string]any)
	if !ok {
		return &model.Error{Code: CodeBadItem, Message: "the items are a map, so the signal " + sig.name + " adds a map, not " + expr.TypeName(d)}
	}
	for _, key := range slices.Sorted(maps.Keys(more)) {
		if slices.Contains(c.keys, key) {
			return &model.Error{Code: CodeBadItem, Message: "the signal " + sig.name + " adds the item " + key + ", which is there already"}
		}
	}
	return nil
}

// applyFeed grows a running composite by tokens or by the data of a kept signal, or says that no more comes.
func (s *State) applyFeed(st *step, o *Op) error {
	c := st.comp
	if c == nil {
		return errNoComposite(st)
	}
	if o.until > 0 {
		k, ok := s.dropSignal(o.until)
		if !ok {
			return errNoSignal(o.until)
		}
		if !o.flag {
			if err := c.addItems(k.data); err != nil {
				return err
			}
		}
	}
	c.open = c.open && !o.flag
	c.resize(c.total + int(o.n))
	if c.room() {
		s.push(workFill, st)
	}
	return nil
}

// addItems adds one item, or those of a map.
func (c *comp) addItems(v *value) error {
	c.added = append(c.added, v)
	return c.spread(v)
}

func (c *comp) spread(v *value) error {
	if c.keys == nil {
		c.list = append(c.list, v)
		return nil
	}
	d, err := v.decode()
	if err != nil {
		return err
	}
	more, _ := d.(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(more)) {
		c.keys = append(c.keys, key)
		c.list = append(c.list, &value{dec: more[key], done: true, n: 16})
	}
	return nil
}

// resize follows the number of instances: n, or what the items make.
func (c *comp) resize(n int) {
	if c.list != nil {
		n = c.instances(len(c.list))
	}
	c.total = n
	for !c.skips && len(c.results) < n {
		c.results = append(c.results, nil)
	}
}

// instances is how many instances so many items make. A batch that is not full waits as long as items may be added.
func (c *comp) instances(items int) int {
	switch {
	case c.batch == 0:
		return items
	case c.open:
		return items / c.batch
	}
	return (items + c.batch - 1) / c.batch
}

// item is what instance i works on: an item, or a list (or map) of as many as a batch has.
func (c *comp) item(i int) *value {
	if c.items.isSpan() {
		return c.items.inSpan(i, c.batch)
	}
	if c.batch == 0 {
		if i < len(c.list) {
			return c.list[i]
		}
		return nil
	}
	from := i * c.batch
	to := min(from+c.batch, len(c.list))
	if from >= to {
		return nil
	}
	var keys []string
	if c.keys != nil {
		keys = c.keys[from:to:to]
	}
	return listValue(c.list[from:to:to], keys)
}

// named reports whether instances have names instead of numbers.
func (c *comp) named() bool { return c.keys != nil && c.batch == 0 }

func (c *comp) lastError() *model.Error {
	if len(c.errors) == 0 {
		return nil
	}
	return c.errors[len(c.errors)-1].err
}
