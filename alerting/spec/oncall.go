package spec

import (
	"errors"
	"io/fs"
	"net/mail"
	"slices"
	"strings"
	"time"

	"jari.example/alerting/nearest"
	"jari.example/alerting/oncall"
	"jari.example/alerting/slo"
	"jari.example/internal/zone"
)

// defaultAcknowledge is acknowledgeWithin of a rota that does not say it.
const defaultAcknowledge = 5 * time.Minute

// rotaBody is the body of a document of kind OnCallRota.
type rotaBody struct {
	Spec struct {
		Zone     string `yaml:"zone"`
		HandOver struct {
			Weekday string `yaml:"weekday"`
			Time    string `yaml:"time"`
			Start   string `yaml:"start"`
		} `yaml:"handOver"`
		AcknowledgeWithin string `yaml:"acknowledgeWithin"`
		People            []struct {
			Name  string `yaml:"name"`
			Slack string `yaml:"slack"`
			Email string `yaml:"email"`
		} `yaml:"people"`
		Overrides []personAndPeriod `yaml:"overrides"`
		Away      []personAndPeriod `yaml:"away"`
	} `yaml:"spec"`
}

type personAndPeriod struct {
	Person string `yaml:"person"`
	From   string `yaml:"from"`
	To     string `yaml:"to"`
	Reason string `yaml:"reason"`
}

// windowBody is the body of a document of kind MaintenanceWindow.
type windowBody struct {
	Spec struct {
		Reason string `yaml:"reason"`
		From   string `yaml:"from"`
		To     string `yaml:"to"`
		Covers struct {
			Rules    []string `yaml:"rules"`
			Services []string `yaml:"services"`
		} `yaml:"covers"`
	} `yaml:"spec"`
}

// LoadOnCall reads every .yaml file at the top of fsys: at most one OnCallRota, and
// MaintenanceWindows, by name. Windows must name rules of set and services of its
// rules; those are not checked if set is empty. Without a document, or with a
// problem, the plan is empty and there is an error, which joins a Problem for each.
//
// Gaps of the rota are no problems: they depend on the time, and somebody is
// notified all the same. See oncall.Rota.Gaps.
func LoadOnCall(fsys fs.FS, set slo.Set) (oncall.Plan, error) {
	l := newLoader(onCall)
	if err := l.readFiles(fsys); err != nil {
		return oncall.Plan{}, err
	}
	var plan oncall.Plan
	for i, d := range l.rotas {
		if i > 0 {
			l.problem(d.document, at("kind"), "is the second OnCallRota, after %s:%d; write one with all people",
				l.rotas[0].file, l.rotas[0].line(at("kind")))
			continue
		}
		r := l.rota(d)
		plan.Rota = &r
	}
	for _, d := range l.windows {
		plan.Maintenance = append(plan.Maintenance, l.window(d, set.Rules()))
	}
	switch {
	case len(l.problems) > 0:
		return oncall.Plan{}, joined(l.problems)
	case plan.Rota == nil && plan.Maintenance == nil:
		return plan, errors.New("no OnCallRota and no MaintenanceWindow found; the directory must contain *.yaml files with at least one")
	}
	slices.SortFunc(plan.Maintenance, func(a, b oncall.Maintenance) int { return strings.Compare(a.Name, b.Name) })
	return plan, nil
}

func (l *loader) rota(d parsed[rotaBody]) oncall.Rota {
	spec := d.body.Spec
	r := oncall.Rota{Start: l.start(d), AcknowledgeWithin: defaultAcknowledge}
	if spec.AcknowledgeWithin != "" {
		r.AcknowledgeWithin = duration(spec.AcknowledgeWithin)
	}
	var err error
	if r.Zone, err = zone.Load(spec.Zone); err != nil {
		l.problem(d.document, at("spec", "zone"), "%q: %v", spec.Zone, err)
	}
	for i, p := range spec.People {
		place := at("spec", "people", i)
		for _, other := range r.People {
			if p.Name == other.Name {
				l.problem(d.document, place.with("name"), "%q is the name of two people; write a surname or a number, too", p.Name)
			}
			if p.Slack == other.SlackID {
				l.problem(d.document, place.with("slack"), "%q is already the id of %s; write the one of %s", p.Slack, other.Name, p.Name)
			}
		}
		if !isAddress(p.Email) {
			l.problem(d.document, place.with("email"), "%q is not a mail address of ASCII characters; write one such as mina@example.com", p.Email)
		}
		r.People = append(r.People, oncall.Person{Name: p.Name, SlackID: p.Slack, Email: p.Email})
	}
	for i, o := range spec.Overrides {
		place := at("spec", "overrides", i)
		period := l.personAndPeriod(d, place, o)
		for j, other := range r.Overrides {
			if period.From.Before(other.To) && other.From.Before(period.To) {
				l.problem(d.document, place.with("from"), "the override overlaps that of %s in line %d; end one where the other begins",
					other.Person, d.line(at("spec", "overrides", j)))
			}
		}
		r.Overrides = append(r.Overrides, oncall.Override{Period: period, Person: o.Person, Reason: o.Reason})
	}
	for i, a := range spec.Away {
		period := l.personAndPeriod(d, at("spec", "away", i), a)
		r.Away = append(r.Away, oncall.TimeAway{Period: period, Person: a.Person, Reason: a.Reason})
	}
	return r
}

// isAddress reports whether mails reach the address. SES takes ASCII characters only.
// https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html
func isAddress(s string) bool {
	parsed, err := mail.ParseAddress(s)
	return err == nil && parsed.Address == s && !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e || r <= ' ' })
}

// start is the local date and time of the first hand-over.
func (l *loader) start(d parsed[rotaBody]) time.Time {
	h := d.body.Spec.HandOver
	start, err := time.Parse("2006-01-02 15:04", h.Start+" "+h.Time)
	if err != nil {
		l.problem(d.document, at("spec", "handOver", "start"), "%v; correct it", err)
		return start
	}
	if start.Weekday().String() != h.Weekday {
		right := start
		for right.Weekday().String() != h.Weekday {
			right = right.AddDate(0, 0, 1)
		}
		l.problem(d.document, at("spec", "handOver", "start"), "%s is a %s; write the date of a %s, such as %s",
			h.Start, start.Weekday(), h.Weekday, right.Format(time.DateOnly))
	}
	return start
}

// personAndPeriod checks the person and the time of an override or a time away.
func (l *loader) personAndPeriod(d parsed[rotaBody], place path, entry personAndPeriod) oncall.Period {
	var names []string
	for _, p := range d.body.Spec.People {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	if !slices.Contains(names, entry.Person) {
		l.problem(d.document, place.with("person"), "%q is not one of the people; %s", entry.Person, nearest.OneOf(entry.Person, names))
	}
	return l.period(d.document, place, entry.From, entry.To)
}

// period is the time between two texts that meet their schema. place leads to the
// parent of both.
func (l *loader) period(d document, place path, from, to string) oncall.Period {
	start, err1 := time.Parse(time.RFC3339, from)
	end, err2 := time.Parse(time.RFC3339, to)
	switch {
	case err1 != nil:
		l.problem(d, place.with("from"), "%v; correct it", err1)
	case err2 != nil:
		l.problem(d, place.with("to"), "%v; correct it", err2)
	case !end.After(start):
		l.problem(d, place.with("to"), "%s is not after from: %s; write a later time", to, from)
	}
	return oncall.Period{From: start, To: end}
}

func (l *loader) window(d parsed[windowBody], rules []slo.Rule) oncall.Maintenance {
	spec := d.body.Spec
	m := oncall.Maintenance{
		Period: l.period(d.document, at("spec"), spec.From, spec.To),
		Name:   d.name, Reason: spec.Reason, Rules: spec.Covers.Rules, Services: spec.Covers.Services,
	}
	if len(rules) == 0 {
		return m
	}
	known := map[string]map[string]bool{"rules": {}, "services": {}}
	for _, r := range rules {
		known["rules"][r.Name], known["services"][r.Service] = true, true
	}
	delete(known["services"], "") // of rules without one
	for _, list := range []struct {
		member string
		names  []string
		what   string
	}{{"rules", m.Rules, "there is no SLO or DirectAlert %q"}, {"services", m.Services, "no SLO or DirectAlert has the service %q"}} {
		for i, name := range list.names {
			if !known[list.member][name] {
				l.problem(d.document, at("spec", "covers", list.member, i), list.what+", so nothing is muted; %s",
					name, nearest.OneOf(name, keys(known[list.member])))
			}
		}
	}
	return m
}
