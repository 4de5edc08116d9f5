package systemtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"jari.example/infra/local/parts"
	"jari.example/infra/local/ports"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

// stored is an effect: OpenSearch has a document of the last 15 s, three measurements
// with one missing, that a query string finds.
func (f *faultTest) stored(family, query string) effect {
	target := realpart.Need(f.T, realpart.OpenSearch) + "/" + family + "*/_search?ignore_unavailable=true&size=1&q="
	target += url.QueryEscape(strings.ReplaceAll(names.DocTime, "@", `\@`) + ":[now-15s TO now] AND " + query)
	return func() (bool, string) {
		found := get[struct {
			Hits struct {
				Total struct{ Value int }
				Hits  []struct {
					Source json.RawMessage `json:"_source"`
				}
			}
		}](f.T, target)
		return found.Hits.Total.Value > 0, fmt.Sprintf("%d documents %.200s", found.Hits.Total.Value, found.Hits.Hits)
	}
}

// measured is an effect: the region's measurement of a metric is at least, or most, so much.
func (f *faultTest) measured(metric, values string) effect {
	return f.stored(names.MetricIndex, fmt.Sprintf(`%s:"%s" AND cloud.region:"%s" AND %s:%s`,
		names.DocMetricName, metric, names.Regions[region], names.DocMetricValue, values))
}

// reported is an effect: a heartbeat of the agent has a value, while many diners look for
// a table, so that there are spans.
func (f *faultTest) reported(field, values string) effect {
	heartbeat := f.stored(names.LogIndex, fmt.Sprintf(`%s:"%s" AND %s:%s`, names.EventName, names.EventHeartbeat, field, values))
	lookUp := f.freeTimes()
	return func() (bool, string) {
		for range 50 {
			lookUp()
		}
		return heartbeat()
	}
}

// some is an effect: of several attempts at another one at least one fails.
func some(attempts int, e effect) effect {
	return func() (fails bool, seen string) {
		for range attempts {
			if fails, seen = e(); fails {
				break
			}
		}
		return fails, seen
	}
}

// behindProxy is an effect: a server responds to who asks through a proxy that fails.
func (f *faultTest) behindProxy(proxy, path string) effect {
	edge, err := url.Parse(f.edge)
	if err != nil {
		f.Fatal(err)
	}
	port, _ := strconv.Atoi(edge.Port())
	target := ports.Offset(port-ports.Offset(0).Of("edge")).URL("fault-proxies/"+proxy) + path
	return func() (bool, string) {
		code, seen := f.status("GET", target, "")
		return code != http.StatusOK, seen
	}
}

// versions are the versions of the region's reservation service that failed in the last
// lines of its log, and those that did not.
func (f *faultTest) versions(log string) (failed, served map[string]bool) {
	f.Helper()
	text, err := os.ReadFile(realpart.Need(f.T, "JARI_DIR") + "/log/" + log + ".log")
	if err != nil {
		f.Fatal(err)
	}
	failed, served = map[string]bool{}, map[string]bool{}
	for line := range bytes.Lines(text) {
		var l map[string]any
		if json.Unmarshal(line, &l) != nil || l[names.EventName] != names.EventAccess {
			continue
		}
		version := fmt.Sprint(l[names.ServiceVersion])
		if status, _ := l[names.HTTPStatus].(float64); status >= 500 {
			failed[version] = true
		} else {
			served[version] = true
		}
	}
	return failed, served
}

// onlyNextFails is an effect: look-ups fail, and only those that a second process with
// another version has got.
func (f *faultTest) onlyNextFails() effect {
	lookUps := some(20, f.freeTimes())
	return func() (bool, string) {
		fails, seen := lookUps()
		if fails {
			failed, _ := f.versions("reservation-" + region + "-next")
			_, served := f.versions("reservation-" + region)
			for version := range served {
				if len(failed) == 0 || failed[version] || !strings.Contains(fmt.Sprint(failed), "next-") {
					f.Errorf("%v failed, and %v serves", failed, served)
				}
			}
		}
		return fails, seen
	}
}

// lateOffers is an effect: the service makes late offers. Each time it is asked for,
// another diner waits for the one cover of a slot that was offered to somebody.
func (f *faultTest) lateOffers() effect {
	server := strings.TrimSuffix(realpart.Need(f.T, realpart.Postgres), "postgres")
	conn, err := pgx.Connect(f.Context(), server+parts.ReservationDatabase(region))
	if err != nil {
		f.Fatal(err)
	}
	var slot int64 // of a restaurant that nobody finds
	if err := conn.QueryRow(f.Context(), `INSERT INTO slots (restaurant_id, starts_at, ends_at, cancel_until, time_zone, party_min, party_max,
			wanted_capacity, capacity, booked)
		VALUES ('test-of-faults-' || gen_random_uuid(), now() + '2 days', now() + '2 days 1 hour', now() + '1 day', 'Asia/Seoul', 1, 2, 1, 1, 1)
		RETURNING id`).Scan(&slot); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		for _, statement := range []string{`DELETE FROM reservations WHERE slot_id = $1`, `DELETE FROM slots WHERE id = $1`} {
			if _, err := conn.Exec(context.Background(), statement, slot); err != nil {
				f.Error(err)
			}
		}
		_ = conn.Close(context.Background())
	})
	add := func(status, ends, line string) {
		if _, err := conn.Exec(f.Context(), `INSERT INTO reservations (id, slot_id, diner_id, restaurant_id, starts_at, ends_at, cancel_until,
				time_zone, party, status, offer_ends_at, line, created_at, updated_at)
			SELECT gen_random_uuid(), id, gen_random_uuid(), restaurant_id, starts_at, ends_at, cancel_until,
				time_zone, 1, '`+status+`', `+ends+`, `+line+`, now(), now() FROM slots WHERE id = $1`, slot); err != nil {
			f.Fatal(err)
		}
	}
	add("offered", "now() + '10 min'", "1")
	late := regexp.MustCompile(`"event\.name":"` + regexp.QuoteMeta(names.EventOfferMade) + `".*"jari\.offer\.delay":[3-9]\d`)
	lines := f.fresh("reservation-" + region)
	return func() (bool, string) {
		add("waiting", "NULL", "(SELECT max(line) + 1 FROM reservations WHERE slot_id = slots.id)")
		text := lines()
		return late.MatchString(text), fmt.Sprintf("%d bytes of log", len(text))
	}
}

// fresh returns what a log has since it was asked the last time.
func (f *faultTest) fresh(log string) func() string {
	file, err := os.Open(realpart.Need(f.T, "JARI_DIR") + "/log/" + log + ".log")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = file.Close() })
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		f.Fatal(err)
	}
	return func() string {
		text, err := io.ReadAll(file)
		if err != nil {
			f.Fatal(err)
		}
		return string(text)
	}
}
