package chart

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"time"

	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font/opentype"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// Colours that colour-blind readers can tell apart (Okabe and Ito). The picture has a white
// ground of its own and a border, so that it looks the same on a dark page and on a light
// one. No meaning is in a colour alone.
var (
	ground    = color.RGBA{0xff, 0xff, 0xff, 0xff}
	border    = color.RGBA{0xb8, 0xb8, 0xb8, 0xff}
	grid      = color.RGBA{0xe2, 0xe2, 0xe2, 0xff}
	ink       = color.RGBA{0x22, 0x22, 0x22, 0xff}
	faulty    = color.RGBA{0xfb, 0xec, 0xe2, 0xff} // the time of the fault
	share     = color.RGBA{0x56, 0xb4, 0xe9, 0xff}
	shareEdge = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	objective = color.RGBA{0x00, 0x7a, 0x59, 0xff}
	limit     = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
)

// The parts of the picture, in pixels from its lower left corner.
const (
	left   = 92.0
	right  = PixelsWide - 142.0
	bottom = 38.0
	top    = PixelsHigh - 70.0

	textSize   = 22.0
	lineHeight = 23.0
	dpi        = 72 // a point is a pixel
)

var sans = func() *opentype.Font {
	parsed, err := opentype.Parse(liberationsansregular.TTF)
	if err != nil {
		panic(err) // the font is a part of the program
	}
	return parsed
}()

// ErrEmpty is returned for a Chart without a period or without a bucket's width.
var ErrEmpty = errors.New("the chart has no period or no width of a bucket")

// maxSpan is the longest period in buckets.
const maxSpan = 100_000

// PNG draws the picture of PixelsWide and PixelsHigh. It fails with ErrEmpty.
func (c Chart) PNG() ([]byte, error) {
	if c.Width <= 0 || !c.From.Before(c.To) || c.To.Sub(c.From)/c.Width > maxSpan {
		return nil, ErrEmpty
	}
	points := c.points()
	var highest float64
	for _, p := range points {
		highest = max(highest, p.value, p.window)
	}
	d := drawing{
		Canvas: vgimg.NewWith(vgimg.UseWH(PixelsWide, PixelsHigh), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(ground)),
		chart:  c, scale: newScale(c, highest), face: font.Face{Font: font.Font{Size: textSize}, Face: sans},
	}
	d.background()
	d.bars(points)
	d.limits()
	d.window(points)
	d.marks()
	d.legend()
	var out bytes.Buffer
	err := png.Encode(&out, image.Image(d.Image()))
	return out.Bytes(), err
}

// drawing is a picture while it is drawn.
type drawing struct {
	*vgimg.Canvas
	chart Chart
	scale scale
	face  font.Face
}

func (d drawing) x(at time.Time) float64  { return left + d.chart.place(at)*(right-left) }
func (d drawing) y(value float64) float64 { return bottom + d.scale.at(value)*(top-bottom) }

func (d drawing) rectangle(c color.Color, x0, y0, x1, y1 float64) {
	d.SetColor(c)
	d.Fill(path(x0, y0, x1, y0, x1, y1, x0, y1))
}

// line draws through the points, which are pairs of x and y.
func (d drawing) line(c color.Color, width float64, dashes []vg.Length, points ...float64) {
	d.SetColor(c)
	d.SetLineWidth(vg.Length(width))
	d.SetLineDash(dashes, 0)
	d.Stroke(path(points...))
}

func path(points ...float64) (p vg.Path) {
	for n := 0; n+1 < len(points); n += 2 {
		at := vg.Point{X: vg.Length(points[n]), Y: vg.Length(points[n+1])}
		if n == 0 {
			p.Move(at)
		} else {
			p.Line(at)
		}
	}
	return p
}

func (d drawing) width(text string) float64 { return float64(d.face.Width(text)) }

// text writes so that the given share of the text is on the left of x. y is the foot of
// the letters.
func (d drawing) text(c color.Color, x, y, share float64, text string) {
	d.SetColor(c)
	d.FillString(d.face, vg.Point{X: vg.Length(x - share*d.width(text)), Y: vg.Length(y)}, text)
}

// background draws the axes, and the time of the fault.
func (d drawing) background() {
	d.line(border, 2, nil, 1, 1, PixelsWide-1, 1, PixelsWide-1, PixelsHigh-1, 1, PixelsHigh-1, 1, 0)
	if c := d.chart; !c.Began.IsZero() {
		end := c.To
		if !c.Ended.IsZero() {
			end = c.Ended
		}
		d.rectangle(faulty, d.x(c.Began), bottom, d.x(end), top)
	}
	for _, t := range d.scale.ticks() {
		y := bottom + t.at*(top-bottom)
		d.line(grid, 1, nil, left, y, right, y)
		d.text(ink, left-8, y-textSize/3, 1, t.label)
	}
	for _, t := range d.chart.timeTicks() {
		x := left + t.at*(right-left)
		d.line(ink, 1, nil, x, bottom-5, x, bottom)
		if half := d.width(t.label) / 2; x-half > left-40 && x+half < right+45 {
			d.text(ink, x, 12, 0.5, t.label)
		}
	}
	d.text(ink, PixelsWide-12, 12, 1, "UTC")
}

// bars draws what was bad in each column. A column without events has none.
func (d drawing) bars(points []point) {
	for _, p := range points {
		if !p.known {
			continue
		}
		x0, x1, y := d.x(p.from), d.x(p.to), d.y(p.value)
		d.rectangle(share, x0, bottom, x1, y)
		d.rectangle(shareEdge, x0, y-1, x1, y+1)
	}
}

// window draws the line of what was bad in the time before.
func (d drawing) window(points []point) {
	var run []float64
	for n, p := range points {
		if p.windowKnown {
			run = append(run, d.x(p.to), d.y(p.window))
		}
		if (!p.windowKnown || n == len(points)-1) && len(run) > 0 {
			d.line(ink, 3, nil, run...)
			run = nil
		}
	}
}

// limits draws the lines, each with its name on the right.
func (d drawing) limits() {
	lowest := bottom
	for _, l := range d.chart.limits() {
		c, dashes := limit, []vg.Length{12, 6}
		if l.Objective {
			c, dashes = objective, nil
		}
		y := d.y(l.Value)
		d.line(c, 3, dashes, left, y, right, y)
		foot := max(y-lineHeight+5, lowest)
		lowest = foot + 2*lineHeight + 2
		d.line(c, 2, nil, right, y, right+8, foot+lineHeight-5)
		d.text(c, right+12, foot+lineHeight, 0, l.Name)
		d.text(c, right+12, foot, 0, l.Detail)
	}
}

// marks draws when the fault began and ended.
func (d drawing) marks() {
	c := d.chart
	mark := func(at time.Time, share float64, text string) {
		x, width := d.x(at), d.width(text)
		d.line(ink, 2, []vg.Length{4, 4}, x, bottom, x, top+4)
		d.text(ink, min(max(x-share*width, 10), PixelsWide-12-width), top+13, 0, text)
	}
	if c.Began.After(c.From) {
		mark(c.Began, 1, "began "+c.clock(c.Began))
	}
	if !c.Ended.IsZero() {
		// What is drawn ends with the incident, so that its text is on the right.
		mark(c.Ended, 0, "ended "+c.clock(c.Ended))
	}
}

// legend says what is drawn, in one line above.
func (d drawing) legend() {
	y := PixelsHigh - 30.0
	d.rectangle(share, 14, y-1, 34, y+15)
	d.rectangle(shareEdge, 14, y+15, 34, y+17)
	what := "bad " + d.chart.label()
	if d.chart.Events {
		what = d.chart.label()
	}
	what += " per " + spell(d.chart.columnWidth())
	d.text(ink, 42, y, 0, what)
	if d.chart.Window > 0 {
		x := 42 + d.width(what) + 24
		d.line(ink, 3, nil, x, y+7, x+30, y+7)
		d.text(ink, x+38, y, 0, "over "+spell(d.chart.Window))
	}
}
