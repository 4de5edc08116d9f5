package main

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"jari.example/internal/awsconf/awstest"
	"jari.example/internal/postgres/postgrestest"
	"jari.example/internal/ses/sestest"
	"jari.example/telemetry/names"
	"jari.example/telemetry/names/realpart"
)

func TestDeliversWhatWaitsForMail(t *testing.T) {
	awstest.Config(t) // sets the credentials
	database, to := postgrestest.Database(t), sestest.Address()
	d := start(t, "--database-url", database, "--aws-endpoint-url", realpart.Need(t, realpart.AWS), "--mail-from", sestest.Verified(t))
	postgrestest.Exec(t, database, fmt.Sprintf(
		`insert into outbox (kind, note, medium, address) values ('notice', 'A budget is exhausted.', 'mail', '%s')`, to))
	waitFor(t, time.Minute, "the line in the log", func() bool { return strings.Contains(d.log.String(), names.EventMailDelivered) })
	if got := sestest.SentTo(t, to); len(got) != 1 || !strings.Contains(got[0], "Subject: A budget is exhausted.\r\n") {
		t.Errorf("the mails are %q", got)
	}
	if strings.Contains(d.log.String(), to) {
		t.Error("the address was logged")
	}
}

func TestRefusesAddressesThatMailCannotReach(t *testing.T) {
	for _, args := range [][]string{
		{"--mail-to", "on-call@jari.example,everybody"}, {"--mail-from", "nobody"}, {"--aws-endpoint-url", "moto"},
	} {
		_, err := parse(args, func(string) string { return "" }, io.Discard)
		if err == nil || !strings.Contains(err.Error(), args[0][1:]) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
