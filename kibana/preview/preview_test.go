package preview

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"jari.example/kibana/board"
	"jari.example/kibana/dashboards"
)

func get(t *testing.T, s *Server, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

func TestPagesReportAnUnreachableOpenSearch(t *testing.T) {
	boards, err := board.Load(dashboards.Sources)
	if err != nil {
		t.Fatal(err)
	}
	source, err := Open("http://127.0.0.1:1", "")
	if err != nil {
		t.Fatal(err)
	}
	s := New(boards, source)
	for name, c := range map[string]struct {
		path   string
		status int
		want   string
	}{
		"the list":                       {"/", 200, `<a href="/dashboards/bookings-right-now">Bookings right now</a>`},
		"a dashboard with failed panels": {"/dashboards/bookings-right-now", 200, "This panel could not be read"},
		"an unknown dashboard":           {"/dashboards/none", 404, "no dashboard"},
		"an invalid time":                {"/dashboards/bookings-right-now?from=yesterday", 400, "is not a time"},
		"a reversed time range":          {"/dashboards/bookings-right-now?from=now&to=now-1h", 400, "before"},
		"a trace":                        {"/traces/" + strings.Repeat("a", 32), 502, "cannot be read"},
		"an invalid trace id":            {"/traces/abc", 404, "32 hex digits"},
		"a trace id from the form":       {"/traces/?id=" + strings.Repeat("A", 32), 303, strings.Repeat("a", 32)},
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := get(t, s, c.path); status != c.status || !strings.Contains(body, c.want) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

func TestParseTimeReadsTheFormatsOfLinks(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"now": now, "now-15m": now.Add(-15 * time.Minute), "now-2d": now.AddDate(0, 0, -2),
		"2026-11-22T09:00:00Z": now.Add(-time.Hour), "1795341600000": time.UnixMilli(1795341600000),
	} {
		if got, err := parseTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
}

func TestAChartDrawsEveryValueAndEscapesText(t *testing.T) {
	from := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	rows := board.Table{Columns: []string{"time", "2xx", "5xx"}, Rows: [][]any{{from, 3.0, 1.0}, {from.Add(time.Minute), 0.0, 2.0}}}
	p := &board.Panel{Title: `<b>"`, Type: board.Bars, Every: "1m"}
	svg := string(chart(p, rows, from, from.Add(10*time.Minute)))
	if strings.Count(svg, "<rect") != 3 || strings.Contains(svg, "<b>") || !strings.Contains(svg, ">4</div>") {
		t.Error(svg)
	}
	for _, want := range []string{
		"<span>" + from.Local().Format("15:04") + "</span>", "<span>" + from.Add(10*time.Minute).Local().Format("15:04") + "</span>",
		`<path class="s2xx" d="M0 0H10V10H0"/></svg> 2xx`,
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("%s is not in %s", want, svg)
		}
	}
	p.Type = board.Percentiles
	if svg := string(chart(p, rows, from, from.Add(10*time.Minute))); strings.Count(svg, `<polyline class="l1"`) != 2 {
		t.Error(svg)
	}
	rows.Rows = rows.Rows[:1]
	if svg := string(chart(p, rows, from, from.Add(10*time.Minute))); !strings.Contains(svg, `points="30.0,0.0 30.0,0.0"`) {
		t.Errorf("a line of one point is invisible: %s", svg)
	}
}
