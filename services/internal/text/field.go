package text

import (
	"jari.example/internal/fault"
	"jari.example/internal/secret"
)

// Rule returns the normalised form of a text, or a [Refusal].
type Rule func(string) (string, error)

// Clean replaces a field of a request by its normalised form. Its error is
// fault.Invalid with the field's JSON pointer.
func Clean(field *string, pointer string, rule Rule) error {
	normalised, err := rule(*field)
	if err != nil {
		return fault.BadField(pointer, "%v", err)
	}
	*field = normalised
	return nil
}

// CleanSecret is Clean for a field that must not be printed.
func CleanSecret(field *secret.String, pointer string, rule Rule) error {
	s := field.Reveal()
	err := Clean(&s, pointer, rule)
	*field = secret.New(s)
	return err
}
