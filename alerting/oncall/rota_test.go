package oncall

import (
	"strings"
	"testing"
	"time"

	"jari.example/internal/zone"
)

func location(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := zone.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// local is the first instant at which a clock in loc shows the time.
func local(t testing.TB, loc *time.Location, wall string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", wall, loc)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func wallClock(year int, month time.Month, day, hour, minute int) time.Time {
	return time.Date(year, month, day, hour, minute, 0, 0, time.UTC)
}

func people(names ...string) (all []Person) {
	for _, name := range names {
		all = append(all, Person{Name: name})
	}
	return all
}

// seoul is a rota of Mina, Jun and Sora, which Mina begins on Monday, 2 November
// 2026, at 10:00.
func seoul(t testing.TB) Rota {
	t.Helper()
	return Rota{
		Zone: location(t, "Asia/Seoul"), Start: wallClock(2026, 11, 2, 10, 0), People: people("Mina", "Jun", "Sora"),
		AcknowledgeWithin: 5 * time.Minute,
	}
}

// between is a period of local times.
func between(t testing.TB, r Rota, from, to string) Period {
	t.Helper()
	return Period{local(t, r.Zone, from), local(t, r.Zone, to)}
}

func namesOf(line []Person) string {
	var names []string
	for _, p := range line {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

func TestTheLineBeginsWithWhoIsOnCall(t *testing.T) {
	for name, c := range map[string]struct {
		at, want string
		change   func(*Rota)
	}{
		"at the first hand-over":               {"2026-11-02 10:00", "Mina Jun Sora", nil},
		"a minute before the next one":         {"2026-11-09 09:59", "Mina Jun Sora", nil},
		"at the next one":                      {"2026-11-09 10:00", "Jun Sora Mina", nil},
		"in the third week":                    {"2026-11-20 00:00", "Sora Mina Jun", nil},
		"in the fourth week":                   {"2026-11-23 10:00", "Mina Jun Sora", nil},
		"before the first one, in the week":    {"2026-11-02 09:59", "Sora Mina Jun", nil},
		"before the first one, four weeks":     {"2026-10-05 10:00", "Sora Mina Jun", nil},
		"with an override by the next":         {"2026-11-04 00:00", "Jun Sora Mina", override("Jun")},
		"with an override by the last":         {"2026-11-04 00:00", "Sora Jun Mina", override("Sora")},
		"with an override by the same person":  {"2026-11-04 00:00", "Mina Jun Sora", override("Mina")},
		"at the end of an override":            {"2026-11-05 00:00", "Mina Jun Sora", override("Jun")},
		"while the person on call is away":     {"2026-11-04 00:00", "Jun Sora", away("Mina")},
		"while the second is away":             {"2026-11-04 00:00", "Mina Sora", away("Jun")},
		"while all but the last are away":      {"2026-11-04 00:00", "Sora", away("Mina", "Jun")},
		"while everybody is away":              {"2026-11-04 00:00", "Mina Jun Sora", away("Mina", "Jun", "Sora")},
		"when nobody is away any more":         {"2026-11-05 00:00", "Mina Jun Sora", away("Mina", "Jun", "Sora")},
		"while who is to replace is away, too": {"2026-11-04 00:00", "Sora Mina", both(override("Jun"), away("Jun"))},
		"while the replaced person is away":    {"2026-11-04 00:00", "Jun Sora", both(override("Jun"), away("Mina"))},
		"of one person":                        {"2026-11-10 00:00", "Mina", func(r *Rota) { r.People = r.People[:1] }},
		"of one person who is away":            {"2026-11-04 00:00", "Mina", both(away("Mina"), func(r *Rota) { r.People = r.People[:1] })},
	} {
		t.Run(name, func(t *testing.T) {
			r := seoul(t)
			if c.change != nil {
				c.change(&r)
			}
			if got := namesOf(r.Line(local(t, r.Zone, c.at))); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// The overrides and times away of these are from 3 to 5 November.
func override(name string) func(*Rota) {
	return func(r *Rota) { r.Overrides = append(r.Overrides, Override{Period: twoDays(r), Person: name}) }
}

func away(names ...string) func(*Rota) {
	return func(r *Rota) {
		for _, name := range names {
			r.Away = append(r.Away, TimeAway{Period: twoDays(r), Person: name})
		}
	}
}

func twoDays(r *Rota) Period {
	return Period{time.Date(2026, 11, 3, 0, 0, 0, 0, r.Zone), time.Date(2026, 11, 5, 0, 0, 0, 0, r.Zone)}
}

func both(first, second func(*Rota)) func(*Rota) {
	return func(r *Rota) { first(r); second(r) }
}

// A hand-over keeps its local time; the weeks around a clock change are longer or
// shorter.
func TestHandsOverAtTheSameLocalTimeAllYear(t *testing.T) {
	for name, c := range map[string]struct {
		zone  string
		start time.Time
		at    string // the hand-over, as RFC 3339
		week  time.Duration
	}{
		"before the clocks go forward": {"America/New_York", wallClock(2026, 3, 2, 10, 0), "2026-03-02T10:00:00-05:00", 167 * time.Hour},
		"after the clocks go forward":  {"America/New_York", wallClock(2026, 3, 9, 10, 0), "2026-03-09T10:00:00-04:00", 168 * time.Hour},
		"before the clocks go back":    {"Europe/London", wallClock(2026, 10, 19, 10, 0), "2026-10-19T10:00:00+01:00", 169 * time.Hour},
		"at midnight":                  {"Asia/Seoul", wallClock(2026, 11, 2, 0, 0), "2026-11-02T00:00:00+09:00", 168 * time.Hour},
		"before clocks go back by 30 minutes": {
			"Australia/Lord_Howe", wallClock(2026, 3, 30, 10, 0), "2026-03-30T10:00:00+11:00", 168*time.Hour + 30*time.Minute,
		},
		"at a local time that is skipped": {
			"America/New_York", wallClock(2026, 3, 8, 2, 30), "2026-03-08T03:00:00-04:00", 167*time.Hour + 30*time.Minute,
		},
		"at a local time that occurs twice": {"America/New_York", wallClock(2026, 11, 1, 1, 30), "2026-11-01T01:30:00-04:00", 169 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			r := Rota{Zone: location(t, c.zone), Start: c.start, People: people("Mina", "Jun")}
			from, to := r.handOver(0), r.handOver(1)
			if got := from.In(r.Zone).Format(time.RFC3339); got != c.at || to.Sub(from) != c.week {
				t.Errorf("from %s, for %s; want %s, %s", got, to.Sub(from), c.at, c.week)
			}
			for at, want := range map[time.Time]string{from.Add(-1): "Jun", from: "Mina", to.Add(-1): "Mina", to: "Jun"} {
				if got := r.Line(at)[0].Name; got != want {
					t.Errorf("at %s %s is on call, want %s", at.In(r.Zone), got, want)
				}
			}
		})
	}
}
