package deadman

import (
	"fmt"
	"strconv"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/wording"
)

const advice = `While this lasts, no incident is detected and nobody is notified of one.

1. Does alertingd run? Its /readyz and its log say what is wrong. Without any replica,
   start one.
2. Does its log have lines with the event alerting.tick.failed? Their exception says why,
   such as OpenSearch or PostgreSQL that cannot be reached.
3. Does PostgreSQL accept connections and writes?
`

// message is the mail of an event. Its ID is that of the hour of the outage, so that a
// repeated attempt has the same.
func message(event Event, before, after State, cause error) Mail {
	now := after.CheckedAt
	since := after.since()
	if event == Ended {
		since = before.since()
	}
	outage := "alerting." + strconv.FormatInt(since.UnixMilli(), 36)
	lasted := now.Sub(since)
	m := Mail{At: now, ID: fmt.Sprintf("%s.%s.%d", outage, event, lasted/Repeat), Thread: outage}
	began := wording.Span{At: since, Now: now}.Clock()
	switch event {
	case Ended:
		lasted = after.LastTick.Sub(since)
		m.Subject = "✅ Alerting works again after " + incident.Duration(lasted)
		m.Text = fmt.Sprintf("Ticks succeed again, the last one at %s. Before, none had succeeded since %s.\n"+
			"What happened meanwhile is evaluated now, as far back as logs are counted.\n",
			wording.Span{At: after.LastTick, Now: now}.Clock(), began)
		return m
	case Lasts:
		m.Subject = "🔴 Alerting still does not work"
	default:
		m.Subject = "🔴 Alerting does not work"
	}
	m.Subject += ": no tick has succeeded since " + began
	m.Text = fmt.Sprintf("No tick of alertingd has succeeded for %s, since %s.\n", incident.Duration(lasted.Round(time.Second)), began)
	if cause != nil {
		m.Text += "The watcher cannot read the database: " + wording.Literal(cause.Error(), 500) + "\n"
	}
	m.Text += "\n" + advice + "\nThis is mailed again every hour while it lasts, and once when it is over.\n"
	return m
}
