package crowd

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"jari.example/infra/local/parts"
	"jari.example/internal/postgres/postgrestest"
)

func TestInsistEndsWithAReservationOrARefusal(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []int // of the answers, in order
		presses  int
		booked   bool
		problem  string
	}{
		"at once":                      {[]int{201}, 1, true, ""},
		"after failures and a refusal": {[]int{503, 429, 201}, 3, true, ""},
		"no seat":                      {[]int{503, 409}, 2, false, ""},
		"a bad request":                {[]int{400}, 1, false, "status 400"},
		"no session":                   {[]int{401}, 1, false, "status 401"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var keys []string
			edge := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				keys = append(keys, r.Header.Get("Idempotency-Key"))
				if len(keys) > len(c.statuses) {
					t.Error("pressed after the answer")
					w.WriteHeader(http.StatusConflict)
					return
				}
				w.Header().Set("Idempotency-Replayed", "true")
				w.WriteHeader(c.statuses[len(keys)-1])
				_, _ = w.Write([]byte(`{"id":"r"}`))
			}))
			defer edge.Close()
			crowd := &Crowd{edge: edge.URL, client: edge.Client(), booked: map[string]string{}}
			var i Insistent
			err := crowd.Insist(t.Context(), &i, "1")
			if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
				t.Errorf("%v, want %q", err, c.problem)
			}
			if i.Presses != c.presses || (i.Booked == "r") != c.booked || i.Replayed != c.booked {
				t.Errorf("%+v", i)
			}
			for _, key := range keys {
				if key == "" || key != keys[0] {
					t.Errorf("the keys are %q", keys)
				}
			}
		})
	}
}

func TestWhoInsistsHasTheReservationToldAndNoOther(t *testing.T) {
	r := newRegion(t)
	db, err := r.system.Connect(t.Context(), parts.ReservationDatabase(r.label))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(t.Context())
	postgrestest.Exec(t, r.reservations, consistent)
	var diner string
	if err := db.QueryRow(t.Context(), "SELECT diner_id::text FROM reservations WHERE id = $1", kept).Scan(&diner); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		insistent Insistent
		wrong     bool
	}{
		"told of it":            {Insistent{ID: diner, Booked: kept}, false},
		"told of another":       {Insistent{ID: diner, Booked: unsure}, true},
		"refused, and has one":  {Insistent{ID: diner}, true},
		"refused, and has none": {Insistent{ID: stranger}, false},
		"told, and has none":    {Insistent{ID: stranger, Booked: kept}, true},
	} {
		problems, err := CheckInsistents(t.Context(), db, []*Insistent{&c.insistent})
		if err != nil || (len(problems) > 0) != c.wrong {
			t.Errorf("%s: %q, %v", name, problems, err)
		}
	}
	postgrestest.Exec(t, r.reservations, "UPDATE reservations SET diner_id = '"+diner+"' WHERE id = '"+givenUp+"'")
	if problems, err := CheckInsistents(t.Context(), db, []*Insistent{{ID: diner, Booked: kept}}); err != nil || len(problems) == 0 {
		t.Errorf("two reservations: %q, %v", problems, err)
	}
}
