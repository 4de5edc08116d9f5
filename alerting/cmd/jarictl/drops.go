package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"jari.example/alerting/ask"
	"jari.example/alerting/drops"
	"jari.example/alerting/query"
	"jari.example/internal/command"
)

const dropsAbout = `Plans how many tasks must run when the drops of a region open, from the slots that restaurants' schedules
have made. With -output json it prints the Terraform variable scheduled_capacity, for a file that make deploy takes: DROPS=drops.tfvars.json.`

// dropsVariable is the default of -reservation-database-url.
const dropsVariable = "JARICTL_RESERVATION_DATABASE_URL"

// dropsQuery reads the drops that have not opened. It is no named query, because those ask
// the whole server and not the database of one service.
var dropsQuery = query.Query{Name: "drops", SQL: &query.SQL{
	Columns: []string{"opens-at", "restaurants", "slots", "seats"},
	Statement: `select opens_at as "opens-at", count(distinct restaurant_id) as restaurants, count(*) as slots, sum(capacity)::bigint as seats
from slots where opens_at > now() - interval '1 hour' group by opens_at order by opens_at`,
}}

func dropsCommand(ctx context.Context, e env, args []string) error {
	flags := newFlags("drops plan", dropsAbout)
	output := outputFlag(flags)
	database := flags.String("reservation-database-url", "", "`URL` of the region's reservation database, of a user that may only read; or "+dropsVariable)
	services := flags.String("services", "gateway,reservation", "`services` that are scaled, separated by commas")
	needs := drops.Needs{}
	flags.IntVar(&needs.Least, "min-tasks", 2, "tasks that always run")
	flags.IntVar(&needs.Most, "max-tasks", 10, "tasks that may run")
	flags.Float64Var(&needs.DinersPerSeat, "diners-per-seat", 100, "diners who press Book, for each seat")
	flags.Float64Var(&needs.PerTask, "per-task", 450, "diners that one task answers in a second")
	flags.DurationVar(&needs.Within, "within", 20*time.Second, "how long the last one may wait")
	flags.DurationVar(&needs.Before, "before", 10*time.Minute, "how long before the opening the tasks start")
	flags.DurationVar(&needs.After, "after", 15*time.Minute, "how long after it they end")
	rest, err := command.ParseFlags(flags, args, e.stdout)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return command.Usagef("takes no arguments, got %q", rest)
	}
	if err := needs.Validate(); err != nil {
		return command.UsageError{Err: err}
	}
	url := cmp.Or(*database, e.getenv(dropsVariable))
	if url == "" {
		return command.Usagef("set -reservation-database-url or %s", dropsVariable)
	}
	all, err := readDrops(ctx, url)
	if err != nil {
		return err
	}
	plan := drops.Plan(all, needs, time.Now())
	if *output == asJSON {
		capacity := map[string][]drops.Change{}
		for name := range strings.SplitSeq(*services, ",") {
			capacity[name] = plan
		}
		return writeJSON(e.stdout, map[string]any{"scheduled_capacity": capacity})
	}
	t := query.Table{Columns: []string{"at", "min", "max"}}
	for _, c := range plan {
		t.Rows = append(t.Rows, []any{c.At + "Z", float64(c.Min), float64(c.Max)})
	}
	fmt.Fprintf(e.stdout, "drops that are known: %d\n", len(all))
	writeTable(e.stdout, "", t, time.Now())
	return nil
}

func readDrops(ctx context.Context, url string) (all []drops.Drop, err error) {
	client := ask.Client{Timeout: 10 * time.Second, Addresses: ask.Addresses{Database: url}}
	answer, err := client.Ask(ctx, dropsQuery, query.Options{})
	if err != nil {
		return nil, fmt.Errorf("read the drops: %w", err)
	}
	for _, row := range answer.Rows {
		at, _ := row[0].(time.Time)
		restaurants, _ := row[1].(float64)
		slots, _ := row[2].(float64)
		seats, _ := row[3].(float64)
		all = append(all, drops.Drop{OpensAt: at, Restaurants: int(restaurants), Slots: int(slots), Seats: int(seats)})
	}
	return all, nil
}
