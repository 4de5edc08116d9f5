// Package ports has the table of the local system's ports. Every part listens
// on 127.0.0.1. One offset is added to all ports of a system, so that several
// systems can run at once.
package ports

import (
	"fmt"
	"net"
	"strconv"
)

// Offset is added to every port of the table.
type Offset int

// table holds the ports at offset 0. A part's second port has a suffix after a
// slash.
var table = map[string]int{
	"edge":    8080,
	"door":    8090,
	"slack":   8091,
	"mailbox": 8092,
	"preview": 8093,

	"gateway-kr": 8110, "gateway-kr/ops": 8210,
	"user-kr": 8111, "user-kr/ops": 8211,
	"reservation-kr": 8112, "reservation-kr/ops": 8212,
	"search-kr": 8113, "search-kr/ops": 8213,
	"notification-kr": 8114, "notification-kr/ops": 8214,
	"indexer-kr/ops": 8215,

	"gateway-us": 8120, "gateway-us/ops": 8220,
	"user-us": 8121, "user-us/ops": 8221,
	"reservation-us": 8122, "reservation-us/ops": 8222,
	"search-us": 8123, "search-us/ops": 8223,
	"notification-us": 8124, "notification-us/ops": 8224,
	"indexer-us/ops": 8225,

	"alerting": 8130, "alerting/ops": 8230,
	"alerting-watch/ops": 8231,

	"fault-proxies/postgres-kr": 8140, "fault-proxies/postgres-us": 8150,
	"fault-proxies/redis-kr": 8141, "fault-proxies/redis-us": 8151,
	"fault-proxies/opensearch-kr": 8142, "fault-proxies/opensearch-us": 8152,
	"fault-proxies/opensearch-agent": 8144, "fault-proxies/opensearch-alerting": 8154,
	"fault-proxies/reservation-kr": 8143, "fault-proxies/reservation-us": 8153,

	// The second process of the service, which only a fault starts.
	"reservation-kr-next": 8116, "reservation-kr-next/ops": 8216,
	"reservation-us-next": 8126, "reservation-us-next/ops": 8226,

	"agent":         14318,
	"agent/health":  14133,
	"aws":           14566,
	"postgres":      15432,
	"redis":         16379,
	"opensearch":    19200,
	"opensearch/tp": 19300,
}

// Names returns every name of the table, unsorted.
func Names() []string {
	names := make([]string, 0, len(table))
	for name := range table {
		names = append(names, name)
	}
	return names
}

// Of returns the port called name. It panics on a name that is not in the
// table, which is a bug of the caller.
func (o Offset) Of(name string) int {
	port, ok := table[name]
	if !ok {
		panic("ports: no port is called " + name)
	}
	return port + int(o)
}

// Addr returns host:port of name.
func (o Offset) Addr(name string) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Of(name)))
}

// URL returns http://host:port of name.
func (o Offset) URL(name string) string { return "http://" + o.Addr(name) }

// Free returns nil if the port can be listened on, else why not.
func Free(port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("port %d: %w", port, err)
	}
	return l.Close()
}
