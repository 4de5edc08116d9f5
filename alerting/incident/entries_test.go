package incident

import (
	"slices"
	"testing"
	"time"

	"jari.example/alerting/evaluate"
	"jari.example/alerting/slo"
)

func TestAPageNotifiesWhoIsOnCall(t *testing.T) {
	ten := time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		event    evaluate.Event
		severity slo.Severity
		silenced *Silenced
		nobody   bool
		want     []EntryKind
	}{
		"a page opens":            {evaluate.Opened, slo.Page, nil, false, []EntryKind{EntryOpened, EntryNotified}},
		"a page reopens":          {evaluate.Reopened, slo.Page, nil, false, []EntryKind{EntryReopened, EntryNotified}},
		"a ticket becomes a page": {evaluate.Raised, slo.Page, nil, false, []EntryKind{EntryRaised, EntryNotified}},
		"a ticket opens":          {evaluate.Opened, slo.Ticket, nil, false, []EntryKind{EntryOpened}},
		"a silenced page opens":   {evaluate.Opened, slo.Page, &Silenced{By: "Jo"}, false, []EntryKind{EntryOpened}},
		"nobody is on call":       {evaluate.Opened, slo.Page, nil, true, []EntryKind{EntryOpened}},
		"a page goes on":          {evaluate.Ongoing, slo.Page, nil, false, nil},
		"a page is resolved":      {evaluate.Resolved, slo.Page, nil, false, []EntryKind{EntryResolved}},
	} {
		m := Manager{OnCall: func(at time.Time) (Notified, bool) { return Notified{"Mina", "U1", at}, !c.nobody }}
		i := Incident{Severity: c.severity, ResolvedAt: ten, Facts: Facts{Silenced: c.silenced}}
		var kinds []EntryKind
		for _, e := range m.entries(Incident{}, i, evaluate.Verdict{Event: c.event, Severity: c.severity, At: ten, SLO: &slo.SLO{}}) {
			kinds = append(kinds, e.Kind)
			if !e.At.Equal(ten) || e.Kind == EntryNotified && (e.Actor != "Mina" || e.Mention != "U1") {
				t.Errorf("%s: %+v", name, e)
			}
		}
		if !slices.Equal(kinds, c.want) {
			t.Errorf("%s: %v, want %v", name, kinds, c.want)
		}
	}
}
