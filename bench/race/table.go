package race

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// PrintTable prints the rows for people.
func PrintTable(w io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "case\tsystem\tstore\tmedian\tmin\tmax\tunit\tspeed to pawl\tCPU s\tMB written\texecutions\tdurable")
	for _, r := range rows {
		if r.Error != "" {
			fmt.Fprintf(t, "%s\t%s\t%s\t-\t\t\t\t\t\t\t\t%s\n", r.Case, r.System, r.Store, r.Error)
			continue
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", r.Case, r.System, r.Store, number(r.Median), number(r.Min),
			number(r.Max), r.Unit, number(r.Ratio), known(r.CPU), known(float64(r.Written)/1e6), r.Executions, r.Durable)
	}
	return t.Flush()
}

// PrintJSON prints one object a row.
func PrintJSON(w io.Writer, rows []Row) error {
	e := json.NewEncoder(w)
	for _, r := range rows {
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	return nil
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

// known is a number, or a dash where the machine did not tell.
func known(v float64) string {
	if v < 0 {
		return "-"
	}
	return number(v)
}
