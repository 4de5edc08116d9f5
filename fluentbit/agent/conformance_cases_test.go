package main

import "strings"

// pair is a captured chunk, and in what its documents differ from those that
// the Collector makes of the request it was captured from. The request's name
// is the chunk's without the encoding.
type pair struct {
	chunk string
	known []difference
}

func (p pair) request() string { name, _, _ := strings.Cut(p.chunk, "."); return name }

// What Fluent Bit 5.1.1 does to data before the plugin sees it, and what it
// cannot tell.
const (
	truncates = "the agent keeps 32 bits of an integer in a protobuf log"
	noArrival = "the agent does not say when it got the request: the time the client observed it stands in"
	noTime    = "the agent says no time of its own for protobuf traces: the span's is believed"
	ownWords  = "a dead letter quotes the span as its host has it"
	byBytes   = "the agent drops all attributes of a span that has one of bytes, or an empty one, in protobuf"
	labels    = "cmetrics writes a boolean as 0 or 1, a double with 17 digits, bytes as they are and lists and maps not at all"
	falling   = "cmetrics does not tell a sum that may fall from one that only grows"
	onlyFirst = "of OTLP/JSON metrics the agent keeps one set of attributes per metric, and no start times; protobuf, which our processes send, arrives whole"
	follows   = "the id follows from the fields above"
)

var conformance = []pair{
	{"logs.json", nil},
	{"logs.protobuf", []difference{
		{"log of span eee19b7ec3c1b101", "attributes/beyond31", truncates},
		{"log of span eee19b7ec3c1b101", "attributes/minus31", truncates},
		{"log of span eee19b7ec3c1b101", "attributes/beyond53", truncates},
		{"log of span eee19b7ec3c1b101", "attributes/largest", truncates},
		{"log of span eee19b7ec3c1b101", "_id", follows},
		{"log of span eee19b7ec3c1b106", "body", truncates},
		{"log of span eee19b7ec3c1b106", "_id", follows},
	}},
	{"logs-skewed.json", []difference{{"log of span eee19b7ec3c1b11b", "@timestamp", noArrival}}},
	{"logs-skewed.protobuf", []difference{{"log of span eee19b7ec3c1b11b", "@timestamp", noArrival}}},
	{"logs-bytes.protobuf", nil},
	{"traces.json", nil},
	{"traces.protobuf", []difference{
		{"span eee19b7ec3c1b111", "attributes/k", byBytes},
		{"span eee19b7ec3c1b112", "attributes/k", byBytes},
		{"span eee19b7ec3c1b112", "attributes/bytes", byBytes},
	}},
	{"traces-odd.json", []difference{
		{"dead letter *", "refused.document", ownWords},
		{"dead letter *", "refused.id", follows},
		{"dead letter *", "_id", follows},
	}},
	{"traces-odd.protobuf", []difference{
		{"dead letter *", "refused.document", ownWords},
		{"dead letter *", "refused.id", follows},
		{"dead letter *", "_id", follows},
		{"dead letter *", "@timestamp", noTime},
		{"span eee19b7ec3c1b115", "startTime", noTime},
		{"span eee19b7ec3c1b115", "endTime", noTime},
		{"span eee19b7ec3c1b115", "jari.original_time", noTime},
		{"span eee19b7ec3c1b115", "_index", follows},
	}},
	{"metrics.protobuf", append([]difference{
		{"point http.server.request*", "attributes/bytes", labels},
	}, cmetrics...)},
	{"metrics.json", append([]difference{
		{"point http.server.request*", "attributes/bytes", onlyFirst},
		{"point *", "startTime", onlyFirst},
		{"point *", "_id", follows},
		{"point http.server.requests 060Z", "", onlyFirst},
		{"point http.server.requests 061Z", "", onlyFirst},
		{"point temperature 066Z", "", onlyFirst},
		{"point temperature 067Z", "", onlyFirst},
		{"point temperature 068Z", "", onlyFirst},
		{"point temperature 073Z", "", onlyFirst},
	}, cmetrics...)},
}

// cmetrics is what metrics lose in either encoding.
var cmetrics = []difference{
	{"point connections 064Z", "type", falling},
	{"point connections 064Z", "_id", follows},
	{"point http.server.request*", "attributes/list", labels},
	{"point http.server.request*", "attributes/object", labels},
	{"point http.server.request*", "attributes/yes", labels},
	{"point http.server.request*", "attributes/no", labels},
	{"point http.server.request*", "attributes/third", labels},
	{"point http.server.request*", "_id", follows},
}
