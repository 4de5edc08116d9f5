package ses_test

import (
	"net/http"
	"strings"
	"testing"

	"jari.example/internal/awsconf"
	"jari.example/internal/awsconf/awstest"
	"jari.example/internal/ses"
	"jari.example/internal/ses/sestest"
)

func TestASenderIsVerifiedWithoutSendingAnything(t *testing.T) {
	sender, from := ses.New(awstest.Config(t)), sestest.Verified(t)
	if err := sender.Verified(t.Context(), from); err != nil {
		t.Errorf("a verified sender: %v", err)
	}
	if got := sestest.SentTo(t, from); len(got) > 0 {
		t.Errorf("sent %q", got)
	}
	err := sender.Verified(t.Context(), "nobody@"+strings.TrimSuffix(sestest.Address(), "@jari.example")+".example")
	if outcome(err) != "misconfigured" {
		t.Errorf("a sender that is not verified: %v", err)
	}
}

// moto has neither a domain that is verified for the addresses of its subdomains, nor
// permissions.
func TestTheDomainOfASenderMayBeVerifiedInItsPlace(t *testing.T) {
	const notFound = `{"__type":"NotFoundException","message":"no such identity"}`
	for name, c := range map[string]struct {
		responses map[string]string // by identity; without one it is not found
		status    int
		body      string
		want      string
	}{
		"the domain":       {map[string]string{"mail.jari.example": `{"VerifiedForSendingStatus":true}`}, 404, notFound, "ok"},
		"the domain above": {map[string]string{"jari.example": `{"VerifiedForSendingStatus":true}`}, 404, notFound, "ok"},
		"only a top level": {map[string]string{"example": `{"VerifiedForSendingStatus":true}`}, 404, notFound, "misconfigured"},
		"an address that waits": {map[string]string{"a@mail.jari.example": `{"VerificationStatus":"PENDING"}`}, 404,
			notFound, "misconfigured"},
		"no permission to ask":           {nil, 403, `{"__type":"AccessDeniedException","message":"not authorized"}`, "unknown"},
		"credentials that AWS knows not": {nil, 403, `{"__type":"UnrecognizedClientException","message":"request 1"}`, "misconfigured"},
		"SES fails":                      {nil, 500, `{"__type":"InternalFailure","message":"x"}`, "unknown"},
		"too many requests":              {nil, 429, `{"__type":"TooManyRequestsException","message":"x"}`, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", "local")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "local")
			url := sestest.Serve(t, func(w http.ResponseWriter, r *http.Request) {
				identity := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
				w.Header().Set("Content-Type", "application/json")
				if found, ok := c.responses[identity]; ok {
					_, _ = w.Write([]byte(found))
					return
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			})
			cfg, err := awsconf.Load(t.Context(), "ap-northeast-2", url)
			if err != nil {
				t.Fatal(err)
			}
			got := "ok"
			if err = ses.New(cfg).Verified(t.Context(), "a@mail.jari.example"); err != nil {
				got = outcome(err)
			}
			if got != c.want {
				t.Errorf("%s, want %s: %v", got, c.want, err)
			}
		})
	}
}
