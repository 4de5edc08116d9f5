// Package invariants checks, when an experiment is over, that no invariant of
// booking was violated. It compares four independent records, those of the
// clients, of the databases, of the mailbox and of the proxy before SES, and
// does nothing else.
package invariants

import "time"

// History is everything that is known after an experiment.
type History struct {
	Attempts    []Attempt // what clients sent and received
	Kills       []Kill    // what was killed meanwhile
	Slots       []Slot    // of the reservation service's database
	Rows        []Row     // of the reservation service's database
	Undelivered int       // events that are still in its outbox
	Events      []Event   // of the notification service's database, in the order of acceptance
	Mails       []Mail    // that SES holds
	Sends       []Send    // that the proxy before SES recorded
}

// Op is an operation of a diner.
type Op string

// The operations. A Read changes nothing, but its result must be right.
const (
	Book    Op = "book"
	Cancel  Op = "cancel"
	Move    Op = "move"
	Join    Op = "join"
	Accept  Op = "accept"
	Decline Op = "decline"
	Leave   Op = "leave"
	Read    Op = "read"
)

// Attempt is one request. All attempts of one operation have the same Key.
type Attempt struct {
	Diner        string
	Op           Op
	Key          string
	Slot         int64 // requested, by Book, Join and Move
	Party        int   // requested, by Book, Join and Move
	Replica      string
	Began, Ended time.Time
	Status       int // of HTTP; 0 without a response
	Replayed     bool
	Lost         bool // the proxy before the service lost the response, or the request
	Response     Response
}

// Response is the reservation in a 2xx; a 204 has none.
type Response struct {
	ID     string
	Slot   int64
	Party  int
	Status string
}

// decided reports whether the response says what the service has decided.
func (a Attempt) decided() bool { return a.Status >= 200 && a.Status < 500 }

func (a Attempt) succeeded() bool { return a.Status >= 200 && a.Status < 300 }

// Kill is one kill -9. Everything in flight at any moment of [At, Done] may
// have been hit.
type Kill struct {
	Target     string // a replica's name, or Postgres
	At, Done   time.Time
	CoversLeft int // of the slot on sale, in the database when the kill was done
}

// Postgres is the target that every request depends on.
const Postgres = "postgres"

// MayHaveHit reports whether the kill may have interrupted the attempt.
func (k Kill) MayHaveHit(a Attempt) bool {
	return (k.Target == Postgres || k.Target == a.Replica) && !a.Began.After(k.Done) && !a.Ended.Before(k.At)
}

// Slot is a slot in the database.
type Slot struct {
	ID       int64
	Capacity int
	Booked   int
	Open     bool // before its cut-off
}

// Row is a reservation or waitlist entry in the database.
type Row struct {
	ID      string
	Slot    int64
	Diner   string
	Party   int
	Status  string
	Version int // the number of its changes
}

func (r Row) holdsCovers() bool {
	return r.Status == offered || r.Status == confirmed || r.Status == seated
}

// Event is an event that the notification service has accepted from the outbox.
type Event struct {
	ID          string
	Kind        string
	Reservation string
	State       string // pending, sent or failed
}

// Mail is one message that SES holds.
type Mail struct{ Event string }

// Send is one attempt to hand a mail to SES.
type Send struct {
	Event    string
	Accepted bool // by SES
	Lost     bool // the sender did not get the response
}

// Statuses of a row.
const (
	waiting   = "waiting"
	offered   = "offered"
	confirmed = "confirmed"
	seated    = "seated"
	cancelled = "cancelled"
	declined  = "declined"
	expired   = "expired"
)
