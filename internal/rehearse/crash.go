package rehearse

// Crash says at which commit the process dies, once. The zero value is nowhere.
type Crash struct {
	// Commit counts from 1; 0 is none.
	Commit int
	// Durable: the commit has reached the store, only its answer is lost. Otherwise nothing of it is there.
	Durable bool
}

func (c Crash) at(commit int, durable bool) bool {
	return c.Commit == commit && c.Durable == durable
}

// crash throws the process away: what it knew, what it was asked and had not answered, and every attempt that ran in
// it. The store stays, and the next process claims what it finds.
func (w *World) crash() {
	w.crashed = true
	w.boot()
}

// Crash lets the process die now.
func (w *World) Crash() {
	w.crash()
	w.settle()
}
