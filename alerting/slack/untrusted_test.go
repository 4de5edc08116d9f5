package slack

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"jari.example/alerting/incident"
	"jari.example/alerting/incident/incidenttest"
	"jari.example/alerting/notify"
	"jari.example/alerting/slo"
)

// hostile has every kind of markup that Slack knows, and characters that nobody sees.
const hostile = "planted <!channel> <!here|x> <@U0PLANTED> <#C0PLANTED> <!subteam^S0PLANTED> *bold* _italic_ ~struck~ `code` ```pre``` " +
	"<http://evil.example/|y> http://evil.example/ :fire: &lt;!channel&gt; " +
	"|\r\n> quote\n*line*\u2028_x_\u202eright\u2066left\u200bzero\u200d\ufeff\x00\x1b[31m\xff"

// everything is an incident of each kind in which every string is set by text.
func everything(text func(path string) string) []incident.Incident {
	var all []incident.Incident
	for _, change := range []func(*incident.Incident){
		func(*incident.Incident) {},
		func(i *incident.Incident) { i.Facts.EndsAfter = nil },
		func(i *incident.Incident) { i.Facts.Alert, i.Facts.EndsAfter = nil, nil },
		func(i *incident.Incident) { i.Facts.Alert = nil },
		func(i *incident.Incident) { i.Facts.Silenced.By = "" },
		func(i *incident.Incident) { i.Facts.Runbook = "" },
		func(i *incident.Incident) { i.ResolvedAt = i.UpdatedAt },
		func(i *incident.Incident) { i.ResolvedAt, i.Facts.Withdrawn = i.UpdatedAt, true },
	} {
		i := openIncident()
		i.Facts.Alert = &incident.Alert{When: slo.When{Within: time.Minute, Events: 1}}
		i.Response.AcknowledgedAt, i.Response.MailedAt = i.UpdatedAt, i.UpdatedAt
		incidenttest.Fill(&i, text)
		change(&i)
		all = append(all, i)
	}
	return all
}

// severity is not shown as it is, so it cannot be planted.
func severity(path string) bool { return strings.HasSuffix(path, ".Severity") }

// notShown are ids of people and of the chart's file: one is a mention or a picture if it
// has the form of an id, and the others are for alertingd.
var notShown = []string{".Response.Notified[].SlackID", ".Response.AssigneeID", ".Response.NotUseful[]", ".Chart.File"}

func TestEveryTextFieldOfAnIncidentIsShownAsItIs(t *testing.T) {
	var paths []string
	everything(func(path string) string {
		if !severity(path) && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
		return ""
	})
	if len(paths) < 24 {
		t.Fatalf("only %d fields were found: %q", len(paths), paths)
	}
	for _, path := range paths {
		shown := false
		for _, planted := range []string{hostile, strings.Repeat(hostile, 100_000/len(hostile))} {
			for _, i := range everything(func(p string) string {
				switch {
				case severity(p):
					return string(slo.Page)
				case p == path:
					return planted
				case p == ".Chart.File":
					return "F0123456789"
				}
				return "quite harmless"
			}) {
				m := render(i, links, false)
				shown = shown || strings.Contains(fmt.Sprint(m.alone, jsonOf(m)), "planted")
				for _, wrong := range append(markup(m), limitsBroken(m)...) {
					t.Errorf("%s: %s", path, wrong)
				}
			}
		}
		if !shown && !slices.Contains(notShown, path) {
			t.Errorf("%s reaches no message: the test plants it in vain", path)
		}
	}
}

func TestANoteIsShownAsItIs(t *testing.T) {
	for name, n := range map[string]notify.Note{
		"hostile":        {Text: hostile, Mention: "<!channel>"},
		"huge":           {Text: strings.Repeat(hostile, 2000), Mention: "U1 <!here>"},
		"empty":          {},
		"of white space": {Text: " \n\t\n"},
	} {
		t.Run(name, func(t *testing.T) {
			m := noted(n, false)
			for _, wrong := range append(markup(m), limitsBroken(m)...) {
				t.Error(wrong)
			}
		})
	}
}

var (
	ours = regexp.MustCompile(`<!date\^\d+\^[^|<>]*\|[^<>|]*>|` +
		`<https://(run|kibana|alerting)\.example/[^<>|]*\|(Runbook|Dashboard|Status page|Example trace \d)>`)
	asOf = regexp.MustCompile(`^as of <!date\^\d+\^\{time_secs\}\|[^<>|]*>$`)
)

// markup is what Slack would interpret although it came from a field.
func markup(m message) (wrong []string) {
	for name, text := range map[string]string{"text": m.text, "alone": m.alone} {
		rest := ours.ReplaceAllString(text, "")
		if strings.ContainsAny(rest, "<>*_~`") || emojiCode.MatchString(rest) || strings.Contains(rest, "\n&gt;") || hidden(rest) {
			wrong = append(wrong, fmt.Sprintf("%s has markup: %.300q", name, rest))
		}
		if n := strings.Count(text, "\n"); name == "text" && n > strings.Count(m.alone, "\n") || n > 60 {
			wrong = append(wrong, fmt.Sprintf("%s has %d lines", name, n))
		}
	}
	eachObject(m, func(o map[string]any) {
		text, _ := o["text"].(string)
		switch o["type"] {
		case "image":
			if alt, _ := o["alt_text"].(string); alt == "" || hidden(alt) || len([]rune(alt)) > maxAlt || strings.Contains(alt, "\n") {
				wrong = append(wrong, fmt.Sprintf("an alternative text: %.100q", alt))
			}
			if id := fmt.Sprint(o["slack_file"]); id != "map[id:F0123456789]" {
				wrong = append(wrong, "an image is "+id)
			}
		case "mrkdwn":
			if !asOf.MatchString(text) {
				wrong = append(wrong, "a mrkdwn object: "+text)
			}
		case "plain_text":
			if o["emoji"] != false || hidden(text) || strings.Contains(text, "\n") {
				wrong = append(wrong, fmt.Sprintf("a plain_text object: %.100q", text))
			}
		case "text":
			if hidden(text) {
				wrong = append(wrong, fmt.Sprintf("a text element: %.100q", text))
			}
		case "link":
			if url := fmt.Sprint(o["url"]); !ours.MatchString("<"+url+"|Runbook>") || hidden(url) {
				wrong = append(wrong, "a link to "+url)
			}
		case "header", "rich_text", "rich_text_section", "rich_text_preformatted", "context", "actions", "button", "date":
		default:
			wrong = append(wrong, fmt.Sprintf("an object of the type %v", o["type"]))
		}
	})
	return wrong
}

// hidden reports whether s has characters that nobody sees.
func hidden(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) })
}

// limitsBroken lists the limits of Slack that m exceeds.
func limitsBroken(m message) (wrong []string) {
	within := func(what, s string, least, most int) {
		if n := len([]rune(s)); n < least || n > most {
			wrong = append(wrong, fmt.Sprintf("%s has %d characters, of %d", what, n, most))
		}
	}
	within("the text", m.text, 1, maxText)
	within("the text alone", m.alone, 1, maxText)
	if n := size(m.all()); n > maxMessage || len(m.all()) > maxBlocks {
		wrong = append(wrong, fmt.Sprintf("%d blocks of %d characters", len(m.all()), n))
	}
	eachObject(m, func(o map[string]any) {
		text, _ := o["text"].(string)
		inner, _ := o["text"].(map[string]any)
		elements, _ := o["elements"].([]any)
		switch o["type"] {
		case "header":
			within("the header", fmt.Sprint(inner["text"]), 1, maxHeader)
		case "button":
			within("a button", fmt.Sprint(inner["text"]), 1, maxButton)
			within("a value", fmt.Sprint(o["value"]), 1, maxValue)
			within("an action_id", fmt.Sprint(o["action_id"]), 1, maxID)
		case "context":
			if len(elements) > maxContext {
				wrong = append(wrong, fmt.Sprintf("%d elements", len(elements)))
			}
		case "plain_text", "mrkdwn", "text":
			within("a text", text, 1, maxSection)
		}
		if id, ok := o["block_id"]; ok {
			within("a block_id", fmt.Sprint(id), 0, maxID)
		}
	})
	return wrong
}

func jsonOf(m message) string {
	b, err := json.Marshal(m.all())
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// eachObject calls visit with every object of the blocks.
func eachObject(m message, visit func(map[string]any)) {
	var all any
	_ = json.Unmarshal([]byte(jsonOf(m)), &all)
	var each func(any)
	each = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				each(e)
			}
		case map[string]any:
			if v["type"] != nil {
				visit(v)
			}
			for _, e := range v {
				each(e)
			}
		}
	}
	each(all)
}

// Long lists and long texts at once, with what becomes longer when it is escaped.
func TestAMessageNeverExceedsSlacksLimits(t *testing.T) {
	texts := []string{"", "a", "&", `"`, `\`, "예", "😀", "<!channel>", hostile, "*", "\u202e"}
	shortened := 0
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		var some [20]string
		for n := range some {
			unit := texts[rnd.IntN(len(texts))]
			some[n] = strings.Repeat(unit, rnd.IntN(1+rnd.IntN(20_000))/(1+len(unit)))
		}
		text := func() string { return some[rnd.IntN(len(some))] }
		for _, i := range everything(func(path string) string {
			if severity(path) {
				return string(slo.Page)
			}
			return text()
		}) {
			f := &i.Facts
			for range rnd.IntN(200) {
				f.Traces, f.AlsoAffected = append(f.Traces, text()), append(f.AlsoAffected, text())
				f.Diagnosis = append(f.Diagnosis, slo.Finding{Phrase: text(), Value: text(), BadOf: rnd.Int64N(2)})
				f.Regions[text()] = rnd.Int64N(1e12)
				i.Response.Notified = append(i.Response.Notified, incident.Notified{Name: text(), SlackID: "U0ONCALL01", At: i.OpenedAt})
				if f.Alert != nil {
					f.Alert.Firing = append(f.Alert.Firing, incident.Subject{Name: text(), LastEvent: i.OpenedAt})
					f.Alert.Fired = append(f.Alert.Fired, text())
				}
			}
			m := render(i, links, rnd.IntN(2) == 0)
			if wrong := limitsBroken(m); len(wrong) > 0 {
				t.Fatalf("seed %d: %q", seed, wrong)
			}
			if f.LogLine != "" && !strings.Contains(jsonOf(m), "rich_text_preformatted") {
				shortened++
			}
		}
	}
	if shortened == 0 {
		t.Error("no message was too long, so that nothing was tried")
	}
}

// A message that is too long loses its parts in the order of shortenings.
func TestAMessageThatIsTooLongLosesItsPartsInOrder(t *testing.T) {
	i := openIncident()
	f := &i.Facts
	f.LogLine, f.Diagnosis = "a log line", []slo.Finding{{Phrase: "a diagnosis"}}
	f.AlsoAffected, f.Regions = []string{"also-this"}, map[string]int64{"some-region": 1}
	parts := []string{"a log line", "a diagnosis", "Example trace", "also-this", "some-region"}
	for n := range shortenings {
		s := sizes{span: 400, list: 10}
		short := i
		for _, shorten := range shortenings[:n+1] {
			shorten(&short.Facts, &s)
		}
		shown := jsonOf(compose(short, links, false, s))
		for k, part := range parts {
			if has := strings.Contains(shown, part); has != (k >= n) {
				t.Errorf("after %d steps: %q is shown: %v", n, part, has)
			}
		}
	}
	if i.Facts.LogLine == "" {
		t.Error("the incident itself was changed")
	}
}
