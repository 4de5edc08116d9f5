package parts

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"jari.example/infra/local/launch"
	"jari.example/infra/local/seed"
)

var zones = map[string]string{"kr": "Asia/Seoul", "us": "America/New_York"}

// seed is the last task: it adds restaurants that diners can find and book. It
// needs the agent so that its own requests are traced too.
func (s *System) seed() launch.Part {
	part := launch.Part{
		Name: "seed", Needs: []string{"agent"},
		Hint:       "read the gateway's log (`make logs S=gateway`), then retry with `jari seed`",
		Initialize: func(ctx context.Context, _ launch.Progress) error { return s.Seed(ctx) },
	}
	for _, region := range Regions {
		for _, service := range []string{"gateway", "user", "reservation", "search", "notification"} {
			part.Needs = append(part.Needs, service+"-"+region)
		}
	}
	return part
}

// Seed adds the sample restaurants to all regions concurrently.
func (s *System) Seed(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	for _, region := range Regions {
		g.Go(func() error {
			return seed.Fill(ctx, seed.Region{
				Label: region, TimeZone: zones[region],
				Gateway: s.Ports.URL("gateway-" + region), User: s.Ports.URL("user-" + region),
			})
		})
	}
	return g.Wait()
}
