package incident

import (
	"maps"
	"slices"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/evaluate"
	"jari.example/alerting/slo"
)

func TestAnOpenIncidentIsUpdatedAfterTheIntervalAndAtOnceWithNews(t *testing.T) {
	ten := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	m := Manager{UpdateInterval: time.Minute}
	for name, tc := range map[string]struct {
		change func(*Incident, *evaluate.Verdict)
		want   bool
	}{
		"soon after an update":              {func(*Incident, *evaluate.Verdict) {}, false},
		"after the interval":                {func(_ *Incident, v *evaluate.Verdict) { v.At = ten.Add(time.Minute) }, true},
		"when it begins to wait":            {func(_ *Incident, v *evaluate.Verdict) { v.Waiting = &evaluate.Waiting{} }, true},
		"when it waits no more":             {func(i *Incident, _ *evaluate.Verdict) { i.Facts.EndsAfter = &EndsAfter{} }, true},
		"when it freezes":                   {func(_ *Incident, v *evaluate.Verdict) { v.Frozen = "no heartbeats" }, true},
		"when it is not frozen any more":    {func(i *Incident, _ *evaluate.Verdict) { i.Facts.Frozen = "no heartbeats" }, true},
		"when it mutes another rule":        {func(_ *Incident, v *evaluate.Verdict) { v.AlsoAffected = []string{"a"} }, true},
		"when half as many good are enough": {func(i *Incident, v *evaluate.Verdict) { i.Facts.Worst, v.Worst = 0.5, 0.8 }, true},
		"when the share is a little worse":  {func(i *Incident, v *evaluate.Verdict) { i.Facts.Worst, v.Worst = 0.5, 0.6 }, false},
	} {
		i, v := Incident{UpdatedAt: ten}, evaluate.Verdict{At: ten.Add(59 * time.Second), Alert: &slo.Alert{}}
		if tc.change(&i, &v); m.due(i, v, m.facts(i.Facts, v)) != tc.want {
			t.Errorf("%s: %v", name, !tc.want)
		}
	}
}

func TestAnIncidentRemembersWhatAVerdictDoesNotSay(t *testing.T) {
	ten := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	old := Facts{
		LastBad: ten, AlsoAffected: []string{"a"}, Reopened: 1, Traces: []string{"1"}, Alert: &Alert{Fired: []string{"kr"}},
	}
	f := Manager{}.facts(old, evaluate.Verdict{
		Event: evaluate.Reopened, Alert: &slo.Alert{}, AlsoAffected: []string{"b", "a"}, Subjects: []evaluate.Subject{{Name: "us"}},
		Since: count.Sum{Count: slo.Count{Bad: 3}, Regions: map[string]slo.Count{"": {Bad: 1}, "kr": {Good: 9}, "us": {Bad: 2}}},
	})
	if !f.LastBad.Equal(ten) || !slices.Equal(f.AlsoAffected, []string{"a", "b"}) || f.Reopened != 2 ||
		!slices.Equal(f.Traces, []string{"1"}) ||
		!slices.Equal(f.Alert.Fired, []string{"kr", "us"}) || len(f.Alert.Firing) != 1 || !maps.Equal(f.Regions, map[string]int64{"us": 2}) {
		t.Errorf("got %+v and %+v", f, f.Alert)
	}
}
