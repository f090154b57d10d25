package sim

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Options narrow a run. The zero value is a full world.
type Options struct {
	// Trace gets a line for everything that happens, Timeline sentences for people. Both may be nil.
	Trace, Timeline io.Writer
	// Profile names the store, one of [Profiles]; "" lets the seed decide.
	Profile string
	// Members is how many there are; 0 lets the seed decide, 1 to 5.
	Members int
	// Without are the names of kinds of faults that do not happen.
	Without []string
	// Starts bounds how many executions clients want; 0 lets the seed decide.
	Starts int
	// Calm: nobody operates, signals or commands; there are only starts.
	Calm bool
	// Lies: the store acknowledges what it has not flushed, and forgets it when the power fails. No engine can keep its
	// promises on such a store, so the judge must find violations.
	Lies bool

	plain bool         // a world for [Compare]
	tune  func(*setup) // changes it
}

// Faults are the names of the kinds of faults.
func Faults() []string { return slices.Clone(faultNames[:]) }

func (o *Options) narrow(s *setup) error {
	for _, name := range o.Without {
		f := slices.Index(faultNames[:], name)
		if f < 0 {
			return fmt.Errorf("no kind of fault is called %q; there are %s", name, strings.Join(faultNames[:], ", "))
		}
		s.enabled[f] = false
	}
	if o.Members > 0 {
		s.members = o.Members
		s.config.Alone = s.config.Alone && o.Members == 1
	}
	if o.Starts > 0 {
		s.starts = min(s.starts, o.Starts)
	}
	if o.tune != nil {
		o.tune(s)
	}
	if o.plain {
		s.plainly()
	}
	return nil
}

// String is how the options are written on the command line of sim.
func (o *Options) String() string {
	var b strings.Builder
	if o.Profile != "" {
		fmt.Fprintf(&b, " --profile %s", o.Profile)
	}
	if o.Members > 0 {
		fmt.Fprintf(&b, " --members %d", o.Members)
	}
	if o.Starts > 0 {
		fmt.Fprintf(&b, " --starts %d", o.Starts)
	}
	if o.Calm {
		b.WriteString(" --calm")
	}
	if o.Lies {
		b.WriteString(" --lies")
	}
	if len(o.Without) > 0 {
		fmt.Fprintf(&b, " --without %s", strings.Join(o.Without, ","))
	}
	return b.String()
}

// powerFails lets a store that lies forget what it had not flushed, now and then, and all processes with it.
func (w *world) powerFails() {
	goBack := w.store.Flushed()
	w.after(time.Second+w.upTo(20*time.Second), func() {
		if w.healed {
			return
		}
		if w.r.IntN(3) == 0 {
			w.count.faults++
			w.note("power", 0, 0, "the power fails, and what the store had acknowledged and not flushed is gone")
			goBack()
			for _, m := range w.members {
				m.crash()
			}
		}
		w.powerFails()
	})
}
