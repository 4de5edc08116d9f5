package secret_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"jari.example/internal/secret"
	"jari.example/telemetry/telemetrytest"
)

func TestSecretsAreNeverPrinted(t *testing.T) {
	type person struct {
		Email secret.String `json:"email"`
		inner secret.String
	}
	p := person{secret.New("kim@example.com"), secret.New("hunter2")}
	rec := telemetrytest.Start(t)
	rec.Logger.Info("x", "email", p.Email, "person", p, "pointer", &p)
	encoded, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	printed := rec.Output() + string(encoded) +
		fmt.Errorf("no mail to %w, %v", errors.New(fmt.Sprint(p.Email)), &p).Error() +
		fmt.Sprintf("%v %+v %#v %s %q %x %d", p, p, p, p.Email, p.Email, p.inner, &p)
	for _, leak := range []string{"kim@", "hunter2", "6b696d"} {
		if strings.Contains(printed, leak) {
			t.Errorf("%q leaked: %s", leak, printed)
		}
	}
	if p.Email.Reveal() != "kim@example.com" {
		t.Error("Reveal lost the value")
	}
	var decoded person
	if err := json.Unmarshal([]byte(`{"email":"a@b.c"}`), &decoded); err != nil || decoded.Email.Reveal() != "a@b.c" {
		t.Errorf("decoding gave %q, %v", decoded.Email.Reveal(), err)
	}
}
