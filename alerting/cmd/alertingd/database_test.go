package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"jari.example/alerting/postgres"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/wait"
)

const waiting = "waiting for the database"

func TestWaitsForADatabaseThatRefusesConnectionsAtFirst(t *testing.T) {
	t.Parallel()
	database, err := url.Parse(postgrestest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	server := database.Host
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	database.Host = l.Addr().String()
	if err := l.Close(); err != nil { // from now on its port refuses connections
		t.Fatal(err)
	}
	log := &buffer{}
	go func() {
		twice := func() bool { return strings.Count(log.String(), waiting) >= 2 }
		if wait.Until(t.Context(), 10*time.Millisecond, twice) == nil {
			proxy(t, database.Host, server)
		}
	}()
	d := startLogged(t, log, "--database-url", database.String())
	if status, body := get(t, d.OpsURL+"/readyz"); status != http.StatusOK || body != `{"status":"ready"}`+"\n" {
		t.Errorf("/readyz: %d %s", status, body)
	}
}

func TestRecordsItsTicksForTheWatcher(t *testing.T) {
	t.Parallel()
	began := time.Now()
	database := postgrestest.Database(t)
	start(t, "--database-url", database)
	waitFor(t, time.Minute, "a tick that is recorded", func() bool {
		last, err := postgres.LastTickOf(t.Context(), database)
		return err == nil && last.After(began)
	})
}

func TestReadyzGivesTheReasonWhenTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	database := postgrestest.Database(t)
	d := start(t, "--database-url", database)
	accept := postgrestest.Refuse(t, database)
	var status int
	var body struct{ Status string }
	readyz := func() int {
		var text string
		status, text = get(t, d.OpsURL+"/readyz")
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			t.Fatalf("/readyz is not JSON: %s", text)
		}
		return status
	}
	waitFor(t, 10*time.Second, "/readyz to fail", func() bool { return readyz() == http.StatusServiceUnavailable })
	if !strings.Contains(body.Status, "postgresql") {
		t.Errorf("/readyz does not give the reason: %q", body.Status)
	}
	accept()
	waitFor(t, 10*time.Second, "/readyz to succeed", func() bool { return readyz() == http.StatusOK })
}

// proxy listens on addr and forwards connections to server until the test ends.
func proxy(t *testing.T, addr, server string) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Errorf("listen for the database: %v", err)
		return
	}
	t.Cleanup(func() { _ = l.Close() })
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		upstream, err := net.Dial("tcp", server)
		if err != nil {
			_ = client.Close()
			continue
		}
		for from, to := range map[net.Conn]net.Conn{client: upstream, upstream: client} {
			go func() {
				_, _ = io.Copy(to, from)
				_ = to.Close()
			}()
		}
	}
}
