package parts

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"jari.example/infra/local/faultproxy"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/ports"
)

// faultProxies is the part with the proxies between services and the servers that
// faults make slow. Their ports are those of the table that begin with its name.
const faultProxies = "fault-proxies"

// proxied are the proxies, each a server and who asks it, as they are called in the table
// of ports.
type proxied struct {
	slow map[string]*faultproxy.Proxy    // postgres-kr, redis-us, opensearch-agent …
	both map[string]*faultproxy.Balancer // by region: before the reservation service
}

// Proxy returns the proxy between a server ("postgres", "redis" or "opensearch") and
// who asks it (a region's services, "agent" or "alerting"), nil without WithFaultProxies.
func (s *System) Proxy(server, client string) *faultproxy.Proxy {
	return s.proxies.slow[server+"-"+client]
}

// Balancer returns the balancer between a region's gateway and its processes of the
// reservation service, the second of which is NextReservation; nil without
// WithFaultProxies.
func (s *System) Balancer(region string) *faultproxy.Balancer { return s.proxies.both[region] }

// via is a server's URL with the address of the proxy before who asks it, if there are
// proxies.
func (s *System) via(server, client, address string) string {
	if !s.WithFaultProxies {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return address // whoever uses it says what is wrong
	}
	u.Host = s.Ports.Addr(faultProxies + "/" + server + "-" + client)
	return u.String()
}

// reservationURL is where the region's gateway finds the reservation service.
func (s *System) reservationURL(region string) string {
	return s.via("reservation", region, s.Ports.URL("reservation-"+region))
}

// NextReservation is a second process of the region's reservation service, as while a
// release is rolled out: of the version "next", which began at that time. It gets requests
// only from the Balancer. It is not among Parts, since only a fault starts it.
func (s *System) NextReservation(ctx context.Context, region string, began time.Time) launch.Part {
	next := "next-" + began.UTC().Format("150405") // of each fault another one, as of each release
	if current := version(ctx, s.Root); current != "" {
		next += "-" + current
	}
	return s.reservation(region, "reservation-"+region+"-next", "--service-version", next)
}

// newProxies makes the proxies, which serve when their part starts.
func (s *System) newProxies() proxied {
	all := proxied{map[string]*faultproxy.Proxy{}, map[string]*faultproxy.Balancer{}}
	servers := map[string]string{"postgres": s.DatabaseURL(""), "redis": s.RedisURL(), "opensearch": s.OpenSearchURL()}
	for _, name := range ports.Names() {
		proxy, ok := strings.CutPrefix(name, faultProxies+"/")
		server, client, _ := strings.Cut(proxy, "-")
		if !ok {
			continue
		}
		if server == "reservation" {
			all.both[client] = faultproxy.NewBalancer(s.Ports.Addr(name), s.Ports.Addr(proxy), s.Ports.Addr(proxy+"-next"))
		} else if u, err := url.Parse(servers[server]); err == nil {
			all.slow[proxy] = faultproxy.New(s.Ports.Addr(name), u.Host)
		}
	}
	return all
}

// faultProxies serves the proxies within the launcher, as long as that runs.
func (s *System) faultProxies() launch.Part {
	part := launch.Part{Name: faultProxies, Hint: "leave out --fault-proxies, which only faults that need a proxy use"}
	for _, name := range ports.Names() {
		if strings.HasPrefix(name, faultProxies+"/") {
			part.Ports = append(part.Ports, s.Ports.Of(name))
		}
	}
	part.Prepare = func(context.Context, launch.Progress) error {
		for name, proxy := range s.proxies.slow {
			if err := proxy.Start(); err != nil {
				return fmt.Errorf("proxy %s: %w", name, err)
			}
		}
		for region, balancer := range s.proxies.both {
			if err := balancer.Start(); err != nil {
				return fmt.Errorf("proxy reservation-%s: %w", region, err)
			}
		}
		return nil
	}
	return part
}

// withProxies adds the part of the proxies to what a part needs, if there are any.
func (s *System) withProxies(needs []string) []string {
	if !s.WithFaultProxies {
		return needs
	}
	return append(slices.Clone(needs), faultProxies)
}
