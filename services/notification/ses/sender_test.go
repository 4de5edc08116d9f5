package ses_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"jari.example/services/internal/awsconf"
	"jari.example/services/internal/fault"
	"jari.example/services/notification"
	"jari.example/services/notification/ses"
	"jari.example/services/notification/ses/sestest"
	"jari.example/telemetry"
)

func message(from, to string) notification.Mail {
	return notification.Mail{To: telemetry.NewSecret(to), Raw: telemetry.NewSecret(
		"From: <" + from + ">\r\nTo: <" + to + ">\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n")}
}

func TestAMailGoesOut(t *testing.T) {
	cfg, from := sestest.Config(t), sestest.Verified(t)
	to := sestest.Address()
	m := message(from, to)
	if err := ses.New(cfg).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := sestest.SentTo(t, to); len(got) != 1 || got[0] != m.Raw.Reveal() {
		t.Errorf("sent %q, want the message as it is", got)
	}
}

func TestASenderThatIsNotVerifiedMayBecomeIt(t *testing.T) {
	to := sestest.Address()
	err := ses.New(sestest.Config(t)).Send(t.Context(), message(sestest.Address(), to))
	if errors.Is(err, notification.ErrRefused) || fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("got %v, want unavailable", err)
	}
}

func TestAServerThatIsAwayIsUnavailable(t *testing.T) {
	cfg := sestest.Config(t)
	cfg.BaseEndpoint = aws.String("http://127.0.0.1:1")
	err := ses.New(cfg).Send(t.Context(), message("a@jari.example", "kim@example.com"))
	if fault.CodeOf(err) != fault.Unavailable || errors.Is(err, notification.ErrRefused) {
		t.Errorf("got %v, want unavailable", err)
	}
}

// TestRefusals plays SES's answers, which moto gives none of.
func TestRefusals(t *testing.T) {
	for sentence, c := range map[string]struct {
		status  int
		code    string
		message string
		forever bool
	}{
		"its content is not allowed":   {400, "MessageRejected", "The message to kim@example.com can't be sent.", true},
		"it is malformed":              {400, "BadRequestException", "Missing final '@domain' in kim@example.com", true},
		"the sender is not verified":   {400, "MessageRejected", "Email address is not verified: a@jari.example", false},
		"the account is suspended":     {400, "AccountSuspendedException", "Suspended.", false},
		"too many at once":             {429, "TooManyRequestsException", "Slow down.", false},
		"SES has a bad day":            {500, "InternalServiceError", "Sorry.", false},
		"the sender's domain is wrong": {400, "MailFromDomainNotVerifiedException", "Not verified.", false},
	} {
		t.Run(sentence, func(t *testing.T) {
			cfg := awsStub(t, c.status, c.code, c.message)
			err := ses.New(cfg).Send(t.Context(), message("a@jari.example", "kim@example.com"))
			if err == nil || errors.Is(err, notification.ErrRefused) != c.forever {
				t.Errorf("got %v, refused forever: want %v", err, c.forever)
			}
			if strings.Contains(err.Error(), "kim@") {
				t.Errorf("the error shows the address: %v", err)
			}
		})
	}
}

func awsStub(t *testing.T, status int, code, message string) aws.Config {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "local")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "local")
	url := sestest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-Errortype", code)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
	})
	cfg, err := awsconf.Load(t.Context(), "ap-northeast-2", url)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}
