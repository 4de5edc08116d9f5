package slo

// Indicator says which events count and which of them are bad. An event is
// counted when it meets all of Total, and bad when it meets all of Bad too.
type Indicator struct {
	Total, Bad []Condition
}

// Condition is a test of one field of a log line, by the name the line has.
type Condition struct {
	Field string
	Op    Op
	Value any // string or int64
}

// Op compares a field with a value.
type Op string

// The comparisons; the words are those of the YAML.
const (
	Is      Op = "is"
	IsNot   Op = "isNot"
	AtLeast Op = "atLeast"
)
