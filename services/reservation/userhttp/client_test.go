package userhttp_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jari.example/internal/fault"
	"jari.example/services/reservation/userhttp"
)

var kim = uuid.MustParse("0190a000-0000-7000-8000-000000000001")

// answering plays the user service; asked gets how many ids came each time.
func answering(t *testing.T, status int, body string) (c userhttp.Client, asked *[]int) {
	t.Helper()
	asked = new([]int)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct{ IDs []uuid.UUID }
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || r.Method != http.MethodPost || r.URL.Path != "/internal/users/lookup" {
			t.Errorf("asked %s %s: %v", r.Method, r.URL.Path, err)
		}
		*asked = append(*asked, len(q.IDs))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return userhttp.New(s.URL, http.DefaultClient), asked
}

func found(t *testing.T) string {
	t.Helper()
	body, err := os.ReadFile("../../user/testdata/http/lookup_200.json") // written by the user service's own test
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestNames(t *testing.T) {
	c, asked := answering(t, http.StatusOK, found(t))
	names, err := c.Names(t.Context(), []uuid.UUID{kim, uuid.New()})
	if err != nil || len(names) != 1 || names[kim].Name.Reveal() != "김민지" || names[kim].Phone.Reveal() != "01012345678" {
		t.Errorf("got %+v, %v", names, err)
	}
	if len(*asked) != 1 || (*asked)[0] != 2 {
		t.Errorf("asked for %v", *asked)
	}
	if shown := fmt.Sprintf("%v %+v %#v", names, names, names); strings.Contains(shown, "김민지") || strings.Contains(shown, "0101") {
		t.Errorf("names print as %s", shown)
	}
}

func TestNobodyIsNotAskedForAndManyInTurns(t *testing.T) {
	c, asked := answering(t, http.StatusOK, `{"items":[]}`)
	for _, n := range []int{0, 450} {
		if _, err := c.Names(t.Context(), make([]uuid.UUID, n)); err != nil {
			t.Error(err)
		}
	}
	if fmt.Sprint(*asked) != "[200 200 50]" {
		t.Errorf("asked for %v", *asked)
	}
}

func TestFailuresKeepTheirClass(t *testing.T) {
	for status, want := range map[int]fault.Code{http.StatusServiceUnavailable: fault.Unavailable, http.StatusGatewayTimeout: fault.Timeout} {
		c, _ := answering(t, status, "")
		if _, err := c.Names(t.Context(), []uuid.UUID{kim}); fault.CodeOf(err) != want {
			t.Errorf("%d is %v, want %q", status, err, want)
		}
	}
}
