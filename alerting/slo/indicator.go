package slo

// Indicator defines which events count and which of them are bad. An event
// counts when it meets all conditions of Total, and is bad when it meets all of
// Bad, too.
type Indicator struct {
	Total, Bad []Condition
}

// Condition is a test of one field of a log line, by its name in the line.
type Condition struct {
	Field string
	Op    Op
	Value any // string or int64
}

// Op compares a field with a value.
type Op string

// The comparisons, by their names in YAML.
const (
	Is      Op = "is"
	IsNot   Op = "isNot"
	AtLeast Op = "atLeast"
)
