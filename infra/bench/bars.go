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
	floor        float64   // where bars begin
	below        []float64 // in a stack: where each bar begins instead
	top          float64   // in a stack: the end of the axis
	width, shift float64   // in categories
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
		if b.below != nil {
			b.part(c, label, x(middle-b.width*0.3), x(middle+b.width*0.3), y, i)
			continue
		}
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

// leastLabelled is the share of the axis from which on a part of a stack has room
// for its label.
const leastLabelled = 0.035

// part draws one part of a stack, with its label inside.
func (b *bars) part(c draw.Canvas, label draw.TextStyle, left, right vg.Length, y func(float64) vg.Length, i int) {
	from, to := b.below[i], b.below[i]+b.values[i]
	c.SetColor(b.colour)
	c.Fill(vg.Rectangle{Min: vg.Point{X: left, Y: y(from)}, Max: vg.Point{X: right, Y: y(to)}}.Path())
	if to-from < leastLabelled*b.top {
		return
	}
	label.YAlign = text.YCenter
	c.FillText(label, vg.Point{X: (left + right) / 2, Y: y((from + to) / 2)}, figure(b.values[i]))
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
