package chart

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/slo"
)

var to = time.Date(2026, 11, 30, 10, 20, 0, 0, time.UTC)

// example is two hours of a rule: of the third quarter there are no events, and half of
// them fail from 10:01 to 10:10.
func example() Chart {
	c := Chart{
		Label: "booking attempts", From: to.Add(-2 * time.Hour), To: to, Width: time.Minute, Window: 5 * time.Minute,
		Limits: []Limit{{Value: 0.0144, Name: "page", Detail: "burn 14.4"}, {Value: 0.001, Name: "objective", Detail: "burn 1", Objective: true}},
		Began:  to.Add(-19 * time.Minute), Ended: to,
	}
	for at := c.From.Add(-5 * time.Minute); at.Before(to); at = at.Add(time.Minute) {
		count := slo.Count{Good: 60}
		switch minute := at.Sub(c.From) / time.Minute; {
		case minute >= 60 && minute < 90:
			continue
		case minute >= 101 && minute < 110:
			count = slo.Count{Good: 30, Bad: 30}
		}
		c.Buckets = append(c.Buckets, slo.Bucket{At: at, Count: count})
	}
	return c
}

func draw(t *testing.T, c Chart) (image.Image, []byte) {
	t.Helper()
	b, err := c.PNG()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return picture, b
}

// canvas reads a picture by times and values. The places do not come from the code that
// draws, apart from the rectangle of the axes.
type canvas struct {
	image.Image
	c Chart
}

func (p canvas) x(at time.Time) int {
	return int(left + (right-left)*float64(at.Sub(p.c.From))/float64(p.c.To.Sub(p.c.From)))
}

// y is where a share is on an axis from 0.025 % to 100 %.
func (p canvas) y(share float64) int {
	return int(PixelsHigh - bottom - (top-bottom)*math.Log(share/0.00025)/math.Log(1/0.00025))
}

func (p canvas) is(x, y int, want color.RGBA) bool {
	return color.RGBAModel.Convert(p.At(x, y)) == want
}

// has reports whether the colour is within two pixels above or below.
func (p canvas) has(x, y int, want color.RGBA) bool {
	for n := -2; n <= 2; n++ {
		if p.is(x, y+n, want) {
			return true
		}
	}
	return false
}

func TestEachMinuteIsWhereItsShareIs(t *testing.T) {
	c := example()
	picture, _ := draw(t, c)
	if size := picture.Bounds().Size(); size != (image.Point{PixelsWide, PixelsHigh}) {
		t.Fatalf("the size is %v", size)
	}
	p := canvas{picture, c}
	withoutLine := c
	withoutLine.Window = 0
	picture, _ = draw(t, withoutLine)
	bare := canvas{picture, c}
	at := func(minute float64) int { return p.x(c.From.Add(time.Duration(minute * float64(time.Minute)))) }
	floor := int(PixelsHigh - bottom)
	for name, ok := range map[string]bool{
		"half fail: the bar":                     p.has(at(108.5), p.y(0.2), share),
		"half fail: its edge at 50 %":            p.has(at(108.5), p.y(0.5)+3, share) && !p.has(at(108.5), p.y(0.5)-12, share),
		"none fails: no bar":                     !p.has(at(30.5), p.y(0.0005), share),
		"none fails: an edge at 0":               bare.has(at(30.5), floor, shareEdge),
		"no events: neither":                     !bare.has(at(75.5), floor, shareEdge) && !bare.has(at(75.5), floor-5, share),
		"the line at 0 while none fails":         p.has(at(30), floor-1, ink),
		"the line ends where events do":          !p.has(at(80), floor-1, ink),
		"the line above 0 five minutes longer":   p.has(at(114.2), p.y(0.12), ink) || p.has(at(114), p.y(0.1), ink),
		"the line at 0 again":                    p.has(at(117), floor-1, ink),
		"the objective":                          p.has(at(30), p.y(0.001), objective),
		"nothing where there is no limit":        !p.has(at(30), p.y(0.005), objective) && !p.has(at(30), p.y(0.005), limit),
		"the time of the fault":                  p.is(at(118), p.y(0.05), faulty),
		"the time before":                        p.is(at(95), p.y(0.05), ground),
		"the border":                             p.is(1, PixelsHigh/2, border) && p.is(PixelsWide-1, PixelsHigh/2, border),
		"a dash of the burn that pages":          p.anywhere(at(2), at(40), p.y(0.0144), limit),
		"a gap between dashes":                   p.anywhere(at(2), at(40), p.y(0.0144), ground),
		"the mark of the beginning":              p.anywhereAbove(at(101), limitOfMarks, ink),
		"text for the burn that pages":           p.text(int(right)+12, PixelsWide-6, p.y(0.0144)-24, p.y(0.0144)+24, limit),
		"text for the objective":                 p.text(int(right)+12, PixelsWide-6, p.y(0.001)-24, p.y(0.001)+24, objective),
		"text on the left: 10 %":                 p.text(10, int(left)-8, p.y(0.1)-10, p.y(0.1)+10, ink),
		"text below: the time":                   p.text(at(100)-25, at(100)+25, PixelsHigh-30, PixelsHigh-8, ink),
		"text above: when it began":              p.text(at(101)-100, at(101)-4, int(PixelsHigh-top)-30, int(PixelsHigh-top)-6, ink),
		"text above on the right: when it ended": p.text(int(right)+4, PixelsWide-20, int(PixelsHigh-top)-30, int(PixelsHigh-top)-6, ink),
	} {
		if !ok {
			t.Errorf("%s: it is not there", name)
		}
	}
}

const limitOfMarks = 20 // pixels above the bars, where only marks are

// anywhere reports whether the colour is anywhere on a horizontal line.
func (p canvas) anywhere(x0, x1, y int, want color.RGBA) bool {
	for x := x0; x < x1; x++ {
		if p.is(x, y, want) {
			return true
		}
	}
	return false
}

// anywhereAbove reports whether the colour is at x, within a pixel, near the top.
func (p canvas) anywhereAbove(x, high int, want color.RGBA) bool {
	for y := int(PixelsHigh - top); y < int(PixelsHigh-top)+high; y++ {
		if p.anywhere(x-1, x+3, y, want) {
			return true
		}
	}
	return false
}

// text reports whether a part of the picture has as many pixels of the colour as letters.
func (p canvas) text(x0, x1, y0, y1 int, want color.RGBA) bool {
	n := 0
	for x := x0; x < x1; x++ {
		for y := y0; y < y1; y++ {
			if p.is(x, y, want) {
				n++
			}
		}
	}
	return n > 40
}

func TestTheSameChartIsTheSamePicture(t *testing.T) {
	_, a := draw(t, example())
	_, b := draw(t, example())
	if !bytes.Equal(a, b) {
		t.Error("two pictures of one chart differ")
	}
	other := example()
	other.Buckets[len(other.Buckets)-12].Bad++
	if _, c := draw(t, other); bytes.Equal(a, c) {
		t.Error("a chart with another count is the same picture")
	}
	if len(a) > 100_000 {
		t.Errorf("the picture has %d bytes", len(a))
	}
}

func TestTheAlternativeTextSaysWhatIsSeen(t *testing.T) {
	c := example()
	want := "Chart of the share of bad booking attempts per minute from 08:20 to 10:20 UTC. Highest: 50 % at 10:01. " +
		"Objective: at most 0.1 %. Line of the page: 1.4 % over 5 min. Began 10:01. Ended 10:20."
	if got := c.Alt(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	c.Events, c.Label, c.Window, c.Ended = true, "events", 30*time.Minute, time.Time{}
	c.Limits = []Limit{{Value: 3, Name: "page", Detail: "3 in 30 min"}}
	want = "Chart of the number of events per minute from 08:20 to 10:20 UTC. Highest: 30 at 10:01. Line of the page: 3 over 30 min. Began 10:01."
	if got := c.Alt(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	c.Buckets = nil
	if got := c.Alt(); !strings.Contains(got, "None was bad.") {
		t.Errorf("without an event: %s", got)
	}
	c.Events = false
	if got := c.Alt(); !strings.Contains(got, "Nothing was counted.") {
		t.Errorf("without an event: %s", got)
	}
	c.Label = "예약"
	if got := c.Alt(); !strings.Contains(got, "bad events") {
		t.Errorf("a label that the font cannot write: %s", got)
	}
}

func TestAnyChartIsDrawnOrRefused(t *testing.T) {
	var empty Chart
	if _, err := empty.PNG(); !errors.Is(err, ErrEmpty) {
		t.Errorf("an empty chart: %v", err)
	}
	long := example()
	long.Width = time.Millisecond
	if _, err := long.PNG(); !errors.Is(err, ErrEmpty) {
		t.Errorf("7,200,000 buckets: %v", err)
	}
	rnd := rand.New(rand.NewPCG(7, 7))
	values := []float64{0, -1, 1e-12, 1e-5, 0.3, 1, 7, 1e9, math.NaN(), math.Inf(1), math.Inf(-1)}
	widths := []time.Duration{time.Millisecond * 100, time.Second, time.Minute, time.Hour}
	for n := range 60 {
		width := widths[rnd.IntN(len(widths))]
		c := Chart{
			Label: strings.Repeat("예약 attempts ", rnd.IntN(9)), Width: width, Events: rnd.IntN(2) == 0,
			From: to.Add(-width * time.Duration(1+rnd.IntN(3000))), To: to.Add(time.Duration(rnd.IntN(int(width)))),
			Window: width * time.Duration(rnd.IntN(100)), Began: to.Add(-width * time.Duration(rnd.IntN(4000))),
		}
		for range rnd.IntN(4) {
			c.Limits = append(c.Limits, Limit{Value: values[rnd.IntN(len(values))], Name: "page", Objective: rnd.IntN(2) == 0})
		}
		for at := c.From.Add(-c.Window); at.Before(c.To); at = at.Add(width * time.Duration(1+rnd.IntN(5))) {
			c.Buckets = append(c.Buckets, slo.Bucket{At: at, Count: slo.Count{Good: rnd.Int64N(1e12), Bad: rnd.Int64N(1 << uint(1+rnd.IntN(50)))}})
		}
		if _, b := draw(t, c); len(b) == 0 || c.Alt() == "" || len([]rune(c.Alt())) > 600 {
			t.Errorf("chart %d: %d bytes, %s", n, len(b), c.Alt())
		}
	}
}

func TestTicksFitTheirAxis(t *testing.T) {
	for _, span := range []time.Duration{
		20 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 18 * time.Hour, 48 * time.Hour, 60 * 24 * time.Hour,
	} {
		c := Chart{From: to.Add(-span), To: to, Width: time.Second}
		if n := len(c.timeTicks()); n < 2 || n > 2*maxTimeTicks || span <= 48*time.Hour && n > maxTimeTicks {
			t.Errorf("%v: %d ticks", span, n)
		}
	}
	days := Chart{From: to.Add(-40 * time.Hour), To: to, Width: time.Minute}
	var labels []string
	for _, tick := range days.timeTicks() {
		labels = append(labels, tick.label)
	}
	if got, want := strings.Join(labels, " "), "29 Nov 12:00 30 Nov"; got != want || days.columnWidth() != 15*time.Minute {
		t.Errorf("over 40 hours: %s, want %s; columns of %v", got, want, days.columnWidth())
	}
	for _, objective := range []float64{0.1, 0.01, 0.001, 0.00001} {
		s := newScale(Chart{Limits: []Limit{{Value: objective}}}, objective*3)
		if ticks := s.ticks(); len(ticks) < 3 || s.high < objective*3 || s.low > objective/2 {
			t.Errorf("an objective of %v: %+v with %v", objective, s, ticks)
		}
	}
	for _, most := range []float64{0, 1, 3, 40, 12345} {
		s := newScale(Chart{Events: true}, most)
		if ticks := s.ticks(); len(ticks) < 3 || len(ticks) > 7 || s.high < most {
			t.Errorf("%v events: %+v with %v", most, s, ticks)
		}
	}
}

// BenchmarkPNG is what a picture costs alertingd.
func BenchmarkPNG(b *testing.B) {
	c := example()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.PNG(); err != nil {
			b.Fatal(err)
		}
	}
}
