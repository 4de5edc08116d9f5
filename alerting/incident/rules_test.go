package incident_test

import (
	"time"

	"jari.example/alerting/slo"
)

func indicator(name string) slo.Indicator {
	return slo.Indicator{
		Source: slo.Source{Index: "logs", TimeField: "time", RegionField: "region"},
		Total:  slo.Condition{Field: "event", Op: slo.Is, Value: name},
		Bad:    slo.Condition{Field: "status", Op: slo.AtLeast, Value: int64(500)},
	}
}

var (
	bookings   = indicator("booking")
	searches   = indicator("search")
	heartbeats = indicator("heartbeat")
	access     = indicator("access")
)

func objective(name string, i slo.Indicator, mutedBy ...string) slo.SLO {
	return slo.SLO{
		Rule:       slo.Rule{Name: name, Title: name + " fail", Affected: "diners", MutedBy: mutedBy},
		EventLabel: name, Indicator: i,
		Objective: slo.Objective{Target: 0.999, Window: 30 * 24 * time.Hour},
		Policy: slo.Policy{MaxPValue: 1e-5, MinBadEvents: 5, Pairs: []slo.WindowPair{
			{Severity: slo.Page, Long: time.Hour, Short: 5 * time.Minute, Burn: 14.4},
			{Severity: slo.Page, Long: 6 * time.Hour, Short: 30 * time.Minute, Burn: 6},
			{Severity: slo.Ticket, Long: 24 * time.Hour, Short: 2 * time.Hour, Burn: 3},
			{Severity: slo.Ticket, Long: 72 * time.Hour, Short: 6 * time.Hour, Burn: 1},
		}},
	}
}

// absent is an alert for the absence of events in a region.
func absent(name string, of slo.Indicator, regions ...string) slo.Alert {
	a := slo.Alert{
		Rule: slo.Rule{Name: name, Title: name, Affected: "everybody"}, Severity: slo.Page,
		When: slo.When{Within: 3 * time.Minute, Absent: true},
	}
	for _, region := range regions {
		i := of
		i.Total = slo.Condition{All: []slo.Condition{of.Total, {Field: "region", Op: slo.Is, Value: region}}}
		a.Subjects = append(a.Subjects, slo.Subject{Name: region, Indicator: i})
	}
	return a
}

// blindness is the alert for missing heartbeats of the agents.
func blindness() slo.Alert {
	a := absent("blind", heartbeats, kr, us)
	a.Freezes = true
	return a
}

// beat is one heartbeat each minute of both agents.
func beat() []flow {
	var all []flow
	for _, s := range blindness().Subjects {
		all = append(all, flow{of: s.Indicator, region: s.Name, good: 1})
	}
	return all
}
