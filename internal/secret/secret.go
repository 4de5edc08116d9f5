// Package secret holds values that must not be printed. It imports only the
// standard library, so that domain types can use it.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// String holds a string that must not be printed: a password, a token, a
// person's name or address. slog, fmt and JSON print it as [redacted]; only
// Reveal returns the value. It decodes from a JSON string. Compare the results
// of Reveal, not Strings.
type String struct {
	// A pointer, because fmt walks past Format into unexported fields of the
	// struct around a String; of a pointer inside it prints the address.
	value *string
}

// New returns a String that holds value.
func New(value string) String { return String{&value} }

// Reveal returns the value.
func (s String) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether the value is empty.
func (s String) IsZero() bool { return s.Reveal() == "" }

// LogValue implements slog.LogValuer.
func (String) LogValue() slog.Value { return slog.StringValue(redacted) }

// String implements fmt.Stringer, which attribute.Stringer asks for.
func (String) String() string { return redacted }

// Format implements fmt.Formatter, so that no verb reaches the value.
func (String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText implements encoding.TextMarshaler.
func (String) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *String) UnmarshalText(b []byte) error { *s = New(string(b)); return nil }
