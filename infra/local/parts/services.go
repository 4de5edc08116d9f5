package parts

import (
	"context"
	"path/filepath"

	"jari.example/infra/local/launch"
	"jari.example/telemetry/names"
)

// Issuer is who signs access tokens.
const Issuer = "https://jari.example"

// services are the processes of one region. Each has its own part, ports and log;
// the database and search servers are shared by all regions.
func (s *System) services(region string) []launch.Part {
	at := func(service string) string { return service + "-" + region }
	url := func(service string) string { return s.Ports.URL(at(service)) }
	database := func(name string) []string { return []string{"--database-url", s.DatabaseURL(name)} }
	catalogue := func(openSearch string) []string {
		return []string{
			"--opensearch-url", openSearch, "--catalogue-index", CatalogueTable(region),
			"--aws-endpoint-url", s.AWSURL(), "--catalogue-table", CatalogueTable(region),
		}
	}
	return []launch.Part{
		s.service(region, "user", "userd", []string{"postgres"}, database("jari_users")...),
		s.service(region, "notification", "notificationd", []string{"postgres", "aws"},
			append(database("jari_notification_"+region), "--user-url", url("user"), "--search-url", url("search"),
				"--aws-endpoint-url", s.AWSURL(), "--mail-from", MailFrom)...),
		s.reservation(region, at("reservation")),
		s.service(region, "indexer", "indexerd", []string{"opensearch", "aws"}, catalogue(s.OpenSearchURL())...),
		s.service(region, "search", "searchd", []string{"opensearch", "aws", at("indexer")},
			catalogue(s.via("opensearch", region, s.OpenSearchURL()))...),
		s.service(region, "gateway", "gatewayd", []string{"redis", "secrets"},
			"--user-url", url("user"), "--reservation-url", s.reservationURL(region), "--search-url", url("search"),
			"--redis-url", s.via("redis", region, s.RedisURL()),
			"--signing-key-file", s.secret(signingKey), "--refresh-key-file", s.secret(refreshKey),
			"--issuer", Issuer),
	}
}

// reservation is a process of the reservation service.
func (s *System) reservation(region, part string, more ...string) launch.Part {
	args := []string{
		"--database-url", s.via("postgres", region, s.DatabaseURL(ReservationDatabase(region))),
		"--notification-url", s.Ports.URL("notification-" + region), "--user-url", s.Ports.URL("user-" + region),
	}
	return s.process(part, region, "reservationd", []string{"postgres"}, append(args, more...)...)
}

// service is one of our daemons in a region.
func (s *System) service(region, name, program string, needs []string, args ...string) launch.Part {
	return s.process(name+"-"+region, region, program, needs, args...)
}

// process is a process of a service. Its whole configuration is in its flags, so that
// `ps` shows it.
func (s *System) process(part, region, program string, needs []string, args ...string) launch.Part {
	common := []string{
		"--ops-addr", s.Ports.Addr(part + "/ops"),
		"--cloud-region", names.Regions[region], "--otlp-endpoint", s.Ports.URL("agent"),
		"--environment", "local", "--fault-flags", s.FaultFlagsFile(part),
	}
	listens := []int{s.Ports.Of(part + "/ops")}
	if program != "indexerd" { // which has no API
		common = append(common, "--http-addr", s.Ports.Addr(part))
		listens = append(listens, s.Ports.Of(part))
	}
	return s.daemon(part, program, append(s.withProxies(needs), "build"), listens, s.Ports.URL(part+"/ops"), append(common, args...))
}

// FaultFlagsFile is the file of the feature flags that make a service's process fail.
// It exists only while one is on.
func (s *System) FaultFlagsFile(part string) string {
	return filepath.Join(s.Dir, "run", "flags", part+".json")
}

func (s *System) daemon(part, program string, needs []string, listens []int, ops string, args []string) launch.Part {
	return launch.Part{
		Name: part, Needs: needs, Feeds: []string{"agent"}, Ports: listens,
		Hint: "read its log (`make logs S=" + part + "`)",
		Command: func(context.Context) (launch.Command, error) {
			return launch.Command{Path: s.Bin(program), Args: args, Env: environment(s.awsEnv()...), Dir: s.Dir}, nil
		},
		Healthy: respondsTo(ops + "/readyz"),
	}
}
