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

// fakeUsers is a user service that sends the same response each time; requested
// gets the number of ids of each request.
func fakeUsers(t *testing.T, status int, response string) (c userhttp.Client, requested *[]int) {
	t.Helper()
	requested = new([]int)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ IDs []uuid.UUID }
		err := json.NewDecoder(r.Body).Decode(&body)
		if err != nil || r.Method != http.MethodPost || r.URL.Path != "/internal/users/lookup" {
			t.Errorf("got the request %s %s, %v", r.Method, r.URL.Path, err)
		}
		*requested = append(*requested, len(body.IDs))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(response))
	}))
	t.Cleanup(s.Close)
	return userhttp.New(s.URL, http.DefaultClient), requested
}

func lookupResponse(t *testing.T) string {
	t.Helper()
	body, err := os.ReadFile("../../user/testdata/http/lookup_200.json") // written by the user service's own test
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestReadsNamesAndHidesThemInLogs(t *testing.T) {
	c, requested := fakeUsers(t, http.StatusOK, lookupResponse(t))
	names, err := c.Names(t.Context(), []uuid.UUID{kim, uuid.New()})
	if err != nil || len(names) != 1 || names[kim].Name.Reveal() != "김민지" || names[kim].Phone.Reveal() != "01012345678" {
		t.Errorf("got %+v, %v", names, err)
	}
	if len(*requested) != 1 || (*requested)[0] != 2 {
		t.Errorf("requested %v ids", *requested)
	}
	if shown := fmt.Sprintf("%v %+v %#v", names, names, names); strings.Contains(shown, "김민지") || strings.Contains(shown, "0101") {
		t.Errorf("names print as %s", shown)
	}
}

func TestSendsNoRequestForNoIDsAndSeveralForMany(t *testing.T) {
	c, requested := fakeUsers(t, http.StatusOK, `{"items":[]}`)
	for _, n := range []int{0, 450} {
		if _, err := c.Names(t.Context(), make([]uuid.UUID, n)); err != nil {
			t.Error(err)
		}
	}
	if fmt.Sprint(*requested) != "[200 200 50]" {
		t.Errorf("requested %v ids", *requested)
	}
}

func TestMapsFailuresToFaultCodes(t *testing.T) {
	for status, want := range map[int]fault.Code{
		http.StatusServiceUnavailable: fault.Unavailable,
		http.StatusGatewayTimeout:     fault.Timeout,
	} {
		c, _ := fakeUsers(t, status, "")
		if _, err := c.Names(t.Context(), []uuid.UUID{kim}); fault.CodeOf(err) != want {
			t.Errorf("%d is %v, want %q", status, err, want)
		}
	}
}
