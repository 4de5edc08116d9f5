package userhttp_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"jari.example/internal/fault"
	"jari.example/services/gateway"
	"jari.example/services/gateway/userhttp"
	"jari.example/services/internal/httpjson"
	"jari.example/telemetry"
)

// The responses are the golden files of the user service's test.
func TestDecodesTheUserServicesResponses(t *testing.T) {
	mux := http.NewServeMux()
	for pattern, file := range map[string]string{"POST /internal/credentials/verify": "verify_200",
		"GET /internal/users/{id}": "find_200"} {
		golden, err := os.ReadFile("../../user/testdata/http/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.PathValue("id") == "gone" {
				httpjson.WriteProblem(w, r, fault.New(fault.NotFound, "user_not_found", "Gone."))
				return
			}
			_, _ = w.Write(golden)
		})
	}
	srv := httptest.NewServer(mux)
	defer srv.Close()
	users := userhttp.New(srv.URL, telemetry.Client("user", time.Second))
	verified, err := users.Verify(t.Context(), gateway.Credentials{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := users.Account(t.Context(), verified.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []gateway.Account{verified, found} {
		if a.ID == "" || a.Role != "owner" || len(a.Own) != 1 || a.Own[0] != "mosu" || a.Name.Reveal() != "김민지" || a.Locale != "ko" {
			t.Errorf("got %+v", a)
		}
	}
	if _, err := users.Account(t.Context(), "gone"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("got %v", err)
	}
	srv.Close()
	if _, err := users.Verify(t.Context(), gateway.Credentials{}); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
}
