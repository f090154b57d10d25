package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// row is one measurement, as -json prints it. Ratio is against the bare driver, 0 where there is none.
type row struct {
	Case   string  `json:"case"`
	System string  `json:"system"`
	Store  string  `json:"store"`
	Metric string  `json:"metric"`
	Unit   string  `json:"unit"`
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Ratio  float64 `json:"ratio"`

	// goal is what is to be reached, "" where nothing is said; met says whether it is.
	goal string
	met  bool
}

// of makes a row from repeated measurements.
func of(name, metric, unit string, values ...float64) row {
	slices.Sort(values)
	return row{
		Case: name, System: "pawl", Store: "sqlite", Metric: metric, Unit: unit,
		Median: median(values), Min: values[0], Max: values[len(values)-1],
	}
}

// atLeast sets a goal for the value got.
func (r row) atLeast(goal, got float64, text string) row {
	r.goal, r.met = text, got >= goal
	return r
}

func (r row) atMost(goal, got float64, text string) row {
	r.goal, r.met = text, got <= goal
	return r
}

// median of sorted values; 0 of none.
func median(v []float64) float64 {
	switch n := len(v); {
	case n == 0:
		return 0
	case n%2 == 1:
		return v[n/2]
	default:
		return (v[n/2-1] + v[n/2]) / 2
	}
}

// ratio is a/b, and 0 where b is 0.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func printTable(w io.Writer, rows []row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "store\tcase\tmetric\tmedian\tmin\tmax\tunit\tratio to bare\tgoal")
	for _, r := range rows {
		against := ""
		if r.Ratio != 0 {
			against = fmt.Sprintf("%.2f", r.Ratio)
		}
		goal := ""
		if r.goal != "" {
			goal = map[bool]string{true: "met: ", false: "NOT MET: "}[r.met] + r.goal
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Store, r.Case, r.Metric, number(r.Median), number(r.Min), number(r.Max), r.Unit, against, goal)
	}
	return t.Flush()
}

// number prints three figures or so.
func number(v float64) string {
	switch {
	case v >= 1000:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

func printJSON(w io.Writer, rows []row) error {
	e := json.NewEncoder(w)
	for _, r := range rows {
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	return nil
}
