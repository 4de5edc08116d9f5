package slo

// Condition is a test of one event. It is either a comparison of one field, or a
// group: All holds when each of its conditions does, Any when at least one does.
// The zero Condition holds for no event.
type Condition struct {
	Field string `json:"field,omitempty"` // of the document
	Op    Op     `json:"op,omitempty"`
	Value any    `json:"value,omitempty"` // string, int64, float64 or bool

	All []Condition `json:"all,omitempty"`
	Any []Condition `json:"any,omitempty"`
}

// IsZero reports whether c is the condition that holds for no event.
func (c Condition) IsZero() bool { return c.Field == "" && c.All == nil && c.Any == nil }

// Op compares a field with a value.
type Op string

// The comparisons, by their names in YAML.
const (
	Is      Op = "is"
	IsNot   Op = "isNot" // also when the field is missing
	AtLeast Op = "atLeast"
	Below   Op = "below"
)
