package oncall

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func (r Rota) text(p Period) string {
	const minute = "2006-01-02 15:04"
	return p.From.In(r.Zone).Format(minute) + " to " + p.To.In(r.Zone).Format(minute)
}

func TestListsShifts(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Rota)
		want   []string
	}{
		"of weeks": {func(*Rota) {}, []string{
			"2026-11-01 00:00 to 2026-11-02 10:00 Sora", "2026-11-02 10:00 to 2026-11-09 10:00 Mina", "2026-11-09 10:00 to 2026-11-12 00:00 Jun",
		}},
		"with an override": {override("Jun"), []string{
			"2026-11-01 00:00 to 2026-11-02 10:00 Sora", "2026-11-02 10:00 to 2026-11-03 00:00 Mina",
			"2026-11-03 00:00 to 2026-11-05 00:00 Jun for Mina",
			"2026-11-05 00:00 to 2026-11-09 10:00 Mina", "2026-11-09 10:00 to 2026-11-12 00:00 Jun",
		}},
		"with who stands in for a person who is away": {away("Mina"), []string{
			"2026-11-01 00:00 to 2026-11-02 10:00 Sora", "2026-11-02 10:00 to 2026-11-03 00:00 Mina",
			"2026-11-03 00:00 to 2026-11-05 00:00 Jun for Mina",
			"2026-11-05 00:00 to 2026-11-09 10:00 Mina", "2026-11-09 10:00 to 2026-11-12 00:00 Jun",
		}},
		"that are not divided by the time away of another": {away("Sora"), []string{
			"2026-11-01 00:00 to 2026-11-02 10:00 Sora", "2026-11-02 10:00 to 2026-11-09 10:00 Mina", "2026-11-09 10:00 to 2026-11-12 00:00 Jun",
		}},
		"of one person divided where their own week begins": {func(r *Rota) {
			override("Jun")(r)
			r.Overrides[0].To = r.handOver(1)
		}, []string{
			"2026-11-01 00:00 to 2026-11-02 10:00 Sora", "2026-11-02 10:00 to 2026-11-03 00:00 Mina",
			"2026-11-03 00:00 to 2026-11-09 10:00 Jun for Mina", "2026-11-09 10:00 to 2026-11-12 00:00 Jun",
		}},
		"of one person as one": {func(r *Rota) { r.People = r.People[:1] }, []string{"2026-11-01 00:00 to 2026-11-12 00:00 Mina"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := seoul(t)
			c.change(&r)
			p := between(t, r, "2026-11-01 00:00", "2026-11-12 00:00")
			var got []string
			for _, s := range r.Shifts(p.From, p.To) {
				line := r.text(s.Period) + " " + s.Person.Name
				if s.InsteadOf != "" {
					line += " for " + s.InsteadOf
				}
				got = append(got, line)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%q\nwant\n%q", got, c.want)
			}
		})
	}
}

func TestFindsGaps(t *testing.T) {
	const days, instead = "2026-11-03 00:00 to 2026-11-05 00:00: ", "; write an override"
	holiday := func(r *Rota) { away("Mina")(r); r.Away[0].Reason = "holiday" }
	for name, c := range map[string]struct {
		from   string
		change func(*Rota)
		want   []string
	}{
		"nowhere in a complete rota": {"2026-11-02 10:00", func(*Rota) {}, nil},
		"before the rota begins": {"2026-11-01 00:00", func(*Rota) {}, []string{
			"2026-11-01 00:00 to 2026-11-02 10:00: the rota has not begun; write an earlier start",
		}},
		"while the person on call is away": {"2026-11-02 10:00", away("Mina"), []string{days + "Mina is away while on call" + instead}},
		"with the reason of it":            {"2026-11-02 10:00", holiday, []string{days + "Mina is away (holiday) while on call" + instead}},
		"not when an override fills it":    {"2026-11-02 10:00", both(away("Mina"), override("Jun")), nil},
		"not when another person is away":  {"2026-11-02 10:00", away("Jun"), nil},
		"when who replaces is away, too": {"2026-11-02 10:00", both(away("Jun"), override("Jun")), []string{
			days + "Jun is away while on call" + instead,
		}},
		"once for two times away in a row": {"2026-11-02 10:00", func(r *Rota) {
			away("Mina")(r)
			next := r.Away[0]
			next.From, next.To = next.To, next.To.Add(24*time.Hour)
			r.Away = append(r.Away, next)
		}, []string{"2026-11-03 00:00 to 2026-11-06 00:00: Mina is away while on call; write an override"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := seoul(t)
			c.change(&r)
			var got []string
			for _, g := range r.Gaps(local(t, r.Zone, c.from), local(t, r.Zone, "2026-11-12 00:00")) {
				got = append(got, fmt.Sprintf("%s: %s", r.text(g.Period), g.Reason))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%q\nwant\n%q", got, c.want)
			}
		})
	}
}
