package userhttp_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/notification/userhttp"
)

const id = "01900000-0000-7000-8000-000000000001"

func serving(t *testing.T, status int, body string) userhttp.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/internal/users/"+id {
			t.Errorf("requested %s %s", r.Method, r.URL.Path)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return userhttp.New(s.URL, http.DefaultClient)
}

func TestUser(t *testing.T) {
	body, err := os.ReadFile("../../user/testdata/http/find_200.json") // a golden file of the user service's test
	if err != nil {
		t.Fatal(err)
	}
	u, err := serving(t, http.StatusOK, string(body)).User(t.Context(), uuid.MustParse(id))
	if err != nil || u.Email.Reveal() != "kim@example.com" || u.Name.Reveal() != "김민지" || u.Locale != "ko" {
		t.Errorf("got %+v, %v", u, err)
	}
	if shown := fmt.Sprintf("%v %+v %#v", u, u, u); strings.Contains(shown, "kim@") || strings.Contains(shown, "김민지") {
		t.Errorf("a user prints as %s", shown)
	}
}

func TestFailuresKeepTheirCode(t *testing.T) {
	for status, want := range map[int]fault.Code{http.StatusNotFound: fault.NotFound, http.StatusServiceUnavailable: fault.Unavailable} {
		if _, err := serving(t, status, "").User(t.Context(), uuid.MustParse(id)); fault.CodeOf(err) != want {
			t.Errorf("%d is %v, want %q", status, err, want)
		}
	}
}
