package gateway

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jari.example/telemetry/names"
	"jari.example/telemetry/telemetrytest"
)

func TestTheAgeOfTheSigningKeyIsAMetric(t *testing.T) {
	first, _ := newPEM(t)
	second, _ := newPEM(t)
	for name, c := range map[string]struct {
		file string
		want float64 // seconds; negative: no point
	}{
		"its file says when it was made":     {"Created: 1999-12-31T00:00:00Z\n" + first + "Created: 1970-01-01T00:00:00Z\n" + second, 24 * 3600},
		"among other comments":               {"# of us-east-1\r\nCreated: 1999-12-31T23:59:00Z \r\n" + first, 60},
		"its file says nothing":              {first, -1},
		"only a key that does not sign does": {first + "Created: 1999-12-31T00:00:00Z\n" + second, -1},
	} {
		t.Run(name, func(t *testing.T) {
			rec := telemetrytest.Start(t)
			keys := parseKeys(t, c.file)
			synctest.Test(t, func(t *testing.T) { // which begins at 2000-01-01T00:00:00Z
				stop := keys.WatchAge(rec.Logger)
				defer stop()
				got, ok := rec.Value(t, names.MetricSigningKeyAge)
				if ok != (c.want >= 0) || ok && got != c.want {
					t.Errorf("age %v, %v, want %v", got, ok, c.want)
				}
			})
			if warned := strings.Contains(rec.Output(), "Created: "); warned != (c.want < 0) {
				t.Errorf("logged %s", rec.Output())
			}
		})
	}
}

func TestAGeneratedKeyIsNew(t *testing.T) {
	keys, err := GenerateKeys()
	if err != nil || time.Since(keys.created) > time.Minute {
		t.Errorf("created %v, %v", keys.created, err)
	}
	keys.WatchAge(slog.New(slog.DiscardHandler))()
}

func TestRefusesATimeOfCreationThatCannotBeRead(t *testing.T) {
	file, _ := newPEM(t)
	if _, err := ParseKeys([]byte("Created: yesterday\n" + file)); err == nil || !strings.Contains(err.Error(), "Created:") {
		t.Errorf("got %v", err)
	}
}
