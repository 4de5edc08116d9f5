package preview

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"jari.example/kibana/board"
)

// The size of a chart in SVG units; the page scales it.
const (
	chartWidth  = 600.0
	chartHeight = 160.0
)

// chart draws a table whose first column is a time: stacked bars, or lines.
func chart(p *board.Panel, t board.Table, from, to time.Time) template.HTML {
	span, top := to.Sub(from), highest(t, p.Type == board.Bars)
	if span <= 0 || top <= 0 {
		return ""
	}
	step, _ := time.ParseDuration(strings.Replace(p.Every, "d", "h", 1))
	x := func(at time.Time) float64 { return chartWidth * float64(at.Sub(from)) / float64(span) }
	y := func(v float64) float64 { return chartHeight * v / top }

	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 -12 %g %g" role="img" aria-label="%s">`, chartWidth, chartHeight+14, template.HTMLEscapeString(p.Title))
	fmt.Fprintf(&b, `<text x="2" y="-2">%s</text><path class="axis" d="M0 0H%g M0 %gH%g"/>`,
		format(top), chartWidth, chartHeight, chartWidth)
	if p.Type == board.Bars {
		width := max(x(from.Add(step))*0.9, 1.5)
		for _, row := range t.Rows {
			at, _ := row[0].(time.Time)
			base := chartHeight
			for i, v := range row[1:] {
				n, _ := v.(float64)
				if n == 0 {
					continue
				}
				base -= y(n)
				label := template.HTMLEscapeString(t.Columns[i+1])
				fmt.Fprintf(&b, `<rect class="s%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s %s: %s</title></rect>`,
					label, max(x(at), 0), base, width, y(n), at.Local().Format("15:04"), label, format(n))
			}
		}
	} else {
		for i, name := range t.Columns[1:] {
			label := template.HTMLEscapeString(name)
			var points []string
			for _, row := range t.Rows {
				at, _ := row[0].(time.Time)
				if n, ok := row[i+1].(float64); ok {
					points = append(points, fmt.Sprintf("%.1f,%.1f", x(at.Add(step/2)), chartHeight-y(n)))
				}
			}
			// A polyline of one point is invisible.
			if len(points) == 1 {
				cx, cy, _ := strings.Cut(points[0], ",")
				fmt.Fprintf(&b, `<circle class="l%d" cx="%s" cy="%s" r="3"><title>%s</title></circle>`, i%4, cx, cy, label)
			}
			fmt.Fprintf(&b, `<polyline class="l%d" points="%s"><title>%s</title></polyline>`, i%4, strings.Join(points, " "), label)
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

// highest is the highest value of the table or, if stacked, the highest sum of a row.
func highest(t board.Table, stacked bool) (top float64) {
	for _, row := range t.Rows {
		sum := 0.0
		for _, v := range row[1:] {
			n, _ := v.(float64)
			sum += n
			if !stacked {
				top = max(top, n)
			}
		}
		if stacked {
			top = max(top, sum)
		}
	}
	return top
}
