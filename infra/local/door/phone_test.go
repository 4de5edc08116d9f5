package door_test

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"jari.example/infra/local/door"
	"jari.example/internal/page/pagetest"
)

func TestTheOperatorPageAndEveryRunbookFitAPhone(t *testing.T) {
	runbooks := "../../../runbooks"
	long := door.Link{Name: "page", URL: "http://127.0.0.1:8080/" + strings.Repeat("long", 40), What: "The page"}
	srv := httptest.NewServer(door.New([]door.Link{long}, runbooks))
	defer srv.Close()
	paths := []string{"/", "/runbooks/none"}
	files, err := filepath.Glob(filepath.Join(runbooks, "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no runbooks in %s (%v)", runbooks, err)
	}
	for _, f := range files {
		paths = append(paths, "/runbooks/"+filepath.Base(f))
	}
	tab := pagetest.Phone(t)
	for _, path := range paths {
		tab.Open(srv.URL + path)
		if width, _ := tab.Size(); width > 390 {
			t.Errorf("%s is %d pixels wide", path, width)
		}
	}
	if blocked := tab.Blocked(); len(blocked) > 0 {
		t.Errorf("the pages' own policy blocks them: %v", blocked)
	}
}
