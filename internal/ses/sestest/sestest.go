// Package sestest gives tests an SES and the mails it has accepted.
package sestest

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/google/uuid"

	"jari.example/internal/awsconf/awstest"
	"jari.example/telemetry/names/realpart"
)

// Address returns a unique address.
func Address() string { return "test-" + uuid.NewString()[:8] + "@jari.example" }

// Verified returns an address that may send mails.
func Verified(t *testing.T) string {
	t.Helper()
	address := Address()
	_, err := sesv2.NewFromConfig(awstest.Config(t)).CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: &address})
	// The address is unique: an identity that exists was made by an attempt of this call
	// whose response was late or lost, and which the SDK repeated.
	if _, exists := errors.AsType[*types.AlreadyExistsException](err); err != nil && !exists {
		t.Fatalf("create email identity: %v", err)
	}
	return address
}

// SentTo returns the raw messages that the real part has accepted for an address,
// oldest first.
func SentTo(t *testing.T, address string) (raw []string) {
	t.Helper()
	res, err := http.Get(realpart.Need(t, realpart.AWS) + "/moto-api/data.json")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var data struct {
		SES struct {
			RawMessage []struct {
				Raw string `json:"raw_data"`
			}
		} `json:"ses"`
	}
	if err := json.NewDecoder(res.Body).Decode(&data); err != nil {
		t.Fatal(err)
	}
	for _, m := range data.SES.RawMessage {
		head, _, _ := strings.Cut(m.Raw, "\r\n\r\n")
		if strings.Contains(head, "<"+address+">") {
			raw = append(raw, m.Raw)
		}
	}
	return raw
}

// Serve serves h in place of SES and returns its URL.
func Serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
