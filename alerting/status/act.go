package status

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"jari.example/alerting/incident"
)

const (
	maxBody   = 16 << 10 // bytes of a form
	maxReason = 200      // characters
)

// badForm is a mistake in a form, as a sentence.
type badForm string

func (b badForm) Error() string { return string(b) }

// act carries out what a form asks for, and leads back to the incident.
func (s *server) act(w http.ResponseWriter, r *http.Request) {
	by, refusal := s.Users.actor(r, s.Plan())
	if refusal != "" {
		s.refuse(w, r, http.StatusForbidden, refusal)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			s.refuse(w, r, http.StatusRequestEntityTooLarge, fmt.Sprintf("The form is larger than %d KiB.", maxBody>>10))
			return
		}
		s.refuse(w, r, http.StatusBadRequest, "The form cannot be read.")
		return
	}
	id := r.PathValue("id")
	err := s.carryOut(r.Context(), r.PathValue("action"), id, by, r.PostForm)
	bad, isBad := errors.AsType[badForm](err)
	switch {
	case isBad:
		s.refuse(w, r, http.StatusBadRequest, bad.Error())
	case errors.Is(err, errNoAction):
		s.refuse(w, r, http.StatusNotFound, "There is no such action. Use the forms of the status page.")
	case errors.Is(err, incident.ErrNotFound):
		s.refuse(w, r, http.StatusNotFound, "There is no incident with this id.")
	case errors.Is(err, incident.ErrEnded):
		s.refuse(w, r, http.StatusConflict, "The incident has ended; there is nothing to do.")
	case err != nil:
		s.fail(w, r, err)
	default:
		http.Redirect(w, r, Path+"#i"+url.PathEscape(id), http.StatusSeeOther)
	}
}

// unsilence ends a silence, and leads back to the silences.
func (s *server) unsilence(w http.ResponseWriter, r *http.Request) {
	by, refusal := s.Users.actor(r, s.Plan())
	if refusal != "" {
		s.refuse(w, r, http.StatusForbidden, refusal)
		return
	}
	if err := s.responder.Unsilence(r.Context(), r.PathValue("id"), by); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, Path+"#silences", http.StatusSeeOther)
}

var errNoAction = errors.New("there is no such action")

func (s *server) carryOut(ctx context.Context, action, id string, by incident.Actor, form url.Values) error {
	var err error
	switch action {
	case "acknowledge":
		_, err = s.responder.Acknowledge(ctx, id, by)
	case "silence":
		var until time.Time
		if until, err = s.until(form.Get("for")); err != nil {
			return err
		}
		reason := form.Get("reason")
		if n := utf8.RuneCountInString(reason); n > maxReason || !utf8.ValidString(reason) {
			return badForm(fmt.Sprintf("The reason is longer than %d characters, or it is not text in UTF-8.", maxReason))
		}
		if strings.ContainsFunc(reason, unicode.IsControl) { // PostgreSQL cannot even store NUL
			return badForm("The reason has control characters or line breaks: write it on one line.")
		}
		_, err = s.responder.Silence(ctx, id, by, until, reason)
	case "not-useful":
		_, err = s.responder.NotUseful(ctx, id, by)
	case "resolve":
		_, err = s.responder.Resolve(ctx, id, by)
	default:
		err = errNoAction
	}
	return err
}

// until is the end of a silence of the given length; zero for "", which is the end of
// the incident.
func (s *server) until(length string) (time.Time, error) {
	if length == "" {
		return time.Time{}, nil
	}
	d, err := time.ParseDuration(length)
	if err != nil || d <= 0 || d > incident.MaxSilence {
		return time.Time{}, badForm("The length of the silence is wrong: write one such as 1h, at most 168h, " +
			"or none for the end of the incident.")
	}
	return s.Now().Add(d), nil
}
