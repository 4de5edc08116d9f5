package page_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"jari.example/internal/page"
	"jari.example/internal/page/pagetest"
)

func TestAPageEscapesItsData(t *testing.T) {
	w := httptest.NewRecorder()
	page.New(`<p>{{.}}</p>`, nil).Write(w, 404, page.View{Title: "<b>", Live: 3, Data: "<script>"})
	body := w.Body.String()
	escaped := strings.Contains(body, "<p>&lt;script&gt;</p>") && !strings.Contains(body, "<title><b>")
	if w.Code != 404 || !escaped || !strings.Contains(body, `data-seconds="3"`) {
		t.Errorf("%d %s", w.Code, body)
	}
}

func TestNoPageReloadsItself(t *testing.T) {
	for _, seconds := range []int{0, 3} {
		w := httptest.NewRecorder()
		page.New(``, nil).Write(w, 200, page.View{Live: seconds})
		if strings.Contains(w.Body.String(), "http-equiv") {
			t.Errorf("it has a meta refresh:\n%s", w.Body)
		}
		if strings.Contains(w.Body.String(), `<a class="button" href="">Refresh</a>`) != (seconds > 0) {
			t.Errorf("without scripts a page that changes needs a link to refresh it:\n%s", w.Body)
		}
	}
}

func TestEveryResponseHasStrictHeaders(t *testing.T) {
	h := page.Handler(http.NotFoundHandler())
	for path, status := range map[string]int{
		"/": 404, "/assets/style.css": 200, "/assets/live.js": 200, "/assets/": 404, "/assets/page.go": 404, "/?q=50%": 400,
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		policy := w.Header().Get("Content-Security-Policy")
		if w.Code != status || w.Header().Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") ||
			strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
}

func TestAQueryThatCannotBeReadIsNotAnsweredAsAnother(t *testing.T) {
	h := page.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for query, status := range map[string]int{"to=50%": 400, "to=a;page=2": 400, "to=50%25&page=2": 200, "": 200} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/?"+query, nil))
		if w.Code != status {
			t.Errorf("%q: %d %s, want %d", query, w.Code, w.Body, status)
		}
	}
}

// feed is a page with a list, newest first, to which add adds an entry.
func feed(t *testing.T) (url string, add func(), fetched *atomic.Int64) {
	var entries atomic.Int64
	fetched = &atomic.Int64{}
	p := page.New(`<ul>{{range .}}<li id="e{{.}}">entry {{.}} <input value="old">
		<details><summary>more</summary>{{.}}</details></li>{{end}}</ul>`, nil)
	entries.Store(40)
	srv := httptest.NewServer(page.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var list []int64
		for i := entries.Load(); i > 0; i-- {
			list = append(list, i)
		}
		p.Write(w, 200, page.View{Title: "Feed", Live: 1, Data: list})
		fetched.Add(1)
	})))
	t.Cleanup(srv.Close)
	return srv.URL, func() { entries.Add(1) }, fetched
}

const until = `new Promise((done) => { const look = () => (%s) ? done(true) : setTimeout(look, 20); look() })`

func TestALivePageShowsWhatIsNewAndKeepsWhatTheReaderDoes(t *testing.T) {
	tab := pagetest.Phone(t)
	url, add, _ := feed(t)
	tab.Open(url)
	tab.Eval(`(() => {
		const input = document.querySelector('#e20 input')
		input.focus(); input.value = 'typed'
		document.querySelector('#e20 details').open = true
		scrollTo(0, 500)
		return true })()`, nil)
	add()
	tab.Eval(fmt.Sprintf(until, `document.getElementById('e41')`), nil)
	var kept struct {
		Typed, First  string
		Focus, Opened bool
		Y             float64
	}
	tab.Eval(`(() => { const input = document.querySelector('#e20 input'); return {
		typed: input.value, focus: document.activeElement === input, opened: document.querySelector('#e20 details').open,
		first: document.querySelector('li').id, y: scrollY } })()`, &kept)
	if kept.Typed != "typed" || !kept.Focus || !kept.Opened || kept.First != "e41" || kept.Y < 400 {
		t.Errorf("after the update: %+v", kept)
	}
	if blocked := tab.Blocked(); len(blocked) > 0 {
		t.Errorf("the page's own policy blocks it: %v", blocked)
	}
}

func TestALivePageCanBePausedAndResumed(t *testing.T) {
	tab := pagetest.Phone(t)
	url, add, fetched := feed(t)
	tab.Open(url)
	tab.Eval(`update()`, nil) // and with it any update that is on its way
	var label string
	press := `(() => { const b = document.querySelector('#live button'); b.click(); return b.textContent })()`
	if tab.Eval(press, &label); label != "Resume updates" {
		t.Errorf("paused, the button says %q", label)
	}
	add()
	// the script's own function, so that the test need not wait to see nothing happen
	before := fetched.Load()
	var shown bool
	tab.Eval(`update().then(() => !!document.getElementById('e41'))`, &shown)
	if shown || fetched.Load() != before {
		t.Errorf("a paused page was updated: %v, fetched %d times", shown, fetched.Load()-before)
	}
	if tab.Eval(press, &label); label != "Pause updates" {
		t.Errorf("resumed, the button says %q", label)
	}
	tab.Eval(fmt.Sprintf(until, `document.getElementById('e41')`), nil)
}
