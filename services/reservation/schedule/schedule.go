// Package schedule computes a restaurant's slots from its opening hours: local
// wall-clock times, IANA time zones, exceptions and drops in; UTC instants out.
// It is pure: it reads neither the clock nor a store.
package schedule

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"jari.example/internal/fault"
	"jari.example/internal/zone"
)

// Schedule is when a restaurant seats people, in its local wall-clock time. It is
// stored as the owner sent it, with the defaults filled in; [Schedule.Slots]
// computes the slots.
type Schedule struct {
	TimeZone            string      `json:"time_zone"` // a canonical name of the IANA time zone database: see package zone
	Weekly              []Opening   `json:"weekly"`
	IntervalMinutes     int         `json:"interval_minutes"` // from one seating to the next
	DiningMinutes       int         `json:"dining_minutes"`   // how long a table is taken
	Covers              int         `json:"covers"`           // per slot; 0 closes every slot
	Party               PartySize   `json:"party"`
	DaysAhead           int         `json:"days_ahead"`            // after today
	CancelCutoffMinutes int         `json:"cancel_cutoff_minutes"` // before the start; 0 lets diners cancel until then
	Exceptions          []Exception `json:"exceptions,omitempty"`
	Drops               []Drop      `json:"drops,omitempty"`
}

// Defaults of fields that are missing in a request.
const (
	DefaultDiningMinutes       = 90
	DefaultCancelCutoffMinutes = 120
)

// Hours is one period of one local day: seatings start at Opens and every interval
// after it, the last one before Closes. A period ends with its day, at 24:00;
// hours after midnight are a period of the next day. So each slot belongs to the
// day that its guests would name, for exceptions, drops, closures and lists alike.
type Hours struct {
	Opens  string `json:"opens"`  // HH:MM, 00:00 to 23:59
	Closes string `json:"closes"` // HH:MM, later than Opens, at most 24:00
}

// Opening is a period of each such weekday.
type Opening struct {
	Day string `json:"day"` // mon … sun
	Hours
}

// Exception replaces the weekly openings on one local day.
type Exception struct {
	Date     string  `json:"date"`             // YYYY-MM-DD
	Openings []Hours `json:"openings"`         // none: the day takes no new bookings
	Covers   *int    `json:"covers,omitempty"` // nil: as on other days
}

// Drop creates the slots from one local day to another, both included, also beyond
// the booking window. They become bookable at OpensAt (RFC 3339).
type Drop struct {
	From    string    `json:"from"` // YYYY-MM-DD
	To      string    `json:"to"`   // YYYY-MM-DD
	OpensAt time.Time `json:"opens_at"`
}

// MaxParty is the largest party that any schedule may allow, in covers.
const MaxParty = 20

// Bounds that keep one edit's work small.
const (
	maxOpenings   = 21
	maxExceptions = 100
	maxDrops      = 12
	maxDropDays   = 62
	maxCovers     = 1000
)

var (
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} // as time.Weekday counts
	opening  = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$`)
	closing  = regexp.MustCompile(`^(([01]\d|2[0-3]):[0-5]\d|24:00)$`)
)

// Validate returns an Invalid fault that points at the first field at fault.
func (s Schedule) Validate() error {
	loc, err := zone.Load(s.TimeZone)
	if err != nil {
		return fault.BadField("/time_zone", "time_zone cannot be used: %s.", err)
	}
	if s.Weekly == nil || len(s.Weekly) > maxOpenings {
		return fault.BadField("/weekly", "weekly lists at most %d openings; an empty list closes every slot.", maxOpenings)
	}
	for i, o := range s.Weekly {
		at := fmt.Sprintf("/weekly/%d", i)
		if !slices.Contains(weekdays, o.Day) {
			return fault.BadField(at+"/day", "day is one of mon, tue, wed, thu, fri, sat, sun.")
		}
		if err := o.Hours.validate(at); err != nil {
			return err
		}
	}
	for _, f := range []struct {
		pointer         string
		value, low, top int
	}{
		{"/interval_minutes", s.IntervalMinutes, 15, 240},
		{"/dining_minutes", s.DiningMinutes, 30, 360},
		{"/covers", s.Covers, 0, maxCovers},
		{"/party/min", s.Party.Min, 1, MaxParty},
		{"/party/max", s.Party.Max, s.Party.Min, MaxParty},
		{"/days_ahead", s.DaysAhead, 1, 90},
		{"/cancel_cutoff_minutes", s.CancelCutoffMinutes, 0, 7 * 24 * 60},
	} {
		if f.value < f.low || f.value > f.top {
			return fault.BadField(f.pointer, "%s must be between %d and %d.", f.pointer[1:], f.low, f.top)
		}
	}
	if err := validateExceptions(s.Exceptions); err != nil {
		return err
	}
	return validateDrops(s.Drops, loc)
}

func (h Hours) validate(at string) error {
	switch {
	case !opening.MatchString(h.Opens):
		return fault.BadField(at+"/opens", "opens is a time of day, HH:MM.")
	case !closing.MatchString(h.Closes):
		return fault.BadField(at+"/closes", "closes is a time of day, HH:MM, at most 24:00.")
	case h.Closes <= h.Opens:
		return fault.BadField(at+"/closes", "closes must be later than opens; what follows midnight is an opening of the next day.")
	}
	return nil
}

func validateExceptions(list []Exception) error {
	if len(list) > maxExceptions {
		return fault.BadField("/exceptions", "exceptions lists at most %d days.", maxExceptions)
	}
	seen := map[string]bool{}
	for i, e := range list {
		at := fmt.Sprintf("/exceptions/%d", i)
		if _, err := ParseDate(e.Date); err != nil {
			return fault.BadField(at+"/date", "date is a day of the calendar, YYYY-MM-DD.")
		}
		if seen[e.Date] {
			return fault.BadField(at+"/date", "%s is listed twice.", e.Date)
		}
		seen[e.Date] = true
		// Left out by mistake it would close the day.
		if e.Openings == nil || len(e.Openings) > maxOpenings {
			return fault.BadField(at+"/openings", "openings lists at most %d periods; an empty list closes the day.", maxOpenings)
		}
		for j, h := range e.Openings {
			if err := h.validate(fmt.Sprintf("%s/openings/%d", at, j)); err != nil {
				return err
			}
		}
		if e.Covers != nil && (*e.Covers < 0 || *e.Covers > maxCovers) {
			return fault.BadField(at+"/covers", "covers must be between 0 and %d.", maxCovers)
		}
	}
	return nil
}

func validateDrops(list []Drop, loc *time.Location) error {
	if len(list) > maxDrops {
		return fault.BadField("/drops", "drops lists at most %d periods.", maxDrops)
	}
	for i, d := range list {
		at := fmt.Sprintf("/drops/%d", i)
		from, err := ParseDate(d.From)
		if err != nil {
			return fault.BadField(at+"/from", "from is a day of the calendar, YYYY-MM-DD.")
		}
		to, err := ParseDate(d.To)
		switch {
		case err != nil:
			return fault.BadField(at+"/to", "to is a day of the calendar, YYYY-MM-DD.")
		case to.Before(from):
			return fault.BadField(at+"/to", "to must not be before from.")
		case !to.Before(from.AddDate(0, 0, maxDropDays)):
			return fault.BadField(at+"/to", "a drop covers at most %d days.", maxDropDays)
		case d.OpensAt.Year() < firstYear:
			return fault.BadField(at+"/opens_at", "opens_at is a time such as 2026-11-22T10:00:00Z.")
		}
		if end, _ := zone.Reach(to.AddDate(0, 0, 1), loc); !d.OpensAt.Before(end) {
			return fault.BadField(at+"/opens_at", "opens_at must come before the period is over.")
		}
	}
	return nil
}

// PartySize bounds how many may come together.
type PartySize struct {
	Min int `json:"min"`
	Max int `json:"max"`
}
