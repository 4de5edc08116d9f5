package reservation_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"jari.example/internal/secret"
	"jari.example/services/reservation"
	"jari.example/services/reservation/app"
)

func TestNotesAreNeverPrinted(t *testing.T) {
	const text = "nut allergy"
	note := secret.New(text)
	r := reservation.Reservation{Note: note}
	for _, v := range []any{
		app.BookRequest{Note: note}, reservation.Booking{Note: note}, r, reservation.Outcome{Reservation: r},
		app.ListResponse{Items: []reservation.Reservation{r}}, reservation.Event{Reservation: r},
	} {
		encoded, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if printed := fmt.Sprintf("%v %+v %#v %s", v, v, v, encoded); strings.Contains(printed, text) {
			t.Errorf("%T prints its note: %s", v, printed)
		}
	}
}
