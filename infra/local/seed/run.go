package seed

import (
	"context"
	"io"

	"jari.example/internal/config"
)

// Run adds the sample restaurants to one region of a system that the launcher has not started.
func Run(ctx context.Context, args []string, getenv func(string) string, stdout, _ io.Writer) error {
	f := config.New("jari run seed", "jari_seed", "Adds the sample restaurants to a region.", getenv)
	label := f.OneOf("region", "kr", "region whose restaurants are added", "kr", "us")
	zone := f.String("time-zone", "Asia/Seoul", "time zone of their schedules")
	gateway := f.URL("gateway-url", "http://127.0.0.1:8110", "base URL of the region's gateway")
	user := f.URL("user-url", "http://127.0.0.1:8111", "base URL of the region's user service")
	if err := f.Parse(args, stdout); err != nil {
		return err
	}
	return Fill(ctx, Region{Label: *label, TimeZone: *zone, Gateway: *gateway, User: *user})
}
