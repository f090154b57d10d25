package race

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"slices"
)

// Colours that can be read on light and on dark; the page's own where the viewer says what it is.
const svgHead = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d" font-family="system-ui, sans-serif" font-size="13" role="img">
<title>Executions of three steps a second, each system on its store</title>
<style>
text { fill: #24292f }
.faint { fill: #6e7781 }
line { stroke: #8c959f; stroke-opacity: .4 }
.pawl { fill: #0969da }
.peer { fill: #8c959f }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .faint { fill: #9198a1 } .pawl { fill: #4493f8 } .peer { fill: #6e7681 } }
</style>
`

const (
	chartWidth = 760
	chartLeft  = 190
	chartBars  = chartWidth - chartLeft - 70
	chartStep  = 24
)

// chart draws the first case that was measured as bars on a logarithmic scale, the fastest first.
func chart(rows []Row) []byte {
	var of []Row
	for _, r := range rows {
		if r.Case == Cases[0].Name && r.Error == "" && r.Median > 0 {
			of = append(of, r)
		}
	}
	slices.SortStableFunc(of, func(x, y Row) int { return compare(y.Median, x.Median) })
	low, high := decades(of)
	height := 44 + chartStep*len(of) + 12
	var b bytes.Buffer
	fmt.Fprintf(&b, svgHead, chartWidth, height)
	b.WriteString(`<text x="0" y="14" font-weight="600">Executions of three durable steps a second, 100 in flight (logarithmic)</text>` + "\n")
	for d := low; d <= high; d++ {
		x := position(math.Pow10(d), low, high)
		fmt.Fprintf(&b, `<line x1="%[1]d" y1="38" x2="%[1]d" y2="%[2]d"/><text x="%[1]d" y="34" text-anchor="middle" class="faint" font-size="11">%.0[3]f</text>`+"\n",
			x, height-8, math.Pow10(d))
	}
	for i, r := range of {
		y, class := 44+chartStep*i, "peer"
		if r.System == "pawl" {
			class = "pawl"
		}
		x := position(r.Median, low, high)
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text><rect class="%s" x="%d" y="%d" width="%d" height="16" rx="2"/><text x="%d" y="%d">%s</text>`+"\n",
			chartLeft-8, y+13, html.EscapeString(r.System+", "+r.Store), class, chartLeft, y, max(1, x-chartLeft), x+6, y+13, thousands(r.Median))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// decades are the powers of ten around all values.
func decades(rows []Row) (low, high int) {
	low, high = 1, 2
	for _, r := range rows {
		low = min(low, int(math.Floor(math.Log10(r.Median))))
		high = max(high, int(math.Ceil(math.Log10(r.Median))))
	}
	return low, high
}

func position(v float64, low, high int) int {
	return chartLeft + int(math.Round(chartBars*(math.Log10(v)-float64(low))/float64(high-low)))
}

// thousands prints a whole number with commas.
func thousands(v float64) string {
	text := fmt.Sprintf("%.0f", v)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
