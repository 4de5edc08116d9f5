package ses_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"jari.example/internal/ses"
)

// Our moto's response is tested in infra/local/parts.
func TestReadsHowManyMailsASecondTheAccountMaySend(t *testing.T) {
	for name, c := range map[string]struct {
		status     int
		code, body string
		want       float64
	}{
		"a quota":                {200, "", `{"SendQuota":{"Max24HourSend":50000.0,"MaxSendRate":14.0,"SentLast24Hours":3.0}}`, 14},
		"no quota":               {200, "", `{"SendingEnabled":true}`, 0},
		"without the permission": {403, "AccessDeniedException", `{"message":"not authorized to perform: ses:GetAccount"}`, -1},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, requests := awsStub(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.URL.Path != "/v2/email/account" {
					t.Errorf("%s %s", r.Method, r.URL)
				}
				w.Header().Set("X-Amzn-Errortype", c.code)
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			})
			got, err := ses.New(cfg).MaxSendRate(t.Context())
			if n := requests.Load(); n != 1 {
				t.Errorf("%d requests", n)
			}
			if c.want >= 0 {
				if err != nil || got != c.want {
					t.Errorf("%v, %v; want %v", got, err, c.want)
				}
				return
			}
			failed, ok := errors.AsType[*ses.Error](err)
			if !ok || failed.Type != c.code || !strings.Contains(err.Error(), "ses:GetAccount") {
				t.Errorf("got %v", err)
			}
		})
	}
}
