package telemetry

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Secret holds a value that must not be printed: a password, a token, a
// person's name or address. Whatever prints it, by slog, fmt or JSON, prints
// [redacted]; only Reveal gives the value. It decodes from a JSON string.
// Compare what Reveal gives, not Secrets.
type Secret struct {
	// A pointer, because fmt walks past Format into unexported fields of the
	// struct around a Secret; of a pointer inside it prints the address.
	value *string
}

// NewSecret hides value.
func NewSecret(value string) Secret { return Secret{&value} }

// Reveal gives the hidden value, to the one call that needs it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether nothing is hidden.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// LogValue implements slog.LogValuer.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// String implements fmt.Stringer, which attribute.Stringer asks for.
func (Secret) String() string { return redacted }

// Format implements fmt.Formatter, so that no verb reaches the value.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText implements encoding.TextMarshaler.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Secret) UnmarshalText(b []byte) error { *s = NewSecret(string(b)); return nil }
