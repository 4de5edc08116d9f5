package indicator_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"jari.example/alerting/count"
	"jari.example/alerting/indicator"
	"jari.example/alerting/indicator/indicatortest"
	"jari.example/alerting/slo"
	"jari.example/alerting/slos"
	"jari.example/alerting/spec"
	"jari.example/telemetry/names"
)

// document is a document as the agent ships it, without its time.
type document map[string]any

// with returns d with other fields, given as name, value, name, value …
func (d document) with(fields ...any) document {
	d = maps.Clone(d)
	for i := 0; i < len(fields); i += 2 {
		d[fields[i].(string)] = fields[i+1]
	}
	return d
}

func access(service, method, route string, status int, seconds float64, bodyComplete bool) document {
	return document{
		"event.name": "http.access", "serviceName": service, "cloud.region": "ap-northeast-2",
		"http.request.method": method, "http.route": route, "http.response.status_code": status,
		"http.server.request.duration": seconds, "jari.request.body.complete": bodyComplete,
	}
}

func edge(status int, seconds float64, bodyComplete bool) document {
	return access("edge", "GET", "(api)", status, seconds, bodyComplete)
}

func event(service, name string, fields ...any) document {
	return document{"event.name": name, "serviceName": service, "cloud.region": "ap-northeast-2"}.with(fields...)
}

func agent(fields ...any) document {
	d := event("agent", "process.heartbeat", fields...)
	delete(d, "cloud.region")
	return d
}

func gauge(name string, value float64, labels map[string]any) document {
	return document{"name": name, "value": value, "cloud.region": "us-east-1", "attributes": labels}
}

func queue(name string, age float64) document {
	return gauge("jari.queue.age", age, map[string]any{"jari.queue": name})
}

func waiting(pool string, callers float64) document {
	return gauge("db.client.connection.pending_requests", callers, map[string]any{"db.client.connection.pool.name": pool})
}

// row is a document, and which of our rules count it, each as good or as bad. A rule
// with several subjects has the subject's name behind a slash. No other rule may
// count it.
type row struct {
	document document
	want     map[string]string
}

// answers are the rows of a route whose two objectives, of availability and latency,
// begin with of. Their latency threshold is limit.
func answers(of, method, route string, limit float64) map[string]row {
	request := func(status int, seconds float64, bodyComplete bool) document {
		return access("gateway", method, route, status, seconds, bodyComplete)
	}
	rows := map[string]row{
		"a success":                                    {request(200, limit/10, true), both(of, "good", "good")},
		"a refusal":                                    {request(409, limit/10, true), both(of, "good", "good")},
		"a slow success":                               {request(201, limit, true), both(of, "good", "bad")},
		"a failure":                                    {request(500, limit/10, true), one(of+"-availability", "bad")},
		"a slow failure":                               {request(504, 10, true), one(of+"-availability", "bad")},
		"a request that is shed":                       {request(503, limit/1000, true), one(of+"-availability", "bad")},
		"a request beyond its rate limit":              {request(429, limit, true), nil},
		"a diner who leaves after a long wait":         {request(499, limit, true), both(of, "bad", "bad")},
		"a diner who leaves soon":                      {request(499, limit*0.9, true), nil},
		"a diner who leaves before the body has ended": {request(499, 2*limit, false), nil},
		"a body that is too slow":                      {request(408, 20, false), one(of+"-availability", "good")},
		"a line that does not say whether the body has ended": {
			without(request(201, limit/10, true), "jari.request.body.complete"), both(of, "good", "good")},
		"the access log of another service": {access("reservation", method, route, 500, 3, true), nil},
		"another method":                    {access("gateway", "DELETE", route, 500, 3, true), nil},
	}
	named := map[string]row{}
	for name, r := range rows {
		named[of+": "+name] = r
	}
	return named
}

// counted are the rows of all rules.
func counted() map[string]row {
	all := maps.Clone(rows)
	for _, more := range []map[string]row{
		answers("booking", "POST", "/v1/reservations", 1),
		answers("free-times", "GET", "/v1/availability", 0.5),
		answers("search", "GET", "/v1/restaurants", 1),
		answers("login", "POST", "/v1/sessions", 3),
	} {
		maps.Copy(all, more)
	}
	return all
}

var rows = map[string]row{
	"a look-up of one restaurant": {
		access("gateway", "GET", "/v1/restaurants/{id}/availability", 200, 0.6, true), both("free-times", "good", "bad")},
	"a restaurant page that fails": {
		access("gateway", "GET", "/v1/restaurants/{id}", 502, 0.1, true), one("search-availability", "bad")},
	"a refresh that fails": {access("gateway", "POST", "/v1/sessions/refresh", 500, 9, true), nil},

	"an answer of the gateway, also a failure": {
		edge(503, 0.1, true).with("peer.service", "gateway"), one("edge-availability-kr", "good")},
	"a gateway that is down": {
		edge(503, 0.1, true).with("jari.reason", "unavailable"), one("edge-availability-kr", "bad")},
	"a gateway that hangs": {
		edge(504, 30, true).with("cloud.region", "us-east-1"), one("edge-availability-us", "bad")},
	"a diner who leaves a gateway that hangs": {edge(499, 2.5, true), one("edge-availability-kr", "bad")},
	"a diner who leaves the edge at once":     {edge(499, 0.5, true), nil},
	"the page":                                {access("edge", "GET", "(page)", 200, 0.01, true), one("edge-availability-kr", "good")},

	"a mail":                         {mail("sent", "INFO", 3, ""), one("mail-delivery", "good")},
	"a late mail":                    {mail("sent", "INFO", 61, ""), one("mail-delivery", "bad")},
	"a mail that is tried again":     {mail("failed", "WARN", 90, "unavailable"), nil},
	"a mail that is refused":         {mail("failed", "ERROR", 2, "refused"), one("mail-delivery", "bad")},
	"a mail that was tried for long": {without(mail("failed", "ERROR", 0, "too_late"), "jari.mail.delay"), one("mail-delivery", "bad")},
	"a diner's wrong address":        {mail("failed", "ERROR", 2, "bad_address"), one("mail-delivery", "good")},
	"a mail that was sent, but not recorded": {
		without(mail("failed", "ERROR", 0, "not_written"), "jari.mail.delay"), nil},

	"an offer":             {event("reservation", "reservation.offer.made", "jari.offer.delay", 0.0), one("waitlist-offer-delay", "good")},
	"a late offer":         {event("reservation", "reservation.offer.made", "jari.offer.delay", 30.0), one("waitlist-offer-delay", "bad")},
	"a failed run":         {event("reservation", "job.failed", "jari.job", "waitlist.expire"), nil},
	"a violated invariant": {event("reservation", "booking.invariant.violated"), one("invariant-violated", "good")},

	"a heartbeat": {event("search", "process.heartbeat"), map[string]string{
		"region-silent-kr": "good", "service-silent-kr/search": "good"}},
	"a heartbeat in the other region": {event("gateway", "process.heartbeat", "cloud.region", "us-east-1"), map[string]string{
		"region-silent-us": "good", "service-silent-us/gateway": "good"}},
	"alerting's own heartbeat":               {event("alerting", "process.heartbeat"), nil},
	"the heartbeat of its dead man's switch": {event("alertingwatch", "process.heartbeat"), nil},
	"the agent's heartbeat": {agent("jari.ship.evicted_delta", 0, "jari.ship.dead_lettered_delta", 0, "jari.agent.disk.free_share", 0.5),
		alive()},
	"the agent's heartbeat with new dead letters": {agent("jari.ship.dead_lettered_delta", 3), alive("dead-letters-growing")},
	"the agent's heartbeat after an eviction":     {agent("jari.ship.evicted_delta", 1), alive("telemetry-evicted")},
	"the agent's heartbeat from a full disk":      {agent("jari.agent.disk.free_share", 0.09), alive("agent-disk-low")},

	"an index that is up to date": {queue("catalogue", 0.2), one("catalogue-freshness", "good")},
	"an index that lags behind":   {queue("catalogue", 60), nil},
	"an outbox that is emptied":   {queue("outbox", 119), nil},
	"an outbox that is not":       {queue("outbox", 120), one("outbox-stuck/us-east-1", "good")},
	"mails that are sent":         {queue("mails", 120), nil},
	"mails that are not":          {queue("mails", 300), one("mails-stuck/us-east-1", "good")},
	"two callers who wait":        {waiting("user", 2), nil},
	"three callers who wait":      {waiting("reservation.reads", 3), one("pool-saturated/reservation.reads", "good")},
	"a young key":                 {gauge("jari.signing_key.age", 7_775_999, nil), nil},
	"an old key":                  {gauge("jari.signing_key.age", 7_776_000, nil), one("signing-key-old/us-east-1", "good")},
	"a young certificate":         {gauge("jari.certificate.expiry", 1_209_600, nil), nil},
	"an expired certificate":      {gauge("jari.certificate.expiry", -5, nil), one("certificate-expiring", "good")},
}

func one(rule, as string) map[string]string { return map[string]string{rule: as} }

func both(of, availability, latency string) map[string]string {
	return map[string]string{of + "-availability": availability, of + "-latency": latency}
}

// alive is what counts a heartbeat of the agent, and other rules.
func alive(others ...string) map[string]string {
	want := map[string]string{"telemetry-blind": "good", "telemetry-delivery": "good"}
	for _, rule := range others {
		want[rule] = "good"
	}
	return want
}

func mail(what, severity string, delay float64, reason string) document {
	d := event("notification", "notification.mail."+what, "severity.text", severity, "jari.mail.delay", delay)
	if reason != "" {
		d["jari.reason"] = reason
	}
	return d
}

func without(d document, field string) document {
	delete(d, field)
	return d
}

// ours are the indicators of our own rules, in index.
func ours(t *testing.T, index string) map[string]slo.Indicator {
	t.Helper()
	set, err := spec.Load(slos.Files)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]slo.Indicator{}
	for _, o := range set.SLOs {
		all[o.Name] = o.Indicator
	}
	for _, a := range set.Alerts {
		for _, s := range a.Subjects {
			name := a.Name
			if s.Name != "" {
				name += "/" + s.Name
			}
			all[name] = s.Indicator
		}
	}
	for name, i := range all {
		i.Source.Index = index
		all[name] = i
	}
	return all
}

// Our own rules count each document as they say, and no other rule counts it.
func TestOurRulesCountWhatTheySay(t *testing.T) {
	log := indicatortest.NewIndex(t, shippedMapping())
	rules := ours(t, log.Index)
	all := counted()
	cases := slices.Sorted(maps.Keys(all))
	var lines []map[string]any
	for minute, name := range cases {
		at := ten.Add(time.Duration(minute) * time.Minute)
		lines = append(lines, all[name].document.with("@timestamp", at.Format(time.RFC3339)))
	}
	log.Add(lines...)
	source, err := indicator.NewOpenSearch(log.Server, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	indicators := map[slo.Key]slo.Indicator{}
	for _, i := range rules {
		i.Within = 0 // count the events themselves
		indicators[i.Key(time.Minute)] = i
	}
	buckets, _, err := source.Count(t.Context(), indicators, minutes(0, len(cases)), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]map[string]string, len(cases))
	for rule, i := range rules {
		i.Within = 0
		for _, b := range buckets[i.Key(time.Minute)] {
			minute := int(b.At.Sub(ten) / time.Minute)
			if got[minute] == nil {
				got[minute] = map[string]string{}
			}
			got[minute][rule] = as(b)
		}
	}
	for minute, name := range cases {
		if !maps.Equal(got[minute], all[name].want) {
			t.Errorf("%s is counted by %v, want %v", name, got[minute], all[name].want)
		}
	}
}

func as(b count.Bucket) string {
	if b.Bad > 0 {
		return "bad"
	}
	return "good"
}

// shippedMapping is the mapping of our log lines and metric points.
func shippedMapping() map[string]any {
	properties := map[string]any{
		names.DocMetricName: map[string]any{"type": names.Keyword}, "value": map[string]any{"type": names.Double},
		"attributes": map[string]any{"type": "flat_object"},
	}
	for _, f := range names.Fields {
		properties[f.Doc] = map[string]any{"type": f.Kind}
	}
	return properties
}

// Every rule of ours counts one of the documents above.
func TestEveryRuleCountsADocument(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range counted() {
		for rule := range c.want {
			seen[rule] = true
		}
	}
	set, err := spec.Load(slos.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range set.SLOs {
		if !seen[o.Name] {
			t.Errorf("no document is counted by %s; add one", o.Name)
		}
	}
	for _, a := range set.Alerts {
		if !slices.ContainsFunc(a.Subjects, func(s slo.Subject) bool { return seen[a.Name] && s.Name == "" || seen[a.Name+"/"+s.Name] }) {
			t.Errorf("no document is counted by %s; add one", a.Name)
		}
	}
}
