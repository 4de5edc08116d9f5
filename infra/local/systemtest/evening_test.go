package systemtest

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/telemetry/names/realpart"
)

// visitor signs somebody up and logs them in.
func (d *day) visitor(name string) told {
	d.Helper()
	account := object{"email": name + "@example.com", "password": "a long enough password", "name": "Answers", "phone": "+82 10-1234-5678"}
	d.does(ask{op: "signUp", status: 201, body: account})
	return d.does(ask{op: "logIn", status: 201, body: object{"email": account["email"], "password": account["password"]}})
}

// seating is a time with room.
type seating struct {
	id, date string // date as the restaurant's calendar shows it
	left     int
}

// lastTime is the restaurant's last time of two weeks that has more than three
// covers left; its answers come with an ETag that saves asking again.
func (d *day) lastTime(restaurant string) (last seating) {
	d.Helper()
	now := time.Now().UTC()
	fortnight := url.Values{"from": {now.Format(time.RFC3339)}, "to": {now.AddDate(0, 0, 14).Format(time.RFC3339)}}
	answer := d.does(ask{op: "getAvailability", status: 200, id: restaurant, query: fortnight})
	d.does(ask{op: "getAvailability", status: 304, id: restaurant, query: fortnight, none: answer.header.Get("ETag")})
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		d.Fatal(err)
	}
	for _, item := range answer.items() {
		free := item.(object)
		start, err := time.Parse(time.RFC3339, free["start"].(string))
		if err != nil {
			d.Fatal(err)
		}
		if left := int(free["available"].(float64)); left > 3 && free["opens_at"] == nil {
			last = seating{free["slot_id"].(string), start.In(seoul).Format(time.DateOnly), left}
		}
	}
	if last.id == "" {
		d.Fatalf("%s has no free time in two weeks", restaurant)
	}
	that := url.Values{"restaurant_id": {restaurant, "no-such-place"}, "date": {last.date}, "party": {"2"}}
	several := d.does(ask{op: "getAvailabilities", status: 200, query: that})
	d.does(ask{op: "getAvailabilities", status: 304, query: that, none: several.header.Get("ETag")})
	if items := several.items(); len(items) != 2 || items[0].(object)["restaurant_id"] != restaurant || len(items[0].(object)["times"].([]any)) == 0 {
		d.Errorf("two restaurants' times are %v", items)
	}
	return last
}

// waits goes through the line of a time that the diner's booking fills: the
// booking shrinks cover by cover, which makes each offer.
func (d *day) waits(mark string, at seating, booking, diner string) {
	d.Helper()
	joining := object{"slot_id": at.id, "party": 1}
	version := ""
	shrink := func(party int) {
		changed := d.does(ask{op: "changeReservation", status: 200, id: booking, token: diner, match: version, body: object{"party": party}})
		version = changed.header.Get("ETag")
	}
	first, second := d.visitor(mark+"-first").token(), d.visitor(mark+"-second").token()
	entry := d.does(ask{op: "joinWaitlist", status: 201, token: first, key: mark, body: joining}).body
	if entry["status"] != "waiting" || entry["position"] != 1. {
		d.Errorf("whoever joins an empty line gets %v", entry)
	}
	left := d.does(ask{op: "joinWaitlist", status: 201, token: second, key: mark, body: joining}).body
	if left["position"] != 2. {
		d.Errorf("the second in line gets %v", left)
	}
	for range 2 {
		d.does(ask{op: "leaveWaitlist", status: 204, id: left["id"].(string), token: second})
	}
	again := d.does(ask{op: "joinWaitlist", status: 201, token: second, key: mark + "-again", body: joining}).body

	shrink(at.left - 1)
	offer := d.does(ask{op: "listWaitlist", status: 200, token: first}).items()
	if len(offer) != 1 || offer[0].(object)["status"] != "offered" || offer[0].(object)["offer_ends_at"] == nil {
		d.Fatalf("a cover became free, and the first in line has %v", offer)
	}
	if got := d.does(ask{op: "acceptOffer", status: 200, id: entry["id"].(string), token: first, key: mark}); got.body["status"] != "confirmed" {
		d.Errorf("an accepted offer is %v", got.body)
	}
	shrink(at.left - 2)
	if got := d.does(ask{op: "declineOffer", status: 200, id: again["id"].(string), token: second, key: mark}); got.body["status"] != "declined" {
		d.Errorf("a declined offer is %v", got.body)
	}
}

// hosts goes through the owner's evening on the day of at, and closes that day.
func (d *day) hosts(mark, restaurant string, at seating, owner string) {
	d.Helper()
	enter := func(name string, party int) string {
		in := d.does(ask{op: "enterGuest", status: 201, id: restaurant, token: owner, key: mark + name, body: object{
			"slot_id": at.id, "party": party, "name": name, "phone": "010-1234-5678", "note": "by phone",
		}})
		return in.body["id"].(string)
	}
	come, stay := enter("Come", 1), enter("Stay", 2)
	begin(d.T, at.id) // nobody waits two weeks for it
	if got := d.does(ask{op: "seatGuest", status: 200, id: come, token: owner, key: mark}); got.body["status"] != "seated" {
		d.Errorf("a party that was seated is %v", got.body)
	}
	if got := d.does(ask{op: "markNoShow", status: 200, id: stay, token: owner, key: mark}); got.body["status"] != "no_show" {
		d.Errorf("a party that did not come is %v", got.body)
	}
	today := time.Now().Add(-10 * time.Minute).In(time.FixedZone("KST", 9*60*60)).Format(time.DateOnly)
	guests := map[any]object{}
	for _, g := range d.does(ask{op: "listGuests", status: 200, id: restaurant, token: owner, query: url.Values{"date": {today}, "limit": {"50"}}}).items() {
		guests[g.(object)["id"]] = g.(object)
	}
	if g := guests[come]; g["name"] != "Come" || g["source"] != "owner" || g["phone"] == nil {
		d.Errorf("the owner's list shows %v", g)
	}
	for _, g := range guests {
		if g["source"] == "diner" && g["slot_id"] == at.id && (g["name"] != "Answers" || g["phone"] != "+821012345678") {
			d.Errorf("the owner's list shows a diner as %v", g)
		}
	}
	if len(guests) < 4 {
		d.Errorf("the owner's list has %d guests", len(guests))
	}
	for range 2 {
		d.does(ask{op: "closeDay", status: 201, id: restaurant, token: owner, body: object{"date": at.date, "reason": "a burst pipe"}})
		d.does(ask{op: "reopenDay", status: 204, id: restaurant, date: at.date, token: owner})
	}
}

// begin makes a slot and its reservations ones that started ten minutes ago.
func begin(t *testing.T, slot string) {
	t.Helper()
	config, err := pgx.ParseConfig(realpart.Need(t, realpart.Postgres))
	if err != nil {
		t.Fatal(err)
	}
	config.Database = "jari_reservation_kr"
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for table, id := range map[string]string{"slots": "id", "reservations": "slot_id"} {
		const earlier = "starts_at - date_trunc('minute', now()) + interval '10 minutes'"
		if _, err := conn.Exec(t.Context(), fmt.Sprintf("UPDATE %s SET starts_at = starts_at - (%s), ends_at = ends_at - (%[2]s), cancel_until = cancel_until - (%[2]s) WHERE %[3]s = $1::bigint", table, earlier, id), slot); err != nil {
			t.Fatal(err)
		}
	}
}
