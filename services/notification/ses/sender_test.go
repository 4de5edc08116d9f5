package ses_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"

	"jari.example/internal/awsconf"
	"jari.example/internal/fault"
	"jari.example/internal/secret"
	kit "jari.example/internal/ses"
	"jari.example/internal/ses/sestest"
	"jari.example/services/notification"
	"jari.example/services/notification/ses"
)

// What SES's errors mean is tested in internal/ses.
func TestSaysWhatAnErrorOfSESMeansForTheMail(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		code   string
		is     []error
	}{
		"the mail is refused":    {400, "MessageRejected", []error{notification.ErrRefused}},
		"the account is wrong":   {400, "AccountSuspendedException", []error{notification.ErrNotAccepted, notification.ErrMisconfigured}},
		"too many at once":       {429, "TooManyRequestsException", []error{notification.ErrNotAccepted, notification.ErrThrottled}},
		"SES did not take it":    {400, "Unheard", []error{notification.ErrNotAccepted}},
		"nobody knows":           {500, "InternalServiceError", nil},
		"SES has taken the mail": {200, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", "local")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "local")
			url := sestest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Amzn-Errortype", c.code)
				w.WriteHeader(c.status)
				_ = json.NewEncoder(w).Encode(map[string]string{"message": "no"})
			})
			cfg, err := awsconf.Load(t.Context(), "ap-northeast-2", url)
			if err != nil {
				t.Fatal(err)
			}
			m := notification.Mail{To: secret.New("kim@example.com"), Raw: secret.New("To: <kim@example.com>\r\n\r\nhello\r\n")}
			err = ses.Sender{SES: kit.New(cfg)}.Send(t.Context(), m)
			if c.status == 200 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if fault.CodeOf(err) != fault.Unavailable {
				t.Errorf("got %v", err)
			}
			for _, kind := range []error{
				notification.ErrRefused, notification.ErrNotAccepted, notification.ErrThrottled, notification.ErrMisconfigured,
			} {
				if is := errors.Is(err, kind); is != slices.Contains(c.is, kind) {
					t.Errorf("%v is %q: %t", err, kind, is)
				}
			}
		})
	}
}
