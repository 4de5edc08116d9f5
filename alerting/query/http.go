package query

import (
	"maps"
	"slices"
	"strings"

	"jari.example/telemetry/names"
)

// Request is an HTTP request to a part of the system.
type Request struct {
	To          string            `yaml:"to"`     // one of Targets
	Method      string            `yaml:"method"` // GET if it is empty, or HEAD; POST only for the probe
	Path        string            `yaml:"path"`
	Header      map[string]string `yaml:"header"` // {region} stands for the region
	Body        string            `yaml:"body"`
	Each        string            `yaml:"each"`        // "region": a request for each region
	Rows        string            `yaml:"rows"`        // what has a row each in the JSON of the response: the path of a list, or "*"
	Columns     Columns           `yaml:"columns"`     // of paths in the JSON, or in an element of Rows
	Certificate bool              `yaml:"certificate"` // the column "expires": when the first certificate of the chain ends
}

// Ready asks the ops port of parts whether they are ready.
type Ready struct {
	Services []string `yaml:"services"` // or $NAME: those that the value of Query.Set lists; empty: all
}

// SQL is a statement, which runs in a read-only transaction.
type SQL struct {
	Columns   []string `yaml:"columns"`
	Statement string   `yaml:"statement"` // one SELECT
}

// What a request may be sent to. A gateway has an address for each region.
const (
	OpenSearch = "opensearch"
	Edge       = "edge"
	Gateway    = "gateway"
	Mail       = "mail"
	Agent      = "agent"
)

// Targets lists them.
var Targets = []string{Agent, Edge, Gateway, Mail, OpenSearch}

// The columns of every response.
const (
	PartColumn    = "part"
	StatusColumn  = "status"  // nil without a response
	SecondsColumn = "seconds" // until the response was read
	ErrorColumn   = "error"   // why there is no response: "refused", "timeout", …; nil if there is one
	ExpiresColumn = "expires"
	SaysColumn    = "says" // what a part says about its readiness
)

// ResponseColumns are the titles of the columns that every response has.
func ResponseColumns() []string {
	return []string{PartColumn, StatusColumn, SecondsColumn, ErrorColumn}
}

// ReadyRequest asks one ops port.
var ReadyRequest = Request{Path: "/readyz", Columns: Columns{{SaysColumn, "status"}}}

func (r Request) titles() []string {
	titles := r.Columns.titles()
	if r.Certificate {
		titles = append(titles, ExpiresColumn)
	}
	return titles
}

// For is the request with the region in place of {region}.
func (r Request) For(region string) Request {
	r.Header = maps.Clone(r.Header)
	for name, value := range r.Header {
		r.Header[name] = strings.ReplaceAll(value, "{region}", region)
	}
	r.Path = strings.ReplaceAll(r.Path, "{region}", region)
	return r
}

// Regions are those that a query concerns, given the one that the caller chose.
func Regions(chosen string) []string {
	if chosen != "" {
		return []string{chosen}
	}
	return slices.Sorted(maps.Keys(names.Regions))
}

// services are the names of those that are asked, given the values of Query.Set.
func (r Ready) services(values map[string]string) (all []string) {
	for _, s := range r.Services {
		if name, ok := strings.CutPrefix(s, "$"); ok {
			s = values[name]
		}
		all = append(all, strings.FieldsFunc(s, func(r rune) bool { return r == ',' })...)
	}
	return all
}

// Concerns reports whether a ready query asks the part with this name, such as
// "reservation-kr" or, of several replicas, "reservation-kr-2".
func (q Query) Concerns(part string, o Options) bool {
	elements := strings.Split(part, "-")
	if o.Region != "" && !slices.Contains(elements, o.Region) {
		return false
	}
	services := q.Ready.services(q.values(o))
	return len(services) == 0 || slices.Contains(services, elements[0])
}
