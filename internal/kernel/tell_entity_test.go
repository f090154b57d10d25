package kernel

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/pawl-dev/pawl/internal/calendar"
	"github.com/pawl-dev/pawl/internal/expr"
)

// summer is a zone of one change: clocks go from +1h to +2h at the given second.
type summer int64

func (z summer) At(unix int64) calendar.Period {
	if unix < int64(z) {
		return calendar.Period{From: math.MinInt64, To: int64(z), Offset: 3600}
	}
	return calendar.Period{From: int64(z), To: math.MaxInt64, Offset: 7200}
}

// testZone knows Test/Zone, where 2:00 becomes 3:00 on 2025-06-17.
func testZone(name string) (calendar.Zone, error) {
	if name != "Test/Zone" {
		return nil, errors.New("there is no time zone " + name)
	}
	return summer(1_750_122_000), nil
}

func tellLimit(o *Op) string {
	who := o.text
	if o.path != "" {
		who += " " + o.path
	}
	switch o.kind {
	case opLimit:
		if o.name != "" {
			return strings.TrimSuffix("limit "+o.name+" "+o.word, " ")
		}
		text := "allows " + rule{concurrency: int(o.n), rate: o.attempt, per: o.until}.String()
		if o.flag {
			text += ", whatever definitions say"
		}
		return text
	case opPlace:
		return fmt.Sprintf("%s joins the line, weight %d, priority %d", who, o.n, o.until)
	case opGrant:
		return who + " gets it"
	case opYield:
		return who + " is asked to make room"
	case opTurned:
		return who + " is turned down: " + o.err.Code + ": " + o.err.Message
	}
	return who + " leaves: " + o.word
}

func tellSchedule(o *Op) string {
	at := calendar.Format(o.n, nil)
	switch o.kind {
	case opSchedule:
		if o.flag {
			return "schedule " + o.word + " of " + o.name + " is retired"
		}
		if !o.hasData {
			return ""
		}
		return "schedule " + o.word + " of " + o.name + ": " + string(o.data)
	case opDue:
		switch {
		case o.n == 0:
			return "nothing comes next"
		case o.due != o.n:
			return "next " + at + ", " + expr.FormatDuration(o.due-o.n) + " later"
		}
		return "next " + at
	case opTick:
		text := at
		if o.attempt > 1 {
			text += fmt.Sprintf(" to %s, %d times", calendar.Format(o.until, nil), o.attempt)
		}
		text += ": " + o.word + " (" + o.name + ")"
		if o.err != nil {
			text += " " + o.err.Message
		}
		return text
	case opQueue:
		return at + " waits (" + o.name + ")"
	}
	return o.text + " has ended " + o.word
}

// schedule makes the schedule of a trigger, or gives it another trigger, as a deploy does.
func (n *Town) schedule(rest string) {
	name, rest, _ := strings.Cut(rest, " ")
	workflow, raw, _ := strings.Cut(rest, " ")
	id := ScheduleID("default", workflow, name)
	for _, c := range n.people {
		if c.id == id {
			c.e.now = n.now
			n.heard(c, c.told(c.e.feed(Input{Kind: InSignal, Signal: &Signal{Name: "configure", Data: []byte(raw)}})))
			n.collect(c)
			return
		}
	}
	input, _ := json.Marshal(map[string]any{"workflow": workflow, "name": name, "trigger": json.RawMessage(raw)})
	if _, err := n.make(name, entityStart(id, "default", ScheduleWorkflow, input), "", ""); err != nil {
		n.said = append(n.said, "refused: "+err.Error())
	}
}
