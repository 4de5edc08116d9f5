package bench

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// bars draws one series. The library's own bars begin at zero, which a
// logarithmic axis does not have, and have no labels.
type bars struct {
	values       []float64
	colour       color.Color
	floor        float64 // where bars begin
	width, shift float64 // in categories
}

// Plot implements plot.Plotter.
func (b *bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	label := draw.TextStyle{
		Color: color.Gray{0x33}, Font: p.X.Tick.Label.Font, Handler: p.TextHandler,
		XAlign: text.XCenter, YAlign: text.YBottom,
	}
	label.Font.Size = vg.Points(7.5)
	for i, v := range b.values {
		if math.IsNaN(v) {
			continue
		}
		middle := float64(i) + b.shift
		left, right, bottom := x(middle-b.width*0.46), x(middle+b.width*0.46), y(b.floor)
		top := bottom
		if v > b.floor {
			top = y(v)
			c.SetColor(b.colour)
			c.Fill(vg.Rectangle{Min: vg.Point{X: left, Y: bottom}, Max: vg.Point{X: right, Y: top}}.Path())
		}
		c.FillText(label, vg.Point{X: x(middle), Y: top + vg.Points(1)}, figure(v))
	}
}

// figure formats v so that it fits the width of a bar.
func figure(v float64) string {
	switch {
	case v >= 10_000:
		return strconv.FormatFloat(v/1000, 'f', 1, 64) + "k"
	case v >= 100 || v == 0:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}
