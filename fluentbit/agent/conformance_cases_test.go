package main

import "strings"

// conformanceCase is a captured chunk, and how its documents differ from those that the
// Collector makes of the same request. The request's name is the chunk's without the
// encoding.
type conformanceCase struct {
	chunk string
	known []difference
}

func (p conformanceCase) request() string { name, _, _ := strings.Cut(p.chunk, "."); return name }

// The reasons: what Fluent Bit 5.1.1 changes before the plugin gets the data, and what
// it does not pass on.
const (
	reasonTruncates  = "Fluent Bit keeps 32 bits of an integer in a protobuf log"
	reasonNoArrival  = "Fluent Bit does not pass on when it received the request: the client's observed time replaces it"
	reasonNoTime     = "Fluent Bit does not pass on when it received protobuf traces: the span's time is trusted"
	reasonQuotesSpan = "a dead letter contains the span as its agent has it"
	reasonBytes      = "in protobuf, Fluent Bit drops all attributes of a span that has one of bytes, or an empty one"
	reasonLabels     = "cmetrics writes booleans as 0 or 1, doubles with 17 digits and bytes unchanged, and drops lists and maps"
	reasonMonotonic  = "cmetrics does not distinguish monotonic sums from others"
	reasonOnlyFirst  = "of OTLP/JSON metrics Fluent Bit keeps one set of attributes per metric, and no start times; " +
		"protobuf, which our processes send, is complete"
	reasonDerivedID = "the id is derived from the fields above"
)

var conformanceCases = []conformanceCase{
	{"logs.json", nil},
	{"logs.protobuf", []difference{
		{"log of span eee19b7ec3c1b101", "attributes/beyond31", reasonTruncates},
		{"log of span eee19b7ec3c1b101", "attributes/minus31", reasonTruncates},
		{"log of span eee19b7ec3c1b101", "attributes/beyond53", reasonTruncates},
		{"log of span eee19b7ec3c1b101", "attributes/largest", reasonTruncates},
		{"log of span eee19b7ec3c1b101", "_id", reasonDerivedID},
		{"log of span eee19b7ec3c1b106", "body", reasonTruncates},
		{"log of span eee19b7ec3c1b106", "_id", reasonDerivedID},
	}},
	{"logs-skewed.json", []difference{{"log of span eee19b7ec3c1b11b", "@timestamp", reasonNoArrival}}},
	{"logs-skewed.protobuf", []difference{{"log of span eee19b7ec3c1b11b", "@timestamp", reasonNoArrival}}},
	{"logs-bytes.protobuf", nil},
	{"traces.json", nil},
	{"traces.protobuf", []difference{
		{"span eee19b7ec3c1b111", "attributes/k", reasonBytes},
		{"span eee19b7ec3c1b112", "attributes/k", reasonBytes},
		{"span eee19b7ec3c1b112", "attributes/bytes", reasonBytes},
	}},
	{"traces-odd.json", []difference{
		{"dead letter *", "refused.document", reasonQuotesSpan},
		{"dead letter *", "refused.id", reasonDerivedID},
		{"dead letter *", "_id", reasonDerivedID},
	}},
	{"traces-odd.protobuf", []difference{
		{"dead letter *", "refused.document", reasonQuotesSpan},
		{"dead letter *", "refused.id", reasonDerivedID},
		{"dead letter *", "_id", reasonDerivedID},
		{"dead letter *", "@timestamp", reasonNoTime},
		{"span eee19b7ec3c1b115", "startTime", reasonNoTime},
		{"span eee19b7ec3c1b115", "endTime", reasonNoTime},
		{"span eee19b7ec3c1b115", "jari.original_time", reasonNoTime},
		{"span eee19b7ec3c1b115", "_index", reasonDerivedID},
	}},
	{"metrics.protobuf", append([]difference{
		{"point http.server.request*", "attributes/bytes", reasonLabels},
	}, cmetrics...)},
	{"metrics.json", append([]difference{
		{"point http.server.request*", "attributes/bytes", reasonOnlyFirst},
		{"point *", "startTime", reasonOnlyFirst},
		{"point *", "_id", reasonDerivedID},
		{"point http.server.requests 060Z", "", reasonOnlyFirst},
		{"point http.server.requests 061Z", "", reasonOnlyFirst},
		{"point temperature 066Z", "", reasonOnlyFirst},
		{"point temperature 067Z", "", reasonOnlyFirst},
		{"point temperature 068Z", "", reasonOnlyFirst},
		{"point temperature 073Z", "", reasonOnlyFirst},
	}, cmetrics...)},
}

// cmetrics is what metrics lose in both encodings.
var cmetrics = []difference{
	{"point connections 064Z", "type", reasonMonotonic},
	{"point connections 064Z", "_id", reasonDerivedID},
	{"point http.server.request*", "attributes/list", reasonLabels},
	{"point http.server.request*", "attributes/object", reasonLabels},
	{"point http.server.request*", "attributes/yes", reasonLabels},
	{"point http.server.request*", "attributes/no", reasonLabels},
	{"point http.server.request*", "attributes/third", reasonLabels},
	{"point http.server.request*", "_id", reasonDerivedID},
}
