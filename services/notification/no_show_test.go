package notification_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"jari.example/services/notification"
	"jari.example/services/notification/storetest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

// A no-show is one tap, and its mail an accusation: it waits five minutes, and is
// not sent if the restaurant has undone the no-show by then.
func TestANoShowThatIsUndoneInTimeSendsNoMail(t *testing.T) {
	for name, c := range map[string]struct {
		undoneAfter time.Duration // negative: never
		kinds       []any         // of the mails, in order
	}{
		"undone before five minutes": {4*time.Minute + 59*time.Second, nil},
		"undone afterwards":          {6 * time.Minute, []any{"reservation.no_show", "reservation.no_show_undone"}},
		"never undone":               {-1, []any{"reservation.no_show"}},
	} {
		t.Run(name, func(t *testing.T) {
			env := &environment{}
			rec := run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
				noShow, undone := storetest.Event(), storetest.Event()
				noShow.Kind, undone.Kind, undone.Reservation.ID = notification.NoShow, notification.Undone, noShow.Reservation.ID
				accept(t, s, noShow)
				time.Sleep(5*time.Minute - time.Second)
				if sent, attempts := env.count(); sent != 0 || attempts != 0 {
					t.Errorf("%d mails in %d attempts before five minutes were over", sent, attempts)
				}
				accept(t, s, noShow) // the relay delivers at least once
				if c.undoneAfter >= 0 {
					time.Sleep(c.undoneAfter - 5*time.Minute + time.Second)
					accept(t, s, undone)
					accept(t, s, undone)
				}
				time.Sleep(time.Hour)
			})
			var kinds []any
			for _, line := range rec.Lines(t, names.EventMailSent) {
				kinds = append(kinds, line[names.MailKind])
			}
			if sent, _ := env.count(); !slices.Equal(kinds, c.kinds) || sent != len(c.kinds) {
				t.Errorf("%d mails %v, want %v", sent, kinds, c.kinds)
			}
			withdrawn := 0
			if c.kinds == nil {
				withdrawn = 2
			}
			if lines := rec.Lines(t, names.EventMailWithdrawn); len(lines) != withdrawn {
				t.Errorf("withdrawn %v, want %d", lines, withdrawn)
			}
		})
	}
}

// After an outage the relay delivers both events one after the other.
func TestANoShowThatArrivesLateIsStillWithdrawn(t *testing.T) {
	env := &environment{}
	run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
		noShow, undone := storetest.Event(), storetest.Event()
		noShow.Kind, undone.Kind, undone.Reservation.ID = notification.NoShow, notification.Undone, noShow.Reservation.ID
		noShow.OccurredAt, undone.OccurredAt = time.Now().Add(-time.Hour), time.Now().Add(-58*time.Minute)
		acceptOld(t, s, noShow)
		time.Sleep(2 * time.Second)
		acceptOld(t, s, undone)
		time.Sleep(time.Hour)
	})
	if sent, _ := env.count(); sent != 0 {
		t.Errorf("%d mails, want none", sent)
	}
}

// Such events were parked for ever, or their mails retried for a day.
func TestABadZoneDoesNotDelayAMail(t *testing.T) {
	for stored, want := range map[string]string{"right/Asia/Seoul": "18:30 KST", "Factory": "09:30 UTC", "Asia/Atlantis": "09:30 UTC"} {
		env := &environment{}
		run(t, env, func(_ *telemetrytest.Recorder, s *notification.Service) {
			e := storetest.Event()
			e.Reservation.TimeZone = stored
			accept(t, s, e)
			time.Sleep(time.Second)
		})
		if sent, attempts := env.count(); sent != 1 || attempts != 1 {
			t.Errorf("%s: %d mails in %d attempts, want one", stored, sent, attempts)
			continue
		}
		if text := decoded(t, env.sent[0].Raw.Reveal()); !strings.Contains(text, want) {
			t.Errorf("%s: %q is missing in\n%s", stored, want, text)
		}
	}
}

// decoded returns the parts of a mail that are base64.
func decoded(t *testing.T, raw string) (text string) {
	t.Helper()
	for part := range strings.SplitSeq(raw, "\r\n\r\n") {
		body, _, _ := strings.Cut(part, "\r\n--")
		if b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(body, "\r\n", "")); err == nil {
			text += string(b)
		}
	}
	return text
}
