package preview

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"jari.example/internal/page"
	"jari.example/internal/page/pagetest"
	"jari.example/kibana/board"
	"jari.example/kibana/dashboards"
)

// longTrace is a trace like that of a booking, with this many spans and lines.
func longTrace(n int) Trace {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	t := Trace{ID: strings.Repeat("ab", 16), Start: at, Duration: time.Second}
	for i := range n {
		t.Spans = append(t.Spans, Span{
			ID: fmt.Sprintf("%016x", i), Name: "POST /v1/restaurants/{id}/reservations", Service: "reservation", Kind: "SPAN_KIND_SERVER",
			Target: "reservation.book.batch", Depth: i % 9, Start: at.Add(time.Duration(i) * 10 * time.Millisecond),
			Duration: 123456 * time.Microsecond, Failed: i == 3, Links: []string{strings.Repeat("cd", 16)}[:i%2],
		})
		t.Lines = append(t.Lines, Line{
			Time: at, Severity: "ERROR", Service: "notification",
			Body: "the event could not be delivered; it is tried again", Exception: "dial tcp 127.0.0.1:15432: connect: connection refused",
		})
	}
	return t
}

// A trace is linked from Slack, which the on-call reads on a phone. A line per letter
// made 25 spans 7,616 pixels high.
func TestATraceCanBeReadOnAPhone(t *testing.T) {
	const n = 25
	srv := httptest.NewServer(page.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		tracePage.Write(w, http.StatusOK, page.View{Title: "Trace", Data: longTrace(n)})
	})))
	defer srv.Close()
	tab := pagetest.Phone(t)
	tab.Open(srv.URL)
	width, height := tab.Size()
	const perSpan, perLine, rest = 110, 130, 400 // two lines of name, one of facts and the bar; one of facts and four of text
	if width > 390 || height > n*(perSpan+perLine)+rest {
		t.Errorf("the page is %d × %d pixels", width, height)
	}
	var narrowest, bar float64
	tab.Eval(`Math.min(...[...document.querySelectorAll('.span .name, .line .body')].map((e) => e.clientWidth))`, &narrowest)
	tab.Eval(`document.querySelector('.bar rect').getBoundingClientRect().width`, &bar)
	if narrowest < 300 || bar < 20 {
		t.Errorf("the narrowest text is %.0f pixels wide, a bar %.0f", narrowest, bar)
	}
	if blocked := tab.Blocked(); len(blocked) > 0 {
		t.Errorf("the page's own policy blocks it: %v", blocked)
	}
	if path := os.Getenv("JARI_SCREENSHOT"); path != "" {
		tab.Screenshot(path)
	}
}

func TestTheDashboardsFitAPhone(t *testing.T) {
	boards, err := board.Load(dashboards.Sources)
	if err != nil {
		t.Fatal(err)
	}
	source, err := Open("http://127.0.0.1:1", "") // panels show their error, which is long
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(New(boards, source))
	defer srv.Close()
	tab := pagetest.Phone(t)
	for _, path := range []string{"/", "/dashboards/bookings-right-now", "/dashboards/none"} {
		tab.Open(srv.URL + path)
		if width, _ := tab.Size(); width > 390 {
			t.Errorf("%s is %d pixels wide", path, width)
		}
	}
	if blocked := tab.Blocked(); len(blocked) > 0 {
		t.Errorf("the pages' own policy blocks them: %v", blocked)
	}
}
