package main

import "strings"

// conformanceCase is a captured chunk, and in what its documents differ from those that
// the Collector makes of the request it was captured from. The request's name
// is the chunk's without the encoding.
type conformanceCase struct {
	chunk string
	known []difference
}

func (p conformanceCase) request() string { name, _, _ := strings.Cut(p.chunk, "."); return name }

// What Fluent Bit 5.1.1 does to data before the plugin sees it, and what it
// cannot tell.
const (
	reasonTruncates  = "the agent keeps 32 bits of an integer in a protobuf log"
	reasonNoArrival  = "the agent does not say when it got the request: the time the client observed it stands in"
	reasonNoTime     = "the agent says no time of its own for protobuf traces: the span's is believed"
	reasonQuotesSpan = "a dead letter quotes the span as its host has it"
	reasonBytes      = "the agent drops all attributes of a span that has one of bytes, or an empty one, in protobuf"
	reasonLabels     = "cmetrics writes a boolean as 0 or 1, a double with 17 digits, bytes as they are and lists and maps not at all"
	reasonMonotonic  = "cmetrics does not tell a sum that may fall from one that only grows"
	reasonOnlyFirst  = "of OTLP/JSON metrics the agent keeps one set of attributes per metric, and no start times; protobuf, which our processes send, arrives whole"
	reasonDerivedID  = "the id follows from the fields above"
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

// cmetrics is what metrics lose in either encoding.
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
