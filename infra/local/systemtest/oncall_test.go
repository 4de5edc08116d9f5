package systemtest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/internal/requestbody/uploadtest"
	"jari.example/telemetry/names/realpart"
)

// patient diners wait for every response, impatient ones give up after a while.
const (
	patient   = 35 * time.Second
	impatient = 3 * time.Second
)

// The agent stops for more than a minute while all bookings fail: in production, with
// windows that are not shortened, for more than an hour.
func TestOnCallHearsThatTelemetryIsBlindAndThenWhatHadFailed(t *testing.T) {
	sc := newOnCall(t)
	sc.until(patient, 20, 0)
	sc.nextSecond()
	proceed := sc.hang("agent")
	sc.fault(true)
	d := sc.diners(patient)
	sc.awaitPage(3*time.Minute, blind, "is open", func(p page) bool { return !p.ended() })
	sc.await(30*time.Second, "/readyz of alertingd is 503", func() (bool, any) {
		status, reason := sc.ready()
		return status == http.StatusServiceUnavailable && strings.Contains(reason, blind), fmt.Sprint(status, " ", reason)
	})
	if p, ok := sc.added()[bookingsFail]; ok {
		t.Errorf("nothing is known about bookings, but there is %v", p)
	}
	good, bad := d.stop()
	if good > 0 || bad < 30 {
		t.Errorf("%d attempts were good and %d bad while the database refused connections", good, bad)
	}
	proceed()
	want := allFailed(bad)
	sc.awaitPage(2*time.Minute, bookingsFail, fmt.Sprintf("has the figures of the diners: %v", want),
		func(p page) bool { return p.figures() == want })
	sc.awaitPage(time.Minute, blind, "has ended", page.ended)
	sc.await(time.Minute, "/readyz of alertingd is 200", func() (bool, any) {
		status, reason := sc.ready()
		return status == http.StatusOK, reason
	})
	sc.fault(false)
	sc.awaitRecovery(bookingsFail, want)
}

// The process of a service hangs: it accepts requests and never responds.
func TestOnCallHearsOfAHungServiceAndItEndsOnlyWithGoodBookings(t *testing.T) {
	sc := newOnCall(t)
	sc.until(patient, 20, 0)
	sc.nextSecond()
	proceed := sc.hang("reservation-" + region)
	_, bad := sc.until(impatient, 0, 40)
	want := allFailed(bad)
	sc.awaitPage(time.Minute, bookingsFail, fmt.Sprintf("has the figures of the diners: %v", want),
		func(p page) bool { return p.figures() == want })
	proceed()
	sc.awaitSilence(bookingsFail)
	sc.awaitRecovery(bookingsFail, want)
}

// The gateways write the access log by which bookings are judged.
func TestOnCallHearsOfHungGateways(t *testing.T) {
	sc := newOnCall(t)
	sc.until(patient, 20, 0)
	sc.nextSecond()
	proceed := sc.hang("gateway-kr", "gateway-us")
	_, bad := sc.until(impatient, 0, 40)
	// Failures of the last minutes count, too, if another incident had muted them. So the
	// figures are complete when an update does not change them.
	var last page
	sc.awaitPage(time.Minute, edgeFails, fmt.Sprintf("has the %d failures of the diners", bad), func(p page) bool {
		f, before := p.figures(), last
		last = p
		return f.bad >= bad && f.regions == allFailed(f.bad).regions && f == before.figures() && p.Revisions > before.Revisions
	})
	proceed()
	sc.awaitRecovery(edgeFails, last.figures())
}

func TestOnCallSeesThatNobodyTriesAfterAFault(t *testing.T) {
	sc := newOnCall(t)
	sc.fault(true)
	_, bad := sc.until(patient, 0, 30)
	want := allFailed(bad)
	sc.awaitPage(time.Minute, bookingsFail, fmt.Sprintf("has the figures of the diners: %v", want),
		func(p page) bool { return p.figures() == want })
	sc.awaitSilence(bookingsFail)
	sc.fault(false)
	sc.awaitRecovery(bookingsFail, want)
}

func TestOnCallDoesNotHearOfBrokenUploadsOfOneClient(t *testing.T) {
	sc := newOnCall(t)
	gateway := sc.part("gateway-" + region).Ports
	head := "POST /v1/reservations HTTP/1.1\r\nContent-Type: application/json\r\nIdempotency-Key: broken\r\n" +
		"Authorization: Bearer " + sc.diner.token + "\r\n"
	t.Run("uploads", func(t *testing.T) {
		for to, address := range map[string]string{
			"edge": strings.TrimPrefix(sc.edge, "http://"), "gateway": fmt.Sprintf("127.0.0.1:%d", gateway[len(gateway)-1]),
		} {
			for _, c := range uploadtest.Cases {
				t.Run(to+", "+c.Name, func(t *testing.T) {
					t.Parallel() // some wait for the limit of 20 s
					c.Send(t, address, head)
				})
			}
		}
	})
	sent := time.Now()
	sc.awaitCounted(sent)
	for headline, p := range sc.added() {
		t.Errorf("%s: %v", headline, p)
	}
}

// awaitSilence waits until the incident says that nobody tries, and has said so in
// several updates. It must not end.
func (sc *onCall) awaitSilence(headline string) {
	sc.Helper()
	silent := func(p page) bool {
		if p.ended() {
			sc.Fatalf("ended by silence: %v", p)
		}
		return strings.Contains(p.body, "No booking attempts since ")
	}
	first := sc.awaitPage(2*time.Minute, headline, "says that nobody tries", silent).Revisions
	sc.awaitPage(time.Minute, headline, "says it again and again", func(p page) bool { return silent(p) && p.Revisions >= first+3 })
}

// awaitRecovery lets patient diners press Book until the incident has ended, with as
// many bad attempts as before.
func (sc *onCall) awaitRecovery(headline string, before figures) {
	sc.Helper()
	if p := sc.added()[headline]; p.ended() {
		sc.Errorf("ended before a good attempt: %v", p)
	}
	d := sc.diners(patient)
	p := sc.awaitPage(2*time.Minute, headline, "has ended", page.ended)
	good, bad := d.stop()
	if bad > 0 {
		sc.Errorf("%d attempts failed after the fault", bad)
	}
	if f := p.figures(); f.bad != before.bad || f.regions != before.regions || f.total <= before.total || f.total > before.total+good {
		sc.Errorf("before the recovery it said %v, then up to %d attempts were good; it ended with %v", before, good, p)
	}
}

// awaitCounted waits until alertingd has counted all documents, also late ones, that
// were written until then.
func (sc *onCall) awaitCounted(until time.Time) {
	sc.Helper()
	config, err := pgx.ParseConfig(realpart.Need(sc.T, realpart.Postgres))
	if err != nil {
		sc.Fatal(err)
	}
	config.Database = "jari_alerting"
	conn, err := pgx.ConnectConfig(sc.Context(), config)
	if err != nil {
		sc.Fatal(err)
	}
	defer func() { _ = conn.Close(sc.Context()) }()
	const lookback = 15 * time.Second
	sc.await(2*time.Minute, "everything is counted", func() (bool, any) {
		var to time.Time
		if err := conn.QueryRow(sc.Context(), `SELECT max(counted_to) FROM progress`).Scan(&to); err != nil {
			sc.Fatal(err)
		}
		return to.Sub(until) > lookback, to
	})
}
