// Package verdict decides, when a campaign is over, whether every promise to
// diners was kept. It compares what four witnesses say (the clients, the
// databases, the mailbox and the proxy before SES) and does nothing else.
package invariants

import "time"

// History is everything that is known afterwards.
type History struct {
	Attempts    []Attempt // what clients asked, and heard
	Kills       []Kill    // what was killed meanwhile
	Slots       []Slot    // reservation's database …
	Rows        []Row     //
	Undelivered int       // … with the events that never left it
	Events      []Event   // notification's database, in the order of acceptance
	Mails       []Mail    // what SES holds
	Sends       []Send    // what the proxy before SES has seen
}

// Op is what a diner wants.
type Op string

// The operations. A Read changes nothing, but what it has told must be true.
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

// Attempt is one request. All tries of one intention of a diner have the same Key.
type Attempt struct {
	Diner        string
	Op           Op
	Key          string
	Slot         int64 // wanted, by Book, Join and Move
	Party        int   // wanted, by Book, Join and Move
	Replica      string
	Began, Ended time.Time
	Status       int // of HTTP; 0 when nobody answered
	Replayed     bool
	Lost         bool // the proxy before the service lost the answer, or the request
	Response     Response
}

// Response is the reservation in a 2xx; a 204 has none.
type Response struct {
	ID     string
	Slot   int64
	Party  int
	Status string
}

// decided reports whether the diner knows what the service has decided.
func (t Attempt) decided() bool { return t.Status >= 200 && t.Status < 500 }

func (t Attempt) succeeded() bool { return t.Status >= 200 && t.Status < 300 }

// Kill is one kill -9. Everything in flight at any moment of [At, Done] may
// have been hit.
type Kill struct {
	Target     string // a replica's name, or Everybody
	At, Done   time.Time
	CoversLeft int // covers of the slot on sale that the database had left when the kill was done
}

// Postgres is the victim that every request depends on: Postgres.
const Postgres = "postgres"

// MayHaveHit reports whether the kill may have hit the request.
func (k Kill) MayHaveHit(t Attempt) bool {
	return (k.Target == Postgres || k.Target == t.Replica) && !t.Began.After(k.Done) && !t.Ended.Before(k.At)
}

// Slot is a slot as the database has it.
type Slot struct {
	ID       int64
	Capacity int
	Booked   int
	Open     bool // its cut-off has not come yet
}

// Row is a reservation or waitlist entry as the database has it.
type Row struct {
	ID      string
	Slot    int64
	Diner   string
	Party   int
	Status  string
	Version int
}

func (r Row) holdsCovers() bool {
	return r.Status == offered || r.Status == confirmed || r.Status == seated
}

// Event is what notification has accepted from the outbox.
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
	Accepted bool // SES has it
	Lost     bool // the sender never heard the answer
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
