package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jari.example/alerting/drops"
	"jari.example/internal/command"
	"jari.example/internal/postgres/postgrestest"
)

func TestDropsPlanReadsWhatOpens(t *testing.T) {
	url := postgrestest.Database(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	opens := time.Now().Add(48 * time.Hour).Truncate(time.Second)
	// The columns that are read, as the reservation service has them.
	if _, err := conn.Exec(t.Context(), `create table slots (restaurant_id text, capacity int, opens_at timestamptz)`); err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), `insert into slots select 'r' || n % 3, 30, $1::timestamptz from generate_series(1, 20) n
		union all select 'open', 1000, null union all select 'past', 1000, now() - interval '1 day'`, opens)
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{dropsVariable: url}
	stdout, stderr, code := jarictl(t, vars, "drops", "plan", "--output", "json", "--services", "gateway")
	var got struct {
		Capacity map[string][]drops.Change `json:"scheduled_capacity"`
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != command.ExitOK {
		t.Fatalf("exit code %d, %v, %s%s", code, err, stdout, stderr)
	}
	begin := opens.Add(-10 * time.Minute).UTC().Format("2006-01-02T15:04:05") // 60,000 diners in 20 s: 6.7 tasks
	if plan := got.Capacity["gateway"]; len(got.Capacity) != 1 || len(plan) != 2 || plan[0].At != begin || plan[0].Min != 7 || plan[1].Min != 2 {
		t.Errorf("the plan is %+v", got.Capacity)
	}
	stdout, _, code = jarictl(t, vars, "drops", "plan")
	if code != command.ExitOK || !strings.HasPrefix(stdout, "drops that are known: 1\n") || !strings.Contains(stdout, begin+"Z  7    10") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
}

func TestDropsPlanSaysWhatIsMissingOrWrong(t *testing.T) {
	for name, c := range map[string]struct {
		vars map[string]string
		args []string
		want string
		code int
	}{
		"no address":            {nil, nil, "set -reservation-database-url or " + dropsVariable, command.ExitUsage},
		"impossible needs":      {map[string]string{dropsVariable: "postgres://x/y"}, []string{"--max-tasks", "1"}, "the tasks are 2 to 1", command.ExitUsage},
		"an argument":           {nil, []string{"kr"}, "takes no arguments", command.ExitUsage},
		"the database is away":  {map[string]string{dropsVariable: "postgres://nobody:secret@127.0.0.1:1/x"}, nil, "PostgreSQL does not respond", command.ExitFailed},
		"an address of nothing": {map[string]string{dropsVariable: "secret words"}, nil, "is no URL of PostgreSQL", command.ExitFailed},
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, code := jarictl(t, c.vars, append([]string{"drops", "plan"}, c.args...)...)
			if code != c.code || !strings.Contains(stderr, c.want) || strings.Contains(stderr, "secret") {
				t.Errorf("exit code %d, %s", code, stderr)
			}
		})
	}
}
