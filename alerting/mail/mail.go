// Package mail is the notifier for mail: an incident is a thread of mails, of which the
// first has what is known at that time, and each later one a note.
//
// A mail cannot be edited, so an update sends nothing. It cannot be searched for either,
// so an attempt whose result is not known is repeated. The repetition has the same
// Message-ID, by which many mail programs show it once. Amazon SES, however, replaces
// Message-ID and Date by its own
// (https://docs.aws.amazon.com/ses/latest/dg/header-fields.html): a mail that was sent
// twice with it is seen twice. For the same reason all mails of an incident refer to a
// Message-ID that no mail has, by which mail programs show them together.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strconv"
	"time"

	"jari.example/alerting/incident"
	"jari.example/alerting/notify"
	"jari.example/internal/ses"
)

// Interval is the shortest time between two mails to one address. SES allows new
// accounts one mail a second.
// https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html
const Interval = time.Second

// Notifier implements notify.Notifier.
type Notifier struct {
	From  mail.Address
	Links notify.Links
	Send  func(context.Context, ses.Mail) error // of an ses.Sender
	Now   func() time.Time
}

var _ notify.Notifier = (*Notifier)(nil)

// Post implements notify.Notifier. The reference is the Message-ID.
func (n *Notifier) Post(ctx context.Context, d notify.Delivery) (incident.MessageRef, error) {
	subject, text := about(d.Incident, n.Links)
	switch {
	case d.Kind == notify.Notice && d.Note.Digest != nil:
		subject, text = digest(*d.Note.Digest, n.Links)
	case d.Kind == notify.Notice:
		subject, text = notice(d.Note)
	}
	m := n.message(d, subject, text)
	return incident.MessageRef{ID: m.ID}, n.send(ctx, m)
}

// Update implements notify.Notifier. It does nothing: what changes is said by replies.
func (*Notifier) Update(context.Context, notify.Delivery) error { return nil }

// Reply implements notify.Notifier.
func (n *Notifier) Reply(ctx context.Context, d notify.Delivery) error {
	subject, text := reply(d, n.Links)
	m := n.message(d, subject, text)
	m.InReplyTo = d.Message.ID
	return n.send(ctx, m)
}

// Find implements notify.Notifier. Nobody can search a mailbox of somebody else.
func (*Notifier) Find(context.Context, notify.Delivery) (ref incident.MessageRef, found bool, err error) {
	return ref, false, nil
}

// message is the mail of a delivery. The time in its Message-ID distinguishes
// deliveries of two databases, which have the same numbers. It is short, because not
// every mail program reads a Message-ID on a line of its own.
func (n *Notifier) message(d notify.Delivery, subject, text string) Message {
	id := fmt.Sprintf("%d.%s", d.ID, strconv.FormatInt(d.Queued.UnixMilli(), 36))
	m := Message{From: n.From, To: d.Target.Address, Subject: subject, Text: text, At: n.Now(), ID: MessageID(id, n.From)}
	if d.Incident.ID != "" {
		m.Thread = MessageID(d.Incident.ID, n.From)
	}
	return m
}

func (n *Notifier) send(ctx context.Context, m Message) error {
	raw, err := m.Raw()
	if err != nil {
		return &notify.Error{Outcome: notify.Never, Type: "bad_address", Err: err}
	}
	return outcome(n.Send(ctx, raw))
}

// outcomes are what SES's answers mean for a delivery.
var outcomes = map[ses.Outcome]notify.Outcome{
	ses.Unknown: notify.Ambiguous, ses.NotAccepted: notify.Refused, ses.Throttled: notify.RateLimited,
	ses.Misconfigured: notify.Misconfigured, ses.Refused: notify.Never,
}

func outcome(err error) error {
	if failed, ok := errors.AsType[*ses.Error](err); ok {
		return &notify.Error{Outcome: outcomes[failed.Outcome], Type: failed.Type, Err: err}
	}
	return err
}
