// Package zone finds time zones by their IANA names. The database is embedded, so that a program knows them wherever it
// runs; where the machine has its own, newer one, that is used.
package zone

import (
	"fmt"
	"math"
	"strings"
	"time"
	_ "time/tzdata" // the database, for machines without one

	"github.com/pawl-dev/pawl/internal/calendar"
)

// Find returns the zone of that name; "" is UTC. Names that are no IANA name, "Local" among them, are refused.
func Find(name string) (calendar.Zone, error) {
	if name == "" || name == "UTC" {
		return calendar.UTC, nil
	}
	if name == "Local" || strings.Contains(name, "..") {
		return nil, fmt.Errorf("%q is no time zone", name)
	}
	l, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is no time zone", name)
	}
	return place{l}, nil
}

// place is a zone of package time.
type place struct{ l *time.Location }

// At implements calendar.Zone.
func (p place) At(unix int64) calendar.Period {
	t := time.Unix(unix, 0).In(p.l)
	_, offset := t.Zone()
	from, to := t.ZoneBounds()
	period := calendar.Period{From: math.MinInt64, To: math.MaxInt64, Offset: int64(offset)}
	if !from.IsZero() {
		period.From = from.Unix()
	}
	if !to.IsZero() {
		period.To = to.Unix()
	}
	return period
}
