package fault

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// slowFaults delay what a server sends, by a proxy between it and who asks it.
var slowFaults = []Fault{
	slow(Fault{
		Name: "database-slow", Regional: true, Delay: 600 * time.Millisecond,
		What:   "all that the database sends to the region's reservation service arrives later",
		Alerts: []Alert{{Rule: "booking-latency"}, {Rule: "free-times-latency"}},
	}, "postgres", ""),
	slow(Fault{
		Name: "redis-slow", Regional: true, Delay: time.Second,
		What:   "all that Redis sends to the region's gateway arrives later; a call of Redis may take 1 s, so log-ins fail",
		Alerts: []Alert{{Rule: "login-availability"}},
	}, "redis", ""),
	slow(Fault{
		Name: "opensearch-slow", Regional: true, Delay: 1500 * time.Millisecond,
		What:   "all that OpenSearch sends to the region's search service arrives later",
		Alerts: []Alert{{Rule: "search-latency"}},
	}, "opensearch", ""),
	slow(Fault{
		Name: "opensearch-slow-for-agent", Delay: 5 * time.Second,
		What: "all that OpenSearch sends to the agent arrives later, so that telemetry is stored more slowly than it comes",
	}, "opensearch", "agent"),
	slow(Fault{
		Name: "opensearch-slow-for-alerting", Delay: 5 * time.Second,
		What: "all that OpenSearch sends to alerting arrives later, and so do its messages",
	}, "opensearch", "alerting"),
}

// slow completes a fault that delays what a server sends to a client, "" for the region's.
func slow(f Fault, server, client string) Fault {
	f.begin = func(_ context.Context, t Target, in Injection) (func(context.Context) error, error) {
		proxy := t.Proxy(server, cmp.Or(client, in.Region))
		if proxy == nil {
			return nil, errNoProxies(server)
		}
		return begun(func(context.Context) error { return proxy.SetDelay(0) }, proxy.SetDelay(in.Delay))
	}
	return f
}

// errNoProxies is the error of a fault that needs a proxy before a server.
func errNoProxies(server string) error {
	return fmt.Errorf("there is no proxy before %s, because each costs requests something: "+
		"start the system again with `jari down` and `jari up --fault-proxies`", server)
}
