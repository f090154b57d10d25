package race

// usage is what a system has spent: seconds of processors and bytes written, of this process and of its server.
type usage struct {
	cpu     float64
	written int64
	known   bool
}

// since is what was spent after before; -1 for what the machine does not tell.
func (u usage) since(before usage) (cpu float64, written int64) {
	if !u.known || !before.known {
		return -1, -1
	}
	return u.cpu - before.cpu, u.written - before.written
}

// usageOf is what the system has spent until now.
func usageOf(s System) usage {
	u := ownUsage()
	server, ok := s.(Server)
	if !ok || server.Server() < 0 {
		return u
	}
	of := treeUsage(server.Server())
	return usage{u.cpu + of.cpu, u.written + of.written, u.known && of.known}
}
