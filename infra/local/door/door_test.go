package door_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jari.example/infra/local/door"
)

func get(t *testing.T, s *door.Server, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

func TestThePageLinksToolsAndRunbooks(t *testing.T) {
	dir := t.TempDir()
	text := "# Booking availability\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```sh\nmake status\n```\n\n" +
		"<script>alert(1)</script>\n\n[x](javascript:alert(2)) [next](other.md)\n"
	if err := os.WriteFile(filepath.Join(dir, "booking-availability.md"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	links := []door.Link{{Name: "slack", URL: "http://127.0.0.1:8091", What: "Slack"}, {Name: "preview", What: "Dashboards"}}
	s := door.New(links, dir)

	_, body := get(t, s, "/")
	linked := strings.Contains(body, `href="http://127.0.0.1:8091"`) && strings.Contains(body, `href="/runbooks/booking-availability"`)
	if !linked || strings.Contains(body, "Dashboards") {
		t.Errorf("the page is %s", body)
	}
	for _, path := range []string{"/runbooks/booking-availability", "/runbooks/booking-availability.md"} {
		status, body := get(t, s, path)
		if status != 200 || !strings.Contains(body, "<table>") || !strings.Contains(body, `<code class="language-sh">make status`) {
			t.Errorf("%s: %d %s", path, status, body)
		}
		if strings.Contains(body, "<script>") || strings.Contains(body, "javascript:") {
			t.Errorf("raw HTML or a script link is not removed: %s", body)
		}
	}
	for _, path := range []string{"/runbooks/none", "/runbooks/..%2fdoor_test.go", "/runbooks/%2e%2e"} {
		if status, _ := get(t, s, path); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
}

func TestReferencesToStepsAndMitigationsAreLinks(t *testing.T) {
	dir := t.TempDir()
	text := "# Bookings\n\n## Diagnosis\n\n### Step 1: Is it?\n\nSee mitigation 1, steps 1 and 2 or step 9.\n" +
		"Step 1 of [next](next.md), `step 1`.\n\n### Step 2: Was it step 1?\n\n## Mitigation\n\n### Mitigation 1: Wait\n\nAs step\n2 says.\n"
	if err := os.WriteFile(filepath.Join(dir, "bookings.md"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	_, body := get(t, door.New(nil, dir), "/runbooks/bookings")
	for _, want := range []string{
		`See <a href="#mitigation-1-wait">mitigation 1</a>, `,
		`steps <a href="#step-1-is-it">1</a> and <a href="#step-2-was-it-step-1">2</a> or step 9.`,
		`Step 1 of <a href="next.md">next</a>, <code>step 1</code>.`, `>Step 2: Was it step 1?</h3>`,
		"<a href=\"#step-2-was-it-step-1\">step\n2</a> says",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not in %s", want, body)
		}
	}
}
