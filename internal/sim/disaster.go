package sim

import "time"

// disasters lets things go wrong that nobody asked for: crashes, stops, stand-stills, clock steps, a full disk, rot.
func (w *world) disasters() {
	if w.healed {
		return
	}
	w.after(w.upTo(20*time.Second), func() {
		if w.healed {
			return
		}
		w.disaster(w.members[w.r.IntN(len(w.members))])
		w.disasters()
	})
}

func (w *world) disaster(m *member) {
	kinds := []fault{crash, crash, drain, suspend, wallStep, storeFull, storeReadOnly, cutToStore, cutFromStore, snapshotRots, storeRestarts, storeFailsOver}
	switch f := kinds[w.r.IntN(len(kinds))]; f {
	case crash:
		w.often(crash, m.crash)
	case drain:
		w.often(drain, m.drain)
	case suspend:
		w.often(suspend, m.suspend)
	case wallStep:
		w.often(wallStep, func() { m.skew = int64(w.upTo(2*time.Hour)/time.Millisecond) * pick[int64](w.r, -1, 1) })
	case storeFull:
		w.often(storeFull, func() {
			w.full = true
			w.after(w.upTo(20*time.Second), func() { w.full = false })
		})
	case storeReadOnly:
		w.often(storeReadOnly, func() {
			w.readOnly = true
			w.after(w.upTo(20*time.Second), func() { w.readOnly = false })
		})
	case cutToStore, cutFromStore:
		w.often(f, func() {
			m.cut = f
			w.after(w.upTo(40*time.Second), func() { m.cut = 0 })
		})
	case storeRestarts, storeFailsOver:
		w.often(f, func() { w.restart(f == storeFailsOver) })
	case snapshotRots:
		w.often(snapshotRots, func() {
			if ids := w.store.IDs(); len(ids) > 0 {
				w.store.Damage(ids[w.r.IntN(len(ids))], 0)
			}
		})
	}
}

// often runs do if the seed has f enabled at all.
func (w *world) often(f fault, do func()) {
	if !w.enabled[f] {
		return
	}
	w.count.faults++
	w.note("fault", uint64(f), 1, "%s", f)
	w.tell("fault: %s", f)
	do()
}

// heal ends all faults: what comes now must bring everything to rest.
func (w *world) heal() {
	w.healed = true
	w.full, w.readOnly, w.down = false, false, false
	w.note("heal", 0, 0, "")
	w.tell("all faults heal; everything must come to rest now")
	for _, m := range w.members {
		m.heal()
	}
	w.clients.heal()
}
