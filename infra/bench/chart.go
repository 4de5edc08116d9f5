package bench

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Chart shows a report as panels of bars, one below the other. All panels have
// the same series, except those that are Separate.
type Chart struct {
	Title  string
	Panels []Panel
}

// Panel is a group of bars for each category, one bar for each series.
type Panel struct {
	Title      string // what the bars measure, with its unit
	Separate   bool   // its series are not in the legend, and have other colours
	Log        bool   // a logarithmic axis, without bars for 0
	Stacked    bool   // one bar for each category, of which each series is a part
	Categories []string
	Series     []Series
}

// Series is the bars of one colour, with a value for each category; NaN if
// there is no value.
type Series struct {
	Name   string
	Values []float64
}

const (
	minWidth     = 25 * vg.Centimeter
	barWidth     = 0.85 * vg.Centimeter // labels of two bars must not touch
	panelHeight  = 8 * vg.Centimeter
	headerHeight = 1.6 * vg.Centimeter
)

// colours is a palette for colour-blind readers (Okabe and Ito).
var colours = []color.Color{
	color.RGBA{0x00, 0x72, 0xb2, 0xff}, color.RGBA{0xe6, 0x9f, 0x00, 0xff},
	color.RGBA{0x00, 0x9e, 0x73, 0xff}, color.RGBA{0xd5, 0x5e, 0x00, 0xff},
	color.RGBA{0xcc, 0x79, 0xa7, 0xff}, color.RGBA{0x56, 0xb4, 0xe9, 0xff},
	color.RGBA{0xf0, 0xe4, 0x42, 0xff}, color.RGBA{0x99, 0x99, 0x99, 0xff},
}

// separate is the colour of the first series of a panel that is Separate.
const separate = 5

// WriteSVG draws the chart.
func (p Chart) WriteSVG(w io.Writer) error {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	width, height := minWidth, headerHeight+panelHeight*vg.Length(len(p.Panels))
	for _, panel := range p.Panels {
		width = max(width, 3*vg.Centimeter+barWidth*vg.Length(len(panel.Categories)*len(panel.Series)))
	}
	canvas := vgsvg.New(width, height)
	whole := draw.New(canvas)
	whole.SetColor(color.White)
	whole.Fill(whole.Rectangle.Path())
	for i, panel := range p.Panels {
		drawn, err := panel.plot()
		if err != nil {
			return fmt.Errorf("panel %q: %w", panel.Title, err)
		}
		turnLabels(drawn, panel.Categories, width)
		if i == 0 {
			p.header(draw.Crop(whole, 0, 0, height-headerHeight, 0), drawn.Title.TextStyle)
		}
		below := panelHeight * vg.Length(len(p.Panels)-1-i)
		drawn.Draw(draw.Crop(whole, vg.Points(6), -vg.Points(6), below+vg.Points(4), below+panelHeight-height))
	}
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return err
	}
	// The fonts are not embedded (they are twenty times the file's size), so a
	// viewer without them gets substitutes.
	font, fonts := []byte("font-family:Liberation Sans"), []byte("font-family:Liberation Sans,Arial,sans-serif")
	_, err := w.Write(bytes.ReplaceAll(out.Bytes(), font, fonts))
	return err
}

// turnLabels turns the names of categories where they would touch.
func turnLabels(p *plot.Plot, categories []string, width vg.Length) {
	for _, name := range categories {
		if p.X.Tick.Label.Width(name) > 0.9*width/vg.Length(len(categories)) {
			p.X.Tick.Label.Rotation = math.Pi / 7
			p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = text.XRight, text.YTop
		}
	}
}

// header writes the title and the legend of all panels.
func (p Chart) header(c draw.Canvas, style draw.TextStyle) {
	style.Font.Size = vg.Points(15)
	c.FillText(style, vg.Point{X: c.Center().X, Y: c.Max.Y - vg.Points(5)}, p.Title)
	style.Font.Size, style.XAlign, style.YAlign = vg.Points(10), text.XLeft, text.YBottom
	x, y := c.Min.X+vg.Centimeter*2, c.Min.Y+vg.Points(4)
	for i, s := range p.Panels[0].Series {
		c.SetColor(colours[i%len(colours)])
		c.Fill(vg.Rectangle{Min: vg.Point{X: x, Y: y}, Max: vg.Point{X: x + vg.Points(14), Y: y + vg.Points(9)}}.Path())
		x += vg.Points(18)
		c.FillText(style, vg.Point{X: x, Y: y}, s.Name)
		x += style.Width(s.Name) + vg.Points(24)
	}
}

func (panel Panel) plot() (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = panel.Title
	p.Title.TextStyle.Font.Size = vg.Points(12)
	p.NominalX(panel.Categories...)
	p.X.Min, p.X.Max = -0.5, float64(len(panel.Categories))-0.5
	low, high := panel.bounds()
	p.Y.Min, p.Y.Max = low, high
	if panel.Log {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}
	p.Add(gridLines())
	n := len(panel.Series)
	if panel.Stacked {
		n = 1
	}
	below := make([]float64, len(panel.Categories))
	for i, s := range panel.Series {
		if len(s.Values) != len(panel.Categories) {
			return nil, fmt.Errorf("%s has %d values for %d categories", s.Name, len(s.Values), len(panel.Categories))
		}
		b := &bars{values: s.Values, colour: colours[i%len(colours)], floor: low, width: 0.8 / float64(n)}
		if panel.Separate {
			b.colour = colours[(separate+len(colours)-i)%len(colours)]
		}
		if panel.Stacked {
			b.below, below = below, sums(below, s.Values)
			b.top = high
			p.Add(b)
			continue
		}
		b.shift = (float64(i) - float64(n-1)/2) * b.width
		p.Add(b)
	}
	return p, nil
}

// bounds leaves room above the bars for their labels.
func (panel Panel) bounds() (low, high float64) {
	if panel.Stacked {
		total := make([]float64, len(panel.Categories))
		for _, s := range panel.Series {
			total = sums(total, s.Values)
		}
		return 0, max(slices.Max(total)*1.1, math.SmallestNonzeroFloat32)
	}
	smallest := math.Inf(1)
	for _, s := range panel.Series {
		for _, v := range s.Values {
			if v > 0 {
				smallest, high = min(smallest, v), max(high, v)
			}
		}
	}
	if high == 0 {
		return map[bool]float64{true: 0.1}[panel.Log], 1
	}
	if panel.Log {
		return math.Pow(10, math.Floor(math.Log10(smallest))), high * math.Pow(high/smallest, 0.05) * 1.5
	}
	return 0, high * 1.1
}

// sums adds values that are numbers, one by one.
func sums(to, values []float64) []float64 {
	to = slices.Clone(to)
	for i, v := range values {
		if !math.IsNaN(v) {
			to[i] += v
		}
	}
	return to
}

func gridLines() *plotter.Grid {
	g := plotter.NewGrid()
	g.Vertical.Width = 0
	g.Horizontal.Color = color.Gray{0xdd}
	return g
}
