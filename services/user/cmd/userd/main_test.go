package main

import (
	"flag"
	"io"
	"net/http"
	"strings"
	"testing"

	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/serve/servetest"
	"jari.example/services/internal/httpjson"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestHelp(t *testing.T) { servetest.Help(t, run, *update) }

func TestReportsAllMistakesTogether(t *testing.T) {
	err := run(t.Context(), []string{"--http-addr", "nowhere", "--database-url", "x"}, func(string) string { return "" },
		io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "http-addr") || !strings.Contains(err.Error(), "database-url") {
		t.Error(err)
	}
}

func TestAccountsPersistAcrossRestarts(t *testing.T) {
	url := postgrestest.Database(t)
	first := servetest.Start(t, run, "--database-url", url)
	type account struct {
		ID string `json:"id"`
	}
	made, err := httpjson.Call[account](t.Context(), http.DefaultClient, "POST", first.URL+"/v1/users",
		map[string]string{"email": "kim@example.com", "password": "correct horse", "name": "Kim"})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	second := servetest.Start(t, run, "--database-url", url)
	found, err := httpjson.Call[account](t.Context(), http.DefaultClient, "GET", second.URL+"/internal/users/"+made.ID, nil)
	if err != nil || found != made {
		t.Error(found, err)
	}
}

func TestServesWithoutOtherServices(t *testing.T) {
	d := servetest.Start(t, run)
	res, err := http.Get(d.URL + "/v1/users/me")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestTaskMigrateMakesTheSchemaAndEnds(t *testing.T) { postgrestest.Migrates(t, run) }
