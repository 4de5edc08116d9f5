package fault

import (
	"context"
	"errors"
	"slices"
	"strings"

	"jari.example/infra/local/launch"
	"jari.example/infra/local/parts"
	"jari.example/internal/faultinject"
	"jari.example/telemetry/names"
)

// databaseFaults affect PostgreSQL.
var databaseFaults = []Fault{
	{
		Name: "database-refuse", Regional: true,
		What:   "the region's reservation database refuses connections and closes the open ones",
		Alerts: []Alert{{Rule: "booking-availability"}, {Rule: "free-times-availability"}},
		begin: func(ctx context.Context, t Target, in Injection) (func(context.Context) error, error) {
			end := func(ctx context.Context) error { return t.refuse(ctx, in, false) }
			return begun(end, t.refuse(ctx, in, true))
		},
		undo:      func(ctx context.Context, t Target, in Injection) error { return t.refuse(ctx, in, false) },
		undoAfter: "postgres",
	},
	{
		Name: "database-lock", Regional: true,
		What:   "a session holds an exclusive lock on the table slots of the region's reservation database",
		Alerts: []Alert{{Rule: "booking-availability"}, {Rule: "free-times-availability"}},
		begin: func(ctx context.Context, t Target, in Injection) (func(context.Context) error, error) {
			return Lock(ctx, t.reservations(in), "slots")
		},
	},
	{
		Name: "pool-exhausted", Regional: true,
		What: "other sessions take every connection of the database server; those of the region's reservation service are ended, " +
			"those of the other services stay open",
		Alerts: []Alert{{Rule: "booking-availability"}, {Rule: "free-times-availability"}},
		begin: func(ctx context.Context, t Target, in Injection) (func(context.Context) error, error) {
			return Exhaust(ctx, t.DatabaseURL("postgres"), parts.ReservationDatabase(in.Region))
		},
	},
	{
		Name: "overbooked-counter", Regional: true,
		What:   "the counter of one future slot has a cover more than its reservations",
		Alerts: []Alert{{Rule: "invariant-violated"}},
		plan: func(ctx context.Context, t Target, in *Injection) error {
			slot, err := FutureSlot(ctx, t.reservations(*in))
			in.Undo = map[string]string{"slot": slot}
			return err
		},
		begin: func(ctx context.Context, t Target, in Injection) (func(context.Context) error, error) {
			end := func(ctx context.Context) error { return t.recount(ctx, in) }
			return end, Miscount(ctx, t.reservations(in), in.Undo["slot"])
		},
		undo:      func(ctx context.Context, t Target, in Injection) error { return t.recount(ctx, in) },
		undoAfter: "postgres",
	},
	{
		Name: "offers-late", Regional: true,
		What: "the job that offers the seats of ended offers stands still most of the time, by its feature flag; and offers that " +
			"others wait for are changed to have ended 40 s ago, as if it had done so for longer: the next diners get late ones",
		Alerts: []Alert{{Rule: "waitlist-offer-delay"}},
		begin: func(ctx context.Context, t Target, in Injection) (func(context.Context) error, error) {
			if _, err := EndOffers(ctx, t.reservations(in)); err != nil {
				return nil, err
			}
			return lateOffers(t.reservations(in), func(on bool) error { return t.stall(in, on) }), nil
		},
		undo: func(_ context.Context, t Target, in Injection) error { return t.stall(in, false) },
	},
}

// stall stops the job that offers the seats of ended offers.
func (t Target) stall(in Injection, on bool) error {
	if !on {
		return SetFlag(t.FaultFlagsFile(in.process()), faultinject.WorkerStopped, nil)
	}
	return SetFlag(t.FaultFlagsFile(in.process()), faultinject.WorkerStopped, faultinject.Worker{Worker: "waitlist.expire"})
}

func (t Target) recount(ctx context.Context, in Injection) error {
	return Recount(ctx, t.reservations(in), in.Undo["slot"])
}

func (t Target) reservations(in Injection) string {
	return t.DatabaseURL(parts.ReservationDatabase(in.Region))
}

func (t Target) refuse(ctx context.Context, in Injection, on bool) error {
	return Database(ctx, t.DatabaseURL("postgres"), parts.ReservationDatabase(in.Region), on)
}

// processFaults stop processes. While one is on, the launcher does not repair it.
var processFaults = []Fault{
	held(Fault{
		Name: "service-killed", Regional: true, Service: "reservation",
		What: "a service's process is killed and not started again",
		Alerts: []Alert{
			{Rule: "booking-availability"}, {Rule: "service-silent"}, {Rule: "edge-availability", Service: "gateway"},
			{Rule: "outbox-stuck", Service: "notification"}, {Rule: "search-availability", Service: "search"},
			{Rule: "login-availability", Service: "user"},
		},
	}, launch.Gone, one(Injection.part)),
	held(Fault{
		Name: "region-away", Regional: true,
		What:   "every process of the region's services is killed and not started again, as when a region is away",
		Alerts: []Alert{{Rule: "region-silent"}, {Rule: "edge-availability"}},
	}, launch.Gone, func(in Injection) (all []string) {
		for _, service := range slices.Backward(services) { // whoever asks first, so that nobody asks in vain
			all = append(all, service+"-"+in.Region)
		}
		return all
	}),
	held(Fault{
		Name: "service-hung", Regional: true, Service: "reservation",
		What: "a service's process is stopped with SIGSTOP: it accepts connections and does not respond",
		Alerts: []Alert{
			{Rule: "booking-availability"}, {Rule: "service-silent"}, {Rule: "edge-availability", Service: "gateway"},
			{Rule: "outbox-stuck", Service: "notification"}, {Rule: "search-availability", Service: "search"},
			{Rule: "login-availability", Service: "user"},
		},
	}, launch.Hung, one(Injection.part)),
	held(Fault{
		Name: "indexer-stopped", Regional: true,
		What:   "the process that copies catalogue changes into the search index is killed and not started again",
		Alerts: []Alert{{Rule: "catalogue-freshness"}, {Rule: "service-silent"}},
	}, launch.Gone, one(func(in Injection) string { return "indexer-" + in.Region })),
	held(Fault{
		Name:   "agent-stopped",
		What:   "the agent is killed and not started again: no telemetry arrives",
		Alerts: []Alert{{Rule: "telemetry-blind"}, {Rule: "telemetry-delivery"}},
	}, launch.Gone, one(func(Injection) string { return "agent" })),
	held(Fault{
		Name:   "redis-away",
		What:   "Redis is killed and not started again; miniredis, which keeps everything in memory, loses the sessions",
		Alerts: []Alert{{Rule: "login-availability"}},
	}, launch.Gone, one(func(Injection) string { return "redis" })),
	held(Fault{
		Name:   "redis-hung",
		What:   "Redis is stopped with SIGSTOP: it accepts connections and does not respond",
		Alerts: []Alert{{Rule: "login-availability"}},
	}, launch.Hung, one(func(Injection) string { return "redis" })),
	held(Fault{
		Name:   "opensearch-hung",
		What:   "OpenSearch is stopped with SIGSTOP: it accepts connections and does not respond",
		Alerts: []Alert{{Rule: "telemetry-blind"}, {Rule: "search-availability"}},
	}, launch.Hung, one(func(Injection) string { return "opensearch" })),
}

// held completes a fault that holds processes of parts.
func held(f Fault, how launch.Hold, held func(Injection) []string) Fault {
	f.begin = func(_ context.Context, t Target, in Injection) (func(context.Context) error, error) {
		var releases []func()
		end := func(context.Context) error {
			for _, release := range releases {
				release()
			}
			return nil
		}
		for _, part := range held(in) {
			release, err := t.Hold(part, how, "the injected fault "+in.Fault)
			if err != nil {
				return nil, errors.Join(err, end(context.Background()))
			}
			releases = append(releases, release)
		}
		return end, nil
	}
	return f
}

// one is the only part that a fault holds.
func one(part func(Injection) string) func(Injection) []string {
	return func(in Injection) []string { return []string{part(in)} }
}

// storeFaults affect OpenSearch.
var storeFaults = []Fault{{
	Name:   "opensearch-read-only",
	What:   "OpenSearch refuses writes to the indices of telemetry, as it does when its disk is nearly full",
	Alerts: []Alert{{Rule: "telemetry-blind"}, {Rule: "telemetry-delivery"}},
	begin: func(ctx context.Context, t Target, _ Injection) (func(context.Context) error, error) {
		end := func(ctx context.Context) error { return ReadOnly(ctx, t.OpenSearchURL(), telemetryIndices(), false) }
		return end, ReadOnly(ctx, t.OpenSearchURL(), telemetryIndices(), true)
	},
	undo: func(ctx context.Context, t Target, _ Injection) error {
		return ReadOnly(ctx, t.OpenSearchURL(), telemetryIndices(), false)
	},
	undoAfter: "opensearch",
}}

// telemetryIndices is the pattern of all indices that agents write.
func telemetryIndices() string {
	var patterns []string
	for _, i := range names.Indices {
		patterns = append(patterns, i.Family+"*")
	}
	return strings.Join(patterns, ",")
}

// cloudFaults are those of the AWS emulator: its program reads a file.
var cloudFaults = []Fault{
	refusing(Fault{
		Name: "ses-refuses", Percent: 100,
		What:   "SES refuses mails: the account is suspended, as after too many complaints",
		Alerts: []Alert{{Rule: "mails-stuck"}},
	}),
	refusing(Fault{
		Name: "ses-throttles", Percent: 90,
		What:   "SES refuses a share of the mails because too many are sent per second",
		Alerts: []Alert{{Rule: "mail-delivery"}},
	}),
	refusing(Fault{
		Name: "stream-stuck", Percent: 100,
		What:   "the stream of catalogue changes cannot be read (DynamoDB Streams responds with 500)",
		Alerts: []Alert{{Rule: "catalogue-freshness"}},
	}),
}

// refusing completes a fault of the AWS emulator.
func refusing(f Fault) Fault {
	f.Regional = true
	f.begin = func(_ context.Context, t Target, in Injection) (func(context.Context) error, error) {
		if t.Getenv("JARI_AWS_ENDPOINT_URL") != "" {
			return nil, errNotMoto
		}
		file := Cloud{t.CloudFaultFile()}
		end := func(context.Context) error { return file.Off(in) }
		return begun(end, file.On(in))
	}
	f.undo = func(_ context.Context, t Target, in Injection) error { return Cloud{t.CloudFaultFile()}.Off(in) }
	return f
}
