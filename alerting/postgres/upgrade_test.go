package postgres_test

import (
	"io/fs"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/alerting/postgres"
	kit "jari.example/internal/postgres"
	"jari.example/internal/postgres/postgrestest"
)

// Two incidents are open while a version with one channel of Slack is replaced: the
// message of one was posted, that of the other was not.
func TestAnUpgradeGoesOnWithWhatWasOpen(t *testing.T) {
	before := fstest.MapFS{}
	files := os.DirFS("migrations")
	for _, name := range []string{"001_alerting.sql", "002_series.sql", "003_recent_incidents.sql"} {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		before["migrations/"+name] = &fstest.MapFile{Data: text}
	}
	url := postgrestest.Database(t)
	old, err := kit.Open(t.Context(), kit.Config{Name: "alerting", URL: url, Migrations: before})
	if err != nil {
		t.Fatal(err)
	}
	old.Close()
	const posted, waits = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"
	for _, sql := range []string{
		`insert into incident (id, slo, severity, started_at, opened_at, updated_at, facts, channel, message_ts) values
			('` + posted + `', 'a', 'page', now(), now(), now(), '{"title": "A fails"}', 'C1', '7.0'),
			('` + waits + `', 'b', 'page', now(), now(), now(), '{"title": "B fails"}', '', '')`,
		`insert into outbox (incident_id, kind) values ('` + posted + `', 'update'), ('` + waits + `', 'post')`,
	} {
		postgrestest.Exec(t, url, sql)
	}

	s, err := postgres.Open(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	term, _, err := s.Acquire(t.Context(), "me", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		id, title string
		kind      notify.Kind
		message   string
	}{{posted, "A fails", notify.Update, "7.0"}, {waits, "B fails", notify.Post, ""}} {
		d, ok, err := s.Next(t.Context(), incident.Slack, nil, time.Now())
		if err != nil || !ok {
			t.Fatalf("nothing to deliver of %s: %v", want.title, err)
		}
		if d.Incident.ID != want.id || d.Incident.Facts.Title != want.title || d.Kind != want.kind || d.Message.ID != want.message ||
			d.Target != (incident.Target{Medium: incident.Slack, Address: incident.Pages}) {
			t.Errorf("got %+v, want %+v", d, want)
		}
		if err := s.Complete(t.Context(), term, d, incident.MessageRef{Channel: "C1", ID: "8.0"}); err != nil {
			t.Fatal(err)
		}
	}
}
