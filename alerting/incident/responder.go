package incident

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// ErrEnded is returned for an action on an incident that has ended.
var ErrEnded = errors.New("the incident has ended")

// Responder acts on incidents for people: in Slack, on the status page and on the
// command line, on any replica. Each action is a transition that happens once: to
// repeat it changes nothing and is no error. All fail with ErrNotFound, and all but
// NotUseful with ErrEnded.
type Responder struct {
	Store Store
	Now   func() time.Time
}

// Acknowledge says that a person has taken the incident over. Nobody else is notified
// then. When somebody else has acknowledged it before, it is handed over.
func (r Responder) Acknowledge(ctx context.Context, id string, by Actor) (Incident, error) {
	return r.Store.Respond(ctx, id, func(i *Incident) ([]Entry, []Target, error) {
		before := i.Response
		switch {
		case !i.Open():
			return nil, nil, ErrEnded
		case !before.AcknowledgedAt.IsZero() && before.Assignee == by.Name:
			return nil, nil, nil
		}
		now := r.Now()
		text := fmt.Sprintf("Acknowledged by %s after %s.", by.Name, Duration(now.Sub(i.OpenedAt)))
		if !before.AcknowledgedAt.IsZero() {
			text = fmt.Sprintf("%s takes over from %s.", by.Name, before.Assignee)
		}
		i.Response.AcknowledgedAt, i.Response.AcknowledgedWorst = now, i.Facts.Worst
		i.Response.Assignee, i.Response.AssigneeID = by.Name, by.ID
		return []Entry{{At: now, Kind: EntryAcknowledged, Actor: by.Name, Text: text}}, nil, nil
	})
}

// Silence keeps the incident from notifying anybody until it resolves or, with until,
// its rule until then.
func (r Responder) Silence(ctx context.Context, id string, by Actor, until time.Time, reason string) (Incident, error) {
	i, err := r.Store.Get(ctx, id)
	switch silenced := i.Facts.Silenced; {
	case err != nil:
		return i, err
	case !i.Open():
		return i, ErrEnded
	case silenced != nil && silenced.Maintenance == "" && (silenced.Until.IsZero() || !until.IsZero() && !silenced.Until.Before(until)):
		return i, nil // as long already
	}
	now := r.Now()
	unique, err := uuid.NewV7()
	if err != nil {
		return i, err
	}
	silence := Silence{ID: unique.String(), Rule: i.Rule, From: now, Until: until, By: by.Name, Reason: reason}
	if until.IsZero() {
		silence.Incident = i.ID
	}
	if err := r.Store.Silence(ctx, silence); err != nil {
		return i, err
	}
	silenced := Silenced{Until: until, By: by.Name, Reason: reason}
	return r.Store.Respond(ctx, id, func(i *Incident) ([]Entry, []Target, error) {
		i.Facts.Silenced = &silenced
		return []Entry{{At: now, Kind: EntrySilenced, Actor: by.Name, Text: "Silenced " + silenced.String() + "."}}, nil, nil
	})
}

// Unsilence ends a silence early, and says so in the timeline of what it silences at
// present. A silence that has ended, or is not known, changes nothing.
func (r Responder) Unsilence(ctx context.Context, id string, by Actor) error {
	now := r.Now()
	silences, err := r.Store.Silences(ctx, now)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(silences, func(s Silence) bool { return s.ID == id })
	if n < 0 {
		return nil
	}
	if err := r.Store.EndSilence(ctx, id, now); err != nil {
		return err
	}
	open, err := r.Open(ctx)
	if err != nil {
		return err
	}
	for _, i := range open {
		if !silences[n].Covers(i.Rule, i.ID, now) {
			continue
		}
		_, err := r.Store.Respond(ctx, i.ID, func(i *Incident) ([]Entry, []Target, error) {
			if !i.Open() {
				return nil, nil, nil
			}
			if s := i.Facts.Silenced; s != nil && s.Maintenance == "" {
				i.Facts.Silenced = nil // another silence shows again at the next tick
			}
			return []Entry{{At: now, Kind: EntryUnsilenced, Actor: by.Name, Text: "The silence was ended by " + by.Name + "."}}, nil, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Resolve ends an incident that alertingd keeps open, for example because nobody
// tries any more. If its rule still fires, it reopens.
func (r Responder) Resolve(ctx context.Context, id string, by Actor) (Incident, error) {
	return r.Store.Respond(ctx, id, func(i *Incident) ([]Entry, []Target, error) {
		if !i.Open() {
			return nil, nil, ErrEnded
		}
		now := r.Now()
		i.ResolvedAt, i.Response.ResolvedBy = now, by.Name
		text := fmt.Sprintf("Resolved by %s after %s%s.", by.Name, Duration(now.Sub(i.StartedAt)), total(i.Facts))
		return []Entry{{At: now, Kind: EntryResolved, Actor: by.Name, Text: text}}, nil, nil
	})
}

// NotUseful records that a person did not need to know of the incident. It counts
// once per person and incident.
func (r Responder) NotUseful(ctx context.Context, id string, by Actor) (Incident, error) {
	return r.Store.Respond(ctx, id, func(i *Incident) ([]Entry, []Target, error) {
		if slices.Contains(i.Response.NotUseful, by.Name) {
			return nil, nil, nil
		}
		i.Response.NotUseful = append(slices.Clone(i.Response.NotUseful), by.Name)
		return []Entry{{At: r.Now(), Kind: EntryNotUseful, Actor: by.Name, Text: by.Name + " says that this alert was not useful."}}, nil, nil
	})
}

// Open returns the open incidents, the oldest first.
func (r Responder) Open(ctx context.Context) ([]Incident, error) {
	recent, err := r.Store.Recent(ctx, r.Now())
	return slices.DeleteFunc(recent, func(i Incident) bool { return !i.Open() }), err
}

// String says until when and why: "until 11:00 UTC by Mina: deploy".
func (m Silenced) String() string {
	text := "until it resolves"
	if !m.Until.IsZero() {
		text = "until " + m.Until.UTC().Format("2 January 15:04 UTC")
	}
	if m.By != "" {
		text += " by " + m.By
	}
	if m.Maintenance != "" {
		text += " by the planned maintenance " + m.Maintenance
	}
	if m.Reason != "" {
		text += ": " + m.Reason
	}
	return text
}
