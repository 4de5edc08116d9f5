package searchhttp_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"jari.example/internal/fault"
	"jari.example/services/internal/httpjson"
	"jari.example/services/notification"
	"jari.example/services/notification/searchhttp"
)

// golden serves a golden file of the search service's test.
func golden(t *testing.T, status int, name string) searchhttp.Client {
	t.Helper()
	body, err := os.ReadFile("../../search/testdata/http/" + name)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/restaurants/bapsang" {
			t.Errorf("requested %s", r.URL.Path)
		}
		if status >= 400 {
			w.Header().Set("Content-Type", httpjson.ProblemType)
		}
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	t.Cleanup(s.Close)
	return searchhttp.New(s.URL, http.DefaultClient)
}

func TestRestaurant(t *testing.T) {
	got, err := golden(t, http.StatusOK, "restaurant.json").Restaurant(t.Context(), "bapsang")
	if want := (notification.Restaurant{Ko: "밥상 한식당", En: "Bapsang", Address: "1 Teheran-ro"}); err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestAnUnknownRestaurantIsNotFound(t *testing.T) {
	_, err := golden(t, http.StatusNotFound, "restaurant_not_found.json").Restaurant(t.Context(), "bapsang")
	if fault.CodeOf(err) != fault.NotFound || fault.ReasonOf(err) != "restaurant_not_found" {
		t.Errorf("got %v", err)
	}
}

func TestARefusedConnectionIsUnavailable(t *testing.T) {
	_, err := searchhttp.New("http://127.0.0.1:1", http.DefaultClient).Restaurant(t.Context(), "bapsang")
	if fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v", err)
	}
}
