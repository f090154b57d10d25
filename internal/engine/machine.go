package engine

import "time"

// Machine holds cores, lanes, claims, leases and pacing. It is used by one goroutine.
type Machine struct{ cfg Config }

func newMachine(c Config) *Machine { return &Machine{cfg: c} }

func (m *Machine) step(Time, Event, []Request) []Request { return nil }

func (m *Machine) next() time.Duration { return -1 }

func (m *Machine) invariants() error { return nil }
