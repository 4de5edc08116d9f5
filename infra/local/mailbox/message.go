package mailbox

import (
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"time"
)

// Message is one mail as it was sent.
type Message struct {
	ID      string    `json:"id"`
	From    string    `json:"from"`
	To      []string  `json:"to"` // addresses only, in lower case
	Subject string    `json:"subject"`
	Date    time.Time `json:"date,omitzero"`
	Text    string    `json:"text"`
	HTML    string    `json:"html,omitempty"`
	Fault   string    `json:"fault,omitempty"` // why the MIME could not be parsed completely
}

var words mime.WordDecoder

// parse reads raw MIME. A message that cannot be parsed is shown unparsed, with the
// reason: a broken mail must not be hidden.
func parse(raw string) Message {
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		return Message{Text: raw, Fault: err.Error()}
	}
	out := Message{From: header(m.Header, "From"), Subject: header(m.Header, "Subject")}
	if from, err := mail.ParseAddress(m.Header.Get("From")); err == nil {
		out.From = strings.TrimSpace(from.Name + " <" + from.Address + ">")
	}
	out.Date, _ = m.Header.Date()
	if err := out.part(m.Header.Get, m.Body); err != nil {
		out.Fault = err.Error()
	}
	return out
}

// part reads a body or one part of it. Only the first text of each kind is used.
func (m *Message) part(header func(string) string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(header("Content-Type"))
	if err != nil && header("Content-Type") != "" {
		return fmt.Errorf("content type %q: %w", header("Content-Type"), err)
	}
	switch strings.ToLower(header("Content-Transfer-Encoding")) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := m.part(p.Header.Get, p); err != nil {
				return err
			}
		}
	}
	b, err := io.ReadAll(body)
	switch {
	case kind == "text/html" && m.HTML == "":
		m.HTML = string(b)
	case (kind == "" || kind == "text/plain") && m.Text == "":
		m.Text = string(b)
	}
	return err
}

func header(h mail.Header, name string) string {
	v := h.Get(name)
	if decoded, err := words.DecodeHeader(v); err == nil {
		return decoded
	}
	return v
}

// address reduces "Name <A@b>" to "a@b".
func address(s string) string {
	if a, err := mail.ParseAddress(s); err == nil {
		s = a.Address
	}
	return strings.ToLower(strings.TrimSpace(s))
}
