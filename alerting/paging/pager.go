// Package paging notifies people about an open page until one of them acknowledges
// it: the next person in Slack and by mail, and by mail alone when Slack does not
// take the message.
package paging

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/lease"
	"jari.example/alerting/notify"
	"jari.example/alerting/oncall"
	"jari.example/alerting/slo"
	"jari.example/internal/wait"
)

// DefaultMailAfter is how long Slack may not take a page before it is mailed.
const DefaultMailAfter = 5 * time.Minute

// interval is how often a Pager looks. It is short against the minutes in which people
// acknowledge.
const interval = time.Second

// Outbox says what was not delivered. A notify.Outbox does.
type Outbox interface {
	Undelivered(ctx context.Context) ([]notify.Undelivered, error)
}

// Pager decides by what the store says under a lock, so that of several replicas,
// also of one that has lost its lease, only one notifies a person.
//
// An open page is escalated while nobody has acknowledged it and nothing mutes it.
type Pager struct {
	Store  incident.Store
	Outbox Outbox
	Rota   func() *oncall.Rota // nil result: nobody is on call
	Mails  bool                // whether mails are sent; without, people are notified in Slack alone
	// MailTo are the addresses that get a page that Slack does not take when nobody
	// is on call.
	MailTo    []string
	MailAfter time.Duration
	Now       func() time.Time
	Report    func(context.Context, error) // of a failed look
}

// Run looks until ctx ends.
func (p *Pager) Run(ctx context.Context, _ lease.Term) {
	for wait.For(ctx, interval) == nil {
		if err := p.Look(ctx); err != nil && ctx.Err() == nil {
			p.Report(ctx, err)
		}
	}
}

// Look notifies whoever has to be notified now.
func (p *Pager) Look(ctx context.Context) error {
	now := p.Now()
	recent, err := p.Store.Recent(ctx, now)
	if err != nil {
		return fmt.Errorf("read the open incidents: %w", err)
	}
	undelivered, err := p.Outbox.Undelivered(ctx)
	if err != nil {
		return fmt.Errorf("read the outbox: %w", err)
	}
	var failures []error
	for _, i := range recent {
		if !waitsForPeople(i) {
			continue
		}
		for _, respond := range []incident.Respond{p.escalate(now), p.mail(now, i.ID, undelivered)} {
			after := i // the store reads again only when something is to be written
			if entries, _, err := respond(&after); err != nil || len(entries) == 0 {
				failures = append(failures, err)
				continue
			}
			_, err := p.Store.Respond(ctx, i.ID, respond)
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}

// waitsForPeople reports whether somebody has to acknowledge i.
func waitsForPeople(i incident.Incident) bool {
	return i.Open() && i.Severity == slo.Page && i.Response.AcknowledgedAt.IsZero() && i.Facts.Silenced == nil
}

// escalate notifies the next person when that is due, in the thread and by mail. The
// first person is mentioned in the message itself.
func (p *Pager) escalate(now time.Time) incident.Respond {
	return func(i *incident.Incident) ([]incident.Entry, []incident.Target, error) {
		rota := p.Rota()
		if rota == nil || !waitsForPeople(*i) {
			return nil, nil, nil
		}
		notified := make([]oncall.Notified, len(i.Response.Notified))
		for n, one := range i.Response.Notified {
			notified[n] = oncall.Notified{Person: one.Name, At: one.At}
		}
		person, due := rota.Next(notified, now)
		if now.Before(due) {
			return nil, nil, nil
		}
		e := incident.Entry{At: now, Kind: incident.EntryNotified, Actor: person.Name, Mention: person.SlackID}
		if len(notified) == 0 { // it was silenced when it opened
			e.Text = person.Name + ", you are on call: this is open and nobody has acknowledged it."
		} else {
			e.Text = fmt.Sprintf("Nobody has acknowledged this for %s. %s, you are next.",
				incident.Duration(now.Sub(notified[0].At)), person.Name)
		}
		i.Response = i.Response.After([]incident.Entry{e})
		var targets []incident.Target
		if p.Mails && len(notified) > 0 && person.Email != "" {
			targets = append(targets, incident.Target{Medium: incident.Mail, Address: person.Email})
		}
		return []incident.Entry{e}, targets, nil
	}
}

// mail mails a page that Slack has refused, or has not taken for MailAfter.
func (p *Pager) mail(now time.Time, id string, undelivered []notify.Undelivered) incident.Respond {
	return func(i *incident.Incident) ([]incident.Entry, []incident.Target, error) {
		if !waitsForPeople(*i) || !i.Response.MailedAt.IsZero() {
			return nil, nil, nil
		}
		for _, u := range undelivered {
			if u.Incident != id || u.Target.Medium != incident.Slack || u.Refused == "" && now.Sub(u.Since) < p.MailAfter {
				continue
			}
			addresses, names := p.addresses(now)
			if len(addresses) == 0 {
				return nil, nil, nil
			}
			text := fmt.Sprintf("Slack had not taken this message for %s, so it was mailed to %s.", incident.Duration(now.Sub(u.Since)), names)
			if u.Refused != "" {
				text = fmt.Sprintf("Slack has refused this message (%s), so it was mailed to %s.", u.Refused, names)
			}
			i.Response.MailedAt = now
			return []incident.Entry{{At: now, Kind: incident.EntryUndelivered, Text: text}}, addresses, nil
		}
		return nil, nil, nil
	}
}

// addresses are whom a page is mailed to that Slack does not take.
func (p *Pager) addresses(now time.Time) (targets []incident.Target, names string) {
	if !p.Mails {
		return nil, ""
	}
	if rota := p.Rota(); rota != nil {
		if person := rota.Line(now)[0]; person.Email != "" {
			return []incident.Target{{Medium: incident.Mail, Address: person.Email}}, person.Name
		}
	}
	for _, address := range p.MailTo {
		targets = append(targets, incident.Target{Medium: incident.Mail, Address: address})
	}
	return targets, "the address for mail"
}
