package draw

// A scene is a finished layout in character cells: x to the right, y downwards, the origin at the top left.
type scene struct {
	w, h   int
	boxes  []box
	lines  []line
	labels []label
}

// box is a rectangle with centred text, or the frame of a composite.
type box struct {
	x, y, w, h int
	shape      shape
	// title stands at the top left of a frame, text inside any other box.
	title string
	text  []string
}

type shape uint8

const (
	shapeEffect  shape = iota // touches the world
	shapeControl              // decided by the engine itself
	shapeFrame                // holds a graph
	shapeAside                // a compensation: reached by undoing only
	shapeStart
	shapeStop
	shapeFail
)

// line is a polyline of horizontal and vertical runs. Lines of one net may touch; lines of different nets cross.
type line struct {
	net    int
	points []point
	arrow  bool // at the last point, pointing down
}

type point struct{ x, y int }

// label is text on an edge; x is the column of the edge it is centred on.
type label struct {
	x, y int
	text string
}

// add puts the parts of s into t, moved by (dx, dy). Nets keep apart because base is larger than any net of t.
func (t *scene) add(s *scene, dx, dy, base int) {
	for _, b := range s.boxes {
		b.x += dx
		b.y += dy
		t.boxes = append(t.boxes, b)
	}
	for _, l := range s.lines {
		moved := make([]point, len(l.points))
		for i, p := range l.points {
			moved[i] = point{p.x + dx, p.y + dy}
		}
		t.lines = append(t.lines, line{net: base + l.net, points: moved, arrow: l.arrow})
	}
	for _, l := range s.labels {
		l.x += dx
		l.y += dy
		t.labels = append(t.labels, l)
	}
}

// nets is one more than the highest net of the scene.
func (t *scene) nets() int {
	n := 0
	for _, l := range t.lines {
		n = max(n, l.net+1)
	}
	return n
}
