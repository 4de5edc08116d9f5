package main

import (
	"slices"
	"strings"
	"time"
)

// entry is how one alert is proven: the fault that makes it fire, and what on-call must
// learn of it.
type entry struct {
	Rule  string   // metadata.name in alerting/slos
	Fault string   // of `jari fault`
	Args  []string // of `jari fault on`

	// Named are words of which each must be in one line of the message that says what
	// differs. Where nothing is compared they are in the message, mostly in its title: the
	// rule itself is about the cause then.
	Named []string
	// Cause is part of a cause that `jarictl runbook run` prints.
	Cause string
	// Span is what an example trace must contain; zero for an alert without traces.
	Span span
	// Flag says that the fault is a feature flag.
	Flag bool
	// For is set where a fault holds back the telemetry of it, so that it need not be known
	// before its end, at which it ends by itself. It may be known before.
	For time.Duration
	// First says that the round is played before the others, because what it leaves behind
	// would change a later one: rounds that it could change come long after it.
	First bool
	// Early says that incidents stay open for minutes after the round, so that it is played before those
	// rounds that must wait for their end.
	Early bool
	// Long says that a round takes more than two minutes.
	Long bool
	// Also are rules that the same fault may make fire besides those of `jari fault list`.
	Also []string
}

// span is a span of an example trace.
type span struct {
	Service string // whose it is
	Peer    string // peer.service; "": any
	Slow    bool   // it took a second, in place of having failed
}

// compares reports whether the message says what differs.
func (e entry) compares() bool { return e.Span != span{} }

// order is when a round is played: those with a lower one come first.
func (e entry) order() int {
	switch {
	case e.First:
		return 0
	case e.Early:
		return 1
	}
	return 2
}

// entries are sorted by rule. What a fault does is described by `jari fault list`.
var entries = []entry{
	{
		Rule: "agent-disk-low", Fault: "agent-disk-full",
		Named: []string{"The agent's disk is nearly full"}, Cause: "THE DISK IS NEARLY FULL",
	},
	{
		Rule: "booking-availability", Fault: "database-refuse",
		Named: []string{"ap-northeast-2", "failing call to postgresql"}, Cause: "the database was closed",
		Span: span{Service: "reservation", Peer: "postgresql"},
	},
	{
		Rule: "booking-availability", Fault: "version-failing",
		Named: []string{"went through reservation next-"}, Cause: "A NEW VERSION",
		Span: span{Service: "reservation"},
	},
	{
		Rule: "booking-latency", Fault: "route-delay", Flag: true,
		Named: []string{"ap-northeast-2", "slow call to reservation"}, Cause: "A FLAG WAS SWITCHED ON",
		Span: span{Service: "reservation", Slow: true},
	},
	{
		Rule: "catalogue-freshness", Fault: "stream-stuck", Long: true,
		Named: []string{"Search results are out of date"}, Cause: "INDEXING FAILS",
	},
	{
		Rule: "certificate-expiring", Fault: "certificate-expiring",
		Named: []string{"A TLS certificate is about to expire"}, Cause: "its renewal failed",
		Also: []string{"edge-availability-kr"}, // the gateway starts again with the other address
	},
	{
		Rule: "dead-letters-growing", Fault: "documents-refused",
		Named: []string{"OpenSearch refuses telemetry"}, Cause: "A FIELD HAS ANOTHER TYPE",
	},
	{
		Rule: "edge-availability-kr", Fault: "service-killed", Args: []string{"--service", "gateway"}, Early: true,
		Named: []string{"Region kr does not answer the edge"}, Cause: "it is down",
		Also: []string{"service-silent-kr"},
	},
	{
		Rule: "edge-availability-us", Fault: "service-killed", Args: []string{"--service", "gateway", "--region", "us"}, Early: true,
		Named: []string{"Region us does not answer the edge"}, Cause: "it is down",
		Also: []string{"service-silent-us"},
	},
	{
		Rule: "free-times-availability", Fault: "route-errors", Flag: true, Early: true,
		// With fewer failures the rule fires in one second and not in the next.
		Args:  []string{"--route", "GET /v1/restaurants/{id}/availability", "--percent", "60"},
		Named: []string{"failing call to reservation"}, Cause: "A FLAG WAS SWITCHED ON",
		Span: span{Service: "reservation"},
	},
	{
		Rule: "free-times-latency", Fault: "route-delay", Flag: true, Args: []string{"--route", "GET /v1/restaurants/{id}/availability"},
		Named: []string{"slow call to reservation"}, Cause: "A FLAG WAS SWITCHED ON",
		Span: span{Service: "reservation", Slow: true},
	},
	{
		Rule: "invariant-violated", Fault: "overbooked-counter", Long: true,
		Named: []string{"A slot's counter differs"}, Cause: "SEATS ARE BLOCKED", // the fault raises the counter
	},
	{
		Rule: "login-availability", Fault: "redis-away",
		Named: []string{"redis"}, Cause: "REDIS", // every log-in fails, so that nothing differs but the error
		Span: span{Service: "gateway", Peer: "redis"},
	},
	{
		Rule: "login-latency", Fault: "route-delay", Flag: true,
		Args:  []string{"--service", "user", "--route", "POST /internal/credentials/verify", "--delay", "4s"},
		Named: []string{"ap-northeast-2", "slow call to user"}, Cause: "A FLAG WAS SWITCHED ON",
		Span: span{Service: "user", Slow: true},
	},
	{
		Rule: "mail-delivery", Fault: "ses-throttles", Long: true,
		Named: []string{"Mails are late"}, Cause: "THROTTLED",
	},
	{
		Rule: "mails-stuck", Fault: "ses-refuses", Long: true, Args: []string{"--region", "us"}, // which has fewer mails
		First: true, // the mails that it holds back are late, of which mail-delivery speaks
		Named: []string{"us-east-1"}, Cause: "OUR ACCOUNT IS NOT IN ORDER",
		Also: []string{"mail-delivery"}, // what has waited is sent late
	},
	{
		Rule: "outbox-stuck", Fault: "outbox-stopped", Flag: true, Long: true,
		Named: []string{"ap-northeast-2"}, Cause: "A FLAG WAS SWITCHED ON",
		Also: []string{"mail-delivery"}, // the mails about these events are late, too
	},
	{
		Rule: "pool-saturated", Fault: "pool-busy", Flag: true,
		Named: []string{"reservation"}, Cause: "A FLAG WAS SWITCHED ON", Also: []string{"booking-latency", "free-times-latency"},
	},
	{
		Rule: "region-silent-kr", Fault: "region-away", Long: true, Early: true,
		Named: []string{"Region kr sends nothing"}, Cause: "the region is down",
		Also: []string{"booking-availability", "catalogue-freshness"}, // its minutes are a second here, so they are over before a silence is noticed
	},
	{
		Rule: "region-silent-us", Fault: "region-away", Long: true, Args: []string{"--region", "us"}, Early: true,
		Named: []string{"Region us sends nothing"}, Cause: "the region is down",
		Also: []string{"booking-availability", "catalogue-freshness"}, // its minutes are a second here, so they are over before a silence is noticed
	},
	{
		Rule: "search-availability", Fault: "service-killed", Args: []string{"--service", "search"},
		Named: []string{"ap-northeast-2", "failing call to search"}, Cause: "it is down",
		Span: span{Service: "gateway", Peer: "search"}, Also: []string{"service-silent-kr"},
	},
	{
		Rule: "search-latency", Fault: "opensearch-slow",
		Named: []string{"slow call to opensearch"}, Cause: "the network between is slow",
		Span: span{Service: "search", Slow: true},
	},
	{
		Rule: "service-silent-kr", Fault: "indexer-stopped", Long: true,
		Named: []string{"indexer"}, Cause: "it is down",
	},
	{
		Rule: "service-silent-us", Fault: "indexer-stopped", Long: true, Args: []string{"--region", "us"},
		Named: []string{"indexer"}, Cause: "it is down",
	},
	{
		Rule: "signing-key-old", Fault: "signing-key-old",
		Named: []string{"ap-northeast-2"}, Cause: "90 DAYS AND MORE",
		Also: []string{"edge-availability-kr"}, // the gateway starts again with the other key
	},
	{
		Rule: "telemetry-blind", Fault: "agent-stopped", Long: true,
		Named: []string{"No telemetry arrives"}, Cause: "THE AGENT LONG AGO", Also: []string{"telemetry-delivery"},
	},
	{
		// Less than telemetry-blind needs, by which it is muted. Minutes without any line are
		// not counted, so that it can be known when the lines of this time have arrived.
		Rule: "telemetry-delivery", Fault: "agent-stopped", Long: true, For: 45 * time.Second,
		Named: []string{"Telemetry has gaps"}, Cause: "the gap is from its LAST", Also: []string{"telemetry-blind"},
	},
	{
		Rule: "telemetry-evicted", Fault: "agent-buffer-small", Long: true, For: time.Minute,
		Named: []string{"the agent's buffer is full"}, Cause: "RECORDS ARE LOST", Also: []string{"telemetry-blind", "telemetry-delivery"},
	},
	{
		Rule: "waitlist-offer-delay", Fault: "offers-late", Flag: true,
		Named: []string{"Free seats are offered late"}, Cause: "A FLAG WAS SWITCHED ON",
	},
}

// region is where the fault is.
func (e entry) region() string {
	if i := slices.Index(e.Args, "--region"); i >= 0 {
		return e.Args[i+1]
	}
	return "kr" // as of `jari fault on`
}

// expected reports whether a rule may fire during the entry's fault. faultAlerts are what
// `jari fault list` says, without the region of rules that have one.
func (e entry) expected(rule string, faultAlerts []string) bool {
	return rule == e.Rule || slices.Contains(e.Also, rule) ||
		slices.ContainsFunc(faultAlerts, func(a string) bool { return rule == a || rule == a+"-"+e.region() })
}

// onlyTitle reports whether all that names the cause is in the rule's title, which the message has
// whatever the fault is.
func (e entry) onlyTitle(title string) bool {
	return !slices.ContainsFunc(e.Named, func(word string) bool { return !strings.Contains(title, word) })
}
