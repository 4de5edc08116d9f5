package preview

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"jari.example/kibana/board"
)

// The size of a chart in SVG units. The page stretches it to its panel, so it has no
// text and no circles: they would be stretched, too.
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
	fmt.Fprintf(&b, `<div class="dim">%s</div><svg class="chart" viewBox="0 -2 %g %g" preserveAspectRatio="none" role="img" aria-label="%s">`,
		format(top), chartWidth, chartHeight+4, template.HTMLEscapeString(p.Title))
	fmt.Fprintf(&b, `<path class="axis" d="M0 0H%g M0 %gH%g"/>`, chartWidth, chartHeight, chartWidth)
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
			if len(points) == 1 { // a line of one point is invisible
				points = append(points, points[0])
			}
			fmt.Fprintf(&b, `<polyline class="l%d" points="%s"><title>%s</title></polyline>`, i%4, strings.Join(points, " "), label)
		}
	}
	fmt.Fprintf(&b, `</svg><div class="dim ends"><span>%s</span><span>%s</span><span>%s</span></div>`,
		from.Local().Format("15:04"), legend(p, t.Columns[1:]), to.Local().Format("15:04"))
	return template.HTML(b.String())
}

// legend has the colour of each column.
func legend(p *board.Panel, columns []string) string {
	var b strings.Builder
	for i, name := range columns {
		label := template.HTMLEscapeString(name)
		shape := fmt.Sprintf(`<polyline class="l%d" points="0,5 10,5"/>`, i%4)
		if p.Type == board.Bars {
			shape = fmt.Sprintf(`<path class="s%s" d="M0 0H10V10H0"/>`, label)
		}
		fmt.Fprintf(&b, ` <svg class="key" viewBox="0 0 10 10" aria-hidden="true">%s</svg> %s`, shape, label)
	}
	return b.String()
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
