package fault

import (
	"context"
	"fmt"
	"time"
)

// slowFaults delay what a server sends, by a proxy between it and one service.
var slowFaults = []Fault{
	slow(Fault{
		Name: "database-slow", Delay: 600 * time.Millisecond,
		What:   "all that the database sends to the region's reservation service arrives later",
		Alerts: []Alert{{Rule: "booking-latency"}, {Rule: "free-times-latency"}},
	}, "postgres"),
	slow(Fault{
		Name: "redis-slow", Delay: time.Second,
		What:   "all that Redis sends to the region's gateway arrives later; a call of Redis may take 1 s, so log-ins fail",
		Alerts: []Alert{{Rule: "login-availability"}},
	}, "redis"),
	slow(Fault{
		Name: "opensearch-slow", Delay: 1500 * time.Millisecond,
		What:   "all that OpenSearch sends to the region's search service arrives later",
		Alerts: []Alert{{Rule: "search-latency"}},
	}, "opensearch"),
}

// slow completes a fault that delays a server.
func slow(f Fault, server string) Fault {
	f.Regional = true
	f.begin = func(_ context.Context, t Target, in Injection) (func(context.Context) error, error) {
		proxy := t.Proxy(server, in.Region)
		if proxy == nil {
			return nil, fmt.Errorf("there is no proxy before %s, because each costs requests something: "+
				"start the system again with `jari down` and `jari up --fault-proxies`", server)
		}
		return begun(func(context.Context) error { return proxy.SetDelay(0) }, proxy.SetDelay(in.Delay))
	}
	return f
}
