package fault

import (
	"context"
	"errors"
	"time"

	"jari.example/internal/faultinject"
)

// versionFaults start a second process of the reservation service, of another version,
// which gets half of the region's requests and serves them worse. Nothing is wrong with
// the first one, so that only the version tells them apart.
var versionFaults = []Fault{
	nextVersion(Fault{
		Name: "version-failing", Route: "POST /v1/reservations", Percent: 60,
		What: "a second process of the reservation service, with another service.version, gets half of the requests, " +
			"and responds to a share of its own with 500",
		Alerts: []Alert{{Rule: "booking-availability"}},
	}, faultinject.RouteErrors),
	nextVersion(Fault{
		Name: "version-slow", Route: "POST /v1/reservations", Percent: 100, Delay: 1500 * time.Millisecond,
		What: "a second process of the reservation service, with another service.version, gets half of the requests, " +
			"and is slow with a share of its own",
		Alerts: []Alert{{Rule: "booking-latency"}},
	}, faultinject.RouteDelay),
}

// nextVersion completes a fault whose second process has a feature flag on.
func nextVersion(f Fault, flag string) Fault {
	f.Regional = true
	off := func(t Target, in Injection) error { return SetFlag(t.FaultFlagsFile(nextReservation(in)), flag, nil) }
	f.begin = func(ctx context.Context, t Target, in Injection) (func(context.Context) error, error) {
		balancer := t.Balancer(in.Region)
		if balancer == nil {
			return nil, errNoProxies("the reservation service")
		}
		value := faultinject.Route{Route: in.Route, Percent: float64(in.Percent), DelayMS: int(in.Delay.Milliseconds())}
		if err := SetFlag(t.FaultFlagsFile(nextReservation(in)), flag, value); err != nil {
			return nil, err
		}
		remove, err := t.Add(ctx, t.NextReservation(ctx, in.Region, in.Since))
		if err != nil {
			return nil, errors.Join(err, off(t, in))
		}
		balancer.SetBoth(true)
		return func(context.Context) error {
			balancer.SetBoth(false)
			remove()
			return off(t, in)
		}, nil
	}
	f.undo = func(_ context.Context, t Target, in Injection) error { return off(t, in) }
	return f
}

// nextReservation is the name of the part that an injection adds.
func nextReservation(in Injection) string { return "reservation-" + in.Region + "-next" }
