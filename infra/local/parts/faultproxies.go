package parts

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"jari.example/infra/local/faultproxy"
	"jari.example/infra/local/launch"
	"jari.example/infra/local/ports"
)

// faultProxies is the part with the proxies between services and the servers that
// faults make slow. Their ports are those of the table that begin with its name.
const faultProxies = "fault-proxies"

// proxies lists the names of the proxies, each a server and a region: postgres-kr.
func proxies() (names []string) {
	for _, name := range ports.Names() {
		if proxy, ok := strings.CutPrefix(name, faultProxies+"/"); ok {
			names = append(names, proxy)
		}
	}
	return names
}

// Proxy returns the proxy of a server ("postgres", "redis" or "opensearch") for a
// region's services, nil without WithFaultProxies.
func (s *System) Proxy(server, region string) *faultproxy.Proxy { return s.proxies[server+"-"+region] }

// via is a server's URL with the address of the region's proxy, if there are proxies.
func (s *System) via(server, region, address string) string {
	if !s.WithFaultProxies {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return address // whoever uses it says what is wrong
	}
	u.Host = s.Ports.Addr(faultProxies + "/" + server + "-" + region)
	return u.String()
}

// newProxies makes the proxies, which serve when their part starts.
func (s *System) newProxies() map[string]*faultproxy.Proxy {
	all := map[string]*faultproxy.Proxy{}
	for _, name := range proxies() {
		server, _, _ := strings.Cut(name, "-")
		address := map[string]string{"postgres": s.DatabaseURL(""), "redis": s.RedisURL(), "opensearch": s.OpenSearchURL()}[server]
		if u, err := url.Parse(address); err == nil {
			all[name] = faultproxy.New(s.Ports.Addr(faultProxies+"/"+name), u.Host)
		}
	}
	return all
}

// faultProxies serves the proxies within the launcher, as long as that runs.
func (s *System) faultProxies() launch.Part {
	part := launch.Part{Name: faultProxies, Hint: "leave out --fault-proxies, which only faults that make a server slow need"}
	for _, name := range proxies() {
		part.Ports = append(part.Ports, s.Ports.Of(faultProxies+"/"+name))
	}
	part.Prepare = func(context.Context, launch.Progress) error {
		for name, proxy := range s.proxies {
			if err := proxy.Start(); err != nil {
				return fmt.Errorf("proxy %s: %w", name, err)
			}
		}
		return nil
	}
	return part
}
