package ses_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"jari.example/internal/awsconf"
	"jari.example/internal/awsconf/awstest"
	"jari.example/internal/secret"
	"jari.example/internal/ses"
	"jari.example/internal/ses/sestest"
)

func message(from, to string) ses.Mail {
	return ses.Mail{To: secret.New(to), Raw: secret.New(
		"From: <" + from + ">\r\nTo: <" + to + ">\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\nhello\r\n")}
}

func TestSendsAMail(t *testing.T) {
	cfg, from := awstest.Config(t), sestest.Verified(t)
	to := sestest.Address()
	m := message(from, to)
	if err := ses.New(cfg).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := sestest.SentTo(t, to); len(got) != 1 || got[0] != m.Raw.Reveal() {
		t.Errorf("sent %q, want the message unchanged", got)
	}
}

func TestAnUnverifiedSenderIsForTheOperator(t *testing.T) {
	err := ses.New(awstest.Config(t)).Send(t.Context(), message(sestest.Address(), sestest.Address()))
	if got := outcome(err); got != "misconfigured" {
		t.Errorf("got %s: %v", got, err)
	}
}

func TestWithoutAConnectionNothingWasAccepted(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "local")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "local")
	cfg, err := awsconf.Load(t.Context(), "ap-northeast-2", "http://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	m := message("a@jari.example", "kim@example.com")
	if err := ses.New(cfg).Send(t.Context(), m); outcome(err) != "not accepted" {
		t.Errorf("a refused connection: %v", err)
	}
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no credentials")
	})
	if err := ses.New(cfg).Send(t.Context(), m); outcome(err) != "not accepted" {
		t.Errorf("without credentials: %v", err)
	}
}

// outcome is what an error of Send means for the mail.
func outcome(err error) string {
	failed, ok := errors.AsType[*ses.Error](err)
	if !ok {
		return fmt.Sprint("no *ses.Error: ", err)
	}
	return map[ses.Outcome]string{
		ses.Unknown: "unknown", ses.NotAccepted: "not accepted", ses.Throttled: "throttled",
		ses.Misconfigured: "misconfigured", ses.Refused: "refused",
	}[failed.Outcome]
}

// moto returns none of these errors.
func TestClassifiesTheErrorsOfSES(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		code    string
		message string
		want    string
	}{
		"its content is not allowed":   {400, "MessageRejected", "The message to kim@example.com can't be sent.", "refused"},
		"it is malformed":              {400, "BadRequestException", "Missing final '@domain' in kim@example.com", "refused"},
		"a parameter is invalid":       {400, "InvalidParameterValue", "Illegal address kim@example.com", "refused"},
		"a field fails validation":     {400, "ValidationException", "1 validation error detected", "refused"},
		"its configuration is unknown": {404, "NotFoundException", "No such configuration set.", "misconfigured"},
		"the sender is not verified":   {400, "MessageRejected", "Email address is not verified: a@jari.example", "misconfigured"},
		"the account is suspended":     {400, "AccountSuspendedException", "Suspended.", "misconfigured"},
		"sending is paused":            {400, "SendingPausedException", "Paused.", "misconfigured"},
		"the sender's domain is wrong": {400, "MailFromDomainNotVerifiedException", "Not verified.", "misconfigured"},
		"the credentials are wrong":    {403, "UnrecognizedClientException", "The security token is invalid.", "misconfigured"},
		"too many at once":             {429, "TooManyRequestsException", "Slow down.", "throttled"},
		"a proxy limits the rate":      {429, "", "kim@example.com", "throttled"},
		"another error of a client":    {400, "Unheard", "?", "not accepted"},
		"SES fails":                    {500, "InternalServiceError", "Sorry.", "unknown"},
		"a proxy fails":                {502, "", "kim@example.com", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, requests := awsStub(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Amzn-Errortype", c.code)
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(c.status)
				_ = json.NewEncoder(w).Encode(map[string]string{"message": c.message})
			})
			err := ses.New(cfg).Send(t.Context(), message("a@jari.example", "kim@example.com"))
			if got := outcome(err); got != c.want {
				t.Errorf("%s: %v, want %s", got, err, c.want)
			}
			if strings.Contains(err.Error(), "kim@") {
				t.Errorf("the error contains the address: %v", err)
			}
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests, want 1: retries would not be counted", n)
			}
		})
	}
}

// SES has accepted the mail, but its response is lost.
func TestALostResponseIsUnknown(t *testing.T) {
	for name, lose := range map[string]http.HandlerFunc{
		"the connection breaks": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"the response is late":  func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			cfg, requests := awsStub(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				lose(w, r)
			})
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			err := ses.New(cfg).Send(ctx, message("a@jari.example", "kim@example.com"))
			if got := outcome(err); got != "unknown" || requests.Load() != 1 {
				t.Errorf("%s after %d requests: %v, want unknown after one", got, requests.Load(), err)
			}
		})
	}
}

// The SDK closes a connection now and then while it reads a response, see
// https://github.com/aws/aws-sdk-go-v2/issues/2737. To send the mail again would be wrong.
func TestATruncatedResponseIsAnAcceptedMail(t *testing.T) {
	cfg, requests := awsStub(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"Mess`))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	if err := ses.New(cfg).Send(t.Context(), message("a@jari.example", "kim@example.com")); err != nil || requests.Load() != 1 {
		t.Errorf("%v after %d requests, want none after one", err, requests.Load())
	}
}

// awsStub serves h in place of AWS and counts the requests.
func awsStub(t *testing.T, h http.HandlerFunc) (aws.Config, *atomic.Int64) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "local")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "local")
	var requests atomic.Int64
	url := sestest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		h(w, r)
	})
	cfg, err := awsconf.Load(t.Context(), "ap-northeast-2", url)
	if err != nil {
		t.Fatal(err)
	}
	return cfg, &requests
}
