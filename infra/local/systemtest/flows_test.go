package systemtest

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/telemetry/names/realpart"
)

// newDiner signs a diner up and logs in.
func (sc *scenario) newDiner(name string) result {
	sc.Helper()
	account := object{"email": name + "@example.com", "password": "a long enough password", "name": "Responses", "phone": "+82 10-1234-5678"}
	sc.call(apiCall{op: "signUp", status: 201, body: account})
	return sc.call(apiCall{op: "logIn", status: 201, body: object{"email": account["email"], "password": account["password"]}})
}

// slot is a slot with free covers.
type slot struct {
	id, date string // date in the restaurant's time zone
	left     int
}

// lastSlot is the restaurant's last slot within two weeks that has more than three
// covers left. It also checks that a request with the ETag returns 304.
func (sc *scenario) lastSlot(restaurant string) (last slot) {
	sc.Helper()
	now := time.Now().UTC()
	fortnight := url.Values{"from": {now.Format(time.RFC3339)}, "to": {now.AddDate(0, 0, 14).Format(time.RFC3339)}}
	availability := sc.call(apiCall{op: "getAvailability", status: 200, id: restaurant, query: fortnight})
	sc.call(apiCall{op: "getAvailability", status: 304, id: restaurant, query: fortnight, noneMatch: availability.header.Get("ETag")})
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		sc.Fatal(err)
	}
	for _, item := range availability.items() {
		free := item.(object)
		start, err := time.Parse(time.RFC3339, free["start"].(string))
		if err != nil {
			sc.Fatal(err)
		}
		if left := int(free["available"].(float64)); left > 3 && free["opens_at"] == nil {
			last = slot{free["slot_id"].(string), start.In(seoul).Format(time.DateOnly), left}
		}
	}
	if last.id == "" {
		sc.Fatalf("%s has no free slot within two weeks", restaurant)
	}
	that := url.Values{"restaurant_id": {restaurant, "no-such-place"}, "date": {last.date}, "party": {"2"}}
	several := sc.call(apiCall{op: "getAvailabilities", status: 200, query: that})
	sc.call(apiCall{op: "getAvailabilities", status: 304, query: that, noneMatch: several.header.Get("ETag")})
	items := several.items()
	if len(items) != 2 || items[0].(object)["restaurant_id"] != restaurant || len(items[0].(object)["times"].([]any)) == 0 {
		sc.Errorf("the availability of two restaurants is %v", items)
	}
	return last
}

// waitlistFlow tests the waitlist of a slot that the diner's booking fills. The
// booking is reduced cover by cover; each free cover becomes an offer.
func (sc *scenario) waitlistFlow(runID string, at slot, booking, diner string) {
	sc.Helper()
	joining := object{"slot_id": at.id, "party": 1}
	version := ""
	shrink := func(party int) {
		changed := sc.call(apiCall{op: "changeReservation", status: 200, id: booking, token: diner, match: version,
			body: object{"party": party}})
		version = changed.header.Get("ETag")
	}
	first, second := sc.newDiner(runID+"-first").token(), sc.newDiner(runID+"-second").token()
	entry := sc.call(apiCall{op: "joinWaitlist", status: 201, token: first, key: runID, body: joining}).body
	if entry["status"] != "waiting" || entry["position"] != 1. {
		sc.Errorf("the first waitlist entry is %v", entry)
	}
	left := sc.call(apiCall{op: "joinWaitlist", status: 201, token: second, key: runID, body: joining}).body
	if left["position"] != 2. {
		sc.Errorf("the second waitlist entry is %v", left)
	}
	for range 2 {
		sc.call(apiCall{op: "leaveWaitlist", status: 204, id: left["id"].(string), token: second})
	}
	again := sc.call(apiCall{op: "joinWaitlist", status: 201, token: second, key: runID + "-again", body: joining}).body

	shrink(at.left - 1)
	offer := sc.call(apiCall{op: "listWaitlist", status: 200, token: first}).items()
	if len(offer) != 1 || offer[0].(object)["status"] != "offered" || offer[0].(object)["offer_ends_at"] == nil {
		sc.Fatalf("a cover is free, but the first waitlist entry is %v", offer)
	}
	accepted := sc.call(apiCall{op: "acceptOffer", status: 200, id: entry["id"].(string), token: first, key: runID}).body
	if accepted["status"] != "confirmed" {
		sc.Errorf("an accepted offer is %v", accepted)
	}
	shrink(at.left - 2)
	declined := sc.call(apiCall{op: "declineOffer", status: 200, id: again["id"].(string), token: second, key: runID}).body
	if declined["status"] != "declined" {
		sc.Errorf("a declined offer is %v", declined)
	}
}

// ownerFlow tests the owner's operations on the day of at, and closes that day.
func (sc *scenario) ownerFlow(runID, restaurant string, at slot, owner string) {
	sc.Helper()
	enter := func(name string, party int) string {
		in := sc.call(apiCall{op: "enterGuest", status: 201, id: restaurant, token: owner, key: runID + name, body: object{
			"slot_id": at.id, "party": party, "name": name, "phone": "010-1234-5678", "note": "by phone",
		}})
		return in.body["id"].(string)
	}
	come, stay := enter("Come", 1), enter("Stay", 2)
	startSlotNow(sc.T, at.id) // the slot is two weeks ahead
	if got := sc.call(apiCall{op: "seatGuest", status: 200, id: come, token: owner, key: runID}); got.body["status"] != "seated" {
		sc.Errorf("the seated party is %v", got.body)
	}
	if got := sc.call(apiCall{op: "markNoShow", status: 200, id: stay, token: owner, key: runID}); got.body["status"] != "no_show" {
		sc.Errorf("the no-show is %v", got.body)
	}
	if got := sc.call(apiCall{op: "undoNoShow", status: 200, id: stay, token: owner, key: runID}); got.body["status"] != "confirmed" {
		sc.Errorf("the no-show that was undone is %v", got.body)
	}
	today := time.Now().Add(-10 * time.Minute).In(time.FixedZone("KST", 9*60*60)).Format(time.DateOnly)
	guests := map[any]object{}
	list := sc.call(apiCall{op: "listGuests", status: 200, id: restaurant, token: owner,
		query: url.Values{"date": {today}, "limit": {"50"}}})
	for _, g := range list.items() {
		guests[g.(object)["id"]] = g.(object)
	}
	if g := guests[come]; g["name"] != "Come" || g["source"] != "owner" || g["phone"] == nil {
		sc.Errorf("the owner's list has %v", g)
	}
	for _, g := range guests {
		if g["source"] == "diner" && g["slot_id"] == at.id && (g["name"] != "Responses" || g["phone"] != "+821012345678") {
			sc.Errorf("the owner's list has the diner as %v", g)
		}
	}
	if len(guests) < 4 {
		sc.Errorf("the owner's list has %d guests", len(guests))
	}
	for range 2 {
		sc.call(apiCall{op: "closeDay", status: 201, id: restaurant, token: owner, body: object{"date": at.date, "reason": "a burst pipe"}})
		sc.call(apiCall{op: "reopenDay", status: 204, id: restaurant, date: at.date, token: owner})
	}
}

// startSlotNow moves a slot and its reservations so that they started ten minutes
// ago.
func startSlotNow(t *testing.T, slot string) {
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
		update := fmt.Sprintf("UPDATE %s SET starts_at = starts_at - (%s), ends_at = ends_at - (%[2]s), "+
			"cancel_until = cancel_until - (%[2]s) WHERE %[3]s = $1::bigint", table, earlier, id)
		if _, err := conn.Exec(t.Context(), update, slot); err != nil {
			t.Fatal(err)
		}
	}
}
